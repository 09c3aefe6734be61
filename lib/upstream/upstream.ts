import { throwIfAborted, type CancelSignal } from '../cancel.ts';
import { STANDSTILL_MS, type Clock } from '../clock.ts';
import { RouterError, type Reason } from '../errors.ts';
import type { HttpClient } from '../http/client.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { Bulkhead, type BulkheadLimits } from './bulkhead.ts';
import { backoffMs, RetryBudget, retryAfterMs } from './retry.ts';

/** What a scheme allows for its requests. */
interface UpstreamPolicy extends BulkheadLimits {
  /** Further tries after the first, 0 to 5. */
  readonly retries: number;
  /** Statuses after which the CRM surely has not routed: among 502, 503 and 504. */
  readonly retryStatuses: readonly number[];
}

export interface Sending {
  /** Whose bulkhead the request stands in. */
  readonly scheme: string;
  /** The URL as the scheme has it, macros and all: whose breaker, pause and retry budget count. */
  readonly webhook: string;
  readonly policy: UpstreamPolicy;
  /** By the clock; no retry begins that could not end before it. */
  readonly deadlineMs: number;
  /** Its reason is thrown. */
  readonly signal: CancelSignal;
  readonly onRetry: (failure: Failure) => void;
}

export interface UpstreamOptions {
  readonly send: HttpClient['send'];
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** `failure`: what was seen last, for whoever is woken by it. */
  readonly onBreaker?: (webhook: string, state: BreakerState, failure: Failure | null) => void;
}

interface Failure {
  readonly reason: Reason;
  readonly detail: string;
}

interface WebhookState {
  readonly breaker: Breaker;
  readonly budget: RetryBudget;
  /** By the clock: the CRM asked to be left alone until then. */
  pausedUntilMs: number;
  failure: Failure | null;
}

type Tried =
  | { readonly kind: 'replied'; readonly response: HttpResponse; readonly again: boolean }
  | { readonly kind: 'failed'; readonly error: RouterError; readonly again: boolean }
  /** Nothing was sent. */
  | { readonly kind: 'held'; readonly error: RouterError };

/** No CRM can silence itself for longer. */
const LONGEST_PAUSE_MS = 60_000;

