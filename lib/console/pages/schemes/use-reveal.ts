import { useCallback, useEffect, useState } from 'react';
import type { Path } from './document.ts';
import { goToPlace, groupOf } from './places.ts';

/** What of the editor is open, and how one gets to a field of it. */

interface Seen {
  readonly tab: string;
  /** Folds of the form. */
  readonly open: readonly string[];
}

interface Reveal extends Seen {
  readonly show: (seen: Partial<Seen>) => void;
  readonly reveal: (path: Path) => void;
}

/** `onLost`: no field shows what is sought. */
export function useReveal(onLost: () => void): Reveal {
  const [seen, setSeen] = useState<Seen>({ tab: 'form', open: [] });
  const [wanted, setWanted] = useState<Path | null>(null);
  const show = useCallback((change: Partial<Seen>) => {
    setSeen((before) => ({ ...before, ...change }));
  }, []);
  const reveal = useCallback((path: Path) => {
    const group = groupOf(path);
    setSeen(({ open }) => ({
      tab: 'form',
      open: group === null || open.includes(group) ? open : [...open, group],
    }));
    setWanted([...path]);
  }, []);
  useEffect(() => {
    if (wanted === null) return undefined;
    // A dialog that closes gives the focus back first.
    const timer = setTimeout(() => {
      if (!goToPlace(wanted)) onLost();
      setWanted(null);
    }, 0);
    return () => {
      clearTimeout(timer);
    };
  }, [wanted, onLost]);
  return { ...seen, show, reveal };
}
