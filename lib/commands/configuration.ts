import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, RouterError } from '../errors.ts';
import { answerOf, FileFault, MAX_NAMED_BYTES, readText } from '../schemes/file.ts';

/** Where the configuration is: the file that is named, or the first folder that holds one. */

export const CONFIGURATION_FILE = 'esl-router.json';
export const SCHEMES_FOLDER = 'schemes';

export interface Configuration {
  /** Null: every setting has its default, or comes from elsewhere. */
  readonly file: { readonly name: string; readonly text: string } | null;
  /** Where the schemes are when no setting says so: beside the file. */
  readonly schemesDir: string;
}

/** A file that a person names may be a pipe, `<(...)`. */
const NAMED = { maxBytes: MAX_NAMED_BYTES, pipes: true };

/**
 * `named` is the file of --config or ESL_ROUTER_CONFIG. An empty name counts as unset: `ESL_ROUTER_CONFIG=` in a compose file.
 */
export async function findConfiguration(named: string, folders: readonly string[]): Promise<Configuration> {
  const folder = named === '' ? await folderOf(folders) : dirname(named);
  const name = named === '' ? join(folder, CONFIGURATION_FILE) : named;
  // A pipe has no folder.
  const beside = /^\/(dev|proc)\//.test(name) ? (folders[0] ?? '') : folder;
  const schemesDir = join(beside, SCHEMES_FOLDER);
  try {
    return { file: { name, text: await readText(name, NAMED) }, schemesDir };
  } catch (error) {
    if (named === '' && error instanceof FileFault && error.isMissing) return { file: null, schemesDir };
    const text = `the configuration file ${name}: ${messageOf(error)}`;
    throw new RouterError('config_invalid', text, { cause: error });
  }
}

/** The first with a configuration or schemes in it. A mere folder of that name may be another program's. */
async function folderOf(folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    for (const name of [CONFIGURATION_FILE, SCHEMES_FOLDER]) {
      if (await isThere(join(folder, name))) return folder;
    }
  }
  return folders[0] ?? '';
}

/** Without permission to look it counts as there: reading it then says what is wrong. */
async function isThere(path: string): Promise<boolean> {
  return answerOf(path, () => stat(path)).then(
    () => true,
    (error: unknown) => !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''),
  );
}
