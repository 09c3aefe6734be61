import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { inSlices } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { readingJson } from '../config/json.ts';
import type { Secrets } from '../config/secret.ts';
import { messageOf } from '../errors.ts';
import { requestsOf } from '../scheme/scheme.ts';
import { soleSecret } from '../webhook/auth/grant.ts';
import {
  answerOf,
  FileFault,
  kindOf,
  MAX_NAMED_BYTES,
  MAX_SCHEME_BYTES,
  readBytes,
  readText,
  sentenceOf,
} from './file.ts';
import { configuredCrms, crmsDir, withFiles } from './crms.ts';
import { whyNotKept } from './kept.ts';
import { NO_ANSWER, sightOf, sightsOf } from './sight.ts';
import {
  assembling,
  environmentSource,
  type LoadResult,
  type SchemeSet,
  type SchemeSource,
} from './schemes.ts';
import { NONE_STORED, storedSources, type StoredSchemes, type StoredUse } from './stored.ts';
import { tlsFilesOf } from './tls.ts';

/** Of all files together: in memory a set of schemes takes several times as much. */
const MAX_FOLDER_BYTES = 4 * MAX_SCHEME_BYTES;
/** How often to read again while a deployment is changing the files. */
const TRIES = 3;

/** What was read, and what could not be. */
interface Found {
  readonly sources: SchemeSource[];
  readonly notes: string[];
  /** Of the file system. */
  readonly faults: string[];
  /** Of what the files hold. */
  readonly broken: { readonly path: string; readonly fault: string }[];
}

/** What a folder is for, in words. */
type Kind = 'scheme' | 'profile';

/**
 * Reads and checks every scheme, of the folder and of the environment: the whole set, or all faults at once. What is read is the
 * folder of one moment: when a file changes meanwhile it is read once more.
 */
export async function loadSchemes(
  config: Config,
  secrets: Secrets,
  stored = NONE_STORED,
): Promise<LoadResult> {
  const { dir } = config.schemes;
  for (let tries = 1; ; tries++) {
    const before = await lookAt(dir);
    const found = await readFolder(dir, 'scheme');
    const profiles = await readFolder(crmsDir(dir), 'profile');
    const crms = withFiles(configuredCrms(config), profiles);
    const named = namedBy(dir, [
      ...found.sources.map(({ json }) => json),
      ...profiles.sources.map(({ json }) => ({ webhook: json })),
      ...Object.values(config.crms).map((json) => ({ webhook: json })),
    ]);
    const sightOfNamed = await sightsOf(named);
    const readText = await readNamed(named);
    const after = await lookAt(dir);
    // A file that hangs is a fault already, and would hang again.
    const isSettled = before === after || after.includes(`${NO_ANSWER}\n`);
    if (!isSettled && tries < TRIES) continue;
    if (!isSettled) found.faults.push(`${dir}: its files change while they are read`);
    const environment = environmentSource(config);
    // A stored scheme may only name files that a scheme file names: its editors must not probe this machine.
    const outside = await storedSources(stored, [...found.sources, ...environment]);
    const sources = [...found.sources, ...outside.sources, ...environment];
    found.faults.push(...profiles.faults);
    const unread = [...found.faults, ...found.broken.map(({ path, fault }) => `${path}: ${fault}`)];
    const result = await inSlices(
      assembling(sources, config, secrets, {
        unread,
        readText,
        crms,
        isAwaited: awaitedIn(stored, outside.uses),
        hasStore: await isStoreOn(config.store),
      }),
    );
    const uses = [...outside.uses, ...(result.stored ?? [])];
    const looked = { named, seen: after + sightOfNamed, stored: uses };
    return result.ok
      ? {
          ...result,
          ...looked,
          notes: [
            ...found.notes,
            ...profiles.notes,
            ...outside.notes,
            ...result.notes,
            ...(await notKept(result.set, secrets)),
          ],
        }
      : { ...result, ...looked, mayPass: found.faults.length > 0 };
  }
}

/** Schemes that files may name though they are not there: of a store that has not answered yet, or left out. */
function awaitedIn({ isKnown }: StoredSchemes, uses: readonly StoredUse[]): (name: string) => boolean {
  const names = new Set(uses.map(({ name }) => name));
  return (name) => !isKnown || names.has(name);
}

/** As the store itself decides: "auto" means one if its folder exists. */
async function isStoreOn({ url, dir }: Config['store']): Promise<boolean> {
  if (url !== 'auto') return url !== 'off';
  const found = await answerOf(dir, () => stat(dir)).catch(() => null);
  return found?.isDirectory() === true;
}

