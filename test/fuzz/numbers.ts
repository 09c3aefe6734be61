/**
 * Nobody is misread: valid numbers of every type of every plan, in the ways that people write them, read with their own
 * country, with none and with others. Each has to be that very number, or refused, or an extension when it is as short
 * as one; another number only where both readings are valid, and then the result has to name the one that was meant.
 */
import { Random } from '../../lib/simulator/random.ts';
import {
  Examples,
  COUNTRIES,
  likelyReader,
  NUMBER_TYPES,
  PLANS,
  type Example,
  type NumberType,
  type Plan,
} from './plan.ts';
import { see, shown, told, type Reader } from './seen.ts';
import { INTERNATIONAL, pick, spell, SPELLINGS, type Spelling } from './spelling.ts';
import { pad, share, Tally } from './tally.ts';
import { FINE, isFine, judge, type Verdict } from './verdict.ts';

interface Cell {
  readonly by: 'own' | 'none' | 'other';
  readonly spelling: Spelling;
}
const AT_HOME: readonly Cell[] = SPELLINGS.map((spelling) => ({ by: 'own', spelling }));
const AWAY: readonly Cell[] = INTERNATIONAL.flatMap((spelling) => [
  { by: 'none', spelling },
  { by: 'other', spelling },
  { by: 'other', spelling },
]);

interface Refused {
  refused: number;
  count: number;
}

export class NumbersReport {
  /** Plans and types that came up. */
  readonly plans = new Set<Plan>();
  readonly types = new Set<NumberType>();
  readonly faults = new Tally();
  /** By reader and spelling, `own plus`. */
  readonly cells = new Map<string, Map<Verdict, number>>();
  /** A plus or, without a country, the bare digits of E.164, 7 to 15 of them: the rules owe a reading. */
  readonly owed = new Tally();
  readonly refusals = new Tally();
  readonly refusedBy = new Tally();
  readonly ambiguous = new Tally();
  readonly homes = new Map<string, Refused>();

  get count(): number {
    return [...this.cells.values()].reduce((sum, row) => sum + total(row), 0);
  }

  lines(): string[] {
    const short = ['read', 'other named', 'other read', 'extension', 'refused', 'FAULT'];
    const table = [...this.cells].sort(byPlace).map(([name, row]) => {
      const shares = FINE.map((verdict) => share(row.get(verdict) ?? 0, total(row)));
      const faults = [...row].reduce((sum, [verdict, count]) => (isFine(verdict) ? sum : sum + count), 0);
      return name.padEnd(18) + pad(total(row), 9) + [...shares, faults].map((cell) => pad(cell, 13)).join('');
    });
    const homes = [...this.homes]
      .filter(([, home]) => home.refused > 0)
      .sort(([, a], [, b]) => b.refused / b.count - a.refused / a.count);
    return [
      `${this.plans.size} of ${PLANS.length} plans, ${this.types.size} of ${NUMBER_TYPES.length} types`,
      `${'reader, spelling'.padEnd(18)}${pad('cases', 9)}${short.map((cell) => pad(cell, 13)).join('')}`,
      ...table,
      '',
      'Both readings are valid:',
      ...this.ambiguous.lines(),
      '',
      'Refused, by reader and spelling:',
      ...this.refusedBy.report(),
      '',
      'Refused, by what was said:',
      ...this.refusals.lines(20),
      '',
      'Refused with their own country, the dearest twenty:',
      `  ${homes
        .slice(0, 20)
        .map(([name, home]) => `${name} ${share(home.refused, home.count)}`)
        .join(', ')}`,
      '',
      `Refused though the rules owe a reading: ${this.owed.total}`,
      ...this.owed.lines(),
    ];
  }
}

export function fuzzNumbers(
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): NumbersReport {
  const random = new Random(seed);
  const examples = new Examples(random);
  const order = shuffled(NUMBER_TYPES, random);
  const report = new NumbersReport();
  for (let run = 0; run < count; run++) {
    const example = examples.next(order[run % order.length] as NumberType);
    const cell = pick(example.type.plan.country !== null && random.chance(0.4) ? AT_HOME : AWAY, random);
    readOne(example, cell, random, report);
    if (run % 10_000 === 0) progress(run);
  }
  return report;
}

function readOne(example: Example, cell: Cell, random: Random, report: NumbersReport): void {
  const reader = readerOf(cell, example, random);
  const text = spell(cell.spelling, example, reader, random);
  const seen = see(text, reader);
  const verdict = judge(example, text, reader, seen);

  const { type, digits } = example;
  const name = `${cell.by} ${cell.spelling}`;
  const country = type.plan.country ?? 'no country';
  const line = (): string =>
    `${reader ?? '-'} ${shown(text)} for +${digits} (${country}, ${type.name}): ${told(seen)}`;
  report.plans.add(type.plan);
  report.types.add(type);
  const row = report.cells.get(name) ?? new Map<Verdict, number>();
  report.cells.set(name, row.set(verdict, (row.get(verdict) ?? 0) + 1));
  if (!isFine(verdict)) report.faults.add(`${verdict} (${name})`, text.length, line);
  if (verdict === 'read, the other named' || verdict === 'the other read, this named') {
    report.ambiguous.add(`${verdict} (${name})`, text.length, line);
  }
  if (seen.kind === 'refused') {
    report.refusals.add(sentence(seen.detail), text.length, line);
    report.refusedBy.add(name, text.length, line);
    if (isOwed(text, digits, reader)) report.owed.add(name, text.length, line);
  }
  if (cell.by === 'own') {
    const home = report.homes.get(country) ?? { refused: 0, count: 0 };
    report.homes.set(country, home);
    home.count++;
    if (seen.kind === 'refused') home.refused++;
  }
}

function isOwed(text: string, digits: string, reader: Reader): boolean {
  if (digits.length < 7 || digits.length > 15) return false;
  if (text.includes('(0)')) return false;
  return text.includes('+') || (reader === null && text === digits);
}

/** Half of the others are countries whose own numbers look like these digits. */
function readerOf({ by }: Cell, { digits, type }: Example, random: Random): Reader {
  if (by === 'none') return null;
  const home = type.plan.country;
  if (by === 'own') return home;
  const alike = random.chance(0.5) ? likelyReader(digits, random) : null;
  let reader = alike ?? pick(COUNTRIES, random);
  while (reader === home) reader = pick(COUNTRIES, random);
  return reader;
}

/** A refusal without what it quotes, so that like is counted with like. */
function sentence(detail: string): string {
  return detail.replaceAll(/"[^"]*"/g, '"..."').replaceAll(/\d+/g, '#');
}

function total(row: ReadonlyMap<Verdict, number>): number {
  return [...row.values()].reduce((sum, count) => sum + count, 0);
}

const BY = ['own', 'none', 'other'];
function byPlace([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const place = (name: string): number => {
    const [by = '', spelling] = name.split(' ');
    return BY.indexOf(by) * 100 + SPELLINGS.findIndex((known) => known === spelling);
  };
  return place(a) - place(b);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] as T, order[at] as T];
  }
  return order;
}
