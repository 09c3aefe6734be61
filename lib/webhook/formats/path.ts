import type { Answer } from './format.ts';

/**
 * Reads a name out of a JSON document: as a literal key first, then as a dotted path whose digits index arrays.
 * JSON path packages had repeated remote-code CVEs; this needs no more than own properties.
 */

/** Names that lead out of the data and into the language. JSON.parse makes `__proto__` an own property. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const INDEX = /^(0|[1-9]\d{0,8})$/;

/** At most so many keys are named in a detail, each cut at so many characters: a record stays readable. */
const KEYS_SHOWN = 20;
const KEY_CHARACTERS = 40;

/** The value under `name`, or undefined when there is none. */
function readName(document: unknown, name: string): unknown {
  const literal = property(document, name);
  return literal === undefined ? walk(document, name).value : literal;
}

/** The same as text, for `{{reply.path}}`: '' when there is none, or when it is a list or an object. */
export function textAt(document: unknown, name: string): string {
  const value = readName(document, name);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** The first of `names` that holds something, looked for in `root`, called `place`, of the whole reply. */
export function pick(
  root: unknown,
  names: readonly string[],
  document: unknown,
  place = 'the reply',
): Answer {
  let empty: string | undefined;
  for (const name of names) {
    const value = readName(root, name);
    if (!isEmpty(value)) return { kind: 'found', value, name, document };
    if (value !== undefined) empty ??= `${name} is ${JSON.stringify(value)}`;
  }
  if (empty !== undefined) return { kind: 'none', reason: 'empty_value', detail: empty };
  return {
    kind: 'none',
    reason: 'missing_key',
    detail: names.map((name) => whyMissing(root, name, place)).join('; '),
  };
}

/** What programs send when they have nothing to send. The text `"0"` is an extension. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return true;
  if (typeof value === 'string') return value.trim() === '';
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function property(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null || FORBIDDEN.has(key)) return undefined;
  // An array's own "length" is no data.
  if (Array.isArray(holder) && !INDEX.test(key)) return undefined;
  return Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
}

/** Follows a dotted path as far as it goes: `holder` is the last value reached, `path` the way to it. */
function walk(document: unknown, name: string): { value: unknown; holder: unknown; path: string } {
  const keys = name.split('.');
  let holder = document;
  for (const [index, key] of keys.entries()) {
    const value = property(holder, key);
    if (value === undefined || index === keys.length - 1) {
      return { value, holder, path: keys.slice(0, index).join('.') };
    }
    holder = value;
  }
  return { value: undefined, holder, path: name };
}

function whyMissing(root: unknown, name: string, place: string): string {
  const { holder, path } = walk(root, name);
  return `no ${JSON.stringify(name)}: ${path === '' ? place : path} ${contents(holder)}`;
}

function contents(value: unknown): string {
  if (value === null) return 'is null';
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : `is a list of ${value.length}`;
  if (typeof value !== 'object') return `is a ${typeof value}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'is an empty object';
  const shown = keys.slice(0, KEYS_SHOWN).map(shownKey).join(', ');
  return `holds the keys ${shown}${keys.length > KEYS_SHOWN ? ` and ${keys.length - KEYS_SHOWN} more` : ''}`;
}

function shownKey(key: string): string {
  const text = key.length > KEY_CHARACTERS ? `${key.slice(0, KEY_CHARACTERS)}…` : key;
  return /^[\w.-]+…?$/.test(text) ? text : JSON.stringify(text);
}