/** Files of refresh tokens that a new one can't be written to. */
async function notKept({ schemes }: SchemeSet, secrets: Secrets): Promise<string[]> {
  const files = new Map<string, string>();
  for (const { webhook } of [...schemes.values()].flatMap(requestsOf)) {
    const { auth } = webhook;
    if (auth.type !== 'oauth2' || auth.refreshToken === undefined) continue;
    const name = soleSecret(auth.refreshToken);
    const file = name === null ? null : (secrets.file?.(name) ?? null);
    if (name !== null && file !== null) files.set(name, file);
  }
  const notes = await Promise.all(
    [...files].map(async ([name, file]) => {
      const why = await whyNotKept(file);
      return why === null
        ? []
        : [`ESL_ROUTER_SECRET_${name}_FILE: ${file}: no new refresh token can be kept there: ${why}`];
    }),
  );
  return notes.flat();
}

/**
 * What a glance at a folder shows: two that are alike mean that nothing has changed. The folder itself counts, so that one that
 * took its place is seen, and so do files that schemes name. Never rejects: what can't be seen is a sight too.
 */
export async function lookAt(dir: string, named: readonly string[] = []): Promise<string> {
  return (await lookInto(dir)) + (await lookInto(crmsDir(dir))) + (await sightsOf(named));
}

async function lookInto(dir: string): Promise<string> {
  const files = await namesIn(dir).then(
    (names) => names.map((name) => join(dir, name)),
    () => [],
  );
  // A folder's own times change with every editor's lock in it.
  const folder = await sightOf(dir, ({ dev, ino }) => `${dev}:${ino}`);
  return folder + (await sightsOf(files));
}

/** In the order in which `match` chooses. Editors' locks and backups (`.#t.json`, `.t.json.swp`, `t.json~`) do not count. */
async function namesIn(dir: string): Promise<string[]> {
  const names = await answerOf(dir, () => readdir(dir));
  return names.filter((name) => name.endsWith('.json') && !/^[.#]/.test(name)).sort();
}

async function readFolder(dir: string, kind: Kind): Promise<Found> {
  const found: Found = { sources: [], notes: [], faults: [], broken: [] };
  let names: string[];
  try {
    names = await namesIn(dir);
  } catch (error) {
    // A missing folder is not a fault: a router without schemes gives every call back and says so.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      if (kind === 'scheme') found.notes.push(`${dir}: there is no such folder`);
    } else if ((error as NodeJS.ErrnoException).code === 'ENOTDIR')
      found.faults.push(`${dir}: is not a folder (ENOTDIR)`);
    else found.faults.push(`${dir}: ${error instanceof FileFault ? error.message : sentenceOf(error)}`);
    return found;
  }
  let bytes = 0;
  for (const name of names) {
    const path = join(dir, name);
    try {
      const is = await answerOf(path, async () => kindOf(await stat(path)));
      if (is !== 'a file') {
        found.notes.push(`${path}: is ${is}, not a ${kind}`);
        continue;
      }
      const text = await readText(path, { maxBytes: MAX_SCHEME_BYTES });
      bytes += text.length;
      if (bytes > MAX_FOLDER_BYTES) {
        found.faults.push(`${dir}: its files are larger than ${MAX_FOLDER_BYTES / 1024 / 1024} MiB`);
        return found;
      }
      const read = await inSlices(readingJson(text));
      if (read.ok) {
        found.sources.push({ name: path, text, json: read.value });
        found.notes.push(...read.notes.map((note) => `${path}: ${note}`));
      } else found.broken.push({ path, fault: read.fault });
    } catch (error) {
      // Its name was there a moment ago.
      const isLink = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const sentence = error instanceof FileFault ? error.message : sentenceOf(error);
      found.faults.push(`${path}: ${isLink ? 'is a link to a file that is not there (ENOENT)' : sentence}`);
    }
  }
  return found;
}

/** The files that schemes and profiles name: those of `tls`. */
function namedBy(dir: string, documents: readonly unknown[]): string[] {
  const named = documents.flatMap(tlsFilesOf).map((file) => resolve(dir, file));
  return [...new Set(named)];
}

/** Reads files before anybody asks for them. */
async function readNamed(named: readonly string[]): Promise<(path: string) => string> {
  const texts = new Map<string, string | Error>();
  for (const path of named) {
    // PEM is ASCII, whatever the comments between are.
    const text = await readBytes(path, { maxBytes: MAX_NAMED_BYTES }).then(
      (bytes) => bytes.toString('latin1'),
      (error: unknown) => new Error(`${path}: ${messageOf(error)}`),
    );
    texts.set(path, text);
  }
  return (path) => {
    const text = texts.get(path) ?? new Error(`${path}: is not used by any scheme or profile`);
    if (typeof text === 'string') return text;
    throw text;
  };
}
