import { Random } from '../../../lib/simulator/random.ts';
import { Caller, type State } from './caller.ts';
import type { Leg } from './carrier.ts';
import { calleeNumber, callerNumber, drawPlan, type CallPlan } from './plan.ts';
import { PATIENCE, type Stage } from './stage.ts';
import { Tally } from './tally.ts';

/** The callers who are here, and what became of those who were. */

const STEP_MS = 100;

export class Crowd {
  readonly tally: Tally;
  /** Legs that belong to no caller who is here. */
  strayLegs = 0;
  readonly #random: Random;
  readonly #plans = new Map<string, CallPlan>();
  readonly #here = new Map<string, Caller>();
  readonly #timer: NodeJS.Timeout;

  constructor(seed: number, { guarded }: { readonly guarded: boolean }) {
    this.#random = new Random(seed);
    // Without a guard it serves nobody, however late a caller is served.
    this.tally = new Tally(guarded ? PATIENCE.guardMs : Infinity);
    this.#timer = setInterval(() => {
      this.#step();
    }, STEP_MS);
  }

  get size(): number {
    return this.#here.size;
  }

  /** What the CRM knows of a caller; null: nobody is there for him. */
  destinationOf(number: string): string | null {
    const callee = this.#plans.get(number)?.callee ?? null;
    return callee === null ? null : calleeNumber(callee);
  }

  async place({ freeswitch, callers, sink, crm }: Stage, nth: number): Promise<void> {
    const number = callerNumber(nth);
    const plan = drawPlan(this.#random, PATIENCE.guardMs);
    this.#plans.set(number, plan);
    const to = freeswitch.plan.ports.external;
    const rtpPort = sink.address().port;
    this.#here.set(number, await Caller.place(callers, { nth, to, rtpPort, plan, mood: crm.mood }));
  }

  /** A leg has been placed for the caller of this number. */
  join(number: string, leg: Leg): void {
    const caller = this.#here.get(number);
    if (caller === undefined) this.strayLegs++;
    else caller.legs.push(leg);
  }

  count(wanted: State): number {
    return [...this.#here.values()].filter(({ state }) => state === wanted).length;
  }

  /** Ends the calls that have not ended, and tells of them. */
  close(): string[] {
    clearInterval(this.#timer);
    return [...this.#here.values()].map((caller) => {
      caller.leave();
      return caller.told();
    });
  }

  #step(): void {
    for (const [number, caller] of this.#here) {
      if (!caller.step(PATIENCE)) continue;
      this.#here.delete(number);
      this.tally.add(caller);
    }
  }
}
