import { Writable } from 'node:stream';
import { print, printJson } from '../../lib/commands/print.ts';
import { createLogger, type Log } from '../../lib/log.ts';
import { createRedactor, type Redactor } from '../../lib/redact/redactor.ts';
import { Random } from '../../lib/simulator/random.ts';
import { finder, newSecret } from '../faults/canaries.ts';
import { ENCODINGS, unjson, type Encoding } from './encodings.ts';

/** Log lines, records and faults at random, with secrets and numbers in them in every encoding: what is written holds none. */

const SECRETS = 12;
const NUMBERS = 8;
const MOST_EXAMPLES = 5;

export interface RedactReport {
  /** Texts by encoding, and by where they were written. */
  readonly tried: ReadonlyMap<string, number>;
  readonly found: ReadonlyMap<string, number>;
  /** The first few that are not as they should be: found, or not found by the negative control. */
  readonly examples: readonly string[];
}

/** Of the negative control: the redactor knows nothing, and all is found. */
export interface RedactOptions {
  readonly isOff?: boolean;
  readonly progress?: (done: number) => void;
}

export async function fuzzRedact(
  count: number,
  seed: number,
  { isOff = false, progress }: RedactOptions = {},
): Promise<RedactReport> {
  const random = new Random(seed);
  const secrets = newSecrets(random);
  const numbers = Array.from({ length: NUMBERS }, () => newNumber(random));
  const find = finderOf(secrets, numbers);
  const write = writers(isOff ? [] : secrets, !isOff);
  const tried = new Map<string, number>();
  const found = new Map<string, number>();
  const examples: string[] = [];
  for (let n = 0; n < count; n++) {
    const isSecret = random.chance(0.6);
    const canary = pick(random, isSecret ? secrets : numbers);
    const encodings = chain(random, isSecret);
    const text = encodings.reduce((written, { write: encode }) => encode(written), canary);
    const [where, line] = await write(random, text);
    const name = encodings.map((one) => one.name).join(', then ');
    count1(tried, encodings.length === 1 ? name : 'two encodings');
    const isFound = find(line, encodings, isSecret);
    if (isFound) count1(found, encodings.length === 1 ? name : 'two encodings');
    if (isFound !== isOff && examples.length < MOST_EXAMPLES) {
      examples.push(`${where}, ${name}: ${JSON.stringify(canary)} in ${line}`);
    }
    if (n % 10_000 === 0) progress?.(n);
  }
  return { tried, found, examples };
}

