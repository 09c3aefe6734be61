import { z } from 'zod';
import { messageOf } from '../errors.ts';
import type { Proxies } from '../http/proxy.ts';
import type { Tls } from '../http/tls.ts';
import { AUTHS, authTemplates } from './auth/index.ts';
import { EVENT_WEBHOOK_FIELDS, WEBHOOK_FIELDS } from './description.ts';
import { described } from './field.ts';
import { FORMATS, IMPORTS, SUBMISSIONS } from './formats/index.ts';
import { freeHeader, ownHeader, sameHeader } from './header.ts';
import { CALL_MACROS, holdsToken, REQUIRABLE, Template, type Allowed, type Requirable } from './macro.ts';
import { proxyChoice, type ProxySetting } from './proxy.ts';
import { template } from './template.ts';
import { tlsChoice } from './tls.ts';
import { compileUrl } from './url.ts';

/** `webhook` of a scheme: which CRM is asked, how, and what its reply is read as. */

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
/** What a value of a reply can be: `webhook.expect`. A `sip:` address counts as a login. */
export const KINDS = ['number', 'extension', 'login', 'target'] as const;
export type Kind = (typeof KINDS)[number];

/** A value, or a list of them: a list in any case. */
export const oneOrMore = <T extends z.ZodType>(item: T) =>
  z
    .union([item, z.array(item).min(1).max(16)])
    .transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

/** Of a webhook, wherever it stands: a question that follows from a reply may have some of that in it. */
const IN_QUESTIONS: Allowed = { reply: true, token: true };
const IN_EVENTS: Allowed = { ...IN_QUESTIONS, event: true };

const urlWith = (allowed: Allowed) =>
  template(allowed).superRefine((url, context) => {
    const { source } = url;
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', message });
    };
    const beforePath = /^[a-z]+:\/\/[^/?#]*/i.exec(source)?.[0] ?? source;
    if (beforePath.includes('{{')) {
      fault('macros are allowed in the path and the query only');
      return;
    }
    const parsed = URL.canParse(source) ? new URL(source) : null;
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) fault('expected an http or https URL');
    // WHATWG URL skips further slashes: the host of "http:///{{caller}}" would be the macro.
    else if (parsed.host.includes('{')) fault('macros are allowed in the path and the query only');
    else if (parsed.username !== '' || parsed.password !== '')
      fault('no user or password here: use webhook.auth');
    else {
      try {
        compileUrl(url);
      } catch (error) {
        fault(messageOf(error));
      }
    }
  });

export const webhookUrl = urlWith(IN_QUESTIONS);

const headersWith = (allowed: Allowed) =>
  z.record(ownHeader, template(allowed)).superRefine((headers, context) => {
    const fault = (name: string, what: string): void => {
      context.addIssue({ code: 'custom', path: [name], message: `the header ${name} ${what}` });
    };
    const twice = sameHeader(Object.keys(headers));
    if (twice !== undefined) fault(twice, 'is set twice');
    for (const [name, { parts }] of Object.entries(headers)) {
      if (name.toLowerCase() === 'host' && parts.some((part) => typeof part !== 'string'))
        fault(name, 'says where the message goes: no macro is allowed there');
    }
  });

/** Any JSON with macros in its texts. */
export type TemplateJson =
  null | boolean | number | Template | readonly TemplateJson[] | { readonly [key: string]: TemplateJson };

function bodyWith(id: string, allowed: Allowed): z.ZodType<TemplateJson> {
  const body: z.ZodType<TemplateJson> = z.lazy(() =>
    z.union([
      z.null(),
      z.boolean(),
      z.number(),
      template(allowed),
      z.array(body),
      z.record(z.string(), body),
    ]),
  );
  z.globalRegistry.add(body, { id, description: 'Any JSON, with macros in its strings.' });
  return body;
}

/** Where the CRM repeats the `webhook-id`, which ties its reply to the question. */
const echo = z.union([
  z.strictObject({
    header: z
      .union([z.string().regex(/^webhook-id$/i), freeHeader])
      .meta({ title: 'Header', description: 'A header of question and reply.', examples: ['X-Request-Id'] }),
  }),
  z.strictObject({
    key: z
      .string()
      .min(1)
      .max(64)
      .meta({
        title: 'Key',
        description: 'A key of the question and of the reply, or of its result.',
        examples: ['requestId'],
      }),
  }),
]);

/** What the CRM's words mean. A map may have half a million of them, and an object so wide is slow in each call. */
export const words = z
  .record(z.string(), z.string())
  .default({})
  .transform((record) => new Map(Object.entries(record)));

