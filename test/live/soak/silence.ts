/**
 * Who is left in silence, told from SIP alone: from the responses that the caller got, and from the legs that were
 * placed for him and what became of them, as their callees saw it. No clock: whoever asks says what time it is.
 *
 * A caller is in silence
 * - from his INVITE until the first 18x, 2xx or final response (100 Trying is not sound). It is `nothing heard` when
 *   that takes longer than the guard and 2 s: the guard fires within its seconds, and the rest is for the machine;
 * - after that, when nothing more happens to his call. The last sign of it counts: a response to him, or a leg placed
 *   for him, answered or ended. Then the guard must do something within its seconds, and 2 s. Before his 200 it may
 *   have been pushed back, by as long as the scheme lets a callee ring, from the INVITE to the latest callee on. It is
 *   `rings on` before his 200 (180 still rings and nobody is there, or nobody connects the callee who did answer), and
 *   `answered by nobody` after it. A conversation lasts without limit: he has his 200, and a leg of his is answered
 *   and not ended.
 * It ends with a final response, with a BYE, or when he leaves of his own will.
 */

/** A leg placed for the caller; times in milliseconds, of one clock with the caller's. */
export interface LegSeen {
  readonly invitedMs: number;
  /** When its callee answered; null until then. */
  readonly answeredMs: number | null;
  /** When it was refused, cancelled or hung up, by either side; null until then. */
  readonly endedMs: number | null;
}

export interface CallSeen {
  readonly placedMs: number;
  readonly responses: readonly { readonly atMs: number; readonly status: number }[];
  readonly legs: readonly LegSeen[];
  /** Final response, BYE by either side, or the CANCEL that he sent; null: he is still there. */
  readonly endedMs: number | null;
}

export interface Patience {
  /** The dialplan's guard. */
  readonly guardMs: number;
  /** What the scheme allows a callee to ring. */
  readonly ringingMs: number;
}

export type Silence = 'nothing heard' | 'rings on' | 'answered by nobody';

const GRACE_MS = 2000;

/** The first silence that was too long; null when there was none up to now. */
export function silenceOf(call: CallSeen, nowMs: number, { guardMs, ringingMs }: Patience): Silence | null {
  const endMs = call.endedMs ?? nowMs;
  const heardMs = firstSoundMs(call);
  if ((heardMs ?? endMs) - call.placedMs > guardMs + GRACE_MS) return 'nothing heard';
  if (heardMs === null) return null;
  const connectedMs = call.responses.find(({ status }) => status >= 200 && status < 300)?.atMs ?? Infinity;
  const signs = signsOf(call).filter((atMs) => atMs >= heardMs && atMs < endMs);
  for (const [nth, fromMs] of signs.entries()) {
    const untilMs = signs[nth + 1] ?? endMs;
    const legs = call.legs.filter(({ invitedMs }) => invitedMs <= fromMs);
    if (connectedMs <= fromMs && legs.some((leg) => isTalking(leg, fromMs))) continue;
    const pushedBackMs = connectedMs <= fromMs ? 0 : (legs.at(-1)?.invitedMs ?? -Infinity) + ringingMs;
    if (untilMs > Math.max(fromMs, pushedBackMs) + guardMs + GRACE_MS) {
      return connectedMs <= fromMs ? 'answered by nobody' : 'rings on';
    }
  }
  return null;
}

/** When the caller got something else than 100 Trying. */
export function firstSoundMs({ responses }: CallSeen): number | null {
  return responses.find(({ status }) => status > 100)?.atMs ?? null;
}

function isTalking({ answeredMs, endedMs }: LegSeen, atMs: number): boolean {
  return (answeredMs ?? Infinity) <= atMs && (endedMs ?? Infinity) > atMs;
}

/** Times at which something happened to the call, in order. */
function signsOf({ responses, legs }: CallSeen): number[] {
  return [
    ...responses.filter(({ status }) => status > 100).map(({ atMs }) => atMs),
    ...legs.flatMap(({ invitedMs, answeredMs, endedMs }) => [invitedMs, answeredMs, endedMs]),
  ]
    .filter((atMs) => atMs !== null)
    .sort((a, b) => a - b);
}
