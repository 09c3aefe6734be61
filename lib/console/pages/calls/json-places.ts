/** Where things stand in a JSON text: to point at the value that was read, or at the place where it stops being JSON. */

export interface Place {
  /** Keys and indexes from the top. */
  readonly path: readonly string[];
  readonly from: number;
  /** Behind the last character. */
  readonly to: number;
  /** A text without its quotes, everything else as it stands; null for objects and lists. */
  readonly scalar: string | null;
}

export interface Places {
  readonly values: readonly Place[];
  /** Where it stops being JSON. */
  readonly fault: { readonly at: number; readonly kind: FaultKind } | null;
}

type FaultKind =
  /** Something else than a value stands where one belongs: a page, a word. */
  | 'value'
  | 'key'
  | 'colon'
  | 'comma'
  /** It ends in the middle. */
  | 'end'
  /** A text without its end, or with what may not be in one. */
  | 'text'
  /** There is something behind it. */
  | 'rest'
  | 'deep';

const MAX_DEPTH = 64;
/** A reply is 64 KiB at most; of more values than these nobody reads one. */
const MAX_VALUES = 20_000;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;

const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r\ufeff\u00a0]*/y;

class Fault extends Error {
  readonly at: number;
  readonly kind: FaultKind;

  constructor(at: number, kind: FaultKind) {
    super(kind);
    this.at = at;
    this.kind = kind;
  }
}

/** Never throws. Of what is no JSON all values in front of the fault. */
export function placesIn(text: string): Places {
  const values: Place[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  const fail = (kind: FaultKind, where = at): never => {
    throw new Fault(where, where >= text.length && kind !== 'text' ? 'end' : kind);
  };
  const add = (path: readonly string[], from: number, scalar: string | null): void => {
    if (values.length < MAX_VALUES) values.push({ path, from, to: at, scalar });
  };
  const quoted = (kind: FaultKind): string => {
    const from = at;
    if (text[at] !== '"') return fail(kind);
    const raw = match(TEXT);
    if (raw === null) return fail('text', from);
    return JSON.parse(raw) as string;
  };
  const members = (close: string, one: (index: number) => void): void => {
    at++;
    match(SPACE);
    if (text[at] === close) {
      at++;
      return;
    }
    for (let index = 0; ; index++) {
      match(SPACE);
      one(index);
      match(SPACE);
      if (text[at] === close) {
        at++;
        return;
      }
      if (text[at] !== ',') fail('comma');
      at++;
    }
  };
  const value = (path: readonly string[]): void => {
    if (path.length > MAX_DEPTH) fail('deep');
    match(SPACE);
    const from = at;
    const first = text[at];
    if (first === '"') add(path, from, quoted('value'));
    else if (first === '{') {
      members('}', () => {
        const key = quoted('key');
        match(SPACE);
        if (text[at] !== ':') fail('colon');
        at++;
        value([...path, key]);
      });
      add(path, from, null);
    } else if (first === '[') {
      members(']', (index) => {
        value([...path, String(index)]);
      });
      add(path, from, null);
    } else {
      const scalar = match(SCALAR);
      if (scalar === null) return fail('value');
      add(path, from, scalar);
    }
  };
  try {
    value([]);
    match(SPACE);
    if (at < text.length) fail('rest');
    return { values, fault: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { values, fault: { at: error.at, kind: error.kind } };
  }
}

/**
 * The value of a name as `webhook.responseName` is read: a literal key, else a dotted path, else a JSON Pointer; at the top or inside
 * `result`. The last of two equal keys counts.
 */
export function placeOf(places: Places, name: string): Place | null {
  const { values } = places;
  const pointer = name.startsWith('/')
    ? name
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : null;
  const paths = [[name], name.split('.'), ...(pointer === null ? [] : [pointer])];
  for (const path of [...paths, ...paths.map((one) => ['result', ...one])]) {
    const found = values.findLast((one) => same(one.path, path));
    if (found !== undefined) return found;
  }
  return null;
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
