import { Call } from './call.ts';
import { FALLBACK } from './dialplan.ts';
import type { Exchange, Killable, Listener } from './exchange.ts';
import { Random } from './random.ts';
import { Tasks } from './tasks.ts';
import type { CallReport, CallScript, SwitchOptions } from './types.ts';

/** The router's default decision budget. */
const BUDGET_MS = 4000;

/** How long a leg may sit parked after a step has ended before its caller counts as lost. */
const PARKED_MS = 1000;

/** No call of a simulation lasts longer. */
const MOST_MS = 60_000;

/** A FreeSWITCH that places calls: each walks through a dialplan whose `socket` application calls the router. */
export class SimulatedFreeSwitch {
  readonly #options: SwitchOptions;
  readonly #exchange: Exchange;
  readonly #calls = new Map<Call, Promise<CallReport>>();

  constructor(options: SwitchOptions) {
    this.#options = options;
    this.#exchange = exchangeOf(options, () => this.#calls.size);
  }

  get active(): number {
    return this.#calls.size;
  }

  /** Never rejects; settles when the call has ended and its sockets are closed, `maxCallMs` after its begin at the latest. */
  async call(script: CallScript): Promise<CallReport> {
    const { routers, budgetMs = BUDGET_MS, parkedMs = PARKED_MS, maxCallMs = MOST_MS } = this.#options;
    const call = new Call(script, this.#exchange, routers, { budgetMs, parkedMs });
    const bound = setTimeout(() => {
      call.abort(`not over after ${maxCallMs} ms`);
    }, maxCallMs);
    const running = call.run();
    this.#calls.set(call, running);
    try {
      return await running;
    } finally {
      clearTimeout(bound);
      this.#calls.delete(call);
    }
  }

  /** Ends every call now, its sockets included. */
  async close(): Promise<void> {
    for (const call of this.#calls.keys()) call.abort('the simulation was closed');
    await Promise.all(this.#calls.values());
  }
}

function exchangeOf(options: SwitchOptions, count: () => number): Exchange {
  const random = new Random(options.seed ?? 1);
  const gateways = options.gateways && new Set(options.gateways);
  const domains = options.domains && new Set(options.domains);
  const extensions = options.extensions && new Set(options.extensions);
  const refused = new Set(options.refuses);
  const secondMs = options.secondMs ?? 1000;
  let sequence = 0;
  return {
    random,
    coreUuid: random.uuid(),
    nextSequence: () => ++sequence,
    secondMs,
    tasks: new Tasks(random, secondMs),
    lean: options.lean ?? false,
    get sessionCount() {
      return count();
    },
    knowsGateway: (name) => gateways?.has(name) ?? true,
    knowsExtension: (name) => name === FALLBACK || (extensions?.has(name) ?? true),
    refuses: (api) => refused.has(api),
    missingUser: (login, domain) => {
      if (domains?.has(domain) === false) return 'SUBSCRIBER_ABSENT';
      const found = options.users?.(login, domain) ?? 'registered';
      if (found === 'registered') return null;
      return found === 'unknown' ? 'SUBSCRIBER_ABSENT' : 'USER_NOT_REGISTERED';
    },
    legs: new Map<string, Killable>(),
    listeners: new Set<Listener>(),
  };
}
