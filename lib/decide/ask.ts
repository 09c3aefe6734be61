import { concealCaller, type Call } from '../call/channel.ts';
import type { CallEvent } from '../call/record.ts';
import { newTraceparent } from '../call/trace.ts';
import { Cancellation, throwIfAborted, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { parseRoute, type Step } from '../dial/route.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import type { HttpResponse } from '../http/message.ts';
import { createRedactor, type Redactor } from '../redact/redactor.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { replyRules } from '../schemes/rules.ts';
import type { Tokens } from '../upstream/tokens.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { standingOf } from '../webhook/account.ts';
import { questionsOf } from '../webhook/chain.ts';
import type { Change } from '../webhook/change.ts';
import { identityOf } from '../webhook/identity.ts';
import { missingOf, type MacroContext, type Occasion } from '../webhook/macro.ts';
import { buildRequest, questionOf } from '../webhook/request.ts';
import { foreignReply, readForNext, readResponse } from '../webhook/response.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { noTimeLeft, watchDeadline } from './deadline.ts';
import { calleeHeaders, type CalleeHeaders } from './headers.ts';
import type { AnswerMemory } from './memory.ts';
import { askWithToken, tokenAccountOf } from './token.ts';

/** One question to one webhook, from the scheme's words to the steps that its reply asks for. */
export interface Asking {
  readonly scheme: Scheme;
  /** The scheme's own, or a backup of it. */
  readonly webhook: Webhook;
  /** 1 for the first question of a call. */
  readonly attempt: number;
  readonly occasion: Occasion;
  readonly webhookId: string;
  /** Milliseconds that it may take, with the questions that follow from it. */
  readonly limitMs: number;
  /** Before a question that follows from its reply: the next number, and a name of its own. */
  readonly again: () => Promise<Pick<Asking, 'attempt' | 'webhookId'>>;
}

export interface AskOptions {
  readonly call: Call;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly send: Upstream['send'];
  /** Access tokens of OAuth 2; absent where nobody is asked. */
  readonly tokens?: Pick<Tokens, 'token' | 'replace'>;
  /** Earlier answers, for schemes that want them used. */
  readonly memory: AnswerMemory;
  readonly clock: Clock;
  readonly version: string;
  /** Of the call: the trace id of each question's `traceparent`. */
  readonly trace: string;
  readonly dryRun: boolean;
  /** To the question of this number, by hand. */
  readonly change?: Change & { readonly attempt: number };
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
      /** The CRM could not answer: this is what it said earlier. */
      readonly stale: boolean;
    }
  | {
      readonly kind: 'none' | 'error' | 'refused';
      readonly reason: Reason;
      readonly detail: string;
      /** HTTP status of the reply, where there was one. */
      readonly status?: number;
    };

/** The router did not ask, so this says nothing about the CRM. */
const NOT_ASKED: ReadonlySet<Reason> = new Set(['request_invalid', 'address_denied', 'internal']);

/**
 * Asks once; or uses what the CRM said earlier, if the scheme wants that. Every failure except the caller's hang-up is an
 * outcome, not a throw.
 */
export async function ask(question: Asking, options: AskOptions): Promise<Asked> {
  const { cacheSeconds, lastGoodSeconds } = question.webhook;
  const context = macrosOf(question, options);
  const missing = missingOf(question.webhook.require, context);
  if (missing !== undefined) {
    const detail = `{{${missing}}} is empty, and webhook.require names it`;
    options.note(unasked(question, 'nothing_to_ask', detail));
    return { kind: 'none', reason: 'nothing_to_ask', detail };
  }
  const key = memoryKey(question, options);
  if (key === null) return (await askChain(question, options, context)).asked;
  const cached = recall(key, cacheSeconds, false, question, options, context);
  if (cached !== null) return cached;
  const { asked, response, link, webhookId } = await askChain(question, options, context);
  if (asked.kind === 'error' && !NOT_ASKED.has(asked.reason)) {
    return recall(key, lastGoodSeconds, true, question, options, context) ?? asked;
  }
  if (response !== null && (asked.kind === 'route' || asked.kind === 'none')) {
    const { status, body } = response;
    options.memory.remember(question.scheme.name, key, {
      status,
      body,
      webhookId,
      link,
      atMs: options.clock.now(),
    });
  }
  return asked;
}

/** Null where nothing may be kept: a caller who withheld his number leaves no trace. What can't be asked is not kept either. */
function memoryKey(question: Asking, options: AskOptions): string | null {
  const { scheme, webhook } = question;
  const { cacheSeconds, lastGoodSeconds } = webhook;
  const { call, version, dryRun } = options;
  if (call.withheld || webhook !== scheme.webhook || (cacheSeconds === 0 && lastGoodSeconds === 0))
    return null;
  try {
    // The result of a chain depends on all of its questions; what the replies will say is not known yet.
    const all = questionsOf(webhook).map((link) => {
      const context = { ...macrosOf({ ...question, webhook: link }, options), reply: (path: string) => path };
      return identityOf({ webhook: link, context, version, dryRun });
    });
    return all.join(' ');
  } catch {
    return null;
  }
}

/**
 * The first question, and those that follow from the replies: the first that gives the next one nothing is the last. `link`:
 * which one it was, by its place in the chain.
 */
async function askChain(
  question: Asking,
  options: AskOptions,
  context: MacroContext,
): Promise<{ asked: Asked; response: HttpResponse | null; link: number; webhookId: string }> {
  const { clock } = options;
  const deadlineMs = clock.now() + question.limitMs;
  let asking = question;
  let macros = context;
  for (const [link, next] of [...question.webhook.then, null].entries()) {
    const { asked, response } = await askNow(asking, options, macros, next);
    const { webhookId } = asking;
    if (asked.kind !== 'values') return { asked, response, link, webhookId };
    if (next === null) break;
    const again = await question.again();
    const occasion = { ...question.occasion, event: 'route.next' } as const;
    asking = { ...question, ...again, webhook: next, occasion, limitMs: deadlineMs - clock.now() };
    const { values } = asked;
    macros = { ...macrosOf(asking, options), reply: (path) => values.get(path) ?? '' };
  }
  throw new RouterError('internal', 'a chain of questions has an end');
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
  const { status, body, webhookId, link, atMs } = kept;
  const chain = questionsOf(question.webhook);
  const webhook = chain[link];
  if (webhook === undefined) return null;
  const events: CallEvent[] = [];
  const reading = { ...options, note: (event: CallEvent) => void events.push(event) };
  const response = { status, body, headers: {}, phases: { total: 0 } };
  const answering = { ...question, webhook, webhookId };
  const asked = read(response, answering, reading, context, () => undefined, chain[link + 1] ?? null);
  // Since then the scheme reads replies differently, and can't read this one.
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
  next: Webhook | null,
): Promise<{ asked: Asked | Values; response: HttpResponse | null }> {
  const { scheme, webhook, attempt, webhookId, limitMs } = question;
  const { clock, note, send, signal, elapsedMs, version, trace, dryRun, tokens, secrets } = options;
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
  const traceparent = newTraceparent(trace);
  // Of what the request holds; errors of DNS, TLS and HTTP may repeat it too.
  const sent: { redact: Redactor['text'] | null } = { redact: null };
  const exchange = async (token: string | null): Promise<HttpResponse> => {
    const filled = token === null ? context : { ...context, token };
    const asked = { webhook, context: filled, webhookId, traceparent, version, dryRun };
    const { change } = options;
    const request = buildRequest(change?.attempt === attempt ? { ...asked, change } : asked);
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
      ...standingOf(webhook, scheme.name),
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
    const response =
      tokens === undefined || account === null
        ? await exchange(null)
        : await askWithToken(account, { tokens, signal: controller, note }, exchange);
    const foreign = response.canned === true ? null : foreignReply(response, webhook, webhookId);
    if (foreign !== null) throw new RouterError('reply_foreign', foreign);
    const asked = read(response, question, options, context, answered, next);
    const { status } = response;
    const isEnd = asked.kind === 'route' || asked.kind === 'values';
    return { asked: isEnd ? asked : { ...asked, status }, response };
  } catch (error) {
    if (signal.aborted) {
      if (sent.redact !== null) answered('abandoned', messageOf(signal.reason));
      throw signal.reason;
    }
    const { code: reason, message } =
      error instanceof RouterError ? error : new RouterError('internal', messageOf(error));
    const detail = sent.redact?.(message) ?? message;
    if (sent.redact !== null) answered(reason, detail);
    // The previous request has its own answer.
    else note(unasked(question, reason, detail));
    return { asked: { kind: 'error', reason, detail }, response: null };
  } finally {
    cancelDeadline();
    signal.removeEventListener('abort', abort);
  }
}

function unasked({ scheme, webhook }: Asking, reason: Reason, detail: string): CallEvent {
  const crm = new URL(webhook.url.source).origin;
  return { type: 'unasked', scheme: scheme.name, crm, reason, detail };
}

/** Pages for developers repeat the request. What was a secret in it goes no further: not into a record, not to a callee. */
function concealed(response: HttpResponse, redact: Redactor['text']): HttpResponse {
  const { status, headers, body, phases, notes = [] } = response;
  const shown = Object.entries(headers).map(([name, value]) => [redact(name), redact(value)] as const);
  return { status, headers: Object.fromEntries(shown), body: redact(body), phases, notes: notes.map(redact) };
}

/** Called with how a response was understood, and what was unusual in it. */
type Answered = (answer: string, detail: string, notes?: readonly string[]) => void;

/** What a response asks for. */
function read(
  response: HttpResponse,
  { scheme, webhook, webhookId }: Asking,
  { call, config, note }: AskOptions,
  context: MacroContext,
  answered: Answered,
  next: Webhook | null,
): Asked | Values {
  if (next !== null) return readValues(response, next, { webhook, webhookId }, answered);
  const answer = readResponse(response, webhook, questionOf(webhook, webhookId));
  if (answer.kind !== 'found') {
    const { reason, detail } = answer;
    answered(reason, detail, answer.notes);
    return { kind: answer.kind === 'none' ? 'none' : 'error', reason, detail };
  }
  const { value, name, document, beside, lists } = answer;
  answered('found', `under ${JSON.stringify(name)}`, answer.notes);
  const route = parseRoute(value, replyRules(scheme, config, call), { beside, lists });
  note({ type: 'readings', from: 'reply', readings: route.readings });
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

/** What the next question takes from a reply: text by path. */
interface Values {
  readonly kind: 'values';
  readonly values: ReadonlyMap<string, string>;
}

function readValues(
  response: HttpResponse,
  next: Webhook,
  { webhook, webhookId }: Pick<Asking, 'webhook' | 'webhookId'>,
  answered: Answered,
): Asked | Values {
  const answer = readForNext(response, webhook, questionOf(webhook, webhookId), next);
  if (answer.kind === 'found') {
    answered('found', `for the next question: ${[...answer.values.keys()].join(', ')}`, answer.notes);
    return { kind: 'values', values: answer.values };
  }
  const { reason, detail } = answer;
  answered(reason, detail, answer.notes);
  return { kind: answer.kind === 'none' ? 'none' : 'error', reason, detail };
}

export function macrosOf(
  { scheme, webhook, attempt, occasion }: Pick<Asking, 'scheme' | 'webhook' | 'attempt' | 'occasion'>,
  { call, secrets, clock }: AskOptions,
): MacroContext {
  let host: string | undefined;
  return {
    call: call.withheld && webhook.withheld === 'hide' ? concealCaller(call) : call,
    scheme: scheme.name,
    numbering: scheme.numbering,
    attempt,
    occasion,
    timestamp: clock.date().toISOString(),
    secret: (name, to) => secrets.read(name, to ?? (host ??= new URL(webhook.url.source).hostname)),
  };
}
