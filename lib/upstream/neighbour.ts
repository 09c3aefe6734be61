import type { Clock } from '../clock.ts';
import type { Reason } from '../errors.ts';
import type { HttpRequest } from '../http/message.ts';
import { proxyFor } from '../http/proxy.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { IDLE_MS, Recent } from './recent.ts';
import { RetryBudget } from './retry.ts';

/** What was learned about one host, or about one webhook as it treats one account. */
export interface Neighbour {
  /** The origin of the host and what it is reached through, or the URL of the webhook. */
  readonly name: string;
  readonly breaker: Breaker;
  /** What was seen last. */
  failure: Failure | null;
}

export interface Account extends Neighbour {
  readonly budget: RetryBudget;
  /** By the clock: the CRM asked to be left alone until then. */
  pausedUntilMs: number;
}

export interface Failure {
  readonly reason: Reason;
  readonly detail: string;
  /** Whose question it was: one account may fail and another not. */
  readonly scheme?: string;
}

/** Whom a request is sent to. */
export interface Addressee {
  readonly host: Neighbour;
  readonly account: Account;
}

export interface NeighbourOptions {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** That open a breaker, where not as many as usual. */
  readonly failuresInARow?: number;
  /** `name`: of the webhook, or of the host where no connection can be made. `failure`: for whoever is woken by it. */
  readonly onBreaker?: (name: string, state: BreakerState, failure: Failure | null) => void;
}

/** Keys may hold what callers send. */
const MOST_ACCOUNTS = 10_000;

/** All that were asked of late. */
export class Neighbours {
  readonly #options: NeighbourOptions;
  readonly #hosts: Recent<Neighbour>;
  readonly #forced = new Map<string, boolean>();
  readonly #accounts: Recent<Account>;

  constructor(options: NeighbourOptions) {
    const { clock } = options;
    const isNeeded = ({ breaker }: Neighbour): boolean => breaker.state.kind === 'forced';
    this.#options = options;
    this.#hosts = new Recent<Neighbour>({ clock, idleMs: IDLE_MS, isNeeded });
    this.#accounts = new Recent<Account>({ clock, idleMs: IDLE_MS, most: MOST_ACCOUNTS, isNeeded });
  }

  /** Holds those of that name open or closed, and those that come later too; null lets them judge for themselves again. */
  force(name: string, open: boolean | null): void {
    if (open === null) this.#forced.delete(name);
    else this.#forced.set(name, open);
    for (const neighbour of this.all()) if (neighbour.name === name) neighbour.breaker.force(open);
  }

  all(): readonly Neighbour[] {
    return [...this.#hosts.values(), ...this.#accounts.values()];
  }

  addressee(
    { url, account, proxies }: Pick<HttpRequest, 'url' | 'account' | 'proxies'>,
    webhook: string,
  ): Addressee {
    const { origin } = new URL(url);
    const proxy = proxyFor(proxies, url);
    // That a proxy can't be reached says nothing about the host by another way.
    const host = proxy === null ? origin : `${origin} through ${proxy.name}`;
    return {
      host: this.#hosts.get(host, () => this.#neighbour(host)),
      account: this.#accounts.get(account, () =>
        Object.assign(this.#neighbour(webhook), {
          budget: new RetryBudget(this.#options.clock),
          pausedUntilMs: 0,
        }),
      ),
    };
  }

  #neighbour(name: string): Neighbour {
    const { clock, random, onBreaker, failuresInARow } = this.#options;
    const onChange = (state: BreakerState): void => onBreaker?.(name, state, neighbour.failure);
    const neighbour: Neighbour = {
      name,
      breaker: new Breaker({
        clock,
        random,
        onChange,
        ...(failuresInARow === undefined ? {} : { failuresInARow }),
      }),
      failure: null,
    };
    const forced = this.#forced.get(name);
    if (forced !== undefined) neighbour.breaker.force(forced);
    return neighbour;
  }
}
