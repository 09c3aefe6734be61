import { useCallback, useMemo, useState } from 'react';
import { differencesBetween, isAlike, withValue, type Path, type SchemeDocument } from './document.ts';

/** A scheme while it is changed: the revision it began from, and the document as it stands. */

export interface Draft {
  readonly base: SchemeDocument;
  /** Null: it is new. */
  readonly etag: string | null;
  readonly document: SchemeDocument;
}

export interface DraftInHand extends Draft {
  readonly isChanged: boolean;
  readonly changes: ReturnType<typeof differencesBetween>;
  /** Undefined takes it out. */
  readonly set: (path: Path, value: unknown) => void;
  readonly replace: (document: SchemeDocument) => void;
  /** It goes on from another revision. */
  readonly rebase: (draft: Draft) => void;
}

export function useDraft(first: Draft): DraftInHand {
  const [draft, rebase] = useState(first);
  const { base, etag, document } = draft;
  const set = useCallback((path: Path, value: unknown) => {
    rebase((before) => ({ ...before, document: withValue(before.document, path, value) }));
  }, []);
  const replace = useCallback((next: SchemeDocument) => {
    rebase((before) => ({ ...before, document: next }));
  }, []);
  return useMemo(
    () => ({
      ...{ base, etag, document, set, replace, rebase },
      isChanged: etag === null || !isAlike(base, document),
      changes: differencesBetween(base, document),
    }),
    [base, etag, document, set, replace],
  );
}
