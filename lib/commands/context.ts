import type { Readable, Writable } from 'node:stream';
import { loadConfig, type Config, type ConfigResult, type SettingValue } from '../config/config.ts';
import { secretValues, type Secrets } from '../config/secret.ts';
import { proxyEnvironmentOf, proxyPasswords } from '../config/proxies.ts';
import { secretTexts } from '../config/shown.ts';
import { messageOf, RouterError } from '../errors.ts';
import { createRedactor, type Redactor } from '../redact/redactor.ts';
import { loadSchemes } from '../schemes/folder.ts';
import { readSecretFiles, secretsOf, type SecretFiles } from '../schemes/secrets.ts';
import { findConfiguration } from './configuration.ts';

/** What a command gets from the process around it. */
export interface CommandContext {
  readonly version: string;
  /** Where the program is installed, with its guides. */
  readonly packageFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders where the configuration is looked for, in order. */
  readonly configurationFolders: readonly string[];
  /** How many files and sockets the process may have open; Infinity if unknown. */
  readonly maxDescriptors: number;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable;
  /** Calls back when a person (Ctrl-C) or the system (SIGTERM) asks to stop. */
  readonly onStop: (callback: () => void) => void;
  /** SIGHUP. */
  readonly onReload: (callback: () => void) => void;
  /** SIGUSR2. */
  readonly onDebug: (callback: () => void) => void;
  /**
   * An error that nobody caught: the process ends with 1 when the callback's promise settles, or shortly after. What it
   * rejects with goes to standard error.
   */
  readonly onCrash: (callback: (error: unknown) => Promise<void>) => void;
}

/** Exit codes: 0 fine, 1 failed while running, 2 wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2;

export interface CommonOptions {
  readonly config?: string;
  readonly schemes?: string;
}

export interface Loaded {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly settings: readonly SettingValue[];
  readonly notes: readonly string[];
  /** What neither a log line nor anything printed about a call may hold. */
  readonly secretTexts: readonly string[];
  readonly secretFiles: SecretFiles;
}

/**
 * Reads the configuration from everywhere. Rejects with RouterError `config_invalid`, which holds every fault of configuration
 * and schemes, one per line.
 */
export async function load(
  { env: given, configurationFolders }: CommandContext,
  options: CommonOptions,
): Promise<Loaded> {
  const files = await filesOfEnvironment(given);
  const { env, readFile } = files;
  const named = options.config ?? env['ESL_ROUTER_CONFIG'] ?? '';
  const result = loadConfig({
    ...(await findConfiguration(named, configurationFolders)),
    env: given,
    argv: options.schemes === undefined ? {} : { 'schemes.dir': options.schemes },
    readSecretFile: readFile,
  });
  const { secrets, texts: values } = secretsBeside(result, files);
  if (result.ok) {
    const texts = [...values, ...secretTexts(result.settings)];
    texts.push(...proxyPasswords(result.config.proxyEnvironment, result.config.http.proxy));
    const notes = [...files.notes, ...result.notes];
    return { ...result, notes, secrets, secretTexts: texts, secretFiles: files };
  }
  const schemes = await loadSchemes(result.config, secrets);
  throw new RouterError(
    'config_invalid',
    [...result.faults, ...(schemes.ok ? [] : schemes.faults)].join('\n'),
  );
}

/** Faults of the configuration are reported together with those of the secrets. */
function secretsBeside(result: ConfigResult, files: SecretFiles): ReturnType<typeof secretsOf> {
  try {
    return secretsOf(files, result.config.secrets.hosts);
  } catch (error) {
    const faults = result.ok ? [] : result.faults;
    throw new RouterError('config_invalid', [...faults, messageOf(error)].join('\n'), { cause: error });
  }
}

/** For faults, and for output about the configuration: no secret, and nothing from a secrets file. */
export function redactorOf(env: CommandContext['env']): Redactor {
  // Before they are read only the variables are known: reporting a fault does not wait for a file.
  const files = read.get(env) ?? { env, readFile: notRead };
  const secrets = [
    ...secretValues(files, { everyFile: true }),
    ...proxyPasswords(proxyEnvironmentOf(env), env['ESL_ROUTER_HTTP_PROXY']),
  ];
  return createRedactor({ secrets });
}

/** What the files held that ESL_ROUTER_..._FILE name. Read once: one may be a pipe. */
const read = new WeakMap<CommandContext['env'], SecretFiles>();

async function filesOfEnvironment(env: CommandContext['env']): Promise<SecretFiles> {
  const files = read.get(env) ?? (await readSecretFiles(env));
  read.set(env, files);
  return files;
}

function notRead(): never {
  throw new Error('it was not read');
}
