/**
 * One value is one destination: texts that hold two values, or something that is not a number at all, never become one
 * number, nor an extension, nor a login that is cut out of them or joined from them.
 */
import { Random } from '../../lib/simulator/random.ts';
import { NOT_NUMBERS } from './not-numbers.ts';
import { isUsualGrouping } from './oracle.ts';
import { COUNTRIES, Examples, likelyReader, NUMBER_TYPES } from './plan.ts';
import { see, seeList, shown, told, type Reader, type Seen } from './seen.ts';
import { pick } from './spelling.ts';
import { pad, Tally } from './tally.ts';

/** What is written, and what may come of it besides a refusal. */
export interface Written {
  readonly text: string;
  /** The whole text is a word that somebody may have as a login: `v1.2.3`. */
  readonly mayBeLogin?: boolean;
  /** The values; where a list is allowed, nothing but these may be dialled. */
  readonly parts?: readonly string[];
  /** Groups that a plan may print as one number; then nobody can tell. */
  readonly groups?: readonly string[];
}

export class TwoValuesReport {
  readonly faults = new Tally();
  readonly refusals = new Map<string, number>();
  readonly logins = new Map<string, number>();
  /** Left out: a plan prints the number that the groups make together in just these groups. */
  readonly oneNumber = new Tally();

  get count(): number {
    const sum = (counts: ReadonlyMap<string, number>): number =>
      [...counts.values()].reduce((a, b) => a + b, 0);
    return sum(this.refusals) + sum(this.logins) + this.faults.total;
  }

  lines(): string[] {
    const kinds = [...this.refusals].map(
      ([kind, count]) => `${pad(count, 9)}  ${kind}, and ${this.logins.get(kind) ?? 0} whole logins`,
    );
    return [
      'Refused, as it must be:',
      ...kinds,
      `Left out, for it is one number as its plan prints it: ${this.oneNumber.total}`,
      ...this.oneNumber.lines(),
    ];
  }
}

export function fuzzTwoValues(
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): TwoValuesReport {
  const random = new Random(seed);
  const writers = Object.entries<Writer>({ ...twoValues(random), ...NOT_NUMBERS });
  const report = new TwoValuesReport();
  for (let run = 0; run < count; run++) {
    const [kind, write] = writers[run % writers.length] as [string, Writer];
    const written = write(random);
    readOne(kind, written, readerOf(written, random), report);
    if (run % 10_000 === 0) progress(run);
  }
  return report;
}

export type Writer = (random: Random) => Written;

/** Half of them are countries in which the digits, put together, look like a number. */
function readerOf({ text }: Written, random: Random): Reader {
  if (random.chance(0.2)) return null;
  const alike = random.chance(0.5) ? likelyReader(text.replaceAll(/\D/g, ''), random) : null;
  return alike ?? pick(COUNTRIES, random);
}

function readOne(kind: string, written: Written, reader: Reader, report: TwoValuesReport): void {
  const { text, groups, mayBeLogin = false, parts } = written;
  const seen = see(text, reader);
  const line = (): string => `${reader ?? '-'} ${shown(text)}: ${told(seen)}`;
  if (seen.kind === 'refused') {
    report.refusals.set(kind, (report.refusals.get(kind) ?? 0) + 1);
  } else if (mayBeLogin && seen.kind === 'login' && seen.login === text) {
    report.logins.set(kind, (report.logins.get(kind) ?? 0) + 1);
  } else if (seen.kind === 'number' && groups !== undefined && isUsualGrouping(groups, reader)) {
    report.oneNumber.add(kind, text.length, line);
  } else {
    report.faults.add(`${kind} read as ${NAMES[seen.kind]}`, text.length, line);
  }
  if (parts === undefined) return;
  const allowed = new Set(parts.map((part) => dialled(see(part, reader))));
  for (const listed of seeList(text, reader)) {
    if (listed.kind !== 'refused' && !allowed.has(dialled(listed))) {
      const heard = (): string => `${reader ?? '-'} ${shown(text)}: ${told(listed)}`;
      report.faults.add(`${kind}, as a list, read as ${NAMES[listed.kind]}`, text.length, heard);
    }
  }
}

function dialled(seen: Seen): string {
  return seen.kind === 'number' ? seen.digits : told(seen);
}

const NAMES: Record<Seen['kind'], string> = {
  number: 'a number',
  extension: 'an extension',
  login: 'a login',
  target: 'a target',
  refused: 'a refusal',
  thrown: 'an exception',
};

const BETWEEN = [
  '/',
  ',',
  ';',
  '|',
  '\n',
  '\r\n',
  '\t',
  ' or ',
  ' / ',
  ', ',
  '; ',
  ' | ',
  '&',
  ' & ',
  '+',
  ' + ',
];
const WORDS_BETWEEN = [
  ' or ',
  ' and ',
  ' oder ',
  ' ou ',
  ' или ',
  ' чи ',
  ' o ',
  ' then ',
  ' -> ',
  ' => ',
  '\\',
];

function twoValues(random: Random): Record<string, Writer> {
  const examples = new Examples(random);
  const number = (): string => {
    const { digits, national, international } = examples.next(pick(NUMBER_TYPES, random));
    return pick([digits, `+${digits}`, national, national.replaceAll(/\D/g, ''), international], random);
  };
  const value = (): string => (random.chance(0.5) ? extension(random, 2, 6) : number());
  return {
    'extensions with a separator': () => {
      const parts = several(random, () => extension(random, 2, 6));
      return { text: parts.join(pick(BETWEEN, random)), parts };
    },
    'equal extensions divided by spaces': () => equalGroups(random, [' ', ' ', '\u00a0', '  ']),
    'equal extensions divided by hyphens': () => equalGroups(random, ['-', ' - ', '\u2013', ' \u2013 ']),
    'numbers and extensions with a separator': () => {
      const parts = several(random, value);
      return { text: parts.join(pick(random.chance(0.8) ? BETWEEN : WORDS_BETWEEN, random)), parts };
    },
    'a number and another last part': () => ({
      text: `${number()}${pick(['/', ' / '], random)}${extension(random, 1, 3)}`,
    }),
    'a number with an extension': () => ({
      text: `${number()}${pick(BEHIND, random).replace('12', extension(random, 1, 5))}`,
    }),
  };
}

const BEHIND = [
  ' (12)',
  ';ext=12',
  'x12',
  ' x12',
  ' ext. 12',
  ' ext 12',
  '#12',
  ' #12',
  ' доб. 12',
  ',12',
  ',,12#',
];

function several(random: Random, write: () => string): string[] {
  return Array.from({ length: 2 + (random.chance(0.25) ? 1 + random.below(3) : 0) }, write);
}

/** Three to five digits: two digits are how half of Europe divides its numbers. */
function equalGroups(random: Random, between: readonly string[]): Written {
  const length = pick([3, 3, 3, 4, 4, 5], random);
  const first = extension(random, length, length);
  const isRow = random.chance(0.5) && Number(first) + 4 < 10 ** length;
  const groups = several(random, () => extension(random, length, length)).map((group, at) =>
    isRow ? String(Number(first) + at) : group,
  );
  return { text: groups.join(pick(between, random)), groups };
}

/** No extension begins with 0: it would be the trunk prefix. */
function extension(random: Random, least: number, most: number): string {
  const length = least + random.below(most - least + 1);
  let digits = String(1 + random.below(9));
  while (digits.length < length) digits += String(random.below(10));
  return digits;
}
