import type { Outlook } from '../call/record.ts';
import { systemClock } from '../clock.ts';
import type { Differing, ShadowCount } from '../store/shadows.ts';
import { openExisting } from '../store/store.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { columnsOf, table } from './table.ts';
import { print, printJson } from './print.ts';

export interface ShadowOptions extends CommonOptions {
  readonly since?: Date;
  readonly tenant: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** What a scheme would have done that is asked beside calls, and where that differs from what was done. */
export async function shadowCommand(
  context: CommandContext,
  shadow: string,
  { since, tenant, limit, json = false, ...options }: ShadowOptions,
): Promise<ExitCode> {
  const { config } = await load(context, options);
  const { stdout, stderr } = context;
  const redactor = redactorOf(context.env);
  const store = await openExisting(config.store, systemClock);
  try {
    const filter = { tenant, shadow, ...(since === undefined ? {} : { since }) };
    const counts = await store.shadows.counts(filter);
    const { calls } = await store.shadows.differing(filter, { limit });
    if (json) printJson(stdout, { shadow, counts, differing: calls }, redactor);
    else if (counts.length === 0) print(stderr, [`${shadow} was asked beside no call`], redactor);
    else print(stdout, linesOf(shadow, counts, calls, columnsOf(context)), redactor);
    return 0;
  } finally {
    await store.close();
  }
}

function linesOf(
  shadow: string,
  counts: readonly ShadowCount[],
  differing: readonly Differing[],
  width: number,
): string[] {
  const sum = (name: 'calls' | 'differing'): number => counts.reduce((all, one) => all + one[name], 0);
  const rows = counts.map(({ result, reason, calls, differing: differ }) => [
    ...[result, reason, String(calls), String(differ)],
  ]);
  return [
    `${shadow} was asked beside ${sum('calls')} calls, and would have sent ${sum('differing')} of them elsewhere`,
    '',
    table([['it says', 'reason', 'calls', 'differ'], ...rows], width),
    ...(differing.length === 0
      ? []
      : ['', 'the newest that differ', '', table([HEAD, ...differing.map(rowOf)], width)]),
  ];
}

const HEAD = ['time (UTC)', 'caller', 'called', 'live', 'shadow', 'trace'];

function rowOf({ at, caller, did, live, would, trace }: Differing): string[] {
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)}`;
  return [time, caller === null || caller === '' ? '-' : caller, did ?? '-', way(live), way(would), trace];
}

/** `routed -> dial 201, dialplan` */
function way({ result, reason, steps }: Outlook): string {
  return `${result === 'routed' ? result : `${result} (${reason})`} -> ${steps.join(', ')}`;
}
