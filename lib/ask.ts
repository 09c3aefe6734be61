import { Cancellation, throwIfAborted, type CancelSignal } from './cancel.ts';
import { concealCaller, type Call } from './channel.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { headerText } from './dialstring.ts';
import { messageOf, RouterError, type Reason } from './errors.ts';
import { textAt } from './formats/index.ts';
import type { HttpRequest, HttpResponse } from './http/message.ts';
import { expand, withoutSecrets, type MacroContext } from './macro.ts';
import type { CallEvent } from './record.ts';
import { buildRequest, questionOf } from './request.ts';
import { readResponse } from './response.ts';
import { parseRoute, type Step } from './route.ts';
import { mapTemplates, type Scheme, type Webhook } from './scheme.ts';
import { destinationRules } from './schemes.ts';
import type { Secrets } from './secret.ts';

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
  readonly send: (request: HttpRequest, options: { signal: CancelSignal }) => Promise<HttpResponse>;
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
      /** Headers for the callee, fit for a dial string. */
      readonly calleeHeaders: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'none' | 'error' | 'refused'; readonly reason: Reason; readonly detail: string };

/** Asks once. Every failure but the caller's hang-up is an outcome and not a throw. */
export async function ask(question: Asking, options: AskOptions): Promise<Asked> {
  const { scheme, webhook, attempt, webhookId, limitMs } = question;
  const { config, clock, note, send, signal, elapsedMs, version, dryRun } = options;
  const context = macrosOf(question, options);
  const answered = (kind: 'none' | 'error', reason: Reason, detail: string): Asked => {
    note({ type: 'answer', answer: reason, detail });
    return { kind, reason, detail };
  };
  const controller = new Cancellation();
  const abort = (): void => {
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', abort);
  const cancelTimer = clock.after(Math.max(0, limitMs), () => {
    controller.abort(new RouterError('webhook_timeout', `no reply within ${Math.round(limitMs)} ms`));
  });
  try {
    throwIfAborted(signal);
    const request = buildRequest({
      webhook,
      context,
      webhookId,
      version,
      dryRun,
    });
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
        reply: null,
        phases: null,
        answer: null,
        detail: null,
      },
    });
    if (limitMs <= 0) throw new RouterError('webhook_timeout', 'no time is left to ask');
    const response = await send(request, { signal: controller });
    note({ type: 'reply', ...response });
    const answer = readResponse(response, webhook, questionOf(webhook, webhookId));
    if (answer.kind === 'none') return answered('none', answer.reason, answer.detail);
    if (answer.kind === 'unavailable') return answered('error', answer.reason, answer.detail);
    note({ type: 'answer', answer: 'found', detail: `under ${JSON.stringify(answer.name)}` });
    const route = parseRoute(answer.value, destinationRules(scheme, config, context.call.did));
    note({ type: 'readings', readings: route.readings });
    if (!route.ok) {
      note({ type: 'answer', answer: route.reason, detail: route.detail });
      return { kind: route.kind, reason: route.reason, detail: route.detail };
    }
    return {
      kind: 'route',
      steps: route.steps,
      calleeHeaders: calleeHeaders(scheme, context, answer.document),
    };
  } catch (error) {
    if (signal.aborted) {
      note({ type: 'answer', answer: 'abandoned', detail: messageOf(signal.reason) });
      throw signal.reason;
    }
    const failure = error instanceof RouterError ? error : new RouterError('internal', messageOf(error));
    return answered('error', failure.code, failure.message);
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', abort);
  }
}

function macrosOf({ scheme, webhook, attempt }: Asking, { call, secrets, clock }: AskOptions): MacroContext {
  let host: string | undefined;
  return {
    call: call.withheld && webhook.withheld === 'hide' ? concealCaller(call) : call,
    scheme: scheme.name,
    country: scheme.numbering.country,
    attempt,
    timestamp: clock.date().toISOString(),
    secret: (name) => secrets.read(name, (host ??= new URL(webhook.url.source).hostname)),
  };
}

function calleeHeaders({ bridge }: Scheme, context: MacroContext, document: unknown): Record<string, string> {
  const reply = (path: string): string => textAt(document, path);
  return Object.fromEntries(
    Object.entries(bridge.headers).map(([name, template]) => [
      name,
      headerText(expand(template, { ...context, reply, secret: () => '' }, (value) => value)),
    ]),
  );
}

/**
 * The same question to another URL. Nothing that proves who we are goes along: no authentication, no headers of the
 * scheme, and a secret within the parameters or the body is left empty.
 */
export function backupOf(webhook: Webhook, url: Webhook['url']): Webhook {
  const { parameters, body } = webhook;
  return {
    ...webhook,
    url,
    auth: { type: 'none' },
    headers: {},
    ...(parameters === undefined
      ? {}
      : {
          parameters: Object.fromEntries(
            Object.entries(parameters).map(([name, text]) => [name, withoutSecrets(text)]),
          ),
        }),
    ...(body === undefined ? {} : { body: mapTemplates(body, withoutSecrets) }),
  };
}
