import { isAlike, isObject, pointerOf, valueAt, type Path, type SchemeDocument } from './document.ts';

/** Two changes of one document put together: what only one of them changed is taken, what both did is asked. */

interface Conflict {
  readonly path: Path;
  /** Undefined: it is not there. */
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
}

export type Choice = 'mine' | 'theirs';

export interface Merged {
  readonly document: SchemeDocument;
  /** What both changed, each to something else. */
  readonly conflicts: readonly Conflict[];
}

/** `choices`: by JSON pointer; mine where there is none. A list counts as one value: its places mean nothing alone. */
export function merged(
  base: SchemeDocument,
  mine: SchemeDocument,
  theirs: SchemeDocument,
  choices: ReadonlyMap<string, Choice> = new Map(),
): Merged {
  const conflicts: Conflict[] = [];
  const document = within([], base, mine, theirs);
  return { document: isObject(document) ? document : mine, conflicts };

  function within(path: Path, was: unknown, own: unknown, other: unknown): unknown {
    if (isAlike(own, other) || isAlike(was, other)) return own;
    if (isAlike(was, own)) return other;
    if (isObject(own) && isObject(other)) {
      const keys = new Set([...Object.keys(other), ...Object.keys(own)]);
      return Object.fromEntries(
        [...keys].flatMap((key) => {
          const [before, one, two] = [was, own, other].map((value) => valueAt(value, [key]));
          const value = within([...path, key], before, one, two);
          return value === undefined ? [] : [[key, value]];
        }),
      );
    }
    conflicts.push({ path, base: was, mine: own, theirs: other });
    return choices.get(pointerOf(path)) === 'theirs' ? other : own;
  }
}
