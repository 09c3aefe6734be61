import type { z } from 'zod';
import { didYouMean } from '../nearest.ts';

/** One thing wrong in a document, in the words of the person who wrote it. */
export interface Fault {
  /** Dotted path within the document; '' for the document itself. */
  readonly path: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The keys that a document may have at a path. */
type KnownKeys = (path: Path) => readonly string[];

/** zod's issues in our words: where one of several forms was meant, what is wrong with that one. */
export function faultsOf(issues: readonly Issue[], knownKeys: KnownKeys, parents: Path = []): Fault[] {
  return issues.flatMap((issue) => {
    const path = [...parents, ...issue.path];
    if (issue.code === 'invalid_key') return faultsOf(issue.issues, knownKeys, path);
    if (issue.code === 'invalid_union') {
      // The one form whose shape the value has: all that is wrong with it lies deeper, or is not a matter of shape.
      const meant = issue.errors.filter((list) => list.length > 0 && !list.some(isOtherShape));
      const [only] = meant;
      if (only !== undefined && meant.length === 1) return faultsOf(only, knownKeys, path);
    }
    return [{ path: path.join('.'), message: messageOf(issue) + meantBy(issue, knownKeys(path)) }];
  });
}

/** How messages begin that are zod's own; all others are ours already. */
const ZODS = /^(?:Invalid input|Too small|Too big)/;

/** Types as a person calls them who writes JSON. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** The key or the word that was most likely meant. */
function meantBy(issue: Issue, keys: readonly string[]): string {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => didYouMean(key, keys)).join('');
  if (issue.code === 'invalid_value') return didYouMean(issue.input, issue.values.map(String));
  if (issue.code !== 'invalid_union' || typeof issue.input !== 'object' || issue.input === null) return '';
  if (issue.discriminator !== undefined) {
    const word = (issue.input as Readonly<Record<string, unknown>>)[issue.discriminator];
    return didYouMean(
      word,
      [...issue.message.matchAll(/'([^']+)'/g)].map(([, known = '']) => known),
    );
  }
  return Object.keys(issue.input)
    .filter((key) => !keys.includes(key))
    .map((key) => didYouMean(key, keys))
    .join('');
}

function messageOf(issue: Issue): string {
  if (!ZODS.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_union')
    return `expected one of: ${[...new Set(issue.errors.flatMap(formsIn))].join(', ')}`;
  if (issue.code === 'invalid_type') {
    const found = /received (\w+)$/.exec(issue.message)?.[1] ?? '';
    const got = found === 'undefined' ? 'got nothing' : `got ${typeName(found)}`;
    return `expected ${typeName(issue.expected)}, ${got}`;
  }
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1)
    return 'must not be empty';
  if (issue.code === 'too_small')
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`;
  if (issue.code === 'too_big')
    return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`;
  return issue.message;
}

/** What one form of a union would have been. */
function formsIn([first]: readonly Issue[]): readonly string[] {
  if (first?.code === 'invalid_type') return [typeName(first.expected)];
  return first?.code === 'invalid_value' ? first.values.map(String) : [];
}

function typeName(type: string): string {
  return TYPES[type] ?? type;
}

function amount(count: number | bigint, origin: string): string {
  const unit = { string: 'character', array: 'item' }[origin];
  return unit === undefined ? `${count}` : `${count} ${unit}${Number(count) === 1 ? '' : 's'}`;
}

/** The value is of another type, or an object with other keys. */
function isOtherShape(issue: Issue): boolean {
  if (issue.path.length > 1) return false;
  const missing = issue.code === 'invalid_type' && issue.path.length === 1 && issue.input === undefined;
  return (
    missing ||
    (issue.path.length === 0 && ['invalid_type', 'unrecognized_keys', 'invalid_value'].includes(issue.code))
  );
}
