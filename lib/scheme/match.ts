import { compact, type Call } from '../call/channel.ts';
import { callingCode, toE164, toNational } from '../numbering/number.ts';
import type { Scheme } from './scheme.ts';

/**
 * `match` of a scheme. Numbers are compared as numbers: separators, `+` and `00` in front tell nothing, and where the scheme
 * has a country the national and the international way of writing are one. All else is text, and so is the context.
 */

type Numbering = Scheme['numbering'];

/** The ways in which one number may be written, digits alone. A text that is not a number has the first only: itself. */
export interface NumberForms {
  /** As it came, without `+` and `00`. */
  readonly digits: string;
  /** International, without `+`; null where it is not known to be a number of the plan. */
  readonly e164: string | null;
  /** With the trunk prefix, `0441234567`; null without a country, and for numbers of others: abroad they mean nothing. */
  readonly national: string | null;
}

/** One glob of `match.did` or `match.caller`, made ready. */
export interface Pattern {
  /** As it is in the document. */
  readonly source: string;
  /** Without separators, `+` and `00`; a whole number by its E.164 digits as well. None: nothing is left to compare. */
  readonly globs: readonly string[];
  /** `+*`, `00*`: how a number was written is all that they ask, so they are checked against what came. */
  readonly asWritten: boolean;
  /** Held against national digits too. Not one with `+` or `00` in front: the same digits would be another number. */
  readonly national: boolean;
}

/** `match` of one scheme, made ready. A part that is null fits every call. */
export interface Match {
  readonly did: readonly Pattern[] | null;
  readonly caller: readonly Pattern[] | null;
  readonly context: readonly string[] | null;
  readonly numbering: Numbering;
  /** Two of the same plan read a number in the same way. */
  readonly plan: string;
}

/** In front of a number; not `00` in front of another zero, and not what has no digit after it. */
const PREFIX = /^\+?(?:00(?=[1-9]))?(?=\d)/;
/** What asks for the way of writing: a prefix without any digit after it. */
const BARE_PREFIX = /^(?:\+(?:00)?|00)(?!\d)/;

/** `text` without separators, as a call's `did` and `caller` are. */
export function numberForms(text: string, numbering: Numbering): NumberForms {
  const digits = text.replace(PREFIX, '');
  if (!/^\d+$/.test(digits)) return { digits, e164: null, national: null };
  // No country code begins with 0: `+0441234567` is a national number with a `+` that somebody put there.
  const number = digits === text || digits.startsWith('0') ? digits : `+${digits}`;
  const { country } = numbering;
  const e164 = toE164(number, numbering);
  const own = country !== undefined && e164?.startsWith(`+${callingCode(country)}`) === true;
  return {
    digits,
    e164: e164?.slice(1) ?? null,
    national: own ? toNational(number, numbering) : null,
  };
}

const ready = new WeakMap<Scheme, Match>();

/** Null when the scheme has no `match`. Worked out once for each scheme: calls are checked against all of them. */
export function matchOf(scheme: Scheme): Match | null {
  const { match, numbering } = scheme;
  if (match === undefined) return null;
  let made = ready.get(scheme);
  if (made === undefined) {
    made = {
      did: match.did?.map((source) => patternOf(source, numbering)) ?? null,
      caller: match.caller?.map((source) => patternOf(source, numbering)) ?? null,
      context: match.context ?? null,
      numbering,
      plan: JSON.stringify(numbering),
    };
    ready.set(scheme, made);
  }
  return made;
}

function patternOf(source: string, numbering: Numbering): Pattern {
  const text = compact(source);
  const written = { source, asWritten: false, national: false };
  if (text === '') return { ...written, globs: [] };
  if (BARE_PREFIX.test(text)) return { ...written, globs: [text], asWritten: true };
  const { digits, e164 } = numberForms(text, numbering);
  if (e164 === null) {
    const bare = text.replace(PREFIX, '') === text;
    return { ...written, globs: [digits], national: bare && numbering.country !== undefined };
  }
  // Whoever calls as `044...` is read as what this is read as: the national digits add nothing.
  return { ...written, globs: digits.startsWith('0') ? [e164] : [...new Set([digits, e164])] };
}

/**
 * Tells of one scheme after the other whether every part of its `match` fits the call; one without `match` is never chosen
 * by it. The call's numbers are read once for each plan, and only when a scheme asks for them.
 */
export function matcherOf(call: Call): (scheme: Scheme) => boolean {
  const forms = new Map<string, NumberForms>();
  const formsOf = (text: string, { plan, numbering }: Match): NumberForms => {
    const key = `${plan}${text}`;
    const known = forms.get(key) ?? numberForms(text, numbering);
    forms.set(key, known);
    return known;
  };
  return (scheme) => {
    const match = matchOf(scheme);
    if (match === null) return false;
    const { did, caller, context } = match;
    return (
      (context === null || context.some((glob) => matchGlob(glob, call.context))) &&
      (did === null || fits(did, call.did, () => formsOf(call.did, match))) &&
      (caller === null || fits(caller, call.caller, () => formsOf(call.caller, match)))
    );
  };
}

function fits(patterns: readonly Pattern[], text: string, formsOf: () => NumberForms): boolean {
  return patterns.some(({ globs, asWritten, national }) => {
    if (asWritten) return globs.some((glob) => matchGlob(glob, text));
    const forms = formsOf();
    const texts = [forms.digits, forms.e164, national ? forms.national : null];
    return globs.some((glob) => texts.some((form) => form !== null && matchGlob(glob, form)));
  });
}

/** True when every call that `narrow` fits is one that `wide` fits too. False also where that can't be told. */
export function coversMatch(wide: Match, narrow: Match): boolean {
  const samePlan = wide.plan === narrow.plan;
  const covers = (a: Pattern, b: Pattern): boolean => samePlan && coversPattern(a, b);
  return (
    coversPart(wide.did, narrow.did, covers) &&
    coversPart(wide.caller, narrow.caller, covers) &&
    coversPart(wide.context, narrow.context, coversGlob)
  );
}

function coversPart<T extends Pattern | string>(
  wides: readonly T[] | null,
  narrows: readonly T[] | null,
  covers: (wide: T, narrow: T) => boolean,
): boolean {
  if (wides === null) return true;
  if (narrows?.every((narrow) => wides.some((wide) => covers(wide, narrow))) === true) return true;
  return wides.some((wide) => ANYTHING.test(typeof wide === 'string' ? wide : (wide.globs[0] ?? '')));
}

const ANYTHING = /^\*+$/;

function coversPattern(wide: Pattern, narrow: Pattern): boolean {
  if (wide.asWritten !== narrow.asWritten) return false;
  if (narrow.national && !wide.national) return false;
  return narrow.globs.every((glob) => wide.globs.some((other) => coversGlob(other, glob)));
}

/** `*` stands for any text, `?` for one character. Linear in practice: only the last `*` is ever tried again. */
export function matchGlob(pattern: string, text: string): boolean {
  return globFits(pattern, text, () => true);
}

/** True when every text that `narrow` matches is one that `wide` matches too. */
export function coversGlob(wide: string, narrow: string): boolean {
  // Read as a text, the narrow one's `*` is more than the one character that a `?` stands for.
  return globFits(wide, narrow, (character) => character !== '*');
}

function globFits(pattern: string, text: string, isOne: (character: string) => boolean): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const character = text[t] ?? '';
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' ? isOne(character) : pattern[p] === character)) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
