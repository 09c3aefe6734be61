import type { Readable, Writable } from 'node:stream';
import { loadConfig, type Config, type SettingValue } from '../config/config.ts';
import { proxyEnvironmentOf, proxyPasswords } from '../config/proxies.ts';
import { loadSecrets, secretValues, type Secrets } from '../config/secret.ts';
import { secretTexts } from '../config/shown.ts';
import { messageOf, RouterError } from '../errors.ts';
import { createRedactor, type Redactor } from '../redact/redactor.ts';
import { FileFault, MAX_NAMED_BYTES, readText } from '../schemes/file.ts';
import { loadSchemes } from '../schemes/folder.ts';

/** What a command is handed of the process around it. */
export interface CommandContext {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files and sockets that the process may have open; Infinity where that is not known. */
  readonly maxDescriptors: number;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Calls back when the person asks to end (Ctrl-C) or the system does (SIGTERM). */
  readonly onStop: (callback: () => void) => void;
  /** SIGHUP. */
  readonly onReload: (callback: () => void) => void;
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
  /** What no log line, and nothing that is said of a call, may hold. */
  readonly secretTexts: readonly string[];
}

const DEFAULT_FILE = 'conf/esl-router.json';

/**
 * Reads the configuration from everywhere. Rejects with RouterError `config_invalid`, which holds every fault of
 * configuration and schemes, a line each.
 */
export async function load({ env }: CommandContext, options: CommonOptions): Promise<Loaded> {
  const readFile = await filesOfEnvironment(env);
  const result = loadConfig({
    file: await configurationFile(options.config ?? env['ESL_ROUTER_CONFIG'] ?? ''),
    env,
    argv: options.schemes === undefined ? {} : { 'schemes.dir': options.schemes },
    readSecretFile: readFile,
  });
  const secrets = loadSecrets({ env, readFile, hosts: result.config.secrets.hosts });
  if (result.ok) {
    const texts = [...secretValues({ env, readFile }), ...secretTexts(result.settings)];
    texts.push(...proxyPasswords(result.config.proxyEnvironment, result.config.http.proxy));
    return { ...result, secrets, secretTexts: texts };
  }
  const schemes = await loadSchemes(result.config, secrets);
  throw new RouterError(
    'config_invalid',
    [...result.faults, ...(schemes.ok ? [] : schemes.faults)].join('\n'),
  );
}

/** For faults, and for what is told of the configuration: no secret, and nothing that stands in a file of secrets. */
export function redactorOf(env: CommandContext['env']): Redactor {
  const secrets = [
    ...secretValues({ env, readFile: readBefore(env) }, { everyFile: true }),
    ...proxyPasswords(proxyEnvironmentOf(env), env['ESL_ROUTER_HTTP_PROXY']),
  ];
  return createRedactor({ secrets });
}

/** Of a file that a person names on the command line, or in the environment: it may be a pipe, `<(...)`. */
const NAMED = { maxBytes: MAX_NAMED_BYTES, pipes: true };

/** An empty name is none: `ESL_ROUTER_CONFIG=` in a unit or a compose file. */
async function configurationFile(named: string): Promise<{ name: string; text: string } | null> {
  const name = named === '' ? DEFAULT_FILE : named;
  try {
    return { name, text: await readText(name, NAMED) };
  } catch (error) {
    if (named === '' && error instanceof FileFault && error.isMissing) return null;
    const text = `the configuration file ${name}: ${messageOf(error)}`;
    throw new RouterError('config_invalid', text, { cause: error });
  }
}

/** What the files held that ESL_ROUTER_..._FILE name. Read once: one may be a pipe. */
const texts = new WeakMap<CommandContext['env'], Map<string, string | Error>>();

/** Reads them before anybody asks for them: each in its own time, however long it hangs. */
async function filesOfEnvironment(env: CommandContext['env']): Promise<(path: string) => string> {
  const read = texts.get(env) ?? new Map<string, string | Error>();
  texts.set(env, read);
  for (const [variable, path = ''] of Object.entries(env)) {
    if (path === '' || !/^ESL_ROUTER_\w+_FILE$/.test(variable) || read.has(path)) continue;
    read.set(path, await readText(path, NAMED).catch((error: unknown) => error as Error));
  }
  return readBefore(env);
}

function readBefore(env: CommandContext['env']): (path: string) => string {
  return (path) => {
    const text = texts.get(env)?.get(path) ?? new Error('it was not read');
    if (typeof text === 'string') return text;
    throw text;
  };
}
