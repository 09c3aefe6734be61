import type { Call } from '../call/channel.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { didYouMean } from '../nearest.ts';
import type { Fault } from '../scheme/fault.ts';
import { matcherOf } from '../scheme/match.ts';
import { chainsOf, requestsOf, variablesOfScheme, type Scheme } from '../scheme/scheme.ts';
import { connected, questionsOf } from '../webhook/chain.ts';
import type { Crms } from '../webhook/profile.ts';
import { operatorProxies, proxiesOf } from '../webhook/proxy.ts';
import { besideFaults } from './beside.ts';
import { configuredCrms } from './crms.ts';
import { crossFaults, mapFaults } from './cross.ts';
import { faultOf, type StoredScheme, type StoredUse } from './stored.ts';
import { matchNotes } from './match-notes.ts';
import { lastAgentNotes, notesOn, tokenNotes } from './notes.ts';
import { undiallable } from './sendable.ts';
import { readTls } from './tls.ts';
import { parsingScheme } from './wide.ts';

/** A snapshot of all schemes. A call keeps the set it began with, whatever is loaded meanwhile. */
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
  /** What happened to each scheme of the store. */
  readonly stored?: readonly StoredUse[];
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
      /** Some come from the file system, and may go away without a change to a file. */
      readonly mayPass?: boolean;
    }
);

/** The scheme that ESL_ROUTER_WEBHOOK_URL and its siblings make. */
const ENVIRONMENT_SCHEME = 'default';
/** The name in its faults. */
const ENVIRONMENT = 'environment';

