import type { Call } from '../call/channel.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { parseDestination, type DestinationRules } from '../dial/destination.ts';
import { domainFor } from '../dial/originate.ts';
import { parseSteps } from '../dial/route.ts';
import { didYouMean } from '../nearest.ts';
import { matcherOf } from '../scheme/match.ts';
import {
  chainsOf,
  requestsOf,
  templatesOf,
  transfersOf,
  variablesOfScheme,
  type Scheme,
} from '../scheme/scheme.ts';
import { secretsOf } from '../webhook/macro.ts';
import { connected, questionsOf } from '../webhook/chain.ts';
import type { Crms } from '../webhook/profile.ts';
import { operatorProxies, proxiesOf } from '../webhook/proxy.ts';
import { KINDS } from '../webhook/webhook.ts';
import { configuredCrms } from './crms.ts';
import { matchNotes } from './match-notes.ts';
import { notesOn, tokenNotes } from './notes.ts';
import { undiallable, UNLISTED, unsendable } from './sendable.ts';
import { readTls } from './tls.ts';
import { parsingScheme } from './wide.ts';

/** All schemes of one moment. A call keeps the set it began with, whatever is loaded meanwhile. */
export interface SchemeSet {
  /** In the order of their file names; the one from the environment comes last. */
  readonly schemes: ReadonlyMap<string, Scheme>;
  readonly default: Scheme | null;
  /** Channel variables that some scheme or the configuration reads, without `variable_`. */
  readonly variables: ReadonlySet<string>;
}

/** A set of schemes, or every fault that kept it from being one. */
export type LoadResult = {
  /** Files that schemes name: what is in them counts as what is in a scheme. */
  readonly named?: readonly string[];
  /** What a glance at the folder showed when it was read: see `lookAt`. */
  readonly seen?: string;
} & (
  | {
      readonly ok: true;
      readonly set: SchemeSet;
      readonly notes: readonly string[];
      /** The file of each scheme that has one. */
      readonly files: ReadonlyMap<string, string>;
      /** Those that were read with the schemes. */
      readonly secrets?: Secrets;
    }
  | {
      readonly ok: false;
      readonly faults: readonly string[];
      /** Some are of the file system, and may pass without anybody changing a file. */
      readonly mayPass?: boolean;
    }
);

/** The scheme that ESL_ROUTER_WEBHOOK_URL and its siblings make. */
const ENVIRONMENT_SCHEME = 'default';
/** What its faults are reported under. */
const ENVIRONMENT = 'environment';

/** A scheme's document, wherever it was read. */
export interface SchemeSource {
  /** What a fault is reported under: the file. */
  readonly name: string;
  readonly json: unknown;
  readonly text: string;
  /** The name that the person knows a path by; the path itself when it has no other. */
  readonly label?: (path: string) => string;
}

/** Where documents come from. */
interface Origin {
  /** Faults of documents that could not even be read. */
  readonly unread: readonly string[];
  /** A text file that a document names. Throws when it can't be read. */
  readonly readText: (path: string) => string;
  /** The profiles that schemes may name. */
  readonly crms: Crms;
  /** There is a store, where events wait until they are delivered. */
  readonly hasStore: boolean;
}

/** Of documents that name no file. */
const NO_FILES = {
  unread: [],
  hasStore: true,
  readText: (path) => {
    throw new Error(`${path} cannot be read: these schemes do not come from a folder`);
  },
} satisfies Partial<Origin>;

