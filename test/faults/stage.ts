import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CONTROLLER_CORE, portOf, start, stop } from '../../bench/child.ts';
import { Random } from '../../lib/simulator/random.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CalleeBehaviour,
  type CallReport,
  type CallScript,
  type CrmHandler,
  type RouterAddress,
  type SimulatedCrm,
  type SwitchOptions,
} from '../../lib/simulator/index.ts';
import { Load, quiet, REPETITIONS, type LoadOrder } from './load.ts';
import { Router, type RouterOptions } from './router.ts';
import { VoidRun, type Scale } from './row.ts';

const CALLER = '380441110001';
const DID = '15005550100';
/** Whom the CRM names, and whom the fallback dials. */
export const WANTED = '201';
export const FALLBACK = '900';

const SHORT_TALK: CalleeBehaviour = { kind: 'answer', afterMs: 0, talkMs: 10, hangup: 'caller' };

/** A call as most rows place it: the callee answers at once, and it is over soon. */
export function call(path: string, more: Partial<CallScript> = {}): CallScript {
  return {
    caller: CALLER,
    did: DID,
    path,
    guardSeconds: 8,
    callee: () => SHORT_TALK,
    ...more,
  };
}

/** What is wrong with a call that should have been answered by this user, and by him at once. */
export function answeredBy(user: string): (report: CallReport) => string | null {
  return ({ end, bridges, legs }) => {
    if (end.kind !== 'answered') return `ended as ${end.kind} and not with ${user}`;
    if (end.leg.user !== user) return `answered by ${end.leg.user} and not by ${user}`;
    return bridges.length === 1
      ? null
      : `bridged ${bridges.length} times: ${legs.map((leg) => leg.user).join()}`;
  };
}

type LoadPart = Omit<LoadOrder, 'seed' | 'signal' | 'routers' | 'mostLagMs'> &
  Partial<Pick<LoadOrder, 'mostLagMs'>>;

export interface StageOptions {
  readonly scale: Scale;
  readonly seed: number;
  /** Later than this the generator may not be. */
  readonly mostLagMs: number;
  readonly signal: AbortSignal;
  readonly say?: (text: string) => void;
}

/** Everything that one row starts, and the end of it. */
export class Stage {
  readonly scale: Scale;
  readonly seed: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly mostLagMs: number;
  readonly #ends: (() => Promise<unknown>)[] = [];
  #loads = 0;

  constructor({ scale, seed, mostLagMs, signal, say = () => undefined }: StageOptions) {
    this.scale = scale;
    this.seed = seed;
    this.random = new Random(seed);
    this.signal = signal;
    // Every call that waits listens to it.
    setMaxListeners(0, signal);
    this.say = say;
    this.mostLagMs = mostLagMs;
  }

  /** Whether figures of time are judged: `npm test` passes on machines of any speed. */
  get timed(): boolean {
    return this.scale !== 'short';
  }

  /** For a router that would else take the generator's core when it starts or stops; in short many rows share both. */
  get ownCore(): { readonly core?: number } {
    return this.timed ? { core: CONTROLLER_CORE } : {};
  }

  /** How many of them, by the scale. */
  count(full: number, quick: number, short: number): number {
    return { full, quick, short }[this.scale];
  }

  /** Ended together with the row, in reverse order. */
  atEnd(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  async router(options: RouterOptions): Promise<Router> {
    const router = await Router.start(options);
    this.atEnd(() => router.end());
    return router;
  }

  async crm(handler: CrmHandler): Promise<SimulatedCrm> {
    const crm = await startCrm(handler, { record: false });
    this.atEnd(() => crm.close());
    return crm;
  }

  /** A small controller in the router's place: a script that prints the address where it listens. */
  async control(script: string, env: Readonly<Record<string, string>> = {}): Promise<RouterAddress> {
    const child = start(fileURLToPath(new URL(script, import.meta.url)), {
      core: CONTROLLER_CORE,
      nodeArguments: ['--no-deprecation', '--import', 'tsx'],
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.atEnd(() => stop(child));
    return { host: '127.0.0.1', port: await portOf(child) };
  }

  /** Counts calls whose generator was in time. */
  load(routers: readonly RouterAddress[], order: LoadPart): Promise<Load> {
    const seed = this.seed + 1_000_003 * ++this.#loads;
    return Load.play({
      lean: true,
      mostLagMs: this.mostLagMs,
      // Longer than any of them is silence; by how much is a figure of time.
      ...(this.timed ? {} : { parkedMs: 5_000, budgetMs: 8_000 }),
      ...order,
      routers,
      seed,
      signal: this.signal,
    });
  }

  /** @throws VoidRun when the generator was later than it may be */
  inTime(lagMs: number): void {
    if (lagMs > this.mostLagMs) throw new VoidRun(`the generator was ${lagMs.toFixed(1)} ms late at p99`);
  }

  /** Repeats as a whole what was void. */
  async untilValid<T>(run: () => Promise<T>): Promise<T> {
    for (let again = 0; ; again++) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof VoidRun) || again === REPETITIONS) throw error;
        this.say(`  void, once more: ${error.message}`);
        await quiet(this.mostLagMs / 2, this.signal);
      }
    }
  }

  freeswitch(options: SwitchOptions): SimulatedFreeSwitch {
    const freeswitch = new SimulatedFreeSwitch({ lean: true, seed: this.seed + ++this.#loads, ...options });
    this.atEnd(() => freeswitch.close());
    return freeswitch;
  }

  async close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
    this.#ends.length = 0;
  }
}
