import type { Readable, Writable } from 'node:stream';
import { loadConfig, type Config, type SettingValue } from '../config/config.ts';
import { loadSecrets, type Secrets } from '../config/secret.ts';
import { messageOf, RouterError } from '../errors.ts';
import { FileFault, MAX_NAMED_BYTES, readText } from '../schemes/file.ts';
import { loadSchemes } from '../schemes/folder.ts';

/** What a command is handed of the process around it. */
export interface CommandContext {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Calls back when the person asks to end (Ctrl-C) or the system does (SIGTERM). */
  readonly onStop: (callback: () => void) => void;
  /** SIGHUP. */
  readonly onReload: (callback: () => void) => void;
  /** An error that nobody caught: the process ends with 1 when the callback's promise settles, or shortly after. */
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
  if (result.ok) return { ...result, secrets };
  const schemes = await loadSchemes(result.config, secrets);
  throw new RouterError(
    'config_invalid',
    [...result.faults, ...(schemes.ok ? [] : schemes.faults)].join('\n'),
  );
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

/** The files that ESL_ROUTER_..._FILE name, read before anybody asks for them: each in its own time, however long it hangs. */
async function filesOfEnvironment(env: CommandContext['env']): Promise<(path: string) => string> {
  const texts = new Map<string, string | Error>();
  for (const [variable, path = ''] of Object.entries(env)) {
    if (path === '' || !/^ESL_ROUTER_\w+_FILE$/.test(variable) || texts.has(path)) continue;
    texts.set(path, await readText(path, NAMED).catch((error: unknown) => error as Error));
  }
  return (path) => {
    const text = texts.get(path) ?? new Error('it was not read');
    if (typeof text === 'string') return text;
    throw text;
  };
}