/** Makes a set of schemes' documents: the whole set, or all faults at once. */
export function assembleSchemes(...of: Parameters<typeof assembling>): LoadResult {
  const work = assembling(...of);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** The same, with pauses: calls go on while a set is made. */
export function* assembling(
  sources: readonly SchemeSource[],
  config: Config,
  secrets: Secrets,
  { unread, readText, crms, hasStore }: Origin = { ...NO_FILES, crms: configuredCrms(config) },
): Generator<void, LoadResult> {
  const operator = operatorProxies(config.http.proxy, config.proxyEnvironment);
  const faults: string[] = [...unread, ...undiallable(config), ...operator.faults];
  const notes: string[] = [];
  let asksEnvironment = config.http.proxy === 'environment';
  const schemes = new Map<string, { scheme: Scheme; source: SchemeSource }>();
  for (const source of sources) {
    yield;
    const result = yield* parsingScheme(source.json, source.text, crms);
    if (!result.ok) {
      faults.push(
        ...result.faults.map(
          ({ path, message }) =>
            `${source.name}: ${path === '' ? '' : `${source.label?.(path) ?? path}: `}${message}`,
        ),
      );
      continue;
    }
    const chains = chainsOf(result.scheme).map(({ path, webhook }, chain) => {
      const connections = (result.wanted[chain] ?? []).map(({ tls: choice, proxy }, index) => {
        const proxies = proxiesOf(proxy, operator);
        asksEnvironment ||= proxies === operator.environment;
        const { url } = questionsOf(webhook)[index] ?? webhook;
        const host = new URL(url.source).hostname;
        const { tls, ...said } = readTls(choice, {
          dir: config.schemes.dir,
          readText,
          secret: (name) => (secrets.has(name) ? secrets.read(name, host) : null),
          today: systemClock.date(),
        });
        const place = index === 0 ? path : `${path}.then.${index - 1}`;
        faults.push(...said.faults.map((fault) => `${source.name}: ${place}.tls.${fault}`));
        notes.push(...said.notes.map((note) => `${source.name}: ${place}.tls.${note}`));
        return { proxies, tls };
      });
      return connected(webhook, connections);
    });
    const [asked = result.scheme.webhook, ...told] = chains;
    const scheme: Scheme = {
      ...result.scheme,
      webhook: asked,
      events: result.scheme.events.map((telling, index) => ({
        ...telling,
        webhook: told[index] ?? telling.webhook,
      })),
    };
    const other = schemes.get(scheme.name);
    if (other === undefined) schemes.set(scheme.name, { scheme, source });
    else faults.push(`${source.name}: name: "${scheme.name}" is the name of ${other.source.name} too`);
  }
  if (asksEnvironment) faults.push(...operator.environmentFaults);
  for (const { scheme, source } of schemes.values()) {
    yield;
    const known = [...schemes.keys()];
    faults.push(...crossFaults(scheme, config, secrets, known).map((fault) => `${source.name}: ${fault}`));
    if (scheme.events.length > 0 && !hasStore) faults.push(`${source.name}: events: ${NO_STORE}`);
    const unclear = yield* mapFaults(scheme, config);
    faults.push(...unclear.map((fault) => `${source.name}: ${fault}`));
    notes.push(
      ...[...notesOn(scheme, config), ...tokenNotes(scheme, secrets)].map(
        (note) => `${source.name}: ${note}`,
      ),
    );
  }
  notes.push(...crmNotes(crms, schemes.values()));
  notes.push(...matchNotes([...schemes.values()], config));
  const defaultName = config.defaultScheme === '' ? ENVIRONMENT_SCHEME : config.defaultScheme;
  const chosen = schemes.get(defaultName)?.scheme ?? null;
  if (chosen === null && config.defaultScheme !== '' && faults.length === 0) {
    faults.push(
      `defaultScheme (ESL_ROUTER_DEFAULT_SCHEME): there is no scheme "${defaultName}"${didYouMean(defaultName, [...schemes.keys()])}`,
    );
  }
  if (faults.length > 0) return { ok: false, faults };
  const all = new Map([...schemes].map(([name, { scheme }]) => [name, scheme]));
  if (all.size === 0) notes.push('there is no scheme: every call is given back to the dialplan');
  const files = new Map(
    [...schemes].flatMap(([name, { source }]) => (source.name === ENVIRONMENT ? [] : [[name, source.name]])),
  );
  const set = { schemes: all, default: chosen, variables: variables(all, config) };
  return { ok: true, set, notes, files };
}

const NO_STORE =
  'there is no store, in which they wait until they are delivered: make the folder store.dir (ESL_ROUTER_STORE_DIR), or set store.url (ESL_ROUTER_STORE_URL)';

export type Choice =
  | { readonly kind: 'scheme'; readonly scheme: Scheme; readonly chosenBy: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly chosenBy: string }
  | { readonly kind: 'none' };

/** Channel variable -> path of the socket address -> first match in file-name order -> default -> none. */
export function chooseScheme(set: SchemeSet, call: Call): Choice {
  for (const [name, chosenBy] of [
    [call.schemeVariable, 'the variable esl_router_scheme'],
    [call.path, 'the path of the socket address'],
  ] as const) {
    if (name === '') continue;
    const scheme = set.schemes.get(name);
    return scheme === undefined ? { kind: 'unknown', name, chosenBy } : { kind: 'scheme', scheme, chosenBy };
  }
  const matches = matcherOf(call);
  for (const scheme of set.schemes.values()) {
    if (matches(scheme)) return { kind: 'scheme', scheme, chosenBy: 'its match' };
  }
  return set.default === null
    ? { kind: 'none' }
    : { kind: 'scheme', scheme: set.default, chosenBy: 'default' };
}

/** How the CRM's words are read for a call, and what of it may be dialled, by scheme and configuration. */
export function replyRules(scheme: Scheme, config: Config, call: Call): DestinationRules {
  const { map, unmapped = 'nobody', expect = KINDS } = scheme.webhook;
  return { ...stepRules(scheme, config, call), map, unmapped, expect };
}

const NO_WORDS: ReadonlyMap<string, string> = new Map();

/** The same for the words of the scheme itself: its fallback lists mean what they say. */
export function stepRules(
  scheme: Scheme,
  config: Config,
  call: Pick<Call, 'did' | 'variables'>,
): DestinationRules {
  return {
    targets: scheme.targets,
    map: NO_WORDS,
    unmapped: 'pass',
    expect: KINDS,
    numbering: scheme.numbering,
    domain: domainFor(scheme, config, call).value,
    sipHosts: config.sipHosts,
    numbers: [config.numbers, scheme.numbers],
    emergency: config.bypass.called,
    did: call.did,
    extensions: scheme.extensions,
    extensionContext: config.extensionContext,
  };
}

/** Profiles that no scheme names, and what is wrong with them: a scheme that names a broken one is not there. */
function crmNotes(crms: Crms, schemes: Iterable<{ readonly scheme: Scheme }>): string[] {
  const used = new Set(
    [...schemes].flatMap(({ scheme }) => requestsOf(scheme).map(({ webhook }) => webhook.profile?.name)),
  );
  return [...crms.values()]
    .filter(({ name }) => !used.has(name))
    .flatMap(({ name, place, faults }) => [`${place}: no scheme uses the profile "${name}"`, ...faults]);
}

const VARIABLES: Readonly<Record<string, string>> = {
  'webhook.url': 'ESL_ROUTER_WEBHOOK_URL',
  'webhook.method': 'ESL_ROUTER_WEBHOOK_METHOD',
  'webhook.submission': 'ESL_ROUTER_WEBHOOK_SUBMISSION',
  'webhook.import': 'ESL_ROUTER_WEBHOOK_IMPORT',
  'webhook.responseName': 'ESL_ROUTER_WEBHOOK_RESPONSE_NAME',
  'webhook.rpcMethod': 'ESL_ROUTER_WEBHOOK_RPC_METHOD',
  'webhook.parameters': 'ESL_ROUTER_WEBHOOK_PARAMETERS',
  'webhook.headers': 'ESL_ROUTER_WEBHOOK_HEADERS',
  'webhook.auth': 'ESL_ROUTER_WEBHOOK_AUTH',
};

/** The scheme that the environment makes, where it names a webhook. */
export function environmentSource({ webhook, forwardingTimeout }: Config): SchemeSource[] {
  if (webhook.url === '') return [];
  const given = (value: string): string | undefined => (value === '' ? undefined : value);
  const json = JSON.parse(
    JSON.stringify({
      name: ENVIRONMENT_SCHEME,
      webhook: {
        url: webhook.url,
        method: given(webhook.method),
        submission: given(webhook.submission),
        import: given(webhook.import),
        responseName: webhook.responseName.length === 0 ? undefined : webhook.responseName,
        rpcMethod: given(webhook.rpcMethod),
        parameters: Object.keys(webhook.parameters).length === 0 ? undefined : webhook.parameters,
        headers: Object.keys(webhook.headers).length === 0 ? undefined : webhook.headers,
        auth: Object.keys(webhook.auth).length === 0 ? undefined : webhook.auth,
        timeoutSeconds: webhook.timeout,
      },
      forwardingTimeoutSeconds: forwardingTimeout,
    }),
  ) as unknown;
  const label = (path: string): string => {
    const known = Object.keys(VARIABLES).find((key) => path === key || path.startsWith(`${key}.`));
    return known === undefined ? path : `${VARIABLES[known] ?? ''}${path.slice(known.length)}`;
  };
  return [{ name: ENVIRONMENT, json, text: JSON.stringify(json), label }];
}

function emergencyIn(extension: string, path: string, { bypass }: Config): string[] {
  if (!bypass.called.includes(extension)) return [];
  return [`${path}: ${extension} is an emergency number (bypass.called), and no CRM can have one dialled`];
}

/** The words of a scheme are read as those of a reply, and are none. */
function ofOurs(detail: string): string {
  return detail.replace('the reply holds', 'it holds');
}

/** Faults that one document alone can't show: names of other schemes, secrets, destinations of its fallbacks. */
function crossFaults(scheme: Scheme, config: Config, secrets: Secrets, known: readonly string[]): string[] {
  const faults: string[] = [];
  for (const name of new Set(templatesOf(scheme).flatMap(secretsOf))) {
    if (!secrets.has(name))
      faults.push(
        `{{secret.${name}}}: ESL_ROUTER_SECRET_${name} is not set, nor is its _FILE, and no file of ESL_ROUTER_SECRETS_DIR holds it`,
      );
  }
  faults.push(...unsendable(scheme, config, secrets));
  const rules = stepRules(scheme, config, { did: '', variables: new Map() });
  for (const [list, steps] of Object.entries(scheme.fallback)) {
    steps?.forEach((step, index) => {
      const path = `fallback.${list}.${index}`;
      if ('scheme' in step && !known.includes(step.scheme))
        faults.push(`${path}: there is no scheme "${step.scheme}"${didYouMean(step.scheme, known)}`);
      if (!('dial' in step)) return;
      const { readings } = parseSteps([step], rules);
      const refused = readings.filter(({ result }) => /^(?:refused|empty)/.test(result));
      faults.push(
        ...refused.map(({ text, result }) => `${path}.dial: ${JSON.stringify(text)} is ${ofOurs(result)}`),
      );
    });
  }
  const transfers = transfersOf(scheme);
  faults.push(...transfers.flatMap(({ path, extension }) => emergencyIn(extension, path, config)));
  if (config.domains.length === 0) {
    const places = [{ path: 'domain', place: scheme.domain ?? '' }];
    for (const { path, context } of transfers) places.push({ path: `${path}.context`, place: context });
    const read = places.filter(({ place }) => place.startsWith('var:'));
    faults.push(...read.map(({ path }) => `${path}: ${UNLISTED}`));
  }
  return faults;
}

/** Of more than these nobody reads. */
const MAX_MAP_FAULTS = 20;
/** Words between two pauses: reading one takes some microseconds. */
const WORDS_AT_ONCE = 50;

/** What the map's words mean is read as a reply is. */
function* mapFaults(scheme: Scheme, config: Config): Generator<void, string[]> {
  const { map, expect = KINDS } = scheme.webhook;
  const rules = { ...stepRules(scheme, config, { did: '', variables: new Map() }), expect };
  const faults: string[] = [];
  let read = 0;
  for (const [word, meaning] of map) {
    if (++read % WORDS_AT_ONCE === 0) yield;
    // Whose user it is, only the call can tell.
    if (meaning.includes('@') && rules.domain === '') continue;
    const result = parseDestination(meaning, rules);
    if (result.ok) continue;
    faults.push(`webhook.map.${word}: ${ofOurs(result.detail)}`);
    if (faults.length === MAX_MAP_FAULTS) return [...faults, 'webhook.map: the rest is not checked'];
  }
  return faults;
}

function variables(schemes: ReadonlyMap<string, Scheme>, config: Config): Set<string> {
  const places = [config.domain, config.extensionContext].filter((place) => place.startsWith('var:'));
  const read = places.map((place) => place.slice('var:'.length));
  return new Set([...[...schemes.values()].flatMap(variablesOfScheme), ...read]);
}
