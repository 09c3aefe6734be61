import type { Call } from './channel.ts';
import type { Command } from './esl/command.ts';

/** Where it sends the caller: the name in freeswitch/dialplan/esl-router.xml. */
const FALLBACK_EXTENSION = 'esl_router_fallback';

/** FreeSWITCH's clock counts whole seconds: a guard of 8 s fires after 7 to 8. */
const MARGIN_MS = 1000;

/**
 * The dialplan's guard of one leg: a transfer to the fallback, scheduled in front of `socket`, that serves the caller when
 * the router does not. Without one (`esl_router_guard` unset) there are no commands.
 */
export class Guard {
  readonly #call: Call;
  /** By the clock: when it fires, unless it was set after the channel's beginning, and so fires later. */
  #dueMs: number;
  #pushedBack = false;

  /**
   * `nowMs`: when the reply to `connect` came. The connection may have stood in the system's queue before that for as long
   * as a router stood still, so that the channel's age alone bounds the time of which the guard counts.
   */
  constructor(call: Call, nowMs: number) {
    this.#call = call;
    this.#dueMs = nowMs - call.ageMs + (call.guardSeconds ?? Infinity) * 1000;
  }

  /**
   * Lifts it, in the same write as, and before, the command that ends our part: left alone it would tear the caller out
   * of whatever he is given.
   */
  lift(): Command[] {
    if (this.#call.guardSeconds === null) return [];
    return [{ kind: 'api', command: 'sched_del', args: this.#call.uuid }];
  }

  /**
   * Pushes it back by the time that a bridge may ring, so that a router that hangs meanwhile leaves nobody in silence.
   * FreeSWITCH lifts it when the callee answers (see `Leg.answerVariables`).
   */
  pushBack(ringingSeconds: number, nowMs: number): Command[] {
    const { guardSeconds, uuid, context } = this.#call;
    this.#dueMs = nowMs + (ringingSeconds + (guardSeconds ?? Infinity)) * 1000;
    if (guardSeconds === null || !/^[A-Za-z0-9._-]{1,128}$/.test(context)) return this.lift();
    this.#pushedBack = true;
    const args = `+${ringingSeconds + guardSeconds} ${uuid} ${FALLBACK_EXTENSION} XML ${context}`;
    return [...this.lift(), { kind: 'api', command: 'sched_transfer', args }];
  }

  /** Whether it may have taken the leg by now: true early for a call that spent its time in an IVR. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs - MARGIN_MS;
  }

  /**
   * Behind one that fired in the moment in which it was pushed back: what was scheduled then would tear the caller out of
   * the fallback. Empty when that one itself has fired, since the fallback may have scheduled something of its own.
   */
  clearBehind(nowMs: number): Command[] {
    return this.#pushedBack && !this.isDue(nowMs) ? this.lift() : [];
  }
}
