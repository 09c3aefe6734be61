import { messageOf, RouterError } from '../errors.ts';

/**
 * Secrets by name: `{{secret.CRM_TOKEN}}` reads `ESL_ROUTER_SECRET_CRM_TOKEN`, or the file that
 * `ESL_ROUTER_SECRET_CRM_TOKEN_FILE` names. Their values show nowhere.
 */
export interface Secrets {
  has(name: string): boolean;
  /** Throws RouterError `request_invalid` when the secret is not set, or is bound to other hosts than `host`. */
  read(name: string, host: string): string;
  /** The file that it was read from; null when it stands in the environment itself. */
  file?(name: string): string | null;
}

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** Hosts that a secret may be sent to; one that is not named may go to any. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
}

const PREFIX = 'ESL_ROUTER_SECRET_';

/** Throws RouterError `config_invalid` with every secret that can't be read, or is empty: one per line. */
export function loadSecrets({ env, readFile, hosts }: SecretSources): Secrets {
  const values = new Map<string, string>();
  const paths = new Map<string, string>();
  const faults: string[] = [];
  for (const [variable, value = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === '') continue;
    const isFile = variable.endsWith('_FILE');
    const name = isFile ? variable.slice(PREFIX.length, -'_FILE'.length) : variable.slice(PREFIX.length);
    const text = isFile ? textOf(readFile, value) : value;
    if (text instanceof Error) faults.push(`${variable}: cannot read ${value}: ${text.message}`);
    // "Bearer " would be sent, and be refused as if the secret were a wrong one.
    else if (text.trim() === '') faults.push(`${variable}: ${isFile ? `${value} is empty` : 'is blank'}`);
    else if (values.has(name))
      faults.push(`${PREFIX}${name} and ${PREFIX}${name}_FILE are both set: set only one of them`);
    else {
      values.set(name, text);
      if (isFile) paths.set(name, value);
    }
  }
  if (faults.length > 0) throw new RouterError('config_invalid', faults.join('\n'));
  return {
    has: (name) => values.has(name),
    file: (name) => paths.get(name) ?? null,
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

function textOf(readFile: SecretSources['readFile'], path: string): string | Error {
  try {
    return readFile(path).trim();
  } catch (error) {
    return new Error(messageOf(error));
  }
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
