import { z } from 'zod';
import { AUTHS, authTemplates } from './auth/index.ts';
import type { Call } from './channel.ts';
import { HANGUP_CAUSES, isHangupCause, type Outcome } from './cause.ts';
import { FORMATS, IMPORTS, SUBMISSIONS } from './formats/index.ts';
import { Template, variablesOf } from './macro.ts';
import { isCountry } from './number.ts';
import { template } from './template.ts';

/**
 * A scheme: one JSON document that says which CRM to ask, how to read its reply and what to do when there is
 * none. `parseScheme` gives every fault at once, each with its path.
 */

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Headers that frame the message; a scheme that set them could split one request into two. */
const FRAMING = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-connection',
]);

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z
    .union([item, z.array(item).min(1).max(16)])
    .transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

/** Names that go into dial strings or arguments of FreeSWITCH applications. */
const dialplanName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits, ".", "_" or "-"');
const domainName = z
  .string()
  .regex(
    /^(var:[A-Za-z0-9_]{1,64}|[A-Za-z0-9]([A-Za-z0-9.-]{0,252}))$/,
    'expected a domain, or "var:" and the name of a channel variable',
  );
const glob = z.string().min(1).max(128);
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'expected the name of an HTTP header');

const url = template().superRefine(({ source }, context) => {
  const fault = (message: string): void => {
    context.addIssue({ code: 'custom', message });
  };
  const beforePath = /^[a-z]+:\/\/[^/?#]*/i.exec(source)?.[0] ?? source;
  if (beforePath.includes('{{')) {
    fault('macros may stand in the path and the query only');
    return;
  }
  const parsed = URL.canParse(source) ? new URL(source) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) fault('expected an http or https URL');
  // WHATWG URL skips further slashes: the host of "http:///{{caller}}" would be the macro.
  else if (parsed.host.includes('{')) fault('macros may stand in the path and the query only');
  else if (parsed.username !== '' || parsed.password !== '')
    fault('no user or password here: use webhook.auth');
});

const httpHeaders = z.record(headerName, template()).superRefine((headers, context) => {
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    const fault = FRAMING.has(lower)
      ? 'frames the message and can not be set'
      : seen.has(lower)
        ? 'is set twice'
        : '';
    if (fault !== '')
      context.addIssue({ code: 'custom', path: [name], message: `the header ${name} ${fault}` });
    seen.add(lower);
  }
});

/** Any JSON with macros in its texts. */
export type TemplateJson =
  null | boolean | number | Template | readonly TemplateJson[] | { readonly [key: string]: TemplateJson };

const body: z.ZodType<TemplateJson> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), template(), z.array(body), z.record(z.string(), body)]),
);

const hangupCause = z
  .string()
  .refine(isHangupCause, { error: `expected one of ${Object.keys(HANGUP_CAUSES).join(', ')}` });

const transfer = z.strictObject({
  extension: dialplanName,
  context: dialplanName.default('default'),
});

/** A number or login, or a list in order, or a list within it rung together; read by the grammar of replies. */
const dialValue = z.union([
  z.string().min(1),
  z.int().nonnegative(),
  z
    .array(
      z.union([
        z.string().min(1),
        z.int().nonnegative(),
        z
          .array(z.union([z.string().min(1), z.int().nonnegative()]))
          .min(1)
          .max(10),
      ]),
    )
    .min(1)
    .max(20),
]);

const step = z.union(
  [
    z.strictObject({ dial: dialValue, timeout: z.int().min(2).max(300).optional() }),
    z.strictObject({ webhook: url }),
    z.strictObject({ scheme: z.string().regex(NAME) }),
    z.strictObject({ transfer }),
    z.strictObject({ hangup: hangupCause }),
    z.strictObject({ dialplan: z.literal(true) }),
  ],
  {
    error:
      'expected one of {"dial": ...}, {"webhook": URL}, {"scheme": name}, {"transfer": {"extension", "context"}}, {"hangup": cause}, {"dialplan": true}',
  },
);

export type FallbackStep = z.output<typeof step>;

const steps = z.array(step).max(20);
const DIALPLAN: FallbackStep[] = [{ dialplan: true }];