/** A scheme's document, wherever it was read. */
export interface SchemeSource {
  /** What a fault is reported under: the file. */
  readonly name: string;
  readonly json: unknown;
  readonly text: string;
  /** Of the store: what is wrong with it keeps no other scheme from being loaded. */
  readonly stored?: Pick<StoredScheme, 'name' | 'revision'>;
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
  /** Whether a scheme of that name may be there later: a hand-over to it is no fault. */
  readonly isAwaited?: (name: string) => boolean;
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
  origin: Origin = { ...NO_FILES, crms: configuredCrms(config) },
): Generator<void, LoadResult> {
  const { unread, readText, crms, hasStore, isAwaited = () => false } = origin;
  const operator = operatorProxies(config.http.proxy, config.proxyEnvironment);
  const faults: string[] = [...unread, ...undiallable(config), ...operator.faults];
  const ill = new Map<SchemeSource, Fault[]>();
  /** Of one document: `text` begins with the path, if there is one. */
  const blame = (source: SchemeSource, text: string): void => {
    if (source.stored === undefined) faults.push(`${source.name}: ${text}`);
    else ill.set(source, [...(ill.get(source) ?? []), faultOf(text)]);
  };
  const notes: string[] = [];
  let asksEnvironment = config.http.proxy === 'environment';
  const schemes = new Map<string, { scheme: Scheme; source: SchemeSource }>();
  for (const source of sources) {
    yield;
    const result = yield* parsingScheme(source.json, source.text, crms);
    if (!result.ok) {
      for (const { path, message } of result.faults) {
        blame(source, `${path === '' ? '' : `${source.label?.(path) ?? path}: `}${message}`);
      }
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
        for (const fault of said.faults) blame(source, `${place}.tls.${fault}`);
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
    else
      blame(
        source,
        `${source.label?.('name') ?? 'name'}: "${scheme.name}" is also the name of ${other.source.name}`,
      );
  }
  if (asksEnvironment) faults.push(...operator.environmentFaults);
  for (const { scheme, source } of schemes.values()) {
    yield;
    const known = [...schemes.keys()];
    const crossed = crossFaults(scheme, config, secrets, { names: known, isAwaited });
    crossed.push(...besideFaults(scheme, (name) => schemes.get(name)?.scheme ?? null, isAwaited));
    if (scheme.events.length > 0 && !hasStore) crossed.push(`events: ${NO_STORE}`);
    if (!hasStore) notes.push(...lastAgentNotes(scheme).map((note) => `${source.name}: ${note}`));
    const unclear = yield* mapFaults(scheme, config);
    for (const fault of [...crossed, ...unclear]) blame(source, fault);
    notes.push(
      ...[...notesOn(scheme, config), ...tokenNotes(scheme, secrets)].map(
        (note) => `${source.name}: ${note}`,
      ),
    );
  }
  if (ill.size > 0) return yield* withoutIll(ill, sources, config, secrets, origin);
  notes.push(...crmNotes(crms, schemes.values()));
  notes.push(...matchNotes([...schemes.values()], config));
  const defaultName = config.defaultScheme === '' ? ENVIRONMENT_SCHEME : config.defaultScheme;
  const chosen = schemes.get(defaultName)?.scheme ?? null;
  if (chosen === null && config.defaultScheme !== '' && faults.length === 0) {
    const text = `defaultScheme (ESL_ROUTER_DEFAULT_SCHEME): there is no scheme "${defaultName}"${didYouMean(defaultName, [...schemes.keys()])}`;
    (isAwaited(defaultName) ? notes : faults).push(text);
  }
  if (faults.length > 0) return { ok: false, faults };
  if (
    chosen !== null &&
    chosen.name !== ENVIRONMENT_SCHEME &&
    schemes.get(ENVIRONMENT_SCHEME)?.source.name === ENVIRONMENT
  )
    notes.push(
      `ESL_ROUTER_WEBHOOK_URL: is not the default, as defaultScheme is "${chosen.name}": leave one of them out`,
    );
  const all = new Map([...schemes].map(([name, { scheme }]) => [name, scheme]));
  notes.push(...strayVariables(config));
  if (all.size === 0) notes.push('there is no scheme: every call is given back to the dialplan');
  const files = new Map(
    [...schemes].flatMap(([name, { source }]) =>
      source.name === ENVIRONMENT || source.stored !== undefined ? [] : [[name, source.name]],
    ),
  );
  const set = { schemes: all, default: chosen, variables: variables(all, config) };
  const stored = sources.flatMap(({ stored: of }): StoredUse[] =>
    of === undefined ? [] : [{ ...of, use: all.get(of.name)?.mode ?? 'live' }],
  );
  return { ok: true, set, notes, files, stored };
}

/** The set of all the others: a stored scheme that is not, or no longer, valid takes none of them with it. */
function* withoutIll(
  ill: ReadonlyMap<SchemeSource, readonly Fault[]>,
  sources: readonly SchemeSource[],
  config: Config,
  secrets: Secrets,
  origin: Origin,
): Generator<void, LoadResult> {
  const uses = [...ill].flatMap(([{ stored }, faults]): StoredUse[] =>
    stored === undefined ? [] : [{ ...stored, use: 'left_out', faults }],
  );
  const names = new Set(uses.map(({ name }) => name));
  const isAwaited = (name: string): boolean => names.has(name) || (origin.isAwaited?.(name) ?? false);
  const rest = sources.filter((source) => !ill.has(source));
  const result = yield* assembling(rest, config, secrets, { ...origin, isAwaited });
  return { ...result, stored: [...uses, ...(result.stored ?? [])] };
}

const NO_STORE =
  'there is no store for them to wait in until they are delivered: create the folder store.dir (ESL_ROUTER_STORE_DIR), or set store.url (ESL_ROUTER_STORE_URL)';

export type Choice = {
  /** In shadow mode, and would have the call if it were live. */
  readonly passedBy: Scheme | null;
} & (
  | { readonly kind: 'scheme'; readonly scheme: Scheme; readonly chosenBy: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly chosenBy: string }
  | { readonly kind: 'none' }
);

/**
 * Channel variable -> path of the socket address -> first match in file-name order -> default -> none. Schemes in shadow mode are passed
 * by. One that is named by variable or path leaves the call to the dialplan: what stands behind `socket` is its old way.
 */
export function chooseScheme(set: SchemeSet, call: Call): Choice {
  for (const [name, chosenBy] of [
    [call.schemeVariable, 'the variable esl_router_scheme'],
    [call.path, 'the path of the socket address'],
  ] as const) {
    if (name === '') continue;
    const scheme = set.schemes.get(name);
    if (scheme === undefined) return { kind: 'unknown', name, chosenBy, passedBy: null };
    return scheme.mode === 'shadow'
      ? { kind: 'none', passedBy: scheme }
      : { kind: 'scheme', scheme, chosenBy, passedBy: null };
  }
  const matches = matcherOf(call);
  let passedBy: Scheme | null = null;
  for (const scheme of set.schemes.values()) {
    if (!matches(scheme)) continue;
    if (scheme.mode === 'live') return { kind: 'scheme', scheme, chosenBy: 'its match', passedBy };
    passedBy ??= scheme;
  }
  const { default: last } = set;
  return last?.mode === 'live'
    ? { kind: 'scheme', scheme: last, chosenBy: 'default', passedBy }
    : { kind: 'none', passedBy: passedBy ?? last };
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
  name: 'ESL_ROUTER_WEBHOOK_URL',
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

/** Without a URL the environment makes no scheme, whatever else it sets. */
function strayVariables({ webhook }: Config): string[] {
  if (webhook.url !== '') return [];
  const { auth, headers, parameters, responseName } = webhook;
  const given = { auth, headers, parameters, responseName };
  const stray = Object.entries(given).filter(([, value]) => Object.keys(value).length > 0);
  return stray.map(
    ([name]) =>
      `${VARIABLES[`webhook.${name}`] ?? name}: has no effect, as ESL_ROUTER_WEBHOOK_URL is not set: it is for the scheme of the environment`,
  );
}

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

function variables(schemes: ReadonlyMap<string, Scheme>, config: Config): Set<string> {
  const places = [config.domain, config.extensionContext].filter((place) => place.startsWith('var:'));
  const read = places.map((place) => place.slice('var:'.length));
  return new Set([...[...schemes.values()].flatMap(variablesOfScheme), ...read]);
}
