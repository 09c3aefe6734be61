import { systemClock } from '../clock.ts';
import { callFrom, type CallOptions } from '../decide/described.ts';
import { dryRun, jsonOf, schemeNamed } from '../decide/dry-run.ts';
import { messageOf, RouterError } from '../errors.ts';
import { decodeText } from '../http/charset.ts';
import type { HttpResponse } from '../http/message.ts';
import { readBytes } from '../schemes/file.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { Config } from '../config/config.ts';
import { lastAgentIn } from '../router/last-agent.ts';
import { openExisting, tenantOf, type Store } from '../store/store.ts';
import { loadSchemes } from '../schemes/folder.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { reportOf } from './try-report.ts';

export interface TryOptions extends CommonOptions, CallOptions {
  readonly scheme?: string;
  readonly reply?: string;
  readonly status: number;
  readonly json?: boolean;
}

/**
 * Walks the path of a call without a call: chooses the scheme, really asks the CRM, marked as a dry run, and places nothing.
 * Exit code 0 also where nobody is the answer; 1 where a call would end in an error or a refusal.
 */
export async function tryCommand(context: CommandContext, options: TryOptions): Promise<ExitCode> {
  const { config, secrets, secretTexts } = await load(context, options);
  const loaded = await loadSchemes(config, secrets);
  if (!loaded.ok) throw new RouterError('config_invalid', loaded.faults.join('\n'));
  const schemes = loaded.set;
  const { version } = context;
  const named = options.scheme === undefined ? null : schemeNamed(options.scheme, schemes);
  const call = callFrom(options, { didFrom: config.didFrom, variables: schemes.variables });
  const canned = options.reply === undefined ? null : await cannedReply(options.reply, options.status);
  const records = await recordsOf(config);
  const { tokenTexts, ...tried } = await dryRun({
    ...{ call, config, schemes, secrets, version, named },
    ...(records === null ? {} : { lastAgent: lastAgentIn(records, () => systemClock.date()) }),
    answering: canned === null ? { by: 'crm' } : { by: 'reply', reply: canned },
    clock: systemClock,
    random: Math.random,
  }).finally(() => records?.close());
  const redactor = createRedactor({ secrets: [...secretTexts, ...tokenTexts] });
  if (options.json === true) printJson(context.stdout, jsonOf(tried), redactor);
  else print(context.stdout, reportOf(tried), redactor);
  const { result } = tried.record;
  return result === 'routed' || result === 'no_route' ? 0 : 1;
}

/** As many as the HTTP client takes. */
const MAX_REPLY_BYTES = 64 * 1024;

async function cannedReply(file: string, status: number): Promise<HttpResponse> {
  try {
    const bytes = await readBytes(file, { maxBytes: MAX_REPLY_BYTES, pipes: true });
    const { text: body, notes } = decodeText(bytes, '');
    return { status, headers: {}, body, notes, phases: { total: 0 }, canned: true };
  } catch (error) {
    const text = `cannot read the reply ${file}: ${messageOf(error)}`;
    throw new RouterError('config_invalid', text, { cause: error });
  }
}

/** Null where there are none. What a call would find in them, `try` finds. */
async function recordsOf(
  config: Config,
): Promise<(Pick<Store, 'calls' | 'tenantOf'> & { close(): Promise<void> }) | null> {
  const store = await openExisting(config.store, systemClock).catch(() => null);
  return store === null ? null : { ...store, tenantOf: (record) => tenantOf(record, config.tenants) };
}
