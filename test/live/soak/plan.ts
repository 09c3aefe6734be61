import { Random } from '../../../lib/simulator/random.ts';

/** What is going to happen on the calls, by chance from the seed: whom the CRM names, and how they part. */

/** How the callee whom the CRM names behaves. */
export type CalleeKind = 'answers' | 'answers late' | 'busy' | 'rejects' | 'unavailable' | 'rings on';

export interface CallPlan {
  /** null: the CRM knows nobody for this caller. */
  readonly callee: CalleeKind | null;
  /** How long they talk, whoever answers. */
  readonly talkMs: number;
  readonly hangsUp: 'caller' | 'callee';
  /** After so long without an answer the caller hangs up; null: he stays until something happens. */
  readonly giveUpMs: number | null;
}

/** Of a hundred calls. */
const SHARES: readonly (readonly [share: number, callee: CalleeKind | null])[] = [
  [64, 'answers'],
  [12, 'answers late'],
  [6, 'busy'],
  [4, 'rejects'],
  [4, 'unavailable'],
  [5, 'rings on'],
  [5, null],
];
export const CALLEE_KINDS: readonly CalleeKind[] = SHARES.map(([, callee]) => callee).filter(
  (callee) => callee !== null,
);
const GIVES_UP = 0.04;
/** Talks for longer than the guard: one that was not lifted would tear the call away. */
const TALKS_LONG = 0.04;

export function drawPlan(random: Random, guardMs: number): CallPlan {
  const callee = drawCallee(random);
  return {
    callee,
    talkMs: random.chance(TALKS_LONG) ? guardMs + 3000 : 1000 + random.below(1000),
    hangsUp: random.chance(0.7) ? 'caller' : 'callee',
    giveUpMs: random.chance(GIVES_UP) ? 200 + random.below(5000) : null,
  };
}

function drawCallee(random: Random): CalleeKind | null {
  let drawn = random.below(100);
  for (const [share, callee] of SHARES) {
    if (drawn < share) return callee;
    drawn -= share;
  }
  return 'answers';
}

/** The number of all callees of a kind. */
export function calleeNumber(kind: CalleeKind): string {
  return `38050${String(CALLEE_KINDS.indexOf(kind) + 1).padStart(7, '0')}`;
}

/** Whom the dialplan's fallback rings. */
export const GROUP_NUMBER = '380630000000';
/** What callers dial: the first router first, and the second first. */
export const DIDS = ['380440000001', '380440000002'] as const;

/** No two calls have the same: it is how a leg finds its caller. */
export function callerNumber(nth: number): string {
  return `38067${String(nth).padStart(7, '0')}`;
}
