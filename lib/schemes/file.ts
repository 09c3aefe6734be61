import { isUtf8 } from 'node:buffer';
import { constants, type Stats } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Files that somebody names, or puts into a folder. Whatever has that name, reading it ends within seconds: with its text, or
 * with a sentence that says what is wrong.
 */

/** Why a file can't be used, as a sentence that goes after its name. */
export class FileFault extends Error {
  /** There is nothing of that name. */
  readonly isMissing: boolean;
  /** It can be read only once, and only by code that accepts pipes. */
  readonly isPipe: boolean;

  constructor(sentence: string, code = '') {
    super(sentence);
    this.isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    this.isPipe = code === 'pipe';
  }
}

export interface ReadOptions {
  readonly maxBytes: number;
  /** A pipe is taken too, and read until its writer closes it: `--config <(...)`. */
  readonly pipes?: boolean;
}

const MIB = 1024 * 1024;
/** A scheme with a map of half a million words is smaller. */
export const MAX_SCHEME_BYTES = 16 * MIB;
/** For every other file: the bundle of all public CAs has 0.2 MiB. */
export const MAX_NAMED_BYTES = MIB;

/** A local disk answers within milliseconds; NFS tries again for minutes, and a pipe without a writer waits for ever. */
const ANSWER_MS = 5_000;
/** A pipe that is open and has nothing yet is looked at again. */
const PIPE_MS = 20;
const CHUNK_BYTES = 256 * 1024;

/** Paths by the pending answers of their file system. */
const unanswered = new Map<Promise<unknown>, string>();
const HANGS = 'does its file system hang?';

/**
 * Waits for a file system, for some seconds at most. A hanging request blocks one of Node's four threads for files, names and
 * compression: no other is risked until it ends.
 */
export async function answerOf<T>(path: string, ask: () => Promise<T>): Promise<T> {
  for (const hanging of unanswered.values()) {
    if (hanging === path) throw new FileFault(`still does not answer: ${HANGS}`);
    throw new FileFault(`is not read, as ${hanging} does not answer: ${HANGS}`);
  }
  const answer = ask();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ANSWER_MS, 'late');
  });
  try {
    const first = await Promise.race([answer.then((value) => ({ value })), late]);
    if (first !== 'late') return first.value;
  } finally {
    clearTimeout(timer);
  }
  unanswered.set(answer, path);
  const forget = (): void => void unanswered.delete(answer);
  answer.then(forget, forget);
  throw new FileFault(`does not answer within ${ANSWER_MS / 1000} s: ${HANGS}`);
}

/** The text of a file: UTF-8, its byte-order mark skipped. Rejects with a FileFault. */
export async function readText(path: string, options: ReadOptions): Promise<string> {
  return textOf(await readBytes(path, options));
}

/** Rejects with a FileFault. */
export async function readBytes(path: string, options: ReadOptions): Promise<Buffer> {
  try {
    return await answerOf(path, () => readWhole(path, options));
  } catch (error) {
    if (error instanceof FileFault) throw error;
    throw new FileFault(sentenceOf(error), (error as NodeJS.ErrnoException).code);
  }
}

/** The names in a folder. Rejects with a FileFault. */
export async function namesOf(dir: string): Promise<string[]> {
  try {
    return await answerOf(dir, () => readdir(dir));
  } catch (error) {
    if (error instanceof FileFault) throw error;
    throw new FileFault(sentenceOf(error), (error as NodeJS.ErrnoException).code);
  }
}

async function readWhole(path: string, options: ReadOptions): Promise<Buffer> {
  // Before it is opened: the opening of a device may do something.
  mustFit(await stat(path), options);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    // It may be another file by now.
    const found = await handle.stat();
    mustFit(found, options);
    return await readAll(handle, found, options);
  } finally {
    await handle.close();
  }
}

function mustFit(found: Stats, { maxBytes, pipes = false }: ReadOptions): void {
  if (!found.isFile() && !(pipes && found.isFIFO()))
    throw new FileFault(`is ${kindOf(found)}, expected a file`, found.isFIFO() ? 'pipe' : '');
  if (found.size > maxBytes) throw tooLarge(maxBytes);
}

/** The size that it had when it was opened says nothing about one that grows, or that is made as it is read. */
async function readAll(handle: FileHandle, found: Stats, { maxBytes }: ReadOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const until = performance.now() + ANSWER_MS;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(4096, found.size - size + 1)));
    const bytesRead = await handle.read(chunk, 0, chunk.length, null).then(
      (result) => result.bytesRead,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && performance.now() < until) return null;
        throw error;
      },
    );
    if (bytesRead === null) {
      await delay(PIPE_MS);
      continue;
    }
    if (bytesRead === 0) return Buffer.concat(chunks);
    size += bytesRead;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

function tooLarge(maxBytes: number): FileFault {
  return new FileFault(
    `is larger than ${maxBytes < MIB ? `${maxBytes / 1024} KiB` : `${maxBytes / MIB} MiB`}`,
  );
}

export function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return found.isFile() ? 'a file' : 'a device';
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'may not be read by the user that the router runs as',
  EPERM: 'may not be read by the user that the router runs as',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'its name is too long',
  ENOTDIR: 'part of its path is not a folder',
  EISDIR: 'is a folder, expected a file',
  EIO: 'the disk cannot read it',
  ESTALE: 'the file server no longer knows it',
  EMFILE: 'too many files are open (ulimit -n, LimitNOFILE)',
  ENFILE: 'the system has too many files open',
  EAGAIN: 'nothing has been written into the pipe',
};

/** The error of a system call, for people. The code stays: people search for it. */
export function sentenceOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const sentence = Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined;
  return sentence === undefined ? message : `${sentence} (${code})`;
}

/** Throws a FileFault that names the line. */
function textOf(bytes: Buffer): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new FileFault('is UTF-16: save it as UTF-8');
  }
  // Every Latin letter of UTF-16 has one, and no text has any.
  if (bytes.includes(0)) throw new FileFault('holds zero bytes, as UTF-16 does: save it as UTF-8');
  if (!isUtf8(bytes))
    throw new FileFault(`line ${firstBrokenLine(bytes)}: is not UTF-8: save the file as UTF-8`);
  return bytes.toString('utf8', bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xef_bb_bf ? 3 : 0);
}

/** No letter of UTF-8 has a line feed in it. */
function firstBrokenLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const stop = end < 0 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, stop))) return line;
    start = stop + 1;
  }
  return line;
}
