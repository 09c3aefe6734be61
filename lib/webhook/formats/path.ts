import { nearest } from '../../nearest.ts';
import type { Answer } from './format.ts';
import { shown } from './seen.ts';

/**
 * Reads a name out of a JSON document: as a literal key first, then as a dotted path whose digits index arrays, then,
 * when it begins with "/", as a JSON Pointer (RFC 6901). JSON path packages had repeated remote-code CVEs; this needs no
 * more than own properties.
 */

/** Names that lead out of the data and into the language. JSON.parse makes `__proto__` an own property. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const INDEX = /^(0|[1-9]\d{0,8})$/;

/** At most so many keys are named in a detail, each cut at so many characters: a record stays readable. */
const KEYS_SHOWN = 20;
const KEY_CHARACTERS = 40;
/** A reply may have thousands, and callers wait. */
const KEYS_COMPARED = 200;

/** The value under `name`: of its readings the first that holds something, else the first that is there. */
export function readName(document: unknown, name: string): unknown {
  let value: unknown;
  for (const keys of readingsOf(name)) {
    const read = walk(document, keys).value;
    if (!isEmpty(read)) return read;
    if (value === undefined) value = read;
  }
  return value;
}

/** The same as text, for `{{reply.path}}`: '' when there is none, or when it is a list or an object. */
export function textAt(document: unknown, name: string): string {
  const value = readName(document, name);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** The first of `names` that holds something, looked for in `root`, called `place`, of the whole reply. */
export function pick(root: unknown, names: readonly string[], document: unknown, place: string): Answer {
  let empty: string | undefined;
  for (const name of names) {
    const value = readName(root, name);
    if (!isEmpty(value)) return { kind: 'found', value, name, document };
    if (value !== undefined) empty ??= `${name} is ${shown(value)}`;
  }
  if (empty !== undefined) return { kind: 'none', reason: 'empty_value', detail: empty };
  return {
    kind: 'none',
    reason: 'missing_key',
    detail: names.map((name) => whyMissing(root, name, place)).join('; '),
  };
}

/**
 * What holds nothing: null, false, the number 0, blank text, an empty object, and a list of nothing. CRMs that are
 * written in PHP or Python say each of them for "nobody". The text "0" is an extension.
 */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.every(isEmpty);
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** What an object or a list holds, or what else the value is: for a detail. */
export function contents(value: unknown): string {
  if (value === null) return 'is null';
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[];
    const of = value.length === 0 ? 'is an empty list' : `is a list of ${value.length}`;
    return isObject(first) ? `${of}, its "0" ${contents(first)}` : of;
  }
  if (typeof value !== 'object') return `is a ${typeof value === 'string' ? 'string' : typeof value}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'is an empty object';
  const named = keys.slice(0, KEYS_SHOWN).map(shownKey).join(', ');
  return `holds the keys ${named}${keys.length > KEYS_SHOWN ? ` and ${keys.length - KEYS_SHOWN} more` : ''}`;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own, and no name of the language. */
export function property(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null || FORBIDDEN.has(key)) return undefined;
  // An array's own "length" is not data.
  if (Array.isArray(holder) && !INDEX.test(key)) return undefined;
  return Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
}

/** The keys on the way to a value, one list for each way that a name can be read. */
function readingsOf(name: string): readonly (readonly string[])[] {
  const pointer = pointed(name);
  const readings = [[name]];
  if (name.includes('.')) readings.push(name.split('.'));
  if (pointer !== null) readings.push(pointer);
  return readings;
}

/** RFC 6901, 4: `~1` first, so that `~01` is `~1` and not `/`. Null for what is not a pointer. */
function pointed(name: string): string[] | null {
  if (!name.startsWith('/') || /~(?![01])/.test(name)) return null;
  return name
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Follows keys as far as they go: `holder` is the last value reached, `path` the way to it. */
function walk(
  document: unknown,
  keys: readonly string[],
): { value: unknown; holder: unknown; path: readonly string[] } {
  let holder = document;
  for (const [index, key] of keys.entries()) {
    const value = property(holder, key);
    if (value === undefined || index === keys.length - 1)
      return { value, holder, path: keys.slice(0, index) };
    holder = value;
  }
  return { value: undefined, holder, path: keys };
}

function whyMissing(root: unknown, name: string, place: string): string {
  const keys = pointed(name) ?? name.split('.');
  const { holder, path } = walk(root, keys);
  const meant = nearMiss(holder, keys[path.length] ?? '');
  const hint = meant === null ? '' : ` (did you mean ${JSON.stringify([...path, meant].join('.'))}?)`;
  return `no ${JSON.stringify(name)}: ${path.length === 0 ? place : path.join('.')} ${contents(holder)}${hint}`;
}

/** A key that is spelled almost like the missing one, or where the missing one is one level deeper. */
function nearMiss(holder: unknown, missing: string): string | null {
  if (typeof holder !== 'object' || holder === null) return null;
  // A key with a dot in it would be read as two.
  const keys = Object.keys(holder)
    .slice(0, KEYS_COMPARED)
    .filter((key) => !key.includes('.'));
  const near = isObject(holder) ? nearest(missing, keys) : null;
  // The same key may be there, and be no data.
  if (near !== null && near !== missing) return near;
  const above = keys.find((key) => property(property(holder, key), missing) !== undefined);
  return above === undefined ? null : `${above}.${missing}`;
}

function shownKey(key: string): string {
  const text = key.length > KEY_CHARACTERS ? `${key.slice(0, KEY_CHARACTERS)}…` : key;
  return /^[\w.-]+…?$/.test(text) ? text : JSON.stringify(text);
}
