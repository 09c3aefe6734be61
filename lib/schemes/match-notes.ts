import type { Config } from '../config/config.ts';
import { coversMatch, matchOf, type Match, type Pattern } from '../scheme/match.ts';
import type { Scheme } from '../scheme/scheme.ts';

/** A scheme, and the file that it comes from. */
interface Sourced {
  readonly scheme: Scheme;
  readonly source: { readonly name: string };
}

/** Characters of other pattern languages. No telephone number has one, and none is special here. */
const FOREIGN = /[\\^$|[\]{},;]|(?<=.)\+/u;

/** Each is checked against all before it. More than these are written by a program, and a reload is not to hold up calls. */
const MOST_COMPARED = 300;

/**
 * What in a `match` never chooses its scheme, with file and path: only what is certain. The scheme may still be reached by
 * variable, path and hand-over. `schemes` are in the order in which they are chosen.
 */
export function matchNotes(schemes: readonly Sourced[], config: Pick<Config, 'bypass'>): string[] {
  return schemes.flatMap(({ scheme, source }, index) => {
    const match = matchOf(scheme);
    if (match === null) return [];
    // One in shadow mode takes no call from those behind it.
    const earlier = schemes
      .slice(0, index)
      .filter(({ scheme: { mode } }) => mode === 'live' || mode === scheme.mode);
    const compared = schemes.length > MOST_COMPARED ? [] : earlier;
    const notes = [...patternNotes(match, config), ...hiddenNotes(match, compared)];
    return notes.map((note) => `${source.name}: ${note}`);
  });
}

function patternNotes({ did, caller, context }: Match, { bypass }: Pick<Config, 'bypass'>): string[] {
  const notes: string[] = [];
  for (const [part, patterns] of [
    ['did', did ?? []],
    ['caller', caller ?? []],
  ] as const) {
    for (const [index, pattern] of patterns.entries()) {
      const shown = `match.${pathOf(part, index, patterns)}: ${JSON.stringify(pattern.source)}`;
      const wrong = neverFits(pattern);
      if (wrong !== null) notes.push(`${shown} ${wrong}`);
      else if (part === 'did' && pattern.globs.every((glob) => bypass.called.includes(glob))) {
        notes.push(
          `${shown} is an emergency number (bypass.called): calls to it are given back before any match`,
        );
      }
    }
  }
  for (const [index, glob] of (context ?? []).entries()) {
    if (glob.trim() === glob) continue;
    const shown = `match.${pathOf('context', index, context ?? [])}: ${JSON.stringify(glob)}`;
    notes.push(`${shown} ends in a space, and no context does: it is compared as it is`);
  }
  return notes;
}

/** Why no number fits, or null. A name with letters in it may be that of a SIP user, whatever else is in it. */
function neverFits({ globs: [glob], asWritten }: Pattern): string | null {
  if (glob === undefined) return 'is nothing but separators, and never matches';
  const [sign] = FOREIGN.exec(glob) ?? [];
  const isName = /\p{L}/u.test(glob.replace(/\\[dswb]/gi, '\\'));
  if (asWritten || sign === undefined || isName) return null;
  const instead =
    sign === ',' || sign === ';'
      ? 'write several as a list, ["...", "..."]'
      : 'only * and ? are special here, this is not a regular expression';
  return `has ${JSON.stringify(sign)} in it, and no number has: ${instead}`;
}

/** The first scheme that fits is chosen, so that one that fits as much or more hides those behind it. */
function hiddenNotes(match: Match, earlier: readonly Sourced[]): string[] {
  const hiding = (part: Match): string | null => {
    const found = earlier.find(({ scheme }) => {
      const other = matchOf(scheme);
      return other !== null && coversMatch(other, part);
    });
    return found === undefined
      ? null
      : `${found.scheme.name} (${found.source.name}) comes first and matches all these calls`;
  };
  const patterns = [...(match.did ?? []), ...(match.caller ?? [])];
  // It fits nothing at all, which is said already.
  if (patterns.length > 0 && patterns.every(({ globs }) => globs.length === 0)) return [];
  const whole = hiding(match);
  if (whole !== null) return [`match: never chooses this scheme: ${whole}`];
  return (['did', 'caller', 'context'] as const).flatMap((part) =>
    (match[part] ?? []).flatMap((item: Pattern | string, index, list) => {
      // The only pattern of its part is named by the part.
      if (list.length === 1 || (typeof item !== 'string' && item.globs.length === 0)) return [];
      const by = hiding({ ...match, [part]: [item] });
      const source = typeof item === 'string' ? item : item.source;
      const shown = `match.${pathOf(part, index, list)}: ${JSON.stringify(source)}`;
      return by === null ? [] : [`${shown} never chooses this scheme: ${by}`];
    }),
  );
}

/** `did.1`; `did` where there is only one, which may be without a list. */
function pathOf(part: string, index: number, list: readonly unknown[]): string {
  return list.length === 1 ? part : `${part}.${index}`;
}
