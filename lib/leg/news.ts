import type { HeaderLookup } from '../call/channel.ts';
import type { Join, Move } from '../call/move.ts';
import type { CallEvent } from '../call/record.ts';

/** What a leg reports at once, for the record and for observers of the call. Times are the clock's. */
export type LegNews =
  | { readonly kind: 'note'; readonly text: string }
  /** All of its moves: the last one is new, or better known. */
  | { readonly kind: 'moves'; readonly moves: readonly Move[] }
  | { readonly kind: 'joined'; readonly atMs: number; readonly join: Join }
  | { readonly kind: 'hangup'; readonly headers: HeaderLookup };

/** As an event of the call; null if it is not one. */
export function eventOf(news: LegNews, connectedAt: number): CallEvent | null {
  switch (news.kind) {
    case 'note':
      return { type: 'note', text: news.text };
    case 'moves': {
      const moves = news.moves.map(({ atMs, from, by, to }) => ({ atMs: atMs - connectedAt, from, by, to }));
      return { type: 'moves', moves };
    }
    case 'joined':
      return { type: 'joined', atMs: news.atMs - connectedAt, ...news.join };
    case 'hangup':
      return null;
  }
}
