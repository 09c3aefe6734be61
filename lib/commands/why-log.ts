import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { CallRecord } from '../call/record.ts';
import { messageOf, RouterError } from '../errors.ts';
import { fitOf, isTrace, type Meant, type Told } from './why-meant.ts';

/** A call from log files of `log.format` json: its whole record if the level is debug, else what its line says. */
type LoggedCall = (
  | { readonly kind: 'record'; readonly record: CallRecord }
  | { readonly kind: 'line'; readonly fields: Fields }
) &
  Told & {
    /** ISO 8601 in UTC, so that texts sort by it. */
    readonly at: string;
  };

type Fields = Readonly<Record<string, unknown>>;

const CHUNK_BYTES = 1024 * 1024;
/** No line of the router is longer: what goes on without an end is no log. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;

interface Logged {
  readonly found: LoggedCall;
  /** Beside calls whose number only ends as the one that is meant. */
  readonly last: LoggedCall;
}

/** The last call in the files with this trace, uuid or caller, in whatever order they are named; null when there is none. */
export async function loggedCall(files: readonly string[], meant: Meant): Promise<Logged | null> {
  let logged: Logged | null = null;
  for (const file of files) {
    try {
      for await (const line of linesWith(file, meant.needles)) {
        const call = readLine(line, meant);
        if (call === null) continue;
        logged = beside(logged, call);
        // All that there is to say of the one call that has this trace.
        if (call.kind === 'record' && isTrace(meant, call.id)) return logged;
      }
    } catch (error) {
      throw new RouterError('config_invalid', `cannot read the log ${file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return logged;
}

function beside(logged: Logged | null, call: LoggedCall): Logged {
  if (logged === null) return { found: call, last: call };
  const { found, last } = logged;
  const isBetter = call.fit === found.fit ? isLater(call, found) : call.fit === 'exact';
  return { found: isBetter ? call : found, last: isLater(call, last) ? call : last };
}

function isLater(call: LoggedCall, other: LoggedCall): boolean {
  // The record says all that its line says.
  return call.id === other.id ? call.kind === 'record' : call.at >= other.at;
}

/** Gigabytes may be in the files: only what holds one of the texts is made a line. */
async function* linesWith(file: string, texts: readonly string[]): AsyncGenerator<string> {
  const needles = [...new Set(texts)].map((text) => Buffer.from(text));
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of bytesOf(file)) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      yield* linesIn(Buffer.concat([...rest, chunk.subarray(0, end)]), needles);
      rest = [];
      restBytes = 0;
    }
    rest.push(chunk.subarray(end));
    restBytes += chunk.length - end;
    if (restBytes > MAX_LINE_BYTES) throw new Error('it has no lines');
  }
  yield* linesIn(Buffer.concat(rest), needles);
}

function bytesOf(file: string): AsyncIterable<Buffer> {
  const bytes = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  // Of either's error the reader hears, as both are destroyed by it.
  return file.endsWith('.gz')
    ? pipeline(bytes, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined)
    : bytes;
}

function* linesIn(bytes: Buffer, needles: readonly Buffer[]): Generator<string> {
  const next = needles.map((needle) => bytes.indexOf(needle));
  for (;;) {
    const hits = next.filter((at) => at >= 0);
    if (hits.length === 0) return;
    const at = Math.min(...hits);
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    yield bytes.toString('utf8', bytes.lastIndexOf(NEWLINE, at) + 1, end);
    for (const [place, needle] of needles.entries()) {
      const before = next[place] ?? -1;
      if (before >= 0 && before < end) next[place] = bytes.indexOf(needle, end);
    }
  }
}

function readLine(line: string, meant: Meant): LoggedCall | null {
  const fields = fieldsIn(line);
  if (fields === null) return null;
  const { message, timestamp } = fields;
  const at = typeof timestamp === 'string' ? timestamp : '';
  if (message === 'record') {
    const record = fields as unknown as CallRecord;
    const { id, call } = record;
    const fit = fitOf(meant, { trace: id, uuid: call?.uuid, caller: call?.caller });
    return fit === null ? null : { kind: 'record', record, fit, id, caller: call?.caller ?? '', at };
  }
  if (message !== 'ended') return null;
  const { trace, uuid, caller } = fields;
  const fit = fitOf(meant, { trace, uuid, caller });
  if (fit === null) return null;
  return { kind: 'line', fields, fit, id: String(trace), caller: String(caller), at };
}

/** The router's own line in what a journal or syslog writes before it: `Nov 28 10:00:00 pbx esl-router[12]: {...}`. */
function fieldsIn(line: string): Fields | null {
  const begin = line.indexOf('{');
  if (begin < 0) return null;
  try {
    return JSON.parse(line.slice(begin)) as Fields;
  } catch {
    return null;
  }
}
