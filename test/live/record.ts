import { now, sleep, SOON } from './journal.ts';
import type { Router } from './router.ts';
import { check } from './row.ts';

/** The router's record of a call, as whoever reads its log finds it: debug lines "record". */

export interface Move {
  readonly atMs: number;
  readonly from: 'asked' | 'ringing' | 'talking' | 'moved';
  readonly by: 'transfer' | 'bridge' | 'park' | 'unknown';
  readonly to: string;
}

export interface RecordSeen {
  readonly id: string;
  readonly startedAt: string;
  readonly call: { readonly uuid: string; readonly caller: string; readonly did: string } | null;
  readonly result: string;
  readonly reason: string;
  readonly destination: string;
  readonly end: string;
  readonly hangupCause: string | null;
  readonly hungUpBy: string | null;
  readonly answeredMs: number | null;
  readonly endedMs: number;
  readonly answeredBy?: string | null;
  readonly moves?: readonly Move[];
  readonly pass?: number;
  readonly previous?: string | null;
  readonly bridges: readonly { readonly outcome: string | null; readonly cause: string | null }[];
  readonly notes: readonly string[];
}

/** Records of calls from this number, in the order in which the calls ended. */
export function recordsOf(routers: readonly Router[], caller: string): RecordSeen[] {
  return routers
    .flatMap((router) => router.log([`"caller":"${caller}"`]))
    .filter((line) => line.includes('"message":"record"'))
    .map((line) => JSON.parse(line) as RecordSeen);
}

export async function recordOf(routers: readonly Router[], caller: string, nth = 1): Promise<RecordSeen> {
  const untilMs = now() + SOON;
  for (;;) {
    const record = recordsOf(routers, caller)[nth - 1];
    if (record !== undefined) return record;
    check(now() < untilMs, `no record ${nth} of ${caller} within ${SOON} ms`);
    await sleep(50);
  }
}

export type Expected = Partial<
  Pick<RecordSeen, 'end' | 'result' | 'reason' | 'hangupCause' | 'answeredBy'>
> & {
  readonly hungUpBy?: string | readonly string[];
  readonly pass?: number;
  readonly moves?: readonly (Pick<Move, 'from' | 'by'> & { readonly to?: string })[];
  /** Outcomes of the bridges, in order. */
  readonly bridges?: readonly (string | null)[];
  /** Seconds from the callee's answer to the end; null: he did not answer. */
  readonly talked?: number | null;
};

/** Busy machines write late. */
const TALK_TOLERANCE = 0.7;

/** Tells all that is not as expected, at once. */
export function checkRecord(record: RecordSeen, expected: Expected): void {
  const wrong = untrue(record, expected);
  check(wrong.length === 0, `the record is not true: ${wrong.join('; ')}`);
}

/** What a record says that did not happen, or does not say. */
export function untrue(record: RecordSeen, expected: Expected): string[] {
  const wrong: string[] = [];
  const compare = (what: string, is: unknown, wanted: unknown): void => {
    const told = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));
    if (told(is) !== told(wanted)) wrong.push(`${what} ${told(is)}, not ${told(wanted)}`);
  };
  for (const key of ['end', 'result', 'reason', 'hangupCause', 'answeredBy', 'pass'] as const)
    if (expected[key] !== undefined) compare(key, record[key], expected[key]);
  if (expected.hungUpBy !== undefined) {
    const whom = [expected.hungUpBy].flat();
    if (!whom.includes(record.hungUpBy ?? '')) compare('hungUpBy', record.hungUpBy, whom.join(' or '));
  }
  if (expected.moves !== undefined) {
    const moves = record.moves ?? [];
    compare(
      'moves',
      moves.map(({ from, by }) => `${from} by ${by}`),
      expected.moves.map(({ from, by }) => `${from} by ${by}`),
    );
    for (const [nth, { to = '' }] of expected.moves.entries()) {
      const told = moves[nth]?.to ?? '';
      if (!told.includes(to)) compare(`moves[${nth}].to`, told, to);
    }
  }
  if (expected.bridges !== undefined)
    compare(
      'bridges',
      record.bridges.map(({ outcome }) => outcome),
      expected.bridges,
    );
  if (expected.talked !== undefined) {
    const talked = record.answeredMs === null ? null : (record.endedMs - record.answeredMs) / 1000;
    const same =
      talked === null || expected.talked === null
        ? talked === expected.talked
        : Math.abs(talked - expected.talked) <= TALK_TOLERANCE;
    if (!same) wrong.push(`talk time ${talked?.toFixed(2) ?? 'none'} s, not ${expected.talked ?? 'none'}`);
  }
  return wrong;
}