function count1(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

/** One is the beginning of another, one has signs that each program writes in its own way, some are as services make them. */
function newSecrets(random: Random): string[] {
  const secrets = Array.from({ length: SECRETS }, () => newSecret(random));
  const [first = '', second = '', third = '', fourth = ''] = secrets;
  secrets[1] = first.slice(0, 20);
  secrets[2] = `p&<${second.slice(0, 8)}/=${second.slice(18)}`;
  secrets[3] = third.replace(/\W/g, '');
  secrets[4] = Buffer.from(fourth).toString('hex');
  secrets[5] = `sk_live_${fourth.replace(/\W/g, '-')}`;
  return secrets;
}

function newNumber(random: Random): string {
  return `${pick(random, ['38', '44', '49', '33'])}${Array.from({ length: 10 }, () => random.below(10)).join('')}`;
}

/** One encoding, or one in the other. */
function chain(random: Random, isSecret: boolean): Encoding[] {
  const fit = ENCODINGS.filter(({ of }) => of === undefined || (of === 'secret') === isSecret);
  const first = pick(random, fit);
  const second = pick(
    random,
    ENCODINGS.filter(({ of }) => of === undefined),
  );
  return random.chance(0.25) ? [first, second] : [first];
}

const WORDS =
  'contact owner reply error at HTTP 503 line /api/v2/route?x=1 {"ok":false} <p>not found</p> Олена 佐藤 \u0007'.split(
    ' ',
  );

function around(random: Random, text: string): string {
  const words = (): string => Array.from({ length: random.below(4) }, () => pick(random, WORDS)).join(' ');
  const [open = '', close = ''] = pick(random, [
    '"|"',
    '[|]',
    '?k=|&a=b',
    '<b>|</b>',
    '|',
    '{"a":"|"}',
    '/|/',
    '> |;',
  ]).split('|');
  return `${words()} ${open}${text}${close} ${words()}`;
}

type Write = (random: Random, text: string) => Promise<[where: string, line: string]>;

/** Everything by which the program writes. */
function writers(secrets: readonly string[], maskNumbers: boolean): Write {
  const sink = new Sink();
  const options = { level: 'debug', maskNumbers, secrets, stream: sink } as const;
  const json = createLogger({ ...options, format: 'json' });
  const pretty = createLogger({ ...options, format: 'pretty' });
  const redactor = createRedactor({ secrets, maskNumbers });
  const ways: Record<string, (random: Random, text: string) => void> = {
    'json log': (random, text) => {
      logged(json, random, text);
    },
    'pretty log': (random, text) => {
      logged(pretty, random, text);
    },
    record: (random, text) => {
      json.debug('record', recordOf(random, text));
    },
    fault: (random, text) => {
      print(sink, ['a.json: webhook.url:', around(random, text)], redactor);
    },
    'printed JSON': (random, text) => {
      printJson(sink, recordOf(random, text), redactor);
    },
    'reply to a scheme': (random, text) => {
      sink.write(replyOf(around(random, text), redactor));
    },
  };
  const names = Object.keys(ways);
  return async (random, text) => {
    const where = pick(random, names);
    ways[where]?.(random, text);
    // The log writes the lines of one turn together.
    await (where === 'pretty log' ? pretty : json).flushed();
    return [where, sink.take()];
  };
}

function logged(log: Log, random: Random, text: string): void {
  const field = pick(random, ['detail', 'caller', 'destination', 'notes', 'error', 'webhook']);
  if (random.chance(0.2)) log.warn(around(random, text));
  else
    log.info('call', {
      trace: random.uuid(),
      uuid: random.uuid(),
      status: 200,
      [field]: field === 'notes' ? ['a', around(random, text)] : around(random, text),
    });
}

function recordOf(random: Random, text: string): object {
  const [url, header, body, note, name] = Array.from({ length: 5 }, (_, i) =>
    i === random.below(5) ? around(random, text) : 'x',
  );
  const headers = {
    'X-Echo': header,
    [name === 'x' ? 'id' : String(name)]: random.chance(0.3) ? around(random, text) : '1',
  };
  return {
    id: random.uuid(),
    requests: [{ url, headers: {}, body, reply: { status: 500, headers, body } }],
    notes: [note, around(random, text)],
  };
}

function replyOf(body: string, redactor: Redactor): string {
  return redactor.text(body);
}

class Sink extends Writable {
  #text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString('utf8');
    done();
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

/** Our own times and ids: among a million of them some have eight digits of a number by chance (13:31:40.319). */
const OWN =
  /\d{4}-\d\d-\d\dT[\d:.]+Z|^\d\d:\d\d:\d\d\.\d{3}|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;

/** Looks at a line as it is, and as whoever knows the encoding reads it, level by level. */
function finderOf(
  secrets: readonly string[],
  numbers: readonly string[],
): (line: string, encodings: readonly Encoding[], isSecret: boolean) => boolean {
  const named = (texts: readonly string[]) =>
    Object.fromEntries(texts.map((text, i) => [String(i), text.toLowerCase()]));
  const inSmall = finder(named(secrets), {});
  const windows = new Set(
    numbers.flatMap((digits) =>
      Array.from({ length: digits.length - 7 }, (_, at) => digits.slice(at, at + 8)),
    ),
  );
  const holdsNumber = (text: string): boolean => {
    const joined = text.replace(OWN, ' x ').replace(/(?<=\d)[^A-Za-z0-9]{1,3}(?=\d)/g, '');
    return (joined.match(/\d{8,}/g) ?? []).some((run) =>
      Array.from({ length: run.length - 7 }, (_, at) => run.slice(at, at + 8)).some((window) =>
        windows.has(window),
      ),
    );
  };
  const holds = (text: string, isSecret: boolean): boolean =>
    isSecret ? inSmall(text.toLowerCase()).length > 0 : holdsNumber(text);
  return (line, encodings, isSecret) =>
    // JSON of a log escapes what it holds, and pretty lines may.
    [line, unjson(line)].some((written) => {
      let text = written;
      if (holds(text, isSecret)) return true;
      return [...encodings].reverse().some(({ read }) => {
        text = read(text);
        return holds(text, isSecret);
      });
    });
}

/** @returns whether nothing was found, and everything without the redactor */
export async function runRedact(
  count: number,
  seed: number,
  progress: (done: number) => void,
): Promise<boolean> {
  const start = performance.now();
  const redacted = await fuzzRedact(count, seed, { progress });
  const control = await fuzzRedact(Math.ceil(count / 50), seed + 1, { isOff: true });
  const [leaked, missed] = [redacted, control].map(({ tried, found }) =>
    [...tried].map(([name, of]) => ({ name, of, found: found.get(name) ?? 0 })),
  ) as [Counted[], Counted[]];
  const sum = (counted: readonly Counted[], key: 'of' | 'found'): number =>
    counted.reduce((total, one) => total + one[key], 0);
  console.log(
    `${redacted.tried.size} encodings: ${sum(leaked, 'found')} of ${sum(leaked, 'of')} found; without the redactor ` +
      `${sum(missed, 'found')} of ${sum(missed, 'of')}, ${((performance.now() - start) / 1_000).toFixed(1)} s`,
  );
  for (const { name, of, found } of leaked)
    if (found > 0) console.error(`  ${name}: ${found} of ${of} found`);
  for (const { name, of, found } of missed)
    if (found < of) console.error(`  control, ${name}: ${found} of ${of} found`);
  for (const example of [...redacted.examples, ...control.examples]) console.error(example);
  return sum(leaked, 'found') === 0 && sum(missed, 'found') === sum(missed, 'of');
}

interface Counted {
  readonly name: string;
  readonly of: number;
  readonly found: number;
}
