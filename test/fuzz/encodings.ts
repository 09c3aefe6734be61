/** Thirty ways in which programs and people write a secret or a number, each with what undoes it: written apart from lib/redact. */

export interface Encoding {
  readonly name: string;
  /** What it is for; all by default. */
  readonly of?: 'secret' | 'number';
  readonly write: (text: string) => string;
  /** Undoes it wherever it is in a text, whose rest may become anything. */
  readonly read: (text: string) => string;
}

const bytes = (text: string): number[] => [...Buffer.from(text, 'utf8')];
const hex = (byte: number, digits = 2): string => byte.toString(16).padStart(digits, '0');
const each = (text: string, write: (code: number) => string, which = /[^]/g): string =>
  text.replace(which, (character) => write(character.charCodeAt(0)));
/** Runs of bytes, each behind `mark`. */
const unbyte = (text: string, mark: RegExp, run: RegExp, radix: number): string =>
  text.replace(run, (all) =>
    Buffer.from(
      all
        .split(mark)
        .slice(1)
        .map((code) => parseInt(code, radix)),
    ).toString('utf8'),
  );

const unpercent = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
export const unjson = (text: string): string =>
  text.replace(/\\(?:u([0-9a-f]{4})|(.))/gi, (_, code?: string, letter: string = '') =>
    code === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(parseInt(code, 16)),
  );
const SIGNS: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  plus: '+',
  sol: '/',
};
const unhtml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (all, x?: string, d?: string, name: string = '') =>
    x !== undefined || d !== undefined
      ? String.fromCodePoint(x === undefined ? Number(d) : parseInt(x, 16))
      : (SIGNS[name] ?? all),
  );
const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
/** Wherever in a run it begins. */
const unrun = (text: string, pattern: RegExp, coding: 'base64' | 'hex', phases: number): string =>
  `${text}\n${[...text.matchAll(pattern)]
    .flatMap(([run]) =>
      Array.from({ length: phases }, (_, phase) => Buffer.from(run.slice(phase), coding).toString('utf8')),
    )
    .join('\n')}`;
const unbase64 = (text: string): string => unrun(text, /[A-Za-z0-9+/_-]{8,}/g, 'base64', 4);
const unhex = (text: string): string => unrun(text, /[0-9a-f]{8,}/gi, 'hex', 2);
const asIs = (text: string): string => text;

const groups = (digits: string, between: string): string => digits.match(/.{1,3}/g)?.join(between) ?? digits;
const shifted = (digits: string, zero: number): string =>
  each(digits, (code) => String.fromCodePoint(zero + code - 48), /[0-9]/g);
const unshifted = (text: string, zero: number): string =>
  text.replace(/[^]/gu, (character) => {
    const digit = (character.codePointAt(0) ?? 0) - zero;
    return digit >= 0 && digit <= 9 ? String(digit) : character;
  });

