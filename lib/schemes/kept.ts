import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { answerOf, MAX_NAMED_BYTES, readText, sentenceOf } from './file.ts';
import { sightOfFile } from './sight.ts';

/** Files that the router itself writes: a refresh token that the CRM has replaced. */

export async function readKept(path: string): Promise<string> {
  return (await readText(path, { maxBytes: MAX_NAMED_BYTES })).trim();
}

/** Writing one never takes this long. */
const LEFT_MS = 60_000;

/**
 * Files as we have left them, by what a glance shows now, and what it showed before: the watch does not report them until
 * somebody else writes one.
 */
export class OwnWrites {
  readonly #sights = new Map<string, { readonly now: string; readonly shown: string }>();

  /**
   * Atomic: readers get the old text meanwhile, and so does the next start after a crash in the middle. A link stays a link:
   * its target is replaced.
   */
  readonly write = async (path: string, text: string): Promise<void> => {
    const target = await answerOf(path, () => realpath(path));
    // A unique name: another router may write at the same moment.
    const beside = join(dirname(target), `.${basename(target)}.${randomUUID()}.next`);
    const before = await sightOfFile(path);
    try {
      await answerOf(beside, () => writeWhole(beside, text));
      await answerOf(target, () => rename(beside, target));
      await answerOf(target, () => settle(dirname(target)));
      await answerOf(target, () => clearOld(target));
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw new Error(`${path}: ${sentenceOf(error)}`, { cause: error });
    }
    this.#sights.set(path, { now: await sightOfFile(path), shown: this.shown(path, before) });
  };

  /** What a glance at a file is to show. */
  readonly shown = (path: string, sight: string): string => {
    const own = this.#sights.get(path);
    return own?.now === sight ? own.shown : sight;
  };
}

/** What a crash has left: the token in it was replaced by now. */
async function clearOld(target: string): Promise<void> {
  const dir = dirname(target);
  const names = await readdir(dir);
  const left = names.filter((name) => name.startsWith(`.${basename(target)}.`) && name.endsWith('.next'));
  for (const name of left) {
    const { mtimeMs } = await stat(join(dir, name));
    const { mtimeMs: now } = await stat(target);
    if (now - mtimeMs > LEFT_MS) await rm(join(dir, name), { force: true });
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${text}\n`, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The new name is on the disk, too. */
async function settle(dir: string): Promise<void> {
  const folder = await open(dir, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Why a new text could not be kept under this name; null: it could. */
export async function whyNotKept(path: string): Promise<string | null> {
  try {
    const target = await answerOf(path, () => realpath(path));
    await answerOf(path, () => access(dirname(target), constants.W_OK));
    return null;
  } catch (error) {
    return sentenceOf(error);
  }
}
