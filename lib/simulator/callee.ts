import { causeOfSipCode, refusalCode } from './cause.ts';
import type { CalleeBehaviour } from './types.ts';

/** What comes back over SIP for an INVITE. */
export type Signal =
  | { readonly kind: 'ringing' }
  | { readonly kind: 'early-media' }
  | { readonly kind: 'answered' }
  /** 200, and a BYE at once. */
  | { readonly kind: 'gone' }
  /** A final refusal; without a code it is a failure of FreeSWITCH's own, before any INVITE. */
  | { readonly kind: 'refused'; readonly cause: string; readonly sipCode: number }
  | { readonly kind: 'redirected' };

/** A refusal that comes later than this has rung first (10b: slowbusy); a busy phone answers at once (04). */
const RINGS_BEFORE_REFUSING_MS = 100;

/** From INVITE to the first answer over SIP, measured 20 to 40 ms: the originate loop looks every 20 ms. */
const ROUND_TRIP_MS = 20;

/** One far end at work. `cancel` is FreeSWITCH's CANCEL or BYE: nothing comes any more. */
export class Callee {
  readonly behaviour: CalleeBehaviour;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(behaviour: CalleeBehaviour, signal: (signal: Signal) => void) {
    this.behaviour = behaviour;
    const after = (ms: number, what: Signal): void => {
      this.#timers.push(
        setTimeout(() => {
          signal(what);
        }, ms),
      );
    };
    switch (behaviour.kind) {
      case 'answer':
        if (behaviour.afterMs > ROUND_TRIP_MS) after(ROUND_TRIP_MS, { kind: 'ringing' });
        after(Math.max(behaviour.afterMs, 1), { kind: 'answered' });
        break;
      case 'gone':
        if (behaviour.afterMs > ROUND_TRIP_MS) after(ROUND_TRIP_MS, { kind: 'ringing' });
        after(behaviour.afterMs, { kind: 'gone' });
        break;
      case 'fail': {
        const sipCode = behaviour.sipCode ?? refusalCode(behaviour.cause);
        if (behaviour.afterMs > RINGS_BEFORE_REFUSING_MS) after(ROUND_TRIP_MS, { kind: 'ringing' });
        const cause = behaviour.cause === '' ? causeOfSipCode(sipCode) : behaviour.cause;
        after(behaviour.afterMs, { kind: 'refused', cause, sipCode });
        break;
      }
      case 'ring':
        after(ROUND_TRIP_MS, { kind: 'ringing' });
        break;
      case 'early-media':
        after(behaviour.afterMs, { kind: 'early-media' });
        break;
      case 'redirect':
        after(ROUND_TRIP_MS, { kind: 'redirected' });
        break;
      case 'silent':
        break;
    }
  }

  cancel(): void {
    this.#timers.forEach(clearTimeout);
  }
}
