import { concealCaller, type Call } from '../call/channel.ts';
import type { CallEvent } from '../call/record.ts';
import { Cancellation, throwIfAborted, type CancelSignal } from '../cancel.ts';
import { STANDSTILL_MS, type Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { parseRoute, type Step } from '../dial/route.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import type { HttpResponse } from '../http/message.ts';
import { createRedactor, type Redactor } from '../redact/redactor.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { replyRules } from '../schemes/schemes.ts';
import type { TokenAccount } from '../upstream/token-account.ts';
import type { Tokens } from '../upstream/tokens.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { identityOf } from '../webhook/identity.ts';
import { plainValue, type MacroContext } from '../webhook/macro.ts';
import { buildRequest, questionOf } from '../webhook/request.ts';
import { foreignReply, readResponse } from '../webhook/response.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { calleeHeaders, type CalleeHeaders } from './headers.ts';
import type { AnswerMemory } from './memory.ts';
import { otherTokenFor, tokenAccountOf, tokenFor } from './token.ts';

/** One question to one webhook, from the scheme's words to the steps that its reply asks for. */
export interface Asking {
  readonly scheme: Scheme;
  /** The scheme's own, or a backup of it. */
  readonly webhook: Webhook;
  /** 1 for the first question of a call. */
  readonly attempt: number;
  readonly webhookId: string;
  /** Milliseconds that it may take. */
  readonly limitMs: number;
}

export interface AskOptions {
  readonly call: Call;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly send: Upstream['send'];
  /** Access tokens of OAuth 2; absent where nobody is asked. */
  readonly tokens?: Tokens;
  /** Answers of before, for schemes that want them used. */
  readonly memory: AnswerMemory;
  readonly clock: Clock;
  readonly version: string;
  readonly dryRun: boolean;
  /** Ends the question at once: the caller hung up. Its reason is thrown. */
  readonly signal: CancelSignal;
  readonly note: (event: CallEvent) => void;
  /** Milliseconds since the reply to `connect`. */
  readonly elapsedMs: () => number;
}

export type Asked =
  | {
      readonly kind: 'route';
      readonly steps: readonly Step[];
      readonly calleeHeaders: CalleeHeaders;
      /** The CRM could not answer: this is what it said before. */
      readonly stale: boolean;
    }
  | { readonly kind: 'none' | 'error' | 'refused'; readonly reason: Reason; readonly detail: string };

/** The dialplan's guard must not fire while the last command is on its way. */
export const GUARD_MARGIN_SECONDS = 2;
/** FreeSWITCH's clock counts whole seconds: a guard of 8 s fires after 7 to 8. */
const GUARD_SECOND_MS = 1000;

/** The router refused to ask, so the CRM's state is not the matter. */
const NOT_ASKED: ReadonlySet<Reason> = new Set(['request_invalid', 'address_denied', 'internal']);

/**
 * Asks once; or goes by what the CRM said before, where the scheme wants that. Every failure but the caller's hang-up is
 * an outcome and not a throw.
 */
export async function ask(question: Asking, options: AskOptions): Promise<Asked> {
  const { cacheSeconds, lastGoodSeconds } = question.webhook;
  const context = macrosOf(question, options);
  const missing = question.webhook.require.find((name) => plainValue(name, context) === '');
  if (missing !== undefined) {
    const detail = `{{${missing}}} is empty, and webhook.require names it`;
    options.note({ type: 'note', text: `not asked: nothing_to_ask: ${detail}` });
    return { kind: 'none', reason: 'nothing_to_ask', detail };
  }
  const key = memoryKey(question, options, context);
  if (key === null) return (await askNow(question, options, context)).asked;
  const cached = recall(key, cacheSeconds, false, question, options, context);
  if (cached !== null) return cached;
  const { asked, response } = await askNow(question, options, context);
  if (asked.kind === 'error' && !NOT_ASKED.has(asked.reason)) {
    return recall(key, lastGoodSeconds, true, question, options, context) ?? asked;
  }
  if (response !== null && (asked.kind === 'route' || asked.kind === 'none')) {
    const { status, body } = response;
    const { webhookId } = question;
    options.memory.remember(question.scheme.name, key, {
      status,
      body,
      webhookId,
      atMs: options.clock.now(),
    });
  }
  return asked;
}

/** Null where nothing may be kept: a caller who withheld his number leaves no trace. What can't be asked is not kept either. */
function memoryKey(
  { scheme, webhook, webhookId }: Asking,
  { call, version, dryRun }: AskOptions,
  context: MacroContext,
): string | null {
  const { cacheSeconds, lastGoodSeconds } = webhook;
  if (call.withheld || webhook !== scheme.webhook || (cacheSeconds === 0 && lastGoodSeconds === 0))
    return null;
  try {
    return identityOf({ webhook, context, webhookId, version, dryRun });
  } catch {
    return null;
  }
}

function recall(
  key: string,
  seconds: number,
  stale: boolean,
  question: Asking,
  options: AskOptions,
  context: MacroContext,
): Asked | null {
  const { memory, clock, note, elapsedMs } = options;
  const scheme = question.scheme.name;
  const kept = seconds === 0 ? null : memory.recall(scheme, key, seconds * 1000, clock.now());
  if (kept === null) return null;
  const { status, body, webhookId, atMs } = kept;
  const events: CallEvent[] = [];
  const reading = { ...options, note: (event: CallEvent) => void events.push(event) };
  const response = { status, body, headers: {}, phases: { total: 0 } };
  const asked = read(response, { ...question, webhookId }, reading, context, () => undefined);
  // The scheme reads replies otherwise since, and can't read this one.
  if (asked.kind !== 'route' && asked.kind !== 'none') return null;
  const ageSeconds = Math.round((clock.now() - atMs) / 1000);
  note({ type: 'recalled', recalled: { atMs: elapsedMs(), scheme, stale, ageSeconds, status, body } });
  for (const event of events) note(event);
  return asked.kind === 'route' ? { ...asked, stale } : asked;
}

async function askNow(
  question: Asking,
  options: AskOptions,
  context: MacroContext,
): Promise<{ asked: Asked; response: HttpResponse | null }> {
  const { scheme, webhook, attempt, webhookId, limitMs } = question;
  const { clock, note, send, signal, elapsedMs, version, dryRun, tokens, secrets } = options;
  const deadlineMs = clock.now() + limitMs;
  const answered: Answered = (answer, detail, notes = []) => {
    note({ type: 'answer', answer, detail });
    for (const text of notes) note({ type: 'note', text });
  };
  const controller = new Cancellation();
  const abort = (): void => {
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', abort);
  const cancelDeadline = watchDeadline(limitMs, controller, options);
  // Of what the request holds; errors of DNS, TLS and HTTP may repeat it too.
  const sent: { redact: Redactor['text'] | null } = { redact: null };
  const exchange = async (token: string | null): Promise<HttpResponse> => {
    const filled = token === null ? context : { ...context, token };
    const request = buildRequest({ webhook, context: filled, webhookId, version, dryRun });
    const { text: redact } = createRedactor({ secrets: request.secrets });
    sent.redact = redact;
    const { method, shown } = request;
    note({
      type: 'request',
      request: {
        atMs: elapsedMs(),
        attempt,
        scheme: scheme.name,
        webhookId,
        method,
        url: shown.url,
        headers: shown.headers,
        body: shown.body,
        proxy: shown.proxy,
        retries: [],
        reply: null,
        phases: null,
        answer: null,
        detail: null,
      },
    });
    if (limitMs <= 0) throw noTimeLeft(options.call);
    const received = await send(request, {
      scheme: scheme.name,
      webhook: webhook.url.source,
      policy: webhook,
      deadlineMs,
      signal: controller,
      onRetry: ({ reason, detail }) => {
        note({ type: 'retry', reason, detail: redact(detail) });
      },
    });
    const response = concealed(received, redact);
    const { notes = [], ...reply } = response;
    note({ type: 'reply', ...reply });
    for (const text of notes) note({ type: 'note', text });
    return received.canned === true ? { ...response, canned: true } : response;
  };
  try {
    throwIfAborted(signal);
    const account = tokens === undefined || limitMs <= 0 ? null : tokenAccountOf(webhook, secrets, version);
    let response: HttpResponse;
    if (tokens === undefined || account === null) response = await exchange(null);
    else {
      const token = await tokenFor(account, tokens, controller);
      response = await exchange(token);
      const other = response.status === 401 ? await another(account, token, tokens, controller, note) : null;
      if (other !== null) response = await exchange(other);
    }
    const foreign = response.canned === true ? null : foreignReply(response, webhook, webhookId);
    if (foreign !== null) throw new RouterError('reply_foreign', foreign);
    return { asked: read(response, question, options, context, answered), response };
  } catch (error) {
    if (signal.aborted) {
      if (sent.redact !== null) answered('abandoned', messageOf(signal.reason));
      throw signal.reason;
    }
    const { code: reason, message } =
      error instanceof RouterError ? error : new RouterError('internal', messageOf(error));
    const detail = sent.redact?.(message) ?? message;
    if (sent.redact !== null) answered(reason, detail);
    // There is no request that could say why, and the one before has an answer of its own.
    else note({ type: 'note', text: `not asked: ${reason}: ${detail}` });
    return { asked: { kind: 'error', reason, detail }, response: null };
  } finally {
    cancelDeadline();
    signal.removeEventListener('abort', abort);
  }
}

/** The CRM refused the token: it may have withdrawn it before its time. */
async function another(
  account: TokenAccount,
  token: string,
  tokens: Tokens,
  signal: CancelSignal,
  note: AskOptions['note'],
): Promise<string | null> {
  try {
    const other = await otherTokenFor(account, token, tokens, signal);
    const text =
      other === null
        ? 'the CRM refused the access token (401), which was replaced a moment ago: not asked again'
        : 'the CRM refused the access token (401): asked again with a new one';
    note({ type: 'note', text });
    return other;
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    note({
      type: 'note',
      text: `the CRM refused the access token (401), and no other came: ${error.message}`,
    });
    return null;
  }
}

/** A guard of 1 or 2 s leaves none from the beginning. */
function noTimeLeft({ guardSeconds }: Call): RouterError {
  if (guardSeconds === null || guardSeconds > GUARD_MARGIN_SECONDS)
    return new RouterError('webhook_timeout', 'no time is left to ask');
  const detail = `the dialplan's guard of ${guardSeconds} s leaves no time to ask: make it 2 s longer than webhook.timeoutSeconds`;
  return new RouterError('guard_too_short', detail);
}

/**
 * Ends the question when its time is up. When this process stood still the timer fires late, and before sockets are read: a
 * reply that lies there is taken, unless the guard may have the call by now. That there is none says nothing about the CRM.
 */
function watchDeadline(
  limitMs: number,
  controller: Cancellation,
  { call, clock, elapsedMs }: AskOptions,
): () => void {
  const dueMs = clock.now() + Math.max(0, limitMs);
  let cancelTimer = clock.after(Math.max(0, limitMs), () => {
    const lateMs = Math.round(clock.now() - dueMs);
    if (lateMs < STANDSTILL_MS) {
      controller.abort(new RouterError('webhook_timeout', `no reply within ${Math.round(limitMs)} ms`));
      return;
    }
    const stalled = (): void => {
      controller.abort(new RouterError('router_stalled', `the router itself stood still for ${lateMs} ms`));
    };
    const guardMs = (call.guardSeconds ?? Infinity) * 1000 - GUARD_SECOND_MS;
    if (call.ageMs + elapsedMs() >= guardMs) stalled();
    // Sockets are read before the next timer.
    else cancelTimer = clock.after(0, stalled);
  });
  return () => {
    cancelTimer();
  };
}

/** Pages for developers repeat the request. What was a secret in it goes no further: not into a record, not to a callee. */
function concealed(response: HttpResponse, redact: Redactor['text']): HttpResponse {
  const { status, headers, body, phases, notes = [] } = response;
  const shown = Object.entries(headers).map(([name, value]) => [redact(name), redact(value)] as const);
  return { status, headers: Object.fromEntries(shown), body: redact(body), phases, notes: notes.map(redact) };
}

/** Told how a response was understood, and what was out of the ordinary in it. */
type Answered = (answer: string, detail: string, notes?: readonly string[]) => void;

/** What a response asks for. */
function read(
  response: HttpResponse,
  { scheme, webhook, webhookId }: Asking,
  { call, config, note }: AskOptions,
  context: MacroContext,
  answered: Answered,
): Asked {
  const answer = readResponse(response, webhook, questionOf(webhook, webhookId));
  if (answer.kind !== 'found') {
    const { reason, detail } = answer;
    answered(reason, detail, answer.notes);
    return { kind: answer.kind === 'none' ? 'none' : 'error', reason, detail };
  }
  const { value, name, document, beside, lists } = answer;
  answered('found', `under ${JSON.stringify(name)}`, answer.notes);
  const route = parseRoute(value, replyRules(scheme, config, call), { beside, lists });
  note({ type: 'readings', readings: route.readings });
  if (!route.ok) {
    answered(route.reason, route.detail);
    return { kind: route.kind, reason: route.reason, detail: route.detail };
  }
  return {
    kind: 'route',
    steps: route.steps,
    calleeHeaders: calleeHeaders(scheme, context, { document }),
    stale: false,
  };
}

export function macrosOf(
  { scheme, webhook, attempt }: Pick<Asking, 'scheme' | 'webhook' | 'attempt'>,
  { call, secrets, clock }: AskOptions,
): MacroContext {
  let host: string | undefined;
  return {
    call: call.withheld && webhook.withheld === 'hide' ? concealCaller(call) : call,
    scheme: scheme.name,
    numbering: scheme.numbering,
    attempt,
    timestamp: clock.date().toISOString(),
    secret: (name, to) => secrets.read(name, to ?? (host ??= new URL(webhook.url.source).hostname)),
  };
}
