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
import type { Scheme } from '../scheme/scheme.ts';
import { loadSchemes } from '../schemes/folder.ts';
import type { LoadResult } from '../schemes/schemes.ts';
import { leftOutLines, NONE_STORED, type StoredSchemes } from '../schemes/stored.ts';
import { openIfThere, tenantOf, type OpenStore, type Store } from '../store/store.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { tryCsv, type CsvOptions } from './try-csv.ts';
import { reportOf } from './try-report.ts';

export interface TryOptions extends CommonOptions, Omit<CallOptions, 'caller' | 'did'>, Partial<CsvOptions> {
  readonly caller?: string;
  readonly scheme?: string;
  readonly reply?: string;
  readonly status: number;
  readonly json?: boolean;
}

/**
 * Walks the path of a call without a call: chooses the scheme, really asks the CRM, marked as a dry run, and places nothing.
 * Exit code 0 also if the answer is nobody; 1 if a call would end in an error or a refusal.
 */
export async function tryCommand(context: CommandContext, options: TryOptions): Promise<ExitCode> {
  const { config, secrets, secretTexts } = await load(context, options);
  const { version } = context;
  const { store, stored, fault } = await storeOf(config);
  try {
    if (fault !== null) {
      const text = `the store cannot be read, so its schemes and records are left out: ${fault}`;
      print(context.stderr, [text], createRedactor({ secrets: secretTexts }));
    }
    const loaded = await loadSchemes(config, secrets, stored);
    if (!loaded.ok) throw new RouterError('config_invalid', loaded.faults.join('\n'));
    const schemes = loaded.set;
    const named = options.scheme === undefined ? null : schemeOf(options.scheme, loaded);
    const shared = {
      ...{ config, schemes, secrets, version, named, secretTexts },
      ...(store === null ? {} : { lastAgent: lastAgentIn(store, () => systemClock.date()) }),
    };
    const { csv, rate = RATE } = options;
    if (csv !== undefined && options.reply !== undefined)
      throw new RouterError('config_invalid', '--reply is for one call; --csv asks the CRM about each call');
    return csv === undefined
      ? await tryOne(context, options, shared)
      : await tryCsv(context, { ...options, csv, rate }, shared);
  } finally {
    await store?.close();
  }
}

async function tryOne(
  { stdout }: CommandContext,
  options: TryOptions,
  { secretTexts, ...shared }: Parameters<typeof tryCsv>[2],
): Promise<ExitCode> {
  const { config, schemes } = shared;
  const { caller, did, status } = options;
  if (caller === undefined || did === undefined) {
    const missing = caller === undefined ? '--caller' : '--did';
    throw new RouterError(
      'config_invalid',
      `${missing}: say which number, or name a file of calls with --csv`,
    );
  }
  const call = callFrom(
    { ...options, caller, did },
    { didFrom: config.didFrom, variables: schemes.variables },
  );
  const canned = options.reply === undefined ? null : await cannedReply(options.reply, status);
  const { tokenTexts, ...tried } = await dryRun({
    ...{ ...shared, call },
    answering: canned === null ? { by: 'crm' } : { by: 'reply', reply: canned },
    clock: systemClock,
    random: Math.random,
  });
  const redactor = createRedactor({ secrets: [...secretTexts, ...tokenTexts] });
  if (options.json === true) printJson(stdout, jsonOf(tried), redactor);
  else print(stdout, reportOf(tried), redactor);
  const { result } = tried.record;
  return result === 'routed' || result === 'no_route' ? 0 : 1;
}

/** Calls a second: a CRM that people work with hardly notices. */
const RATE = 5;
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

/** What a router that starts now would find in the store: its schemes, and the calls that were recorded. */
async function storeOf(config: Config): Promise<{
  readonly store: (Pick<Store, 'calls' | 'tenantOf'> & { close(): Promise<void> }) | null;
  readonly stored: StoredSchemes;
  /** Why it can't be read. */
  readonly fault: string | null;
}> {
  let opened: OpenStore | null = null;
  try {
    opened = await openIfThere(config.store, systemClock);
    if (opened === null) return { store: null, stored: NONE_STORED, fault: null };
    const stored = await opened.liveSchemes();
    return {
      store: { ...opened, tenantOf: (record) => tenantOf(record, config.tenants) },
      stored,
      fault: null,
    };
  } catch (error) {
    await opened?.close();
    return { store: null, stored: { schemes: [], isKnown: false }, fault: messageOf(error) };
  }
}

function schemeOf(name: string, { set, stored = [] }: Extract<LoadResult, { ok: true }>): Scheme {
  const faults = leftOutLines(stored.filter((one) => one.name === name));
  if (faults.length > 0) throw new RouterError('config_invalid', faults.join('\n'));
  return schemeNamed(name, set);
}