export const ENCODINGS: readonly Encoding[] = [
  { name: 'as it is', write: asIs, read: asIs },
  { name: 'JSON', write: (text) => JSON.stringify(text).slice(1, -1), read: unjson },
  {
    name: 'JSON of PHP',
    write: (text) =>
      each(
        JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
        (code) => `\\u${hex(code, 4)}`,
        /[&<>+']/g,
      ),
    read: unjson,
  },
  {
    name: 'JSON, all of it escaped',
    write: (text) => each(text, (code) => `\\u${hex(code, 4)}`),
    read: unjson,
  },
  { name: 'percent', write: encodeURIComponent, read: unpercent },
  {
    name: 'percent, small digits',
    write: (text) => encodeURIComponent(text).replace(/%../g, (one) => one.toLowerCase()),
    read: unpercent,
  },
  {
    name: 'percent, every byte',
    write: (text) =>
      bytes(text)
        .map((byte) => `%${hex(byte)}`)
        .join(''),
    read: unpercent,
  },
  { name: 'form', write: (text) => new URLSearchParams([['', text]]).toString().slice(1), read: unpercent },
  {
    name: 'percent twice',
    write: (text) => encodeURIComponent(encodeURIComponent(text)),
    read: (text) => unpercent(unpercent(text)),
  },
  {
    name: 'percent of JavaScript',
    write: (text) => each(text, (code) => `%u${hex(code, 4)}`),
    read: (text) =>
      text.replace(/%u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))),
  },
  { name: 'HTML', write: html, read: unhtml },
  { name: 'HTML twice', write: (text) => html(html(text)), read: (text) => unhtml(unhtml(text)) },
  { name: 'HTML, decimal', write: (text) => each(text, (code) => `&#${code};`, /\W/g), read: unhtml },
  { name: 'HTML, hexadecimal', write: (text) => each(text, (code) => `&#x${hex(code)};`), read: unhtml },
  {
    name: 'HTML, every sign by name',
    write: (text) => html(text).replaceAll('+', '&plus;').replaceAll('/', '&sol;'),
    read: unhtml,
  },
  { name: 'base64', write: base64, read: unbase64 },
  { name: 'base64 of Basic', write: (text) => `Basic ${base64(`crm:${text}`)}`, read: unbase64 },
  {
    name: 'base64, URL-safe',
    write: (text) => Buffer.from(`id:${text}`).toString('base64url'),
    read: unbase64,
  },
  {
    name: 'base64 of JSON',
    write: (text) => base64(JSON.stringify({ a: 1, key: text })),
    read: (text) => unjson(unbase64(text)),
  },
  {
    name: 'base64 twice',
    write: (text) => base64(base64(`u:${text}`)),
    read: (text) => unbase64(unbase64(text)),
  },
  {
    name: 'base64 of percent',
    write: (text) => base64(encodeURIComponent(text)),
    read: (text) => unpercent(unbase64(text)),
  },
  { name: 'hexadecimal', write: (text) => Buffer.from(text).toString('hex'), read: unhex },
  {
    name: 'hexadecimal, capitals',
    write: (text) => Buffer.from(text).toString('hex').toUpperCase(),
    read: unhex,
  },
  {
    name: 'bytes of a C string',
    write: (text) =>
      bytes(text)
        .map((byte) => `\\x${hex(byte)}`)
        .join(''),
    read: (text) => unbyte(text, /\\x/i, /(?:\\x[0-9a-f]{2})+/gi, 16),
  },
  {
    name: 'octal',
    write: (text) =>
      bytes(text)
        .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
        .join(''),
    read: (text) => unbyte(text, /\\/, /(?:\\[0-7]{3})+/g, 8),
  },
  { name: 'capitals', of: 'secret', write: (text) => text.toUpperCase(), read: asIs },
  {
    name: 'base64 in lines',
    of: 'secret',
    write: (text) => base64(text).replace(/.{12}/g, '$&\r\n'),
    read: (text) => unbase64(text.replace(/\r\n/g, '')),
  },
  { name: 'dots', of: 'number', write: (digits) => groups(digits, '.'), read: asIs },
  {
    name: 'unseen characters',
    of: 'number',
    write: (digits) => `\u202d${groups(digits, '\u200b')}`,
    read: asIs,
  },
  { name: 'tabs', of: 'number', write: (digits) => groups(digits, '\t'), read: asIs },
  {
    name: 'brackets and dashes',
    of: 'number',
    write: (digits) => digits.replace(/^(..)(...)(...)(..)/, '+$1 ($2) $3\u2011$4-'),
    read: asIs,
  },
  {
    name: 'Arabic digits',
    of: 'number',
    write: (digits) => shifted(digits, 0x660),
    read: (text) => unshifted(text, 0x660),
  },
  {
    name: 'full width',
    of: 'number',
    write: (digits) => shifted(digits, 0xff10),
    read: (text) => unshifted(text, 0xff10),
  },
  {
    name: 'bold digits',
    of: 'number',
    write: (digits) => shifted(digits, 0x1d7ce),
    read: (text) => unshifted(text, 0x1d7ce),
  },
];
