import { existsSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { loadConfig, type Config, type SettingValue } from '../config/config.ts';
import { loadSecrets, type Secrets } from '../config/secret.ts';
import { RouterError } from '../errors.ts';
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
}

const DEFAULT_FILE = 'conf/esl-router.json';

/**
 * Reads the configuration from everywhere. Rejects with RouterError `config_invalid`, which holds every fault of
 * configuration and schemes, a line each.
 */
export async function load({ env }: CommandContext, options: CommonOptions): Promise<Loaded> {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  const result = loadConfig({
    file: configurationFile(options.config ?? env['ESL_ROUTER_CONFIG'], readFile),
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

function configurationFile(
  named: string | undefined,
  readFile: (path: string) => string,
): { name: string; text: string } | null {
  const name = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  if (name === undefined) return null;
  try {
    return { name, text: readFile(name) };
  } catch (error) {
    throw new RouterError('config_invalid', `can not read the configuration file ${name}`, { cause: error });
  }
}
