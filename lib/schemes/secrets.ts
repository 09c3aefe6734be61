import { join } from 'node:path';
import { loadSecrets, secretValues, type Secrets } from '../config/secret.ts';
import { messageOf, RouterError } from '../errors.ts';
import { FileFault, MAX_NAMED_BYTES, namesOf, readText } from './file.ts';
import { sightOfFile } from './sight.ts';
import type { OwnWrites } from './kept.ts';

/** The files of secrets: those that ESL_ROUTER_..._FILE name, and the folder ESL_ROUTER_SECRETS_DIR with one file a secret. */

type Environment = Readonly<Record<string, string | undefined>>;

export interface SecretFiles {
  /** The environment, with a variable for each file of the folder. */
  readonly env: Environment;
  /** Throws when the file could not be read. */
  readonly readFile: (path: string) => string;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

const FILE = /^ESL_ROUTER_\w+_FILE$/;
const NAME = /^[A-Z0-9_]{1,64}$/;
const FOLDER = 'ESL_ROUTER_SECRETS_DIR';

/** Reads every file in its own time, however long it hangs. A pipe gives its text once: `before` is asked for it later. */
export async function readSecretFiles(given: Environment, before?: SecretFiles): Promise<SecretFiles> {
  const { env, faults, notes } = await withFolder(given);
  const texts = new Map<string, string | Error>();
  for (const [variable, path = ''] of Object.entries(env)) {
    if (path === '' || !FILE.test(variable) || texts.has(path)) continue;
    const options = { maxBytes: MAX_NAMED_BYTES, pipes: before === undefined };
    try {
      texts.set(path, await readText(path, options));
    } catch (error) {
      const isKept = error instanceof FileFault && error.isPipe && before !== undefined;
      texts.set(path, isKept ? before.readFile(path) : (error as Error));
    }
  }
  const readFile = (path: string): string => {
    const text = texts.get(path) ?? new Error('it was not read');
    if (typeof text === 'string') return text;
    throw text;
  };
  return { env, readFile, faults, notes };
}

/** Docker, Kubernetes and systemd: `crm-token` is the secret CRM_TOKEN. Names with a dot in front are Kubernetes' own (`..data`). */
async function withFolder(env: Environment): Promise<Omit<SecretFiles, 'readFile'>> {
  const dir = env[FOLDER] ?? '';
  const faults: string[] = [];
  const notes: string[] = [];
  if (dir === '') return { env, faults, notes };
  const found: Record<string, string> = {};
  const names = await namesOf(dir).catch((error: unknown) => {
    faults.push(`${FOLDER}: ${dir}: ${messageOf(error)}, expected a folder with one file per secret`);
    return [];
  });
  for (const file of names.filter((name) => !name.startsWith('.')).sort()) {
    const path = join(dir, file);
    const name = file.toUpperCase().replaceAll(/[-.]/g, '_');
    const variable = `ESL_ROUTER_SECRET_${name}_FILE`;
    const other = found[variable] ?? ((env[variable] ?? '') === '' ? undefined : variable);
    if (!NAME.test(name))
      notes.push(`${path}: is not read as a secret: a name has only letters, digits, "_", "-" and "."`);
    else if (other !== undefined)
      faults.push(`${path} and ${other} are both the secret ${name}: keep only one of them`);
    else found[variable] = path;
  }
  return { env: { ...env, ...found }, faults, notes };
}

/** What a glance at them shows; a link counts as what it leads to, and what we wrote ourselves is no change. Never rejects. */
export async function lookAtSecrets(given: Environment, own: OwnWrites): Promise<string> {
  const { env } = await withFolder(given);
  const paths = Object.entries(env).filter(
    ([variable]) => FILE.test(variable) && variable.startsWith('ESL_ROUTER_SECRET_'),
  );
  let sights = '';
  for (const [, path = ''] of paths) if (path !== '') sights += own.shown(path, await sightOfFile(path));
  return sights;
}

type Hosts = Parameters<typeof loadSecrets>[0]['hosts'];

/** Throws RouterError `config_invalid` with every fault, one per line. */
export function secretsOf(files: SecretFiles, hosts: Hosts): { secrets: Secrets; texts: readonly string[] } {
  let secrets: Secrets | null = null;
  const faults = [...files.faults];
  try {
    secrets = loadSecrets({ ...files, hosts });
  } catch (error) {
    faults.push(messageOf(error));
  }
  if (secrets === null || faults.length > 0) throw new RouterError('config_invalid', faults.join('\n'));
  return { secrets, texts: secretValues(files) };
}
