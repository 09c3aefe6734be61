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
  const { decidedMs, talkedMs } = call;
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
    talkedMs === null ? '-' : `${Math.round(talkedMs / 1000)} s`,
    id,
  ];
}