const webhook = z
  .strictObject({
    url,
    method: z.enum(METHODS).default('POST'),
    submission: z.enum(SUBMISSIONS).default('json'),
    import: z.enum(IMPORTS).default('json'),
    responseName: oneOrMore(z.string().min(1).max(256)).default(['destination']),
    rpcMethod: z.string().min(1).max(256).optional(),
    timeoutSeconds: z.number().min(0.1).max(30).default(4),
    parameters: z.record(z.string().min(1), template()).optional(),
    body: body.optional(),
    parametersIn: z.enum(['auto', 'query', 'form', 'headers']).default('auto'),
    headers: httpHeaders.default({}),
    auth: z.discriminatedUnion('type', AUTHS).default({ type: 'none' }),
    map: z.record(z.string(), z.string()).default({}),
    noRouteStatuses: z.array(z.int().min(100).max(599)).default([]),
    withheld: z.enum(['hide', 'send']).default('hide'),
    redirects: z.int().min(0).max(3).default(0),
    ca: z.string().min(1).optional(),
    retries: z.int().min(0).max(5).default(1),
    retryStatuses: z.array(z.union([z.literal(502), z.literal(503), z.literal(504)])).default([]),
    maxInFlight: z.int().min(1).max(10_000).default(200),
    maxPerSecond: z.number().min(0.1).max(10_000).nullable().default(null),
    cacheSeconds: z.int().min(0).max(86_400).default(0),
    lastGoodSeconds: z.int().min(0).max(2_592_000).default(0),
  })
  .superRefine((hook, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    const submission = FORMATS[hook.submission].submission;
    if (submission.needsRpcMethod && hook.rpcMethod === undefined) {
      fault('rpcMethod', `is required when submission is "${hook.submission}"`);
    }
    if (hook.body !== undefined && hook.parameters !== undefined)
      fault('body', 'stands instead of parameters: only one of them');
    if (submission.shape === 'document') {
      if (hook.parametersIn !== 'auto') fault('parametersIn', 'is for submission "http" only');
      return;
    }
    if (hook.body !== undefined)
      fault('body', 'submission "http" sends parameters, not a body of one\'s own');
    if (hook.parametersIn === 'form' && (hook.method === 'GET' || hook.method === 'DELETE')) {
      fault('parametersIn', `"form" needs a body, and ${hook.method} has none`);
    }
    if (hook.parametersIn === 'headers') {
      for (const name of Object.keys(hook.parameters ?? {})) {
        if (!headerName.safeParse(name).success || FRAMING.has(name.toLowerCase())) {
          fault('parameters', `${JSON.stringify(name)} can not be the name of an HTTP header`);
        }
      }
    }
  });

export type Webhook = Omit<z.output<typeof webhook>, 'ca'> & {
  /** PEM of the certificates that are trusted beside the usual ones for this webhook. */
  readonly ca: string | null;
};

const prefixes = z
  .array(z.string().regex(/^\+?\d{1,15}$/, 'expected the prefix of a number, in digits'))
  .default([]);

const document = z.strictObject({
  name: z.string().regex(NAME, 'expected small letters, digits and "-", at most 64'),
  title: z.string().max(200).optional(),
  match: z
    .strictObject({ did: oneOrMore(glob), context: oneOrMore(glob), caller: oneOrMore(glob) })
    .partial()
    .optional(),
  webhook,
  forwardingTimeoutSeconds: z.int().min(2).max(300).default(30),
  maxDurationSeconds: z.int().min(10).max(86_400).optional(),
  limits: z
    .strictObject({
      calls: z.int().min(1).max(100_000).optional(),
      callsPerMinute: z.int().min(1).max(10_000).optional(),
    })
    .default({}),
  numbers: z
    .strictObject({
      allow: prefixes,
      deny: prefixes,
      premium: z.boolean().optional(),
      satellite: z.boolean().optional(),
    })
    .default({ allow: [], deny: [] }),
  gateway: oneOrMore(dialplanName).optional(),
  domain: domainName.optional(),
  extensions: z.enum(['user', 'dialplan']).default('user'),
  targets: z.record(z.string().min(1).max(128), z.strictObject({ transfer })).default({}),
  numbering: z
    .strictObject({
      country: z
        .string()
        .refine(isCountry, { error: 'expected a country as in ISO 3166-1, "UA"' })
        .optional(),
      dialAs: z.enum(['digits', 'plus', 'national', 'as-given']).default('digits'),
    })
    .default({ dialAs: 'digits' }),
  bridge: z
    .strictObject({
      ringback: z
        .string()
        .regex(/^%\([0-9,]{1,64}\)(;[%0-9(),]{1,64})?$/, 'expected a tone such as %(2000,4000,440,480)')
        .default('%(2000,4000,440,480)'),
      headers: z
        .record(
          z.string().regex(/^X-[A-Za-z0-9-]{1,60}$/, 'expected a header whose name begins with X-'),
          template({ reply: true }),
        )
        .default({}),
      progressTimeoutSeconds: z.int().min(1).max(60).optional(),
    })
    .default({ ringback: '%(2000,4000,440,480)', headers: {} }),
  waiting: z
    .strictObject({ ringAfterMs: z.int().min(0).max(30000).nullable().default(700) })
    .default({ ringAfterMs: 700 }),
  fallback: z
    .strictObject({
      onNoRoute: steps.default(DIALPLAN),
      onError: steps.default(DIALPLAN),
      onNoAnswer: steps.default(DIALPLAN),
      onBusy: steps.optional(),
      onRejected: steps.optional(),
      onUnreachable: steps.optional(),
    })
    .default({ onNoRoute: DIALPLAN, onError: DIALPLAN, onNoAnswer: DIALPLAN }),
});

