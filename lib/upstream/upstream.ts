import { throwIfAborted, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import type { HttpClient } from '../http/client.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { BreakerState, Permit } from './breaker.ts';
import { Bulkhead, type BulkheadLimits } from './bulkhead.ts';
import { lessonOfFailure, lessonOfReply, type Lesson, type Verdict } from './lesson.ts';
import { Neighbours, type Addressee, type Failure, type NeighbourOptions } from './neighbour.ts';
import { IDLE_MS, Recent } from './recent.ts';
import { backoffMs, retryAfterMs } from './retry.ts';
import { Standstill } from './standstill.ts';

/** What a scheme allows for its requests. */
interface UpstreamPolicy extends BulkheadLimits {
  /** Further tries after the first, 0 to 5. */
  readonly retries: number;
  /** Statuses after which the CRM surely has not routed: among 502, 503 and 504. */
  readonly retryStatuses: readonly number[];
  /** What the scheme gives its CRM when nothing else takes of that time. */
  readonly timeoutSeconds: number;
}

export interface Sending {
  /** Whose question it is. */
  readonly scheme: string;
  /** Which bulkhead it stands in: that of its profile, or of scheme and webhook. */
  readonly bulkhead: string;
  /** What is asked, for people: the profile, or the URL as the scheme has it, macros and all. */
  readonly name: string;
  readonly policy: UpstreamPolicy;
  /** By the clock; no retry begins that could not end before it. */
  readonly deadlineMs: number;
  /** Its reason is thrown. */
  readonly signal: CancelSignal;
  /** Set for each retry. */
  readonly isRetry?: boolean;
  readonly onRetry: (failure: Failure) => void;
}

export interface UpstreamOptions extends NeighbourOptions {
  readonly send: HttpClient['send'];
}

interface ShownBreaker {
  readonly name: string;
  readonly state: BreakerState;
  /** A call that came now would not be asked about. One that has been open for its time is open still, until a call comes. */
  readonly holdsBack: boolean;
}

type Sent =
  | { readonly kind: 'replied'; readonly response: HttpResponse; readonly again: boolean }
  | { readonly kind: 'failed'; readonly error: RouterError; readonly again: boolean };
type Tried =
  | Sent
  /** Nothing was sent. */
  | { readonly kind: 'held'; readonly error: RouterError };

/** No CRM can silence itself for longer. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Of the scheme's own `timeoutSeconds`. A hand-over, a backup, a guard or a retry may leave a CRM less than that: that it does
 * not answer in so little says nothing about those who give it all.
 */
const FAIR_SHARE = 0.5;

/** No request was sent, so a second one cannot route twice. */
const NEVER_SENT: readonly Reason[] = ['dns_failed', 'connect_failed', 'proxy_unreachable', 'tls_failed'];
/** Nor, most likely, was it read: a CRM may close an idle connection at any time. */
const HARDLY_SENT: ReadonlySet<Reason> = new Set([...NEVER_SENT, 'connection_gone']);
/** Made once: they come by the hundred while a CRM is down, and nobody reads their stacks. */
const HELD = {
  breaker_open: new RouterError('breaker_open'),
  bulkhead_full: new RouterError('bulkhead_full'),
  webhook_paused: new RouterError('webhook_paused'),
} as const;

/**
 * Stands between a question and its CRM: a bulkhead, a circuit breaker and retries, so that a CRM in trouble costs its
 * own callers little time and those of others none.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #standstill: Standstill;
  readonly #neighbours: Neighbours;
  readonly #bulkheads: Recent<Bulkhead>;

  constructor(options: UpstreamOptions) {
    const { clock } = options;
    this.#options = options;
    this.#standstill = new Standstill(clock);
    this.#neighbours = new Neighbours(options);
    const isNeeded = ({ inFlight, queued }: Bulkhead): boolean => inFlight > 0 || queued > 0;
    this.#bulkheads = new Recent({ clock, idleMs: IDLE_MS, isNeeded });
  }

  /**
   * Resolves with any status. Rejects with what `HttpClient.send` rejects with, and at once with RouterError
   * `breaker_open`, `webhook_paused` or, after 200 ms, `bulkhead_full`.
   */
  async send(request: HttpRequest, sending: Sending): Promise<HttpResponse> {
    const { clock, random } = this.#options;
    const { policy, deadlineMs, signal, onRetry } = sending;
    const to = this.#neighbours.addressee(request, sending.name);
    const { budget } = to.account;
    budget.earn();
    let tried = await this.#try(request, sending, to);
    for (let retry = 0; retry < policy.retries && tried.kind !== 'held' && tried.again; retry++) {
      const waitMs = backoffMs(retry, random());
      if (clock.now() + waitMs >= deadlineMs || !budget.spend()) break;
      onRetry(failureOf(tried));
      await pause(waitMs, signal, clock);
      throwIfAborted(signal);
      const next = await this.#try(request, { ...sending, isRetry: true }, to);
      // Held back now: the failure before says more.
      if (next.kind === 'held') break;
      tried = next;
    }
    if (tried.kind === 'replied') return tried.response;
    throw tried.error;
  }

  /** Every host and every webhook that was asked of late, for the operator; a webhook once for each account. */
  breakers(): readonly ShownBreaker[] {
    return this.#neighbours.all().map(({ name, breaker }) => {
      return { name, state: breaker.state, holdsBack: breaker.isOpenFor({ fair: true }) };
    });
  }

  /** Holds the breakers of a webhook, or of a host, open or closed; null lets them judge for themselves again. */
  force(name: string, open: boolean | null): void {
    this.#neighbours.force(name, open);
  }

  get bulkheads(): number {
    return this.#bulkheads.size;
  }

  async #try(request: HttpRequest, sending: Sending, to: Addressee): Promise<Tried> {
    const { signal } = sending;
    const held = this.#heldBack(sending, to);
    if (held !== null) return { kind: 'held', error: HELD[held] };
    const bulkhead = this.#bulkhead(sending);
    if (!bulkhead.enter() && !(await bulkhead.queue(signal))) {
      throwIfAborted(signal);
      return { kind: 'held', error: HELD.bulkhead_full };
    }
    try {
      const now = this.#heldBack(sending, to);
      return now === null ? await this.#ask(request, sending, to) : { kind: 'held', error: HELD[now] };
    } finally {
      bulkhead.leave();
    }
  }

  #heldBack(sending: Sending, { host, account }: Addressee): keyof typeof HELD | null {
    if (account.pausedUntilMs > this.#options.clock.now()) return 'webhook_paused';
    // A connection is made in little time, or not at all.
    const isOpen = host.breaker.isOpenFor({ fair: true });
    return isOpen || account.breaker.isOpenFor({ fair: this.#isFair(sending) }) ? 'breaker_open' : null;
  }

  #isFair({ deadlineMs, policy }: Sending): boolean {
    return deadlineMs - this.#options.clock.now() >= policy.timeoutSeconds * 1000 * FAIR_SHARE;
  }

  /** Sends it once, and learns from what comes of it. */
  async #ask(request: HttpRequest, sending: Sending, { host, account }: Addressee): Promise<Tried> {
    const { clock, send } = this.#options;
    const { retryStatuses } = sending.policy;
    const startedMs = clock.now();
    const fair = this.#isFair(sending);
    const permits = { host: host.breaker.admit(), account: account.breaker.admit({ fair }) };
    let connected = false;
    // At once: other accounts are held back while this one finds out about the host, and its reply may never come.
    const onConnected = (): void => {
      connected = true;
      permits.host?.success();
    };
    const learn = (lesson: Lesson, tried: Sent): void => {
      const failure = failureOf(tried);
      if (lesson.host === 'fails') host.failure = failure;
      if (lesson.account === 'fails') account.failure = { ...failure, scheme: sending.scheme };
      if (!connected) settle(permits.host, lesson.host);
      settle(permits.account, lesson.account);
    };
    this.#standstill.begin();
    try {
      const response = await send(request, { ...sending, onConnected });
      const pauseMs = pauseAsked(response, clock.date());
      const untilMs = clock.now() + Math.min(pauseMs ?? 0, LONGEST_PAUSE_MS);
      // Another reply may have asked for longer.
      account.pausedUntilMs = Math.max(account.pausedUntilMs, untilMs);
      const lesson = lessonOfReply(response, pauseMs !== null);
      const again = lesson.account === 'fails' && retryStatuses.includes(response.status);
      const tried = { kind: 'replied', response, again } as const;
      learn(lesson, tried);
      return tried;
    } catch (thrown) {
      const error = thrown instanceof RouterError ? thrown : new RouterError('internal', messageOf(thrown));
      const tried = {
        kind: 'failed',
        error,
        again: HARDLY_SENT.has(error.code) && !error.isLasting,
      } as const;
      learn(lessonOfFailure(error, { fair, stalled: this.#standstill.since(startedMs) }), tried);
      return tried;
    } finally {
      this.#standstill.end();
    }
  }

  /** A backup stands in one of its own: it is there for the moment when the scheme's own CRM hangs. */
  #bulkhead({ bulkhead: name, policy }: Sending): Bulkhead {
    const bulkhead = this.#bulkheads.get(name, () => new Bulkhead(policy, this.#options.clock));
    bulkhead.limits = policy;
    return bulkhead;
  }
}

function settle(permit: Permit | null, verdict: Verdict): void {
  if (verdict === 'works') permit?.success();
  else if (verdict === 'fails') permit?.failure();
  else permit?.abandon();
}

/** Milliseconds that the CRM asked for: 429 and 503 say so in `Retry-After`. 429 without one asks for none. */
function pauseAsked({ status, headers }: HttpResponse, now: Date): number | null {
  const askedMs = status === 429 || status === 503 ? retryAfterMs(headers['retry-after'], now) : null;
  return status === 429 ? (askedMs ?? 0) : askedMs;
}

function failureOf(tried: Sent): Failure {
  return tried.kind === 'failed'
    ? { reason: tried.error.code, detail: tried.error.message }
    : { reason: 'http_status', detail: `HTTP ${tried.response.status}` };
}

/** Ends early when `signal` is aborted. */
function pause(ms: number, signal: CancelSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
