import { parseCall, type Call } from '../call/channel.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { serializeAssignments } from '../dial/assignment.ts';
import type { Destination } from '../dial/destination.ts';
import {
  DIAL_TEMPLATES,
  headerText,
  serializeDialString,
  validateDialTemplate,
  type Endpoint,
} from '../dial/dialstring.ts';
import { originatesFor } from '../dial/originate.ts';
import { messageOf } from '../errors.ts';
import { requestsOf, transfersOf, variablesOfScheme, type Scheme } from '../scheme/scheme.ts';
import { grantOf } from '../webhook/auth/grant.ts';
import { authTemplates } from '../webhook/auth/index.ts';
import { backupOf } from '../webhook/backup.ts';
import { NOTHING_YET } from '../webhook/event.ts';
import { FIRST, secretsOf, type Template } from '../webhook/macro.ts';
import { settingsIn } from '../webhook/proxy.ts';
import { buildRequest } from '../webhook/request.ts';
import { refusalOf } from '../webhook/url.ts';
import type { Webhook } from '../webhook/webhook.ts';

/**
 * Checks that what loads can be sent: a scheme is tried when it is loaded, by the code that calls use, for a call with all
 * values and for one with none.
 */
export function unsendable(scheme: Scheme, config: Config, secrets: Secrets): string[] {
  const ask = questionFaults(scheme, config);
  return [...webhooksOf(scheme).flatMap((one) => ask(one, secrets)), ...legFaults(scheme, config)];
}

/** Every request of a scheme, with its path: its own, those that follow, its backups, and its events. */
function webhooksOf(scheme: Scheme): [string, Webhook][] {
  const { webhook, fallback } = scheme;
  const backups = Object.entries(fallback).flatMap(([list, steps = []]) =>
    steps.flatMap((step, index): [string, Webhook][] =>
      'webhook' in step ? [[`fallback.${list}.${index}.webhook`, backupOf(webhook, step.webhook)]] : [],
    ),
  );
  const requests = requestsOf(scheme).map(({ path, webhook }): [string, Webhook] => [`${path}.url`, webhook]);
  return [...requests, ...backups];
}

/**
 * Where the secrets of a scheme that can be sent go, each as `{{secret.CRM}} to crm.example.com`, and where the access tokens go that they
 * buy. A secret that the configuration binds to hosts is not among them, unless it goes there in a way that others can read: in clear, or by
 * a proxy or under another name that the scheme chooses.
 */
export function secretsSent(scheme: Scheme, config: Config, secrets: Secrets): ReadonlySet<string> {
  const sent = new Set<string>();
  const ask = questionFaults(scheme, config);
  for (const [path, webhook] of webhooksOf(scheme)) {
    const way = wayOf(webhook, urlsOf(webhook));
    const read = (name: string, host: string): string => {
      if (way !== '' || !Object.hasOwn(config.secrets.hosts, name))
        sent.add(`{{secret.${name}}} to ${host}${way}`);
      return secrets.read(name, host);
    };
    ask([path, webhook], { has: (name) => secrets.has(name), read });
    for (const place of tokenPlaces(webhook, config)) sent.add(place);
  }
  return sent;
}

/**
 * The access token of a webhook is worth what its secrets are worth, and goes to a host that they are never sent to: each of them has to be
 * allowed there. Their own host, in `secrets.hosts`, says nothing about the token.
 */
function tokenPlaces(webhook: Webhook, { secrets }: Config): string[] {
  const { url, auth } = webhook;
  if (auth.type !== 'oauth2') return [];
  const { hostname } = new URL(url.source);
  const { origin, pathname } = new URL(auth.tokenUrl.source);
  const way = wayOf(webhook, [url.source]);
  const isBound = (name: string): boolean =>
    Object.hasOwn(secrets.hosts, name) && secrets.hosts[name]?.includes(hostname) === true;
  return authTemplates(auth)
    .flatMap(secretsOf)
    .filter((name) => way !== '' || !isBound(name))
    .map((name) => `the token of ${origin}${pathname} for {{secret.${name}}} to ${hostname}${way}`);
}

function urlsOf({ url, auth }: Webhook): string[] {
  return [url.source, ...(auth.type === 'oauth2' ? [auth.tokenUrl.source] : [])];
}

