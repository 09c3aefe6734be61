import type { StoredSchemeSummary } from '../../../api/types.ts';
import { isObject, type SchemeDocument } from './document.ts';
import type { ShownState } from './state.tsx';

/** Which calls come to a scheme, by the rules that choose one: named by variable or path, by `match`, or as the default. */

export type Reach =
  /** No call uses it. */
  | { readonly kind: 'unused'; readonly state: 'draft' | 'disabled' | 'deleted' }
  /** It should be in use, and is not. */
  | { readonly kind: 'not_in_use' }
  /** It is asked alongside calls. */
  | { readonly kind: 'shadow' }
  | {
      readonly kind: 'live';
      /** Takes what no other scheme takes. */
      readonly isDefault: boolean;
      /** What a call must be like, part by part; none: no call comes by `match`. */
      readonly match: readonly { readonly part: MatchPart; readonly globs: readonly string[] }[];
    };

const PARTS = ['did', 'caller', 'context'] as const;
type MatchPart = (typeof PARTS)[number];

interface Known {
  readonly name: string;
  readonly state: ShownState;
  readonly document: SchemeDocument;
  /** What the router has made of it; null: nothing yet. */
  readonly use: StoredSchemeSummary['use'];
  /** Of the default scheme; null: there is none. */
  readonly defaultName: string | null;
}

export function reachOf({ name, state, document, use, defaultName }: Known): Reach {
  if (state === 'draft' || state === 'disabled' || state === 'deleted') return { kind: 'unused', state };
  if (use?.use === 'hidden' || use?.use === 'left_out') return { kind: 'not_in_use' };
  if (state === 'shadow' || document['mode'] === 'shadow') return { kind: 'shadow' };
  const given = isObject(document['match']) ? document['match'] : {};
  const match = PARTS.flatMap((part) => {
    const globs = [given[part] ?? []].flat().map(String);
    return globs.length === 0 ? [] : [{ part, globs }];
  });
  return { kind: 'live', isDefault: name === defaultName, match };
}