/** The JSON that a scheme's file holds. */
export type SchemeDocument = z.input<typeof document>;

export type Scheme = Omit<z.output<typeof document>, 'webhook'> & {
  readonly webhook: Webhook;
  /** First 12 hexadecimal digits of the SHA-256 of the document: which version of it a call was decided by. */
  readonly revision: string;
};

/** One thing wrong in a document, in the words of the person who wrote it. */
export interface Fault {
  /** Dotted path within the document; '' for the document itself. */
  readonly path: string;
  readonly message: string;
}

export type SchemeResult =
  | {
      readonly ok: true;
      readonly scheme: Scheme;
      /** The file that `webhook.ca` names. What is in it becomes the scheme's by `trusting`. */
      readonly caFile: string | null;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export function parseScheme(json: unknown, revision: string): SchemeResult {
  const result = document.safeParse(json, { reportInput: true });
  if (result.success) {
    const { webhook: asked, ...rest } = result.data;
    const { ca: caFile = null, ...others } = asked;
    return { ok: true, scheme: { ...rest, webhook: { ...others, ca: null }, revision }, caFile };
  }
  const faults = result.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  return { ok: false, faults };
}

/** The scheme, its webhook trusting the certificates of a PEM text beside the usual ones. */
export function trusting(scheme: Scheme, ca: string): Scheme {
  return { ...scheme, webhook: { ...scheme.webhook, ca } };
}

/** True when every part of the scheme's `match` fits the call; a scheme without `match` is never chosen by it. */
export function matchesCall({ match }: Scheme, call: Call): boolean {
  if (match === undefined) return false;
  const fits = (globs: readonly string[] | undefined, text: string): boolean =>
    globs === undefined || globs.some((pattern) => matchGlob(pattern, text));
  return fits(match.did, call.did) && fits(match.context, call.context) && fits(match.caller, call.caller);
}

/** `*` stands for any text, `?` for one character. Linear in practice: only the last `*` is ever tried again. */
export function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** The steps for a call that was not answered. */
export function stepsFor({ fallback }: Scheme, outcome: Outcome): readonly FallbackStep[] {
  switch (outcome) {
    case 'no_answer':
      return fallback.onNoAnswer;
    case 'busy':
      return fallback.onBusy ?? fallback.onNoAnswer;
    case 'rejected':
      return fallback.onRejected ?? fallback.onNoAnswer;
    case 'unreachable':
      return fallback.onUnreachable ?? fallback.onNoAnswer;
  }
}

/** Every template of a scheme, wherever it stands. */
export function templatesOf({ webhook, bridge, fallback }: Scheme): Template[] {
  return [
    webhook.url,
    ...Object.values(webhook.parameters ?? {}),
    ...templatesIn(webhook.body),
    ...Object.values(webhook.headers),
    ...authTemplates(webhook.auth),
    ...Object.values(bridge.headers),
    ...Object.values(fallback).flatMap((list = []) =>
      list.flatMap((item) => ('webhook' in item ? [item.webhook] : [])),
    ),
  ];
}

/** The channel variables that a scheme reads, without `variable_`. */
export function variablesOfScheme(scheme: Scheme): string[] {
  const domain = scheme.domain?.startsWith('var:') === true ? [scheme.domain.slice('var:'.length)] : [];
  return [...templatesOf(scheme).flatMap(variablesOf), ...domain];
}

function templatesIn(json: TemplateJson | undefined): Template[] {
  if (json === undefined || json === null || typeof json !== 'object') return [];
  if (Array.isArray(json)) return (json as readonly TemplateJson[]).flatMap(templatesIn);
  if (json instanceof Template) return [json];
  return Object.values(json).flatMap(templatesIn);
}

/** The same JSON with each of its templates replaced. */
export function mapTemplates(json: TemplateJson, replace: (template: Template) => Template): TemplateJson {
  if (json === null || typeof json !== 'object') return json;
  if (json instanceof Template) return replace(json);
  if (Array.isArray(json))
    return (json as readonly TemplateJson[]).map((item) => mapTemplates(item, replace));
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, mapTemplates(value, replace)]));
}
