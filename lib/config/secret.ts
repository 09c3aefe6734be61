import { RouterError } from '../errors.ts';

/**
 * Secrets by name: `{{secret.CRM_TOKEN}}` reads `ESL_ROUTER_SECRET_CRM_TOKEN`, or the file that
 * `ESL_ROUTER_SECRET_CRM_TOKEN_FILE` names. Their values show nowhere.
 */
export interface Secrets {
  has(name: string): boolean;
  /** Throws RouterError `request_invalid` when the secret is not set, or is bound to other hosts than `host`. */
  read(name: string, host: string): string;
}

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** Hosts that a secret may be sent to; one that is not named may go to any. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
}

const PREFIX = 'ESL_ROUTER_SECRET_';

/** Throws RouterError `config_invalid` when a secret's file can't be read. */
export function loadSecrets({ env, readFile, hosts }: SecretSources): Secrets {
  const values = new Map<string, string>();
  for (const [variable, value = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === '') continue;
    const name = variable.slice(PREFIX.length);
    if (!name.endsWith('_FILE')) {
      values.set(name, value);
      continue;
    }
    try {
      values.set(name.slice(0, -'_FILE'.length), readFile(value).trim());
    } catch (error) {
      throw new RouterError('config_invalid', `${variable}: can not read ${value}`, { cause: error });
    }
  }
  return {
    has: (name) => values.has(name),
    read: (name, host) => {
      const value = values.get(name);
      if (value === undefined) throw new RouterError('request_invalid', `the secret ${name} is not set`);
      const bound = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
      if (bound !== undefined && !bound.includes(host)) {
        throw new RouterError('request_invalid', `the secret ${name} may not be sent to ${host}`);
      }
      return value;
    },
  };
}

/**
 * Every secret that the process was given, for whatever it writes; with `everyFile` what the `_FILE` of any setting holds too.
 * What can't be read is the fault of loadSecrets.
 */
export function secretValues(
  { env, readFile }: Omit<SecretSources, 'hosts'>,
  { everyFile = false } = {},
): string[] {
  return Object.entries(env).flatMap(([variable, value = '']) => {
    const isFile = variable.endsWith('_FILE');
    const isSecret =
      variable.startsWith(PREFIX) || (everyFile && isFile && variable.startsWith('ESL_ROUTER_'));
    if (!isSecret || value === '') return [];
    try {
      return [isFile ? readFile(value).trim() : value];
    } catch {
      return [];
    }
  });
}