/** What many schemes share of one CRM, once its document is read. */
export interface Crm {
  readonly name: string;
  /** What it gives the CRM when nothing else takes of that time, whatever the scheme's own budget is. */
  readonly patienceSeconds: number;
  /** Another text is another CRM: what was learned about the old one does not count. */
  readonly digest: string;
}

/** Where macros may stand in it. */
const textsWith = (id: string, allowed: Allowed) => ({
  url: urlWith(allowed),
  parameters: z.record(z.string().min(1), template(allowed)).optional(),
  body: bodyWith(id, allowed).optional(),
  headers: headersWith(allowed).default({}),
});

const inQuestions = textsWith('Json', IN_QUESTIONS);

const fields = {
  crm: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected lower-case letters, digits and "-", at most 64')
    .optional(),
  url: inQuestions.url,
  method: z.enum(METHODS).default('POST'),
  submission: z.enum(SUBMISSIONS).default('json'),
  import: z.enum(IMPORTS).default('json'),
  responseName: oneOrMore(z.string().min(1).max(256)).default(['destination']),
  rpcMethod: z.string().min(1).max(256).optional(),
  timeoutSeconds: z.number().min(0.1).max(30).default(4),
  parameters: inQuestions.parameters,
  body: inQuestions.body,
  parametersIn: z.enum(['auto', 'query', 'form', 'headers']).default('auto'),
  headers: inQuestions.headers,
  auth: z.discriminatedUnion('type', AUTHS).default({ type: 'none' }),
  map: words,
  unmapped: z.enum(['nobody', 'refuse', 'pass']).optional(),
  expect: z.array(z.enum(KINDS)).min(1).optional(),
  require: z.array(z.enum(CALL_MACROS)).default([]),
  errorName: z.string().min(1).max(256).optional(),
  rpcId: z.enum(['text', 'number']).default('text'),
  echo: echo.optional(),
  when: z.record(z.string().min(1).max(256), oneOrMore(z.string().max(256))).default({}),
  noRouteStatuses: z.array(z.int().min(100).max(599)).default([]),
  withheld: z.enum(['hide', 'send']).default('hide'),
  redirects: z.int().min(0).max(3).default(0),
  tls: tlsChoice.optional(),
  proxy: proxyChoice.optional(),
  retries: z.int().min(0).max(5).default(1),
  retryStatuses: z.array(z.union([z.literal(502), z.literal(503), z.literal(504)])).default([]),
  maxInFlight: z.int().min(1).max(10_000).default(200),
  maxPerSecond: z.number().min(0.1).max(10_000).nullable().default(null),
  cacheSeconds: z.int().min(0).max(86_400).default(0),
  lastGoodSeconds: z.int().min(0).max(2_592_000).default(0),
};

export const own = described(fields, WEBHOOK_FIELDS);
const _asked = z.object(own);

/** Of a webhook that is told something: nothing names a destination, nothing is remembered, no caller waits. */
const UNASKED_FIELDS = {
  responseName: true,
  map: true,
  unmapped: true,
  expect: true,
  echo: true,
  when: true,
  noRouteStatuses: true,
  withheld: true,
  cacheSeconds: true,
  lastGoodSeconds: true,
} as const;

export const { shape: ownOfEvents } = z
  .object(
    described(
      {
        ...fields,
        ...textsWith('EventJson', IN_EVENTS),
        require: z.array(z.enum(REQUIRABLE)).default([]),
        timeoutSeconds: z.number().min(0.1).max(30).default(10),
        maxInFlight: z.int().min(1).max(1_000).default(20),
      },
      { ...WEBHOOK_FIELDS, ...EVENT_WEBHOOK_FIELDS },
    ),
  )
  .omit(UNASKED_FIELDS);

/** What these fields are for it anyway. */
export const UNASKED = z.object(fields).pick(UNASKED_FIELDS).parse({});

/** What holds for a chain of questions as a whole, and stands in its first alone. */
export const OF_THE_CHAIN = [
  'timeoutSeconds',
  'map',
  'unmapped',
  'expect',
  'require',
  'withheld',
  'cacheSeconds',
  'lastGoodSeconds',
] as const;

/** One question of a chain. */
type Question = Omit<z.output<typeof _asked>, (typeof OF_THE_CHAIN)[number]>;

