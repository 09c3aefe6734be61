import { isIP } from 'node:net';
import convict from 'convict';

/** What a setting takes: the formats, and the words that a fault and README say them in. */

// convict's own formats take "80abc" for 80 and "yes" for true; these take what they say and nothing else.
// The name of a format is what a person reads in a fault and in README.
export function format(
  name: string,
  accepts: (value: unknown) => boolean,
  parse: (text: string) => unknown = (text) => text,
) {
  convict.addFormat({
    name,
    validate: (value: unknown) => {
      if (!accepts(value)) throw new Error(`expected ${name}`);
    },
    coerce: (value: unknown) => (typeof value === 'string' ? parse(value) : value),
  });
  return name;
}

export const number = (min: number, max: number) =>
  format(
    `a number from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max,
    (text) => (/^\d{1,9}(\.\d{1,3})?$/.test(text.trim()) ? Number(text) : text),
  );
export const integer = (min: number, max: number) =>
  format(
    `a whole number from ${min} to ${max}`,
    (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : text),
  );
export const portOrOff = format(
  'off, or a whole number from 0 to 65535',
  (value) => value === 'off' || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65535),
  (text) => (/^\d{1,5}$/.test(text.trim()) ? Number(text) : text.trim()),
);
export const apiPort = format(
  'auto, off, or a whole number from 0 to 65535',
  (value) =>
    value === 'auto' ||
    value === 'off' ||
    (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65535),
  (text) => (/^\d{1,5}$/.test(text.trim()) ? Number(text) : text.trim()),
);
export const oneOf = (...words: readonly string[]) =>
  format(`one of ${words.join(', ')}`, (value) => words.includes(value as string));
export const list = (of: string, accepts: (item: string) => boolean) =>
  format(
    `a list of ${of}`,
    (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && accepts(item)),
    (text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
  );
export const ports = format(
  'a list of ports',
  (value) =>
    Array.isArray(value) && value.every((port) => Number.isInteger(port) && port >= 1 && port <= 65535),
  (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map((item) => (/^\d{1,5}$/.test(item) ? Number(item) : item)),
);
export const json = (of: string, accepts: (value: object) => boolean) =>
  format(
    `a JSON object of ${of}`,
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && accepts(value),
    (text) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
    },
  );
export const text = format('text', (value) => typeof value === 'string');
export const variableOrNone = format(
  'the name of a channel variable',
  (value) => typeof value === 'string' && /^[A-Za-z0-9_.-]{0,64}$/.test(value),
);
export const storeUrl = format(
  'auto, off, sqlite, sqlite:FILE or postgres://user@host/database',
  (value) =>
    typeof value === 'string' &&
    (/^(auto|off|sqlite)$/.test(value) || /^sqlite:./.test(value) || isPostgres(value)),
);
export const otlpUrl = format(
  'an http or https URL without credentials',
  (value) => typeof value === 'string' && (value === '' || isPlainUrl(value)),
);
export const flag = format(
  'true or false',
  (value) => typeof value === 'boolean',
  (word) => (word === 'true' ? true : word === 'false' ? false : word),
);

/** With a database: a URL without one takes that of the user's name, and nobody knows where the records are. */
function isPostgres(value: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) return false;
  return new URL(value).pathname.length > 1;
}

/** Credentials of its own would be shown: those of OTLP come by OTEL_EXPORTER_OTLP_HEADERS. */
function isPlainUrl(value: string): boolean {
  if (!/^https?:\/\/[^?#]+$/.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const isName = (value: string): boolean => NAME.test(value);
export const isHost = (value: string): boolean =>
  isIP(value) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(value);
export const isNetwork = (value: string): boolean => {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
};
export const isDigits = (value: string): boolean => /^\+?\d{1,15}$/.test(value);
export const isLimit = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(([key, most]: [string, unknown]) => {
    if (!Number.isInteger(most) || Number(most) < 1) return false;
    return (
      (key === 'calls' && Number(most) <= 100_000) || (key === 'callsPerMinute' && Number(most) <= 10_000)
    );
  });
};
export const isSource = (value: string): boolean =>
  /^(destination_number|var:[A-Za-z0-9_]{1,64})$/.test(value);
export const isGateway = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(([key, setting]: [string, unknown]) => {
    if (key === 'callerId') return typeof setting === 'string' && /^(caller|did|\+?\d{1,20})$/.test(setting);
    if (key === 'diversion' || key === 'sendName') return typeof setting === 'boolean';
    return key === 'identity' && (setting === 'pid' || setting === 'rpid' || setting === 'none');
  });
};
export const dialTemplate = (...parts: readonly string[]) =>
  format(
    `a dial string with ${parts.join(' and ')}`,
    (value) =>
      typeof value === 'string' &&
      parts.every((part) => value.includes(part)) &&
      /^[A-Za-z0-9_./:@-]{1,200}$/.test(value.replace(/\{[a-z]+\}/g, '')),
  );
export const dialplanContext = format(
  'letters, digits, ".", "_" or "-", or var:NAME',
  (value) => typeof value === 'string' && (isName(value) || /^var:[A-Za-z0-9_]{1,64}$/.test(value)),
);

/** A leaf of the table of settings. */
export function setting(variable: string, value: unknown, name: string, doc: string) {
  return { doc, format: name, default: value, env: `ESL_ROUTER_${variable}` };
}

type Leaf = ReturnType<typeof setting>;

/** All of them, with their dotted names. */
export function leaves(tree: object, path: readonly string[] = []): [string, Leaf][] {
  return Object.entries(tree).flatMap(([key, node]: [string, object]) =>
    'env' in node ? [[[...path, key].join('.'), node as Leaf]] : leaves(node, [...path, key]),
  );
}
