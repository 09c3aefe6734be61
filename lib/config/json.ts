/**
 * JSON that a person wrote. JSON.parse says where it stumbled in its own words, takes a million levels of nesting, drops one of
 * two equal keys without a word and is in everybody's way while it reads 10 MB. This one is read piece by piece: whoever
 * runs it decides when the next piece is due.
 */

export type JsonResult =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** What may well not be meant: keys that appear twice. */
      readonly notes: readonly string[];
    }
  /** Where, what was expected, and what is there. */
  | { readonly ok: false; readonly fault: string };

/**
 * An object with very many keys, in pieces: a single one would be copied whole, again and again, as it grows. Keys are unique
 * across the pieces, as long as the last one counts.
 */
export class WideObject {
  readonly pieces: readonly Readonly<Record<string, unknown>>[];
  /** How much of the text it is. */
  readonly characters: number;

  constructor(pieces: readonly Readonly<Record<string, unknown>>[], characters: number) {
    this.pieces = pieces;
    this.characters = characters;
  }
}

/** The same value with every object in one piece: for what is small, however many keys it has. */
export function joined(value: unknown): unknown {
  if (value instanceof WideObject) return joined(Object.fromEntries(value.pieces.flatMap(Object.entries)));
  if (Array.isArray(value)) return value.map(joined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, joined(inner)]));
}

/** Schemes and configurations stay below ten; recursion over what was read ends somewhere above a thousand. */
const MAX_DEPTH = 64;
/** Keys of an object in one piece. */
const PIECE = 4_000;
/** Values between two pauses: below a millisecond. */
const VALUES_AT_ONCE = 1_000;
const MAX_NOTES = 10;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const SPACE = /[ \t\n\r]*/y;
const LITERALS: ReadonlyMap<string, unknown> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

interface OpenList {
  readonly kind: 'list';
  readonly items: unknown[];
}

interface OpenObject {
  readonly kind: 'object';
  readonly start: number;
  readonly pieces: Record<string, unknown>[];
  /** The last of the pieces. */
  piece: Record<string, unknown>;
  keysInPiece: number;
  /** Of the pieces before the last one: which one has the key. */
  readonly earlier: Map<string, Record<string, unknown>>;
  /** Whose value comes next. */
  key: string;
}

type Open = OpenList | OpenObject;

/** Is called for each key: its dotted path, and its line. */
type OnKey = (path: string, line: number) => void;

class JsonFault extends Error {}

/** Reads the whole text at once. */
export function readJson(text: string, onKey?: OnKey): JsonResult {
  const reading = readingJson(text, onKey);
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
  }
}

/** Pauses after each piece. */
export function* readingJson(text: string, onKey?: OnKey): Generator<void, JsonResult> {
  const reader = new Reader(text, onKey);
  try {
    while (!reader.step()) yield;
    return { ok: true, value: reader.value, notes: reader.notes };
  } catch (error) {
    if (error instanceof JsonFault) return { ok: false, fault: error.message };
    throw error;
  }
}