/** What contradicts itself within one question. */
export function questionFaults(hook: Question, fault: (path: string, message: string) => void): void {
  const submission = FORMATS[hook.submission].submission;
  if (submission.needsRpcMethod && hook.rpcMethod === undefined) {
    fault('rpcMethod', `is required when submission is "${hook.submission}"`);
  }
  if (
    hook.auth.type === 'oauth2' &&
    hook.auth.refreshToken === undefined &&
    hook.auth.clientSecret === undefined
  ) {
    fault('auth.clientSecret', 'is missing: without refreshToken the grant is client credentials');
  }
  if (hook.auth.type !== 'oauth2' && templatesOfWebhook(hook).some(holdsToken)) {
    fault('auth', '{{token}} is the access token of type "oauth2", and webhook.auth has another type');
  }
  if (hook.errorName !== undefined && hook.import === 'http') {
    fault('errorName', 'names a key of a JSON reply, and webhook.import is "http"');
  }
  if (hook.errorName !== undefined && hook.responseName.includes(hook.errorName)) {
    fault('errorName', 'is one of webhook.responseName too: every destination would be an error');
  }
  for (const status of hook.noRouteStatuses) {
    if (status === 200) fault('noRouteStatuses', '200 is an answer, and would never be read');
    if ((hook.retryStatuses as readonly number[]).includes(status)) {
      fault('noRouteStatuses', `${status} is in webhook.retryStatuses too`);
    }
  }
  if (Object.keys(hook.when).length > 0 && hook.import === 'http') {
    fault('when', 'names keys of a JSON reply, and webhook.import is "http"');
  }
  if (hook.rpcId !== 'text' && hook.submission !== 'json-rpc') {
    fault('rpcId', `is for webhook.submission "json-rpc", and it is "${hook.submission}"`);
  }
  for (const message of echoFaults(hook)) fault('echo', message);
  if (hook.body !== undefined && hook.parameters !== undefined)
    fault('body', 'is used instead of parameters: set only one of them');
  if (submission.shape === 'document') {
    if (hook.parametersIn !== 'auto') fault('parametersIn', 'is for submission "http" only');
    return;
  }
  if (hook.body !== undefined) fault('body', 'submission "http" sends parameters, not webhook.body');
  if (hook.parametersIn === 'form' && (hook.method === 'GET' || hook.method === 'DELETE')) {
    fault('parametersIn', `"form" needs a body, and ${hook.method} has none`);
  }
  if (hook.parametersIn === 'headers') {
    const names = Object.keys(hook.parameters ?? {});
    for (const name of names) {
      const [issue] = freeHeader.safeParse(name).error?.issues ?? [];
      if (issue !== undefined) fault('parameters', `${JSON.stringify(name)}: ${issue.message}`);
    }
    const twice = sameHeader([...Object.keys(hook.headers), ...names]);
    if (twice !== undefined) fault('parameters', `the header ${twice} is set twice`);
  }
}

function echoFaults({ echo, headers, parameters, body, parametersIn, import: format }: Question): string[] {
  if (echo === undefined) return [];
  if ('header' in echo) {
    const names = [
      ...Object.keys(headers),
      ...(parametersIn === 'headers' ? Object.keys(parameters ?? {}) : []),
    ];
    return sameHeader([...names, echo.header]) === echo.header
      ? [`the header ${echo.header} is set by the scheme`]
      : [];
  }
  const { key } = echo;
  const isObject =
    typeof body === 'object' && body !== null && !Array.isArray(body) && !(body instanceof Template);
  return [
    ...(format === 'http' ? ['a key needs a JSON reply, and webhook.import is "http": use a header'] : []),
    ...(body !== undefined && !isObject ? ['a key goes into webhook.body, which is not a JSON object'] : []),
    ...(Object.hasOwn(parameters ?? {}, key) || (isObject && Object.hasOwn(body, key))
      ? [`the key ${JSON.stringify(key)} is set by the scheme`]
      : []),
    ...(parametersIn === 'headers' && !freeHeader.safeParse(key).success
      ? [`${JSON.stringify(key)} cannot be the name of an HTTP header`]
      : []),
  ];
}

/** A question as it is asked. What holds for the whole chain stands in each of its questions. */
export type Webhook = Omit<z.output<typeof _asked>, 'tls' | 'proxy' | 'crm' | 'require'> & {
  /** What must not be empty: a question can't name what is known only of an event. */
  readonly require: readonly Requirable[];
  /** What it is asked through. */
  readonly proxies: Proxies<ProxySetting>;
  /** Null: the usual certificates are trusted, and we have none to show. */
  readonly tls: Tls | null;
  /** Whose connection, breaker, limits and pause it shares; null: its own. */
  readonly profile: Crm | null;
  /** The questions that follow from its reply, one after the other; the last reply names the destination. */
  readonly then: readonly Webhook[];
};

/** Every template of one question. */
export function templatesOfWebhook({
  url,
  parameters,
  body,
  headers,
  auth,
}: Pick<Webhook, 'url' | 'parameters' | 'body' | 'headers' | 'auth'>): Template[] {
  return [
    url,
    ...Object.values(parameters ?? {}),
    ...templatesIn(body),
    ...Object.values(headers),
    ...authTemplates(auth),
  ];
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
