import { newTraceparent } from '../call/trace.ts';
import { Cancellation, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { Telling } from '../scheme/events.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { Delivery } from '../store/deliveries.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { standingOf } from '../webhook/account.ts';
import { questionsOf } from '../webhook/chain.ts';
import { FIRST, type MacroContext } from '../webhook/macro.ts';
import { buildRequest, questionOf } from '../webhook/request.ts';
import { readForNext, readResponse } from '../webhook/response.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { callOf, readStored } from './stored.ts';

/** One try to deliver one event, by the words of the current scheme. */

export interface SendOptions {
  readonly send: Upstream['send'];
  /** Has a request sent with the access token of its webhook, where it needs one; `token` is null where it does not. */
  readonly withToken: (
    webhook: Webhook,
    signal: CancelSignal,
    exchange: (token: string | null) => Promise<HttpResponse>,
  ) => Promise<HttpResponse>;
  /** The current value, for a host. Throws if it may not be sent there. */
  readonly secret: (name: string, host: string) => string;
  readonly clock: Clock;
  readonly version: string;
}

export type Tried =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly error: string }
  /** The CRM is not asked at the moment: nothing was sent. `isFull`: it would be, but for the scheme's own limits. */
  | { readonly kind: 'held'; readonly error: string; readonly isFull?: boolean };

const HELD: ReadonlySet<Reason> = new Set(['breaker_open', 'bulkhead_full', 'webhook_paused']);
/** In a reply that is not an error this says that the CRM has failed anyway. */
const SAID: ReadonlySet<Reason> = new Set(['crm_error', 'rpc_error']);
/** Longest error text in a list. */
const MOST_ERROR = 500;

/** Never rejects. `signal` ends it: the router stops. */
export async function deliver(
  delivery: Delivery,
  { scheme, telling }: { readonly scheme: Scheme; readonly telling: Telling },
  options: SendOptions,
  signal: CancelSignal,
): Promise<Tried> {
  const { clock } = options;
  const limitMs = telling.webhook.timeoutSeconds * 1000;
  const controller = new Cancellation();
  const stop = (): void => {
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', stop);
  const cancelTimer = clock.after(limitMs, () => {
    controller.abort(new RouterError('webhook_timeout', `no reply within ${limitMs} ms`));
  });
  const sent: { secrets: readonly string[] } = { secrets: [] };
  const deadlineMs = clock.now() + limitMs;
  try {
    if (signal.aborted) throw signal.reason;
    await sendChain(delivery, scheme, telling.webhook, { ...options, deadlineMs, signal: controller, sent });
    return { kind: 'delivered' };
  } catch (thrown) {
    if (signal.aborted) return { kind: 'held', error: messageOf(thrown) };
    const error = thrown instanceof RouterError ? thrown : new RouterError('internal', messageOf(thrown));
    const { text: redact } = createRedactor({ secrets: [...sent.secrets] });
    const text = redact(`${error.code}: ${error.message}`).slice(0, MOST_ERROR);
    if (!HELD.has(error.code)) return { kind: 'failed', error: text };
    return { kind: 'held', error: text, isFull: error.code === 'bulkhead_full' };
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', stop);
  }
}

interface Sending extends SendOptions {
  readonly deadlineMs: number;
  readonly signal: Cancellation;
  /** Secrets of the last request, which must not appear anywhere. */
  readonly sent: { secrets: readonly string[] };
}

/** Throws RouterError where the event is not delivered. */
async function sendChain(
  delivery: Delivery,
  scheme: Scheme,
  first: Webhook,
  options: Sending,
): Promise<void> {
  const { trace, told, call } = readStored(delivery.body);
  const chain = questionsOf(first);
  let values: ReadonlyMap<string, string> = new Map();
  for (const [link, webhook] of chain.entries()) {
    const { hostname } = new URL(webhook.url.source);
    const reply = values;
    const context: MacroContext = {
      call: callOf(call),
      scheme: scheme.name,
      numbering: scheme.numbering,
      attempt: delivery.attempts + 1,
      timestamp: delivery.created_at,
      occasion: FIRST,
      told: { ...told, event_id: delivery.id, seq: delivery.seq, unix_time: secondsOf(delivery.created_at) },
      secret: (name, host = hostname) => options.secret(name, host),
      reply: (path) => reply.get(path) ?? '',
    };
    const webhookId = link === 0 ? delivery.id : `${delivery.id}-${link + 1}`;
    const next = chain[link + 1];
    const unread = next === undefined ? unreadOf(webhook) : 'nothing';
    const response = await sendOne({ webhook, context, webhookId, trace, unread }, scheme.name, options);
    refuse(response, webhook, webhookId);
    if (next === undefined) return;
    const found = readForNext(response, webhook, questionOf(webhook, webhookId), next);
    if (found.kind === 'unavailable') throw new RouterError(found.reason, found.detail);
    // The CRM does not know the person: there is nothing more to send.
    if (found.kind === 'none') return;
    values = found.values;
  }
}

function sendOne(
  request: {
    webhook: Webhook;
    context: MacroContext;
    webhookId: string;
    trace: string;
    unread: NonNullable<HttpRequest['unread']>;
  },
  scheme: string,
  { send, withToken, clock, version, deadlineMs, signal, sent }: Sending,
): Promise<HttpResponse> {
  const { webhook, context, webhookId, trace, unread } = request;
  return withToken(webhook, signal, async (token) => {
    const built = buildRequest({
      webhook,
      context: token === null ? context : { ...context, token },
      webhookId,
      traceparent: newTraceparent(trace),
      signedAt: clock.date().toISOString(),
      version,
      dryRun: false,
    });
    sent.secrets = built.secrets;
    return send(
      { ...built, unread },
      {
        scheme,
        ...standingOf(webhook, scheme),
        deadlineMs,
        signal,
        onRetry: () => undefined,
      },
    );
  });
}

/**
 * Most APIs answer with the whole contact, or with a page: as long as nothing of it is read that is no failure. An error is said in
 * few words: a long reply is none. JSON-RPC says everything in its body.
 */
function unreadOf(webhook: Webhook): NonNullable<HttpRequest['unread']> {
  const spoken = speaks(webhook);
  return spoken === null ? 'body' : spoken === 'json' ? 'long body' : 'nothing';
}

/** What a reply is read as, to see whether it says that the CRM failed; null: its status says all. */
function speaks({ submission, errorName }: Webhook): 'json-rpc' | 'json' | null {
  return submission === 'json-rpc' ? 'json-rpc' : errorName === undefined ? null : 'json';
}

/** Throws where the reply says that the event has not arrived. What else it holds does not matter. */
function refuse(response: HttpResponse, webhook: Webhook, webhookId: string): void {
  const { status, body } = response;
  // A GET of a further request may get a partial answer; the event has arrived anyway.
  if (status < 200 || status > 299) {
    throw new RouterError('http_status', `HTTP ${status}${excerptOf(body)}`);
  }
  const spoken = speaks(webhook);
  if (spoken === null || body.trim() === '') return;
  const read = { ...webhook, import: spoken } as const;
  const answer = readResponse(response, read, questionOf(webhook, webhookId));
  if (answer.kind === 'unavailable' && SAID.has(answer.reason))
    throw new RouterError(answer.reason, answer.detail);
}

function secondsOf(timestamp: string): number {
  return Math.floor(Date.parse(timestamp) / 1000);
}

/** The body of an error says what the API did not like. */
function excerptOf(body: string): string {
  const text = body.replace(/\s+/g, ' ').trim();
  return text === '' || text.startsWith('<') ? '' : `: ${text.slice(0, 200)}`;
}
