import { systemClock } from '../clock.ts';
import type { CallFilter, CallSummary } from '../store/calls.ts';
import { openExisting } from '../store/store.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print } from './print.ts';
import { listing } from './table.ts';
import { printableJson } from '../redact/printable.ts';

export interface CallsOptions extends CommonOptions {
  readonly since?: Date;
  readonly until?: Date;
  readonly caller?: string;
  readonly did?: string;
  readonly destination?: string;
  readonly number?: string;
  readonly scheme?: readonly string[];
  readonly result?: readonly string[];
  readonly reason?: readonly string[];
  readonly text?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

/** Lists calls from the store, newest first. */
export async function callsCommand(context: CommandContext, options: CallsOptions): Promise<ExitCode> {
  const { config } = await load(context, options);
  const { stdout, stderr } = context;
  const redactor = redactorOf(context.env);
  const { limit, cursor, json, config: _, schemes: __, ...given } = options;
  const filter: CallFilter = given;
  const store = await openExisting(config.store, systemClock);
  try {
    const { calls, next } = await store.calls.page(filter, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (json === true) {
      for (const call of calls) print(stdout, [printableJson(call)], redactor);
    } else if (calls.length === 0) {
      print(stderr, ['no matching calls'], redactor);
    } else {
      print(stdout, [listing([HEAD, ...calls.map(rowOf)], 6, stdout.columns)], redactor);
    }
    if (next !== null) print(stderr, [`older ones: --cursor ${next}`], redactor);
    return 0;
  } finally {
    await store.close();
  }
}

const HEAD = [
  'time (UTC)',
  'caller',
  'called',
  'scheme',
  'result',
  'reason',
  'destination',
  'end',
  'decided',
  'talked',
  'trace',
];

function rowOf(call: CallSummary): string[] {
  const { startedAt: at, caller, did, scheme, result, reason, destination, end, id } = call;
  const { decidedMs, answeredMs, endedMs } = call;
  return [
    `${at.slice(0, 10)} ${at.slice(11, 19)}`,
    caller === '' ? '-' : caller,
    did,
    scheme ?? '-',
    result,
    reason,
    destination === '' ? '-' : destination,
    end ?? '-',
    decidedMs === null ? '-' : `${decidedMs} ms`,
    answeredMs === null || endedMs === null ? '-' : `${Math.round((endedMs - answeredMs) / 1000)} s`,
    id,
  ];
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90m` ago, `2d` ago, or a time in ISO 8601; null for anything else. */
export function momentOf(text: string, now: Date): Date | null {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (UNITS[unit] ?? 0));
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text))
    return null;
  // A day, or a time without a zone, is UTC, like every time that is printed.
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text.slice(10)) || text.length === 10 ? text : `${text}Z`;
  const moment = new Date(zoned.replace(' ', 'T'));
  return Number.isNaN(moment.getTime()) ? null : moment;
}
