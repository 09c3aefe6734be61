/** What a reply looks like, in the words of a detail: for a reply that is not what it was to be. */

/** A text in a detail is cut at so many characters. */
const CHARACTERS = 60;

/** The beginning of a text, quoted and with its control characters escaped, for a detail. */
export function excerpt(text: string): string {
  return JSON.stringify(cut(text));
}

/** The beginning of a JSON value: a text as `excerpt` shows it, anything else as JSON. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? excerpt(value) : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS)}…` : text;
}

type Look = readonly [RegExp, string];

/** No reply of any format. */
const FOREIGN: readonly Look[] = [
  [
    /^(?:<br \/>\s{0,8})?(?:<b>)?(?:PHP )?(?:Warning|Notice|Deprecated|(?:Fatal|Parse) error|Strict Standards)(?:<\/b>)?: [^]{0,4000}? on line /i,
    'begins with a message of PHP (turn display_errors off in the CRM)',
  ],
  [/^<\?(?:php|=)/i, 'is PHP source, which the web server of the CRM did not run'],
  [/^<\?xml/i, 'is XML'],
  [/^</, 'is HTML'],
];

/** Nearly JSON, by its first characters. */
const PREFIXES: readonly Look[] = [
  [/^(?:\)\]\}'|while ?\(|for ?\(;;\)|&&&START&&&)/, 'begins with a guard against scripts before the JSON'],
  [/^(?:\/\*\*\/ ?)?[A-Za-z_$][\w$.]{0,100}\([^]*\);?$/, 'is JSONP, a call around the JSON'],
  [/^(?:var |let |const )?[A-Za-z_$][\w$.]{0,100} ?= ?[[{]/, 'is JavaScript, an assignment around the JSON'],
  [/^[\w.[\]%-]{1,100}=[^{]{0,1000}$/, 'is a form (name=value)'],
];

/** Nearly JSON, by what is outside of its texts. */
const FAULTS: readonly Look[] = [
  [/'/, 'has single quotes where JSON has double ones'],
  [/\/[/*]/, 'has comments, and JSON has none'],
  [/[{,]\s*[A-Za-z_$][\w$]*\s*:/, 'has a key without quotes'],
  [/[:,[]\s*(?!(?:true|false|null)\b)[A-Za-z_]/, 'has a value without quotes'],
  [/:\s*[,}]/, 'has a key without a value'],
  [/,\s*[}\]]/, 'has a comma after its last element'],
  [/[:,[]\s*(?:[+.]|-?0\d)/, 'has a number that begins with a zero, a plus or a point'],
];

/** How a body looks that no format takes; null for any other. `text` is trimmed. */
export function foreign(text: string): string | null {
  // gzip's first two bytes, which are not UTF-8 and so were read as windows-1252.
  if (text.startsWith('\u001f\u2039')) return 'is compressed, and Content-Encoding does not say so';
  const nul = text.indexOf('\0');
  if (nul === 0 || (nul === 1 && (text.length === 2 || text[3] === '\0'))) {
    return 'is UTF-16, and neither its charset nor a byte-order mark says so';
  }
  return lookOf(text, FOREIGN) ?? (nul > 0 ? 'holds a NUL byte' : null);
}

/** How a body looks that JSON.parse did not take. `text` is trimmed and not empty. */
export function notJson(text: string): string {
  const look = foreign(text) ?? lookOf(text, PREFIXES);
  if (look !== null) return look;
  const { outside, end, open, broken } = skim(text);
  if (!/^[{["]/.test(text)) {
    const plain = text.length <= 128 && !text.includes('\n');
    return plain ? 'is plain text, not JSON (webhook.import "http" reads such a body)' : 'is not JSON';
  }
  const fault = lookOf(outside, FAULTS);
  if (fault !== null) return fault;
  if (broken) return 'has a line break or another control character in a string, where JSON escapes it';
  if (end !== null) return `has something after its JSON, ${excerpt(text.slice(end).trim())}`;
  return open ? 'ends before its JSON does' : 'is not JSON';
}

function lookOf(text: string, looks: readonly Look[]): string | null {
  return looks.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

interface Skimmed {
  /** The document with its texts empty. */
  readonly outside: string;
  /** Where the first value is over, when something follows; null otherwise. */
  readonly end: number | null;
  /** A text, a list or an object is not closed. */
  readonly open: boolean;
  /** A control character is within a text. */
  readonly broken: boolean;
}

/** Goes along a text that is nearly JSON, once. */
function skim(text: string): Skimmed {
  let outside = '';
  let end: number | null = null;
  let depth = 0;
  let inText = false;
  let broken = false;
  for (let i = 0; i < text.length && end === null; i++) {
    const character = text[i] ?? '';
    if (inText) {
      broken ||= character < ' ';
      if (character === '\\') i++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    if (!inText) outside += character;
    if (!inText && (character === '{' || character === '[')) depth++;
    if (!inText && (character === '}' || character === ']')) depth--;
    if (!inText && depth <= 0 && i < text.length - 1) end = i + 1;
  }
  return { outside, end, open: inText || depth > 0, broken };
}
