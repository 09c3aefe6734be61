import type { CallOutlook, WhatWouldChange } from '../../../api/types.ts';

/** The verdicts on recorded calls, those that say the same together. */

interface Movement {
  readonly from: CallOutlook;
  readonly to: CallOutlook;
  /** Ids of calls. */
  readonly calls: readonly string[];
}

interface Untold {
  readonly why: string;
  readonly calls: readonly string[];
}

export interface ChangesInShort {
  readonly same: number;
  readonly moved: number;
  /** The most frequent first. */
  readonly movements: readonly Movement[];
  readonly untold: readonly Untold[];
  readonly unread: number;
}

export function inShort({ verdicts, unread }: WhatWouldChange): ChangesInShort {
  const movements = new Map<string, { from: CallOutlook; to: CallOutlook; calls: string[] }>();
  const untold = new Map<string, { why: string; calls: string[] }>();
  let same = 0;
  let moved = 0;
  for (const verdict of verdicts) {
    switch (verdict.kind) {
      case 'same':
        same++;
        break;
      case 'moved': {
        moved++;
        const { from, to, id } = verdict;
        const key = JSON.stringify([from, to]);
        const group = movements.get(key) ?? { from, to, calls: [] };
        group.calls.push(id);
        movements.set(key, group);
        break;
      }
      case 'unknown': {
        const { why, id } = verdict;
        const group = untold.get(why) ?? { why, calls: [] };
        group.calls.push(id);
        untold.set(why, group);
        break;
      }
    }
  }
  const often = (one: { calls: string[] }, other: { calls: string[] }): number =>
    other.calls.length - one.calls.length;
  return {
    ...{ same, moved, unread },
    movements: [...movements.values()].sort(often),
    untold: [...untold.values()].sort(often),
  };
}
