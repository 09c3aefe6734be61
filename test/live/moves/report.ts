import { loadavg } from 'node:os';
import type { RecordSeen } from '../record.ts';
import type { Load } from '../soak.ts';
import { MOST_LAG_MS, MOST_TRYING_MS } from '../soak/report.ts';
import { quantile } from '../soak/tally.ts';
import { STATES } from '../kind.ts';
import { MOVES } from './plan.ts';
import type { MovesStage } from './stage.ts';
import type { Outcome, Traveller } from './traveller.ts';

/** What the random moves have shown, in words and as a verdict. */

export interface MovesResult {
  readonly figure: string;
  readonly lines: readonly string[];
  /** null: nothing was measured. */
  readonly reached: boolean | null;
}

export const TARGET = 'nobody who was moved is torn out, nobody left in silence, every record true';
/** Of each outcome of each kind. */
const EXAMPLES = 2;
/** The state was over before the move: so many of a hundred, and nothing was measured. */
const MOST_NOT_MOVED = 5;

interface Count {
  outcomes: Map<Outcome, number>;
  untrue: number;
}

export function judge(
  travellers: readonly Traveller[],
  load: Load,
  unfinished: number,
  stage: MovesStage,
): MovesResult {
  const records = recordsByCaller(stage);
  const cells = new Map<string, Count>();
  const faults = new Map<string, string[]>();
  const counts = new Map<Outcome, number>();
  let untrue = 0;
  for (const traveller of travellers) {
    const { plan, outcome, number } = traveller;
    const key = `${plan.kind.name} ${plan.state}`;
    const cell = cells.get(key) ?? { outcomes: new Map<Outcome, number>(), untrue: 0 };
    cells.set(key, cell);
    for (const map of [cell.outcomes, counts]) map.set(outcome, (map.get(outcome) ?? 0) + 1);
    const wrong = traveller.judge(records.get(number) ?? []);
    if (wrong !== null && wrong.length > 0) {
      untrue++;
      cell.untrue++;
      example(faults, `${outcome}, ${plan.kind.name}`, `${traveller.told()}; record: ${wrong.join('; ')}`);
    } else if (!['lived on', 'ended as told'].includes(outcome))
      example(faults, `${outcome}, ${plan.kind.name}`, traveller.told());
  }
  const count = (outcome: Outcome): number => counts.get(outcome) ?? 0;
  const placed = travellers.length;
  const moved = placed - count('not moved');
  const lag = [...load.lagsMs].sort((a, b) => a - b);
  const lagMs = quantile(lag, 0.99);
  const trying = travellers.flatMap(({ tryingMs }) => tryingMs ?? []).sort((a, b) => a - b);
  const tryingMs = quantile(trying, 0.99);
  const wrong =
    count('torn out') +
    count('in silence') +
    count('elsewhere') +
    untrue +
    unfinished +
    Number(stage.router.exited);
  const isVoid =
    lagMs > MOST_LAG_MS || tryingMs > MOST_TRYING_MS || count('not moved') * 100 > placed * MOST_NOT_MOVED;
  const grazed = travellers.filter((traveller) => traveller.grazed).length;
  const errors = stage.freeswitch.errors();
  return {
    figure:
      `${count('torn out')} of ${moved} who were moved torn out, ${count('in silence')} left in silence, ${count('elsewhere')} not where they were moved to, ` +
      `${untrue} untrue records, ${unfinished} never ended; ${count('not moved')} of ${placed} not moved`,
    lines: [
      ...table(cells),
      `placed at ${((placed - 1) / (load.tookMs / 1000)).toFixed(1)}/s, late by ${lagMs.toFixed(1)} ms at p99; 100 Trying after ${tryingMs.toFixed(0)} ms at p99; load average ${(loadavg()[0] ?? 0).toFixed(1)}; router RSS ${((stage.router.rssKib ?? 0) / 1024).toFixed(0)} MiB`,
      ...(grazed > 0
        ? [
            `${grazed} times the dialplan's fallback had begun before FreeSWITCH moved the caller, and was broken off`,
          ]
        : []),
      ...(stage.router.exited ? ['the router has ended'] : []),
      ...(errors.length > 0 ? [`FreeSWITCH logged ${errors.length} errors: ${errors[0] ?? ''}`] : []),
      ...[...faults.values()].flat().map((text) => `! ${text}`),
      ...(isVoid ? ['VOID: the callers, FreeSWITCH or the moves were late themselves'] : []),
    ],
    reached: isVoid ? null : wrong === 0,
  };
}

function example(faults: Map<string, string[]>, kind: string, text: string): void {
  const examples = faults.get(kind) ?? [];
  faults.set(kind, examples);
  if (examples.length < EXAMPLES) examples.push(text);
}

function recordsByCaller({ router }: MovesStage): Map<string, RecordSeen[]> {
  const records = new Map<string, RecordSeen[]>();
  for (const line of router.log(['"message":"record"'])) {
    const record = JSON.parse(line) as RecordSeen;
    const caller = record.call?.caller ?? '';
    const known = records.get(caller) ?? [];
    records.set(caller, known);
    known.push(record);
  }
  return records;
}

/** A line a kind, a column a state: those who were moved, and of them how many had something go wrong. */
function table(cells: ReadonlyMap<string, Count>): string[] {
  const heads = ['moved by', ...STATES];
  const told = (count: Count | undefined): string => {
    if (count === undefined) return '-';
    const of = (outcome: Outcome): number => count.outcomes.get(outcome) ?? 0;
    const faults = [
      ...(['torn out', 'in silence', 'elsewhere', 'not moved'] as const).map(
        (one) => [of(one), one] as const,
      ),
      [count.untrue, 'untrue'] as const,
    ].filter(([times]) => times > 0);
    const all = [...count.outcomes.values()].reduce((sum, times) => sum + times, 0);
    return faults.length === 0
      ? `${all}`
      : `${all} (${faults.map(([times, what]) => `${times} ${what}`).join(', ')})`;
  };
  const rows = MOVES.map(({ name }) => [name, ...STATES.map((state) => told(cells.get(`${name} ${state}`)))]);
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
