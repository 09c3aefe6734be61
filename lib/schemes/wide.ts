import { createHash } from 'node:crypto';
import { WideObject } from '../config/json.ts';
import type { Crms } from '../webhook/profile.ts';
import { parseScheme, type SchemeResult } from '../scheme/scheme.ts';
import { words } from '../webhook/webhook.ts';
import { unreadRequestsOf } from './unread.ts';

/** Beside its `webhook.map` a scheme is checked in one go, and calls wait meanwhile. */
const MAX_CHARACTERS = 128 * 1024;

/**
 * A scheme of a document, with pauses: its `webhook.map` may have half a million words, which are checked piece by piece.
 * `text` is what the document was read from.
 */
export function* parsingScheme(json: unknown, text: string, crms: Crms): Generator<void, SchemeResult> {
  const { head, rest, characters } = withoutRestOfMap(json);
  if (text.length - characters > MAX_CHARACTERS) {
    const message = `expected at most ${MAX_CHARACTERS / 1024} KiB, webhook.map not counted`;
    return { ok: false, faults: [{ path: '', message }] };
  }
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

/** The document with the first piece of its map, and the other pieces. */
function withoutRestOfMap(json: unknown): {
  readonly head: unknown;
  readonly rest: readonly unknown[];
  readonly characters: number;
} {
  const { webhook } = (json ?? {}) as { webhook?: { map?: unknown } | null };
  const map = webhook?.map;
  if (!(map instanceof WideObject)) return { head: json, rest: [], characters: 0 };
  const [first, ...rest] = map.pieces;
  const head = { ...(json as object), webhook: { ...webhook, map: first } };
  return { head, rest, characters: map.characters };
}
