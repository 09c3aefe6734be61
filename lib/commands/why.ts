import { systemClock } from '../clock.ts';
import { RouterError, sentenceOf, type Reason } from '../errors.ts';
import type { CallRecord } from '../call/record.ts';
import type { CallPage, PageOptions } from '../store/calls.ts';
import { openExisting, type OpenStore } from '../store/store.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { loggedCall } from './why-log.ts';
import { fitOf, foundBy, meantBy, type Meant, type Told } from './why-meant.ts';
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
    if (options.json === true) {
      if (how.length > 0) print(context.stderr, how, redactor);
      printJson(stdout, found.kind === 'record' ? found.record : found.fields, redactor);
    } else if (found.kind === 'record') print(stdout, storyOf(found.record, how), redactor);
    else print(stdout, [...how, ...linesOf(found.fields)], redactor);
    return 0;
  }
  const { config } = await load(context, options);
  const store = await openExisting(config.store, systemClock);
  try {
    const stored = await find(store, asked);
    if (stored === null)
      throw nobody(meant, `in the store ${store.place}; older ones may be in log files: --log FILE`);
    const { record, how } = stored;
    if (options.json === true) {
      if (how.length > 0) print(context.stderr, how, redactor);
      printJson(stdout, record, redactor);
    } else print(stdout, storyOf(record, how), redactor);
    return 0;
  } finally {
    await store.close();
  }
}

interface Found {
  readonly record: CallRecord;
  /** How it was found, where that is not plain. */
  readonly how: readonly string[];
}

async function find({ calls }: OpenStore, meant: Meant): Promise<Found | null> {
  const { text } = meant;
  const byTrace = await calls.find(text);
  if (byTrace !== null) return { record: byTrace.record, how: [] };
  const [byUuid] = (await calls.page({ uuid: text }, { limit: 1 })).calls;
  const found = byUuid === undefined ? await lastOf(calls, meant) : { id: byUuid.id, how: [] };
  const stored = found === null ? null : await calls.find(found.id);
  return found === null || stored === null ? null : { record: stored.record, how: found.how };
}

const PAGE = 500;
/** Of a caller with more calls than in these, whose number is always written in another way, the last one is told. */
const MOST_PAGES = 10;

/** The last call of exactly this number; if there is none, of one that ends so. */
async function lastOf(
  calls: OpenStore['calls'],
  meant: Meant,
): Promise<(Pick<Found, 'how'> & { readonly id: string }) | null> {
  let last: Told | undefined;
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const from: PageOptions = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const { calls: found, next }: CallPage = await calls.page({ caller: meant.text }, from);
    const told = found.map((call): Told => ({
      ...call,
      fit: fitOf(meant, { ...call, trace: call.id }) ?? 'ending',
    }));
    last ??= told[0];
    const same = told.find(({ fit }) => fit === 'exact');
    if (same !== undefined) return { id: same.id, how: foundBy(meant, same, last ?? same) };
    cursor = next;
    if (cursor === null) break;
  }
  return last === undefined ? null : { id: last.id, how: foundBy(meant, last, last) };
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