/** Where a scheme makes the router send something. */
export function originsOf(scheme: Scheme): string[] {
  const urls = webhooksOf(scheme).flatMap(([, webhook]) => urlsOf(webhook));
  return [...new Set(urls.map((url) => new URL(url).origin))];
}

/** What lets somebody else read what goes to these URLs; '' where nothing does. */
function wayOf({ url, headers, proxies, tls }: Webhook, urls: readonly string[]): string {
  const isPlain = urls.some((one) => new URL(one).protocol === 'http:');
  const own = settingsIn(proxies).filter(({ isOperators }) => !isOperators);
  // Behind one address there may be many hosts: the name decides which of them gets it.
  const hosts = Object.entries(headers).flatMap(([name, { source }]) =>
    name.toLowerCase() === 'host' && source.toLowerCase() !== new URL(url.source).host ? [source] : [],
  );
  const names = new Set([...(tls?.serverName == null ? [] : [tls.serverName]), ...hosts]);
  return [
    isPlain ? ' in clear' : '',
    ...own.map((proxy) => ` by the proxy ${proxy.name}`),
    ...[...names].map((name) => ` as ${name}`),
  ].join('');
}

function questionFaults(scheme: Scheme, config: Config) {
  const ownPorts = new Set([config.listen.port, Number(config.health.port)]);
  const calls = sampleCalls(scheme, '');
  return ([path, webhook]: [string, Webhook], secrets: Secrets): string[] => {
    const refusal = refusalOf(webhook.url, config.network, ownPorts);
    if (refusal !== null) return [`${path}: no request may go there: ${refusal}`];
    const host = new URL(webhook.url.source).hostname;
    const secret = (name: string, to = host): string => {
      // That it is not set is a fault already.
      return secrets.has(name) ? secrets.read(name, to) : '';
    };
    const place = path.replace(/\.url$/, '');
    // The operator's own proxy may be anywhere.
    for (const { name, isOperators } of settingsIn(webhook.proxies)) {
      const denied = isOperators ? null : refusalOf({ source: name }, config.network, ownPorts);
      if (denied !== null) return [`${place}.proxy: no request may go there: ${denied}`];
    }
    const token = tokenFaults(place, webhook, config, secrets);
    if (token.length > 0) return token;
    const faults = calls.map((call) => {
      const timestamp = '1970-01-01T00:00:00.000Z';
      const context = {
        call,
        scheme: scheme.name,
        numbering: scheme.numbering,
        attempt: 1,
        occasion: FIRST,
        timestamp,
        secret,
        reply: () => 'sample',
        ...(path.startsWith('events.') ? { told: { ...NOTHING_YET, event: 'ended' } } : {}),
      };
      const question = { webhook, context, webhookId: 'msg', traceparent: '', version: '1', dryRun: false };
      return faultOf(path, () => buildRequest(question));
    });
    const [fault] = distinct(faults);
    return fault === undefined ? unprintable(webhook, secret) : [fault];
  };
}

/** Where the access token is fetched: what is asked there is made as a call would. */
function tokenFaults(
  place: string,
  { auth, ...webhook }: Webhook,
  config: Config,
  secrets: Secrets,
): string[] {
  if (auth.type !== 'oauth2') return [];
  const ownPorts = new Set([config.listen.port, Number(config.health.port)]);
  const refusal = refusalOf(auth.tokenUrl, config.network, ownPorts);
  if (refusal !== null) return [`${place}.auth.tokenUrl: no request may go there: ${refusal}`];
  const secret = (name: string, to: string): string => (secrets.has(name) ? secrets.read(name, to) : '');
  const fault = faultOf(`${place}.auth`, () =>
    grantOf({ ...webhook, auth }, auth, { secret, version: '1' }).request('sample'),
  );
  return fault === null ? [] : [fault];
}

/** Secrets that would be sent as something else: a header carries printable ASCII. */
function unprintable({ headers, auth }: Webhook, secret: (name: string) => string): string[] {
  const templates: Template[] = Object.values(headers);
  if (auth.type === 'bearer') templates.push(auth.token);
  if (auth.type === 'api-key') templates.push(auth.key);
  return [...new Set(templates.flatMap(secretsOf))]
    .filter((name) => /[^\x20-\x7e]/.test(secret(name)))
    .map(
      (name) =>
        `{{secret.${name}}}: has characters that a header cannot hold: only printable ASCII is allowed`,
    );
}