class Reader {
  readonly notes: string[] = [];
  value: unknown;
  readonly #text: string;
  readonly #onKey: OnKey | undefined;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(text: string, onKey?: OnKey) {
    this.#text = text;
    this.#onKey = onKey;
  }

  /** Reads some values; true: all is read. */
  step(): boolean {
    for (let n = 0; n < VALUES_AT_ONCE; n++) if (this.#next()) return true;
    return false;
  }

  #next(): boolean {
    this.#skipSpace();
    const start = this.#at;
    switch (this.#text.charAt(start)) {
      case '{': {
        this.#enter({
          kind: 'object',
          start,
          pieces: [],
          piece: {},
          keysInPiece: 0,
          earlier: new Map(),
          key: '',
        });
        return this.#text[this.#at] === '}' ? this.#close() : this.#readKey();
      }
      case '[':
        this.#enter({ kind: 'list', items: [] });
        return this.#text[this.#at] === ']' && this.#close();
      case '"':
        return this.#put(this.#string());
      default:
        return this.#put(this.#scalar());
    }
  }

  #enter(open: Open): void {
    this.#at++;
    if (this.#open.push(open) > MAX_DEPTH)
      throw this.#fault(`expected no more than ${MAX_DEPTH} levels of nesting`, '');
    this.#skipSpace();
  }

  /** A value is whole: it goes where it belongs. True: it is the last one. */
  #put(value: unknown): boolean {
    const open = this.#open.at(-1);
    this.#skipSpace();
    if (open === undefined) {
      if (this.#at < this.#text.length) throw this.#fault('expected the end of the file');
      this.value = value;
      return true;
    }
    if (open.kind === 'list') open.items.push(value);
    else add(open, value);
    const [end, what] = open.kind === 'list' ? [']', 'value'] : ['}', 'key'];
    const sign = this.#text[this.#at];
    if (sign === end) return this.#close();
    if (sign !== ',') throw this.#fault(`expected "," or "${end}"`);
    const comma = this.#at++;
    this.#skipSpace();
    if (this.#text[this.#at] === end) {
      this.#at = comma;
      throw this.#fault(`expected another ${what} after the comma`, '');
    }
    return open.kind === 'object' && this.#readKey();
  }

  #close(): boolean {
    this.#at++;
    const open = this.#open.pop();
    if (open?.kind !== 'object') return this.#put(open?.items);
    const { pieces, piece, start } = open;
    return this.#put(pieces.length === 0 ? piece : new WideObject([...pieces, piece], this.#at - start));
  }

  /** The key of the object that is open, and its colon. */
  #readKey(): false {
    if (this.#text[this.#at] !== '"') throw this.#fault('expected a key in double quotes');
    const open = this.#open.at(-1) as OpenObject;
    const start = this.#at;
    open.key = this.#string();
    if (Object.hasOwn(open.piece, open.key) || open.earlier.has(open.key)) this.#noteTwice(start);
    this.#onKey?.(this.#path().join('.'), this.#lineOf(start));
    this.#skipSpace();
    if (this.#text[this.#at] !== ':') throw this.#fault('expected ":" after the key');
    this.#at++;
    return false;
  }

  #noteTwice(at: number): void {
    const shown = JSON.stringify(this.#path().join('.').slice(0, 100));
    if (this.notes.length < MAX_NOTES) {
      this.notes.push(`line ${this.#lineOf(at)}: the key ${shown} appears again: the last one counts`);
    }
  }

  /** Of the key that was read last. */
  #path(): string[] {
    return this.#open.flatMap((open) => (open.kind === 'object' ? [open.key] : []));
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let end = start;
    for (;;) {
      end = text.indexOf('"', end);
      if (end < 0) throw this.#fault('expected a closing double quote for the string that begins here', '');
      let backslashes = 0;
      while (text[end - 1 - backslashes] === '\\') backslashes++;
      if (backslashes % 2 === 0) break;
      end++;
    }
    const raw = text.slice(start, end);
    const control = raw.search(/[\u0000-\u001f]/);
    if (control >= 0) {
      this.#at = start + control;
      throw this.#fault('expected a string on one line: write line breaks as \\n and tabs as \\t', '');
    }
    this.#at = end + 1;
    if (!raw.includes('\\')) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      const rest = raw.replace(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/g, (escape) => '.'.repeat(escape.length));
      this.#at = start + rest.indexOf('\\');
      throw this.#fault(
        'expected \\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four digits after a backslash',
        '',
      );
    }
  }

  #scalar(): unknown {
    const start = this.#at;
    NUMBER.lastIndex = start;
    const number = NUMBER.exec(this.#text)?.[0];
    if (number !== undefined) {
      this.#at = start + number.length;
      // 0123 is a zero with something after it, and a telephone number to who wrote it.
      if (/[\w+]/.test(this.#text[this.#at] ?? '')) {
        this.#at = start;
        throw this.#fault('expected a number, or a string in double quotes', '');
      }
      return Number(number);
    }
    WORD.lastIndex = start;
    const word = WORD.exec(this.#text)?.[0] ?? '';
    if (!LITERALS.has(word)) throw this.#fault('expected a value');
    this.#at = start + word.length;
    return LITERALS.get(word);
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  /** `found` is what is there, where that is not part of what was expected. */
  #fault(expected: string, found = this.#found()): JsonFault {
    const line = this.#lineOf(this.#at);
    const column = this.#at - this.#text.lastIndexOf('\n', this.#at - 1);
    const what = this.#text.trim() === '' ? 'expected JSON, and the file is empty' : expected;
    return new JsonFault(`line ${line}, column ${column}: ${what}${found === '' ? '' : `, found ${found}`}`);
  }

  /** One sign and no more: what follows may be a password. */
  #found(): string {
    const text = this.#text;
    if (text.trim() === '') return '';
    if (this.#at >= text.length) return 'the end of the file';
    const two = text.slice(this.#at, this.#at + 2);
    if (two === '//' || two === '/*') return 'a comment: JSON has none';
    if (two.startsWith("'")) return 'a single quote';
    return JSON.stringify(String.fromCodePoint(text.codePointAt(this.#at) ?? 0));
  }

  #lineOf(at: number): number {
    let line = 1;
    for (let i = this.#text.indexOf('\n'); i >= 0 && i < at; i = this.#text.indexOf('\n', i + 1)) line++;
    return line;
  }
}

function add(open: OpenObject, value: unknown): void {
  const { key, earlier } = open;
  if (!Object.hasOwn(open.piece, key)) {
    const other = earlier.get(key);
    if (other !== undefined) {
      set(other, key, value);
      return;
    }
    if (open.keysInPiece === PIECE) {
      for (const known of Object.keys(open.piece)) earlier.set(known, open.piece);
      open.pieces.push(open.piece);
      open.piece = {};
      open.keysInPiece = 0;
    }
    open.keysInPiece++;
  }
  set(open.piece, key, value);
}

/** An assignment to `__proto__` would be none. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
