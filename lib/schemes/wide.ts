import { createHash } from 'node:crypto';
import { joined, WideObject } from '../config/json.ts';
import type { Crms } from '../webhook/profile.ts';
import { parseScheme, type SchemeResult } from '../scheme/scheme.ts';
import { words } from '../webhook/webhook.ts';
import { unreadRequestsOf } from './unread.ts';

/** Beside its `webhook.map` a scheme is checked in one go, and calls wait meanwhile. */
const MAX_CHARACTERS = 128 * 1024;
const TOO_LARGE = `expected at most ${MAX_CHARACTERS / 1024} KiB, webhook.map not counted`;
/** Of a map that is too large to look through. */
const SHOWN_WORDS = 500;
const SHOWN_CHARACTERS = 32 * 1024;

/**
 * A scheme of a document, with pauses: its `webhook.map` may have half a million words, which are checked piece by piece.
 * `text` is what the document was read from.
 */
export function* parsingScheme(json: unknown, text: string, crms: Crms): Generator<void, SchemeResult> {
  const { pieces, characters } = wideMapOf(json);
  if (text.length - characters > MAX_CHARACTERS)
    return { ok: false, faults: [{ path: '', message: TOO_LARGE }] };
  const [first, ...rest] = pieces;
  const head = joined(first === undefined ? json : withMap(json, first));
  const revision = createHash('sha256')
    .update(text)
    .update(profilesOf(json, crms))
    .digest('hex')
    .slice(0, 12);
  yield;
  const result = parseScheme(head, revision, crms);
  if (!result.ok || rest.length === 0) return result;
  const { scheme } = result;
  const map = new Map(scheme.webhook.map);
  for (const piece of rest) {
    yield;
    const read = words.safeParse(piece);
    if (!read.success) {
      const faults = read.error.issues.map(({ path, message }) => ({
        path: ['webhook', 'map', ...path].join('.'),
        message,
      }));
      return { ok: false, faults };
    }
    for (const [word, meaning] of read.data) map.set(word, meaning);
  }
  return { ...result, scheme: { ...scheme, webhook: { ...scheme.webhook, map } } };
}

/** What its profiles say is part of a scheme, and so of its revision. */
function profilesOf(json: unknown, crms: Crms): string {
  return unreadRequestsOf(json)
    .map((question) => crms.get(String(question['crm']))?.digest ?? '')
    .join('');
}

/** A document as a person looks at it. */
export interface ShownDocument {
  readonly document: unknown;
  /** Words of its map that are not in it: nobody looks through so many, and no browser shows them. */
  readonly wordsLeftOut: number;
}

/** Whole, or with the first words of its map. Throws an Error with what is wrong with it. */
export function shownDocument(json: unknown, text: string): ShownDocument {
  const { pieces, characters } = wideMapOf(json);
  if (text.length - characters > MAX_CHARACTERS) throw new Error(TOO_LARGE);
  const [first] = pieces;
  if (first === undefined) return { document: joined(json), wordsLeftOut: 0 };
  let left = SHOWN_CHARACTERS;
  const words = Object.entries(first)
    .slice(0, SHOWN_WORDS)
    .filter(([word, meaning]) => {
      // Nothing else is a meaning, and a list has no end.
      left -= typeof meaning === 'string' ? word.length + meaning.length : Infinity;
      return left >= 0;
    });
  const all = pieces.reduce((count, piece) => count + Object.keys(piece).length, 0);
  const document = joined(withMap(json, Object.fromEntries(words)));
  return { document, wordsLeftOut: all - words.length };
}

/** The pieces of the map of a document; none where it is of one piece, or there is none. */
function wideMapOf(json: unknown): Pick<WideObject, 'pieces' | 'characters'> {
  const { webhook } = (json ?? {}) as { webhook?: { map?: unknown } | null };
  const map = webhook?.map;
  return map instanceof WideObject ? map : { pieces: [], characters: 0 };
}

function withMap(json: unknown, map: object): object {
  const { webhook, ...rest } = json as { webhook?: object };
  return { ...rest, webhook: { ...webhook, map } };
}