/** No request was sent, so a second one can not route twice. */
const NEVER_SENT: ReadonlySet<Reason> = new Set(['dns_failed', 'connect_failed', 'tls_failed']);
/** Nor, most likely, was it read: a CRM may close an idle connection at any time, which is no outage. */
const HARDLY_SENT: ReadonlySet<Reason> = new Set([...NEVER_SENT, 'connection_gone']);
/** What a CRM that is down looks like. */
const OUTAGE: ReadonlySet<Reason> = new Set([
  ...NEVER_SENT,
  'connection_lost',
  'http_malformed',
  'reply_abusive',
  'body_too_large',
  'webhook_timeout',
]);

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
  readonly #webhooks = new Map<string, WebhookState>();
  readonly #bulkheads = new Map<string, Bulkhead>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /**
   * Resolves with any status. Rejects with what `HttpClient.send` rejects with, and at once with RouterError
   * `breaker_open`, `webhook_paused` or, after 200 ms, `bulkhead_full`.
   */
  async send(request: HttpRequest, sending: Sending): Promise<HttpResponse> {
    const { clock, random } = this.#options;
    const { policy, deadlineMs, signal, onRetry } = sending;
    const webhook = this.#webhook(sending.webhook);
    webhook.budget.earn();
    let tried = await this.#try(request, sending, webhook);
    for (let retry = 0; retry < policy.retries && tried.kind !== 'held' && tried.again; retry++) {
      const waitMs = backoffMs(retry, random());
      if (clock.now() + waitMs >= deadlineMs || !webhook.budget.spend()) break;
      onRetry(failureOf(tried));
      await pause(waitMs, signal, clock);
      throwIfAborted(signal);
      const next = await this.#try(request, sending, webhook);
      // Held back now: the failure before says more.
      if (next.kind === 'held') break;
      tried = next;
    }
    if (tried.kind === 'replied') return tried.response;
    throw tried.error;
  }

  /** Every webhook that was asked, for the operator. */
  breakers(): ReadonlyMap<string, BreakerState> {
    return new Map([...this.#webhooks].map(([name, { breaker }]) => [name, breaker.state]));
  }

  /** Holds the breaker of a webhook open or closed; null lets it judge for itself again. */
  force(webhook: string, open: boolean | null): void {
    this.#webhook(webhook).breaker.force(open);
  }

  async #try(request: HttpRequest, sending: Sending, webhook: WebhookState): Promise<Tried> {
    const { send, clock } = this.#options;
    const { signal } = sending;
    if (webhook.pausedUntilMs > clock.now()) return { kind: 'held', error: HELD.webhook_paused };
    if (webhook.breaker.isOpen) return { kind: 'held', error: HELD.breaker_open };
    const bulkhead = this.#bulkhead(sending);
    if (!bulkhead.enter() && !(await bulkhead.queue(signal))) {
      throwIfAborted(signal);
      return { kind: 'held', error: HELD.bulkhead_full };
    }
    try {
      const permit = webhook.breaker.admit();
      if (permit === null) return { kind: 'held', error: HELD.breaker_open };
      try {
        const response = await send(request, sending);
        const pauseMs = pauseAsked(response, clock.date());
        if (pauseMs !== null) webhook.pausedUntilMs = clock.now() + Math.min(pauseMs, LONGEST_PAUSE_MS);
        // A limit that was reached is a CRM that works; 4xx is its word on this one request.
        const down = response.status >= 500 && pauseMs === null;
        const again = down && sending.policy.retryStatuses.includes(response.status);
        const tried = { kind: 'replied', response, again } as const;
        if (down) {
          webhook.failure = failureOf(tried);
          permit.failure();
        } else permit.success();
        return tried;
      } catch (error) {
        if (!(error instanceof RouterError)) {
          permit.abandon();
          throw error;
        }
        const tried = { kind: 'failed', error, again: HARDLY_SENT.has(error.code) } as const;
        // This process stood still: the reply may well have come in time.
        const stoodStill = clock.now() - sending.deadlineMs >= STANDSTILL_MS;
        if (stoodStill || !OUTAGE.has(error.code)) permit.abandon();
        else {
          webhook.failure = failureOf(tried);
          permit.failure();
        }
        return tried;
      }
    } finally {
      bulkhead.leave();
    }
  }

  #webhook(name: string): WebhookState {
    let webhook = this.#webhooks.get(name);
    if (webhook === undefined) {
      const { clock, random, onBreaker } = this.#options;
      const breaker = new Breaker({
        clock,
        random,
        onChange: (state) => onBreaker?.(name, state, made.failure),
      });
      const made: WebhookState = {
        breaker,
        budget: new RetryBudget(clock),
        pausedUntilMs: 0,
        failure: null,
      };
      webhook = made;
      this.#webhooks.set(name, webhook);
    }
    return webhook;
  }

  /** A backup stands in one of its own: it is there for the moment when the scheme's own CRM hangs. */
  #bulkhead({ scheme, webhook, policy }: Sending): Bulkhead {
    const name = `${scheme} ${webhook}`;
    let bulkhead = this.#bulkheads.get(name);
    if (bulkhead === undefined) {
      bulkhead = new Bulkhead(policy, this.#options.clock);
      this.#bulkheads.set(name, bulkhead);
    } else bulkhead.limits = policy;
    return bulkhead;
  }
}

/** Milliseconds that the CRM asked for: 429 and 503 say so in `Retry-After`. 429 without one asks for none. */
function pauseAsked({ status, headers }: HttpResponse, now: Date): number | null {
  const askedMs = status === 429 || status === 503 ? retryAfterMs(headers['retry-after'], now) : null;
  return status === 429 ? (askedMs ?? 0) : askedMs;
}

function failureOf(tried: Exclude<Tried, { kind: 'held' }>): Failure {
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