/** What goes to FreeSWITCH: a number and a user, with the headers for the callee; the variables of the caller's own leg. */
function legFaults(scheme: Scheme, config: Config): string[] {
  const { bridge } = scheme;
  const calleeHeaders = Object.fromEntries(
    Object.keys(bridge.headers).map((name) => [name, headerText('sample')]),
  );
  const destinations: Destination[] = [
    { kind: 'number', number: '380441234567', e164: '380441234567' },
    { kind: 'user', login: 'sample' },
  ];
  const calls = sampleCalls(scheme, config.domains[0] ?? '');
  const dialled = destinations.flatMap((destination) => {
    const step = {
      kind: 'dial',
      destinations: [destination],
      timeoutSeconds: null,
      callerName: null,
      calleeHeaders,
    } as const;
    return calls.map((call) =>
      faultOf(`a call to a ${destination.kind}`, () => {
        const plan = originatesFor(step, { scheme, call, config });
        // No gateway, or no domain: a note, and a reason of its own.
        if (plan.ok) for (const { dialString, timeoutSeconds } of plan.originates) dialString(timeoutSeconds);
      }),
    );
  });
  const set = transfersOf(scheme).map(({ path, extension }) =>
    faultOf(path, () => serializeAssignments({ esl_router_destination: extension })),
  );
  const rung = faultOf('bridge.ringback', () => serializeAssignments({ transfer_ringback: bridge.ringback }));
  return distinct([...dialled, rung, ...set]);
}

/** A caller can choose the domain of the request. */
export const UNLISTED =
  'is read from the call, and "domains" (ESL_ROUTER_DOMAINS) does not list what is allowed';

/** Settings that no call can be dialled by. */
export function undiallable({ dial, domain, domains, extensionContext, sipHosts }: Config): string[] {
  const templates = (['number', 'user', 'uri'] as const).map((kind) => {
    const fault = validateDialTemplate(kind, dial[kind]);
    return fault === null ? null : `dial.${kind} (ESL_ROUTER_DIAL_${kind.toUpperCase()}): ${fault}`;
  });
  const reached = (path: string, endpoint: Endpoint): string | null =>
    faultOf(path, () => serializeDialString([{ endpoint, variables: {} }], {}, DIAL_TEMPLATES));
  const fixed = domain === '' || domain.startsWith('var:') ? [] : [domain];
  const unlisted = [
    ['domain (ESL_ROUTER_DOMAIN)', domain],
    ['extensionContext (ESL_ROUTER_EXTENSION_CONTEXT)', extensionContext],
  ].map(([path = '', place = '']) =>
    place.startsWith('var:') && domains.length === 0 ? `${path}: ${UNLISTED}` : null,
  );
  return distinct([
    ...templates,
    ...unlisted,
    ...fixed.map((name) =>
      reached('domain (ESL_ROUTER_DOMAIN)', { kind: 'user', user: 'sample', domain: name }),
    ),
    ...domains.map((name) =>
      reached('domains (ESL_ROUTER_DOMAINS)', { kind: 'user', user: 'sample', domain: name }),
    ),
    ...sipHosts.map((host) =>
      reached('sipHosts (ESL_ROUTER_SIP_HOSTS)', { kind: 'uri', user: 'sample', host }),
    ),
  ]);
}

/** A call with all values, and one with none. */
function sampleCalls(scheme: Scheme, domain: string): Call[] {
  const variables = variablesOfScheme(scheme);
  const headers = new Map([
    ['Unique-ID', '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11'],
    ['Caller-Caller-ID-Number', '+380501234567'],
    ['Caller-Caller-ID-Name', 'Sample'],
    ['Caller-Destination-Number', '380441234567'],
    ['Caller-Context', 'public'],
    ['Caller-Network-Addr', '192.0.2.1'],
    ['FreeSWITCH-Switchname', 'sample'],
    ['Caller-RDNIS', '380441234568'],
    ...variables.map((name): [string, string] => [`variable_${name}`, domain === '' ? 'sample' : domain]),
  ]);
  const options = { didFrom: ['destination_number'], variables };
  return [parseCall(headers, options), parseCall(new Map<string, string>(), options)];
}

function faultOf(path: string, build: () => unknown): string | null {
  try {
    build();
    return null;
  } catch (error) {
    return `${path}: ${messageOf(error)}`;
  }
}

function distinct(faults: readonly (string | null)[]): string[] {
  return [...new Set(faults.filter((fault) => fault !== null))];
}
