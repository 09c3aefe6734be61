import type { Outlook } from '../call/record.ts';
import { systemClock } from '../clock.ts';
import type { CanaryCount } from '../store/canaries.ts';
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

/** What a scheme would have done that is asked alongside calls, and where that differs from what was done. */
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
    const { calls: differing } = await store.shadows.differing(filter, { limit });
    const canaries: Sides[] = [];
    for (const of of await store.canaries.of(tenant, shadow))
      canaries.push({ ...of, counts: await store.canaries.counts({ ...filter, ...of }) });
    if (json) printJson(stdout, { shadow, counts, differing, canaries }, redactor);
    else {
      const width = columnsOf(context);
      const lines = counts.length === 0 ? [] : linesOf(shadow, counts, differing, width);
      lines.push(...canaries.flatMap((one) => canaryLines(one, width)));
      if (lines.length > 0) print(stdout, lines, redactor);
      else
        print(
          stderr,
          [`${shadow} was not asked alongside any call, and no calls went through a canary of it`],
          redactor,
        );
    }
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
    `${shadow} was asked alongside ${sum('calls')} calls, and would have sent ${sum('differing')} of them elsewhere`,
    '',
    table([['result', 'reason', 'calls', 'differ'], ...rows], width),
    ...(differing.length === 0
      ? []
      : ['', 'the newest that differ', '', table([HEAD, ...differing.map(rowOf)], width)]),
  ];
}

/** `sales -> sales-new`, and what became of the calls on both sides. */
interface Sides {
  readonly scheme: string;
  readonly canary: string;
  readonly counts: readonly CanaryCount[];
}

function canaryLines({ scheme, canary, counts }: Sides, width: number): string[] {
  const rows = (['canary', 'rest'] as const).map((side) => {
    const own = counts.filter((one) => one.side === side);
    const calls = own.reduce((sum, one) => sum + one.calls, 0);
    const share = (count: number): string => (calls === 0 ? '-' : `${((100 * count) / calls).toFixed(1)} %`);
    const of = (result: string): string =>
      share(own.reduce((sum, one) => sum + (one.result === result ? one.calls : 0), 0));
    const decided = own.filter(({ decidedMs }) => decidedMs !== null);
    const asked = decided.reduce((sum, one) => sum + one.calls, 0);
    const ms = decided.reduce((sum, one) => sum + one.calls * (one.decidedMs ?? 0), 0) / asked;
    return [
      ...[side === 'canary' ? canary : scheme, String(calls), ...RESULTS.map(of)],
      share(own.reduce((sum, one) => sum + one.answered, 0)),
      asked === 0 ? '-' : `${Math.round(ms)} ms`,
    ];
  });
  const head = ['scheme', 'calls', ...RESULTS, 'answered', 'decided in'];
  return [`callers of ${scheme}, with the canary ${canary}`, '', table([head, ...rows], width), ''];
}

const RESULTS = ['routed', 'no_route', 'error', 'refused', 'no_answer', 'abandoned'] as const;
const HEAD = ['time (UTC)', 'caller', 'called', 'live', 'shadow', 'trace'];

function rowOf({ at, caller, did, live, would, trace }: Differing): string[] {
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)}`;
  return [time, caller === null || caller === '' ? '-' : caller, did ?? '-', way(live), way(would), trace];
}

/** `routed -> dial 201, dialplan` */
function way({ result, reason, steps }: Outlook): string {
  return `${result === 'routed' ? result : `${result} (${reason})`} -> ${steps.join(', ')}`;
}
