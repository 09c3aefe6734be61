import convict from 'convict';
import { messageOf } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { joined, readJson } from './json.ts';
import { proxyEnvironmentOf, unreadProxyNotes, type ProxyEnvironment } from './proxies.ts';
import { SCHEMA, SETTINGS, type Setting } from './settings.ts';
import { TELLING, withoutValue } from './shown.ts';

/** The configuration: defaults, then the file, then the environment, then the command line. */

export interface Config {
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly allow: readonly string[];
    readonly maxCalls: number;
  };
  readonly overload: { readonly lagMs: number; readonly queueMs: number };
  readonly health: { readonly host: string; readonly port: number | 'off' };
  readonly metrics: { readonly allow: readonly string[] };
  readonly otlp: { readonly url: string };
  readonly gateway: readonly string[];
  readonly gateways: Readonly<Record<string, Partial<GatewayConfig>>>;
  readonly domain: string;
  readonly domains: readonly string[];
  readonly sipHosts: readonly string[];
  readonly extensionContext: string;
  readonly didFrom: readonly string[];
  readonly bypass: { readonly called: readonly string[] };
  readonly numbers: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
    readonly premium: boolean;
    readonly satellite: boolean;
    readonly limits: Readonly<Record<string, LimitConfig>>;
  };
  readonly maxDurationSeconds: number;
  readonly maxHops: number;
  readonly dial: { readonly number: string; readonly user: string; readonly uri: string };
  readonly defaultScheme: string;
  readonly schemes: { readonly dir: string; readonly watch: boolean };
  readonly network: {
    readonly deny: readonly string[];
    readonly allow: readonly string[];
    readonly private: boolean;
    readonly switchPorts: readonly number[];
  };
  readonly http: { readonly proxy: string };
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which are not settings of ours. */
  readonly proxyEnvironment: ProxyEnvironment;
  readonly secrets: { readonly hosts: Readonly<Record<string, readonly string[]>> };
  readonly crms: Readonly<Record<string, unknown>>;
  readonly webhook: {
    readonly url: string;
    readonly method: string;
    readonly submission: string;
    readonly import: string;
    readonly responseName: readonly string[];
    readonly rpcMethod: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
    readonly auth: Readonly<Record<string, unknown>>;
    readonly timeout: number;
  };
  readonly forwardingTimeout: number;
  readonly esl: {
    readonly headerBytes: number;
    readonly bodyBytes: number;
    readonly replyTimeoutSeconds: number;
    readonly heartbeatSeconds: number;
    readonly lingerSeconds: number;
  };
  readonly store: {
    readonly url: string;
    readonly dir: string;
    readonly password: string;
    readonly days: number;
    readonly maxMegabytes: number;
    readonly maskAfterDays: number;
  };
  readonly api: {
    readonly host: string;
    readonly port: number | 'auto' | 'off';
    readonly hosts: readonly string[];
    /** Files; both empty: none. */
    readonly tls: { readonly cert: string; readonly key: string };
    readonly trustedProxy: readonly string[];
  };
  readonly events: { readonly recording: string };
  readonly tenants: 'one' | 'domain';
  readonly log: {
    readonly level: LogLevel;
    readonly format: 'json' | 'pretty';
    readonly maskNumbers: boolean;
  };
}

interface LimitConfig {
  readonly calls?: number;
  readonly callsPerMinute?: number;
}

