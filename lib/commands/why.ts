import { systemClock } from '../clock.ts';
import { RouterError, sentenceOf, type Reason } from '../errors.ts';
import type { CallRecord } from '../call/record.ts';
import { openExisting, type OpenStore } from '../store/store.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { loggedCall } from './why-log.ts';
import { foundBy, meantBy } from './why-meant.ts';
import { storyOf } from './why-story.ts';

export interface WhyOptions extends CommonOptions {
  /** Files to read instead of the store. */
  readonly log?: readonly string[];
  readonly json?: boolean;
}

/** Tells one call: the one of this trace or uuid, or the last one of this caller. */
export async function whyCommand(
  context: CommandContext,
  meant: string,
  options: WhyOptions,
): Promise<ExitCode> {
  const { stdout } = context;
  const redactor = redactorOf(context.env);
  const asked = meantBy(meant);
  if (options.log !== undefined) {
    const logged = await loggedCall(options.log, asked);
    if (logged === null) throw nobody(meant, `in ${options.log.join(', ')} (log.format must be json)`);
    const { found, last } = logged;
    const how = foundBy(asked, found, last);
    if (options.json === true)
      printJson(stdout, found.kind === 'record' ? found.record : found.fields, redactor);
    else if (found.kind === 'record') print(stdout, storyOf(found.record, how), redactor);
    else print(stdout, [...how, ...linesOf(found.fields)], redactor);
    return 0;
  }
  const { config } = await load(context, options);
  const store = await openExisting(config.store, systemClock);
  try {
    const record = await find(store, meant);
    if (record === null)
      throw nobody(meant, `in the store ${store.place}; older ones may be in log files: --log FILE`);
    if (options.json === true) printJson(stdout, record, redactor);
    else print(stdout, storyOf(record), redactor);
    return 0;
  } finally {
    await store.close();
  }
}

async function find({ calls }: OpenStore, meant: string): Promise<CallRecord | null> {
  const byTrace = await calls.find(meant);
  if (byTrace !== null) return byTrace.record;
  for (const filter of [{ uuid: meant }, { caller: meant }]) {
    const { calls: found } = await calls.page(filter, { limit: 1 });
    const [newest] = found;
    if (newest !== undefined) return (await calls.find(newest.id))?.record ?? null;
  }
  return null;
}

function nobody(meant: string, where: string): RouterError {
  return new RouterError('internal', `no call with the trace, uuid or caller ${meant} ${where}`);
}

/** The fields of a call's line, one per line. */
function linesOf({ reason, ...fields }: Readonly<Record<string, unknown>>): string[] {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== '');
  const lines = shown.map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const sentence = typeof reason === 'string' ? [`reason: ${reason}, ${sentenceOf(reason as Reason)}`] : [];
  return [
    ...lines.slice(0, 22),
    ...sentence,
    'the whole story is in the log at log.level debug, or in the store',
  ];
}
