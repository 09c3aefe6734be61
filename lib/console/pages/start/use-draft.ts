import { useCallback, useState } from 'react';
import { draftFrom, type Draft } from './draft.ts';

const KEPT = 'esl-router.start';

export type Change = (change: (draft: Draft) => Draft) => void;

/** The draft of this tab. */
export function useDraft(): [Draft, Change] {
  const [draft, setDraft] = useState(() => draftFrom(sessionStorage.getItem(KEPT)));
  const change = useCallback<Change>((next) => {
    setDraft((before) => {
      const after = next(before);
      try {
        sessionStorage.setItem(KEPT, JSON.stringify(after));
      } catch {
        // Full, or forbidden: then it lives as long as the page.
      }
      return after;
    });
  }, []);
  return [draft, change];
}