interface GatewayConfig {
  readonly callerId: string;
  readonly diversion: boolean;
  readonly identity: 'pid' | 'rpid' | 'none';
  readonly sendName: boolean;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigSources {
  /** Content of the configuration file and its name for messages; null when there is none. */
  readonly file: { readonly name: string; readonly text: string } | null;
  /** The folder of the schemes when no setting names one; the setting's own default when it is not given. */
  readonly schemesDir?: string;
  readonly env: Environment;
  /** Settings of the command line, by dotted name. */
  readonly argv: Readonly<Record<string, unknown>>;
  readonly readSecretFile: (path: string) => string;
}

export interface SettingValue extends Setting {
  readonly value: unknown;
  /** The file that its `_FILE` variable named: the value is a secret. */
  readonly secretFile: string | null;
  readonly origin: 'default' | 'file' | 'environment' | 'command line';
  /** The very place: `conf/esl-router.json:12`, a variable, a file that a variable names; '' for a default. */
  readonly source: string;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly settings: readonly SettingValue[];
      readonly notes: readonly string[];
    }
  | {
      readonly ok: false;
      readonly faults: readonly string[];
      /** Faulty settings at their defaults, so that schemes can be checked anyway. */
      readonly config: Config;
    };

/** Variables that are not settings: read by the command line, or named by schemes. */
const OTHER_VARIABLES = /^ESL_ROUTER_(CONFIG|SECRETS_DIR|TOKEN|SECRET_[A-Z0-9_]+)$/;

export function loadConfig(sources: ConfigSources): ConfigResult {
  const faults: string[] = [];
  const secretFiles = new Map<string, string>();
  const env = settingsOfEnvironment(sources, faults, secretFiles);
  const notes: string[] = [];
  const lines = new Map<string, number>();
  const file = readFile(sources.file, faults, notes, lines);
  const store = convict(SCHEMA as unknown as convict.Schema<Config>, { env, args: [] });
  if (sources.schemesDir !== undefined && env['ESL_ROUTER_SCHEMES_DIR'] === undefined)
    store.set('schemes.dir', sources.schemesDir);
  store.load(file);
  // convict lets the environment win over load(); the command line is above both.
  for (const [name, value] of Object.entries(sources.argv)) store.set(name, value);
  const wrong = validate(store);
  faults.push(...wrong.map(({ line, name }) => describeFault(line, name, env, secretFiles, sources)));
  for (const { name } of wrong) if (name !== undefined) store.reset(name as convict.Path<Config>);
  const config = deepFreeze({ ...store.getProperties(), proxyEnvironment: proxyEnvironmentOf(sources.env) });
  if (faults.length > 0) return { ok: false, faults, config };
  const settings = SETTINGS.map((setting): SettingValue => {
    const origin =
      setting.name in sources.argv
        ? 'command line'
        : env[setting.env] !== undefined
          ? 'environment'
          : at(file, setting.name) !== undefined
            ? 'file'
            : 'default';
    const secretFile = origin === 'environment' ? (secretFiles.get(setting.env) ?? null) : null;
    const source = {
      default: '',
      file: `${sources.file?.name ?? ''}:${lines.get(setting.name) ?? 1}`,
      environment: secretFile ?? setting.env,
      'command line': 'command line',
    }[origin];
    return { ...setting, value: at(config, setting.name), origin, source, secretFile };
  });
  notes.push(...unknownVariables(sources.env), ...unreadProxyNotes(config, sources.env));
  return { ok: true, config, settings, notes };
}

/** Empty variables count as not set: an empty one would else overrule a default without a word. */
function settingsOfEnvironment(
  { env, readSecretFile }: ConfigSources,
  faults: string[],
  secretFiles: Map<string, string>,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { env: name } of SETTINGS) {
    const file = env[`${name}_FILE`] ?? '';
    const value = env[name] ?? '';
    if (value !== '' && file !== '')
      faults.push(`${name} and ${name}_FILE are both set: set only one of them`);
    if (value !== '') found[name] = value;
    if (file === '') continue;
    try {
      const text = readSecretFile(file).trim();
      secretFiles.set(name, file);
      if (text === '') faults.push(`${name}_FILE: ${file} is empty`);
      else found[name] = text;
    } catch (error) {
      faults.push(`${name}_FILE: cannot read ${file}: ${messageOf(error)}`);
    }
  }
  return found;
}

function readFile(
  file: ConfigSources['file'],
  faults: string[],
  notes: string[],
  lines: Map<string, number>,
): object {
  if (file === null) return {};
  const read = readJson(file.text, (path, line) => void lines.set(path, line));
  if (!read.ok) {
    faults.push(`${file.name}: ${read.fault}`);
    return {};
  }
  notes.push(...read.notes.map((note) => `${file.name}: ${note}`));
  const value = joined(read.value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  faults.push(`${file.name}: expected a JSON object of settings`);
  return {};
}

/** convict reports all faults at once, one per line: `listen.port: expected ...: value was "80abc"`. */
function validate(store: convict.Config<Config>): { line: string; name: string | undefined }[] {
  try {
    store.validate({ allowed: 'strict' });
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.split('\n').map((line) => {
      const name = /^([A-Za-z.]+): /.exec(line)?.[1];
      return { line, name: SETTINGS.some((setting) => setting.name === name) ? name : undefined };
    });
  }
}

function describeFault(
  line: string,
  name: string | undefined,
  env: Record<string, string>,
  secretFiles: ReadonlyMap<string, string>,
  { file }: ConfigSources,
): string {
  const variable = SETTINGS.find((setting) => setting.name === name)?.env ?? '';
  if (secretFiles.has(variable)) return `${variable}_FILE: ${withoutValue(line)}`;
  const place = variable in env ? variable : (file?.name ?? 'configuration');
  const unknown = /^configuration param '(.*)' not declared in the schema$/.exec(line)?.[1];
  if (unknown !== undefined)
    return `${place}: ${unknown}: there is no such setting${didYouMean(unknown, NAMES)}`;
  if (name !== undefined && TELLING.has(name)) return `${place}: ${withoutValue(line)}`;
  return `${place}: ${line.replace(': value was ', ', got ')}${meantBy(line)}`;
}

const NAMES: readonly string[] = SETTINGS.flatMap(({ name }) => [name, ...name.split('.').slice(0, -1)]);

/** The word that was most likely meant. */
function meantBy(line: string): string {
  const [, words, value] = /: expected one of (.+): value was "(.*)"$/.exec(line) ?? [];
  return words === undefined ? '' : didYouMean(value, words.split(', '));
}

function unknownVariables(env: Environment): string[] {
  const known = new Set(SETTINGS.flatMap(({ env: name }) => [name, `${name}_FILE`]));
  return Object.keys(env)
    .filter((name) => name.startsWith('ESL_ROUTER_') && !known.has(name) && !OTHER_VARIABLES.test(name))
    .map((name) => `${name} is set, and there is no such setting${didYouMean(name, [...known])}`);
}

function at(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (node, key) =>
        typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined,
      tree,
    );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
