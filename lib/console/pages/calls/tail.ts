import { useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { CallPage, CallSummary } from '../../../api/types.ts';
import { callPages, newestCalls } from '../../api/calls.ts';
import { queryOf } from './filter.ts';

/** Calls that have just ended, on top of those that are there. */

const EVERY_MS = 2_000;

type Pages = InfiniteData<CallPage, string | null>;

export function useTail(
  isOn: boolean,
  key: unknown,
  search: Readonly<Record<string, string | undefined>>,
): void {
  const queries = useQueryClient();
  const text = JSON.stringify([key, search]);
  useEffect(() => {
    if (!isOn) return;
    const [asked, of] = JSON.parse(text) as [unknown, Record<string, string>];
    const { queryKey } = callPages(asked, () => ({}));
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      // What fails is tried again; the table says what it has.
      const fresh = await newestCalls(queryOf(of, Date.now()), controller.signal).catch(() => null);
      if (controller.signal.aborted) return;
      if (fresh !== null) {
        queries.setQueryData<Pages>(queryKey, (before) =>
          before === undefined ? before : withNewest(before, fresh),
        );
      }
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    timer = setTimeout(() => void look(), EVERY_MS);
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [isOn, text, queries]);
}

/** Of a page that is all new nobody knows what lies between: it takes the place of all that was there. */
export function withNewest(before: Pages, fresh: CallPage): Pages {
  const [first, ...rest] = before.pages;
  if (first === undefined) return before;
  const known = new Set(before.pages.flatMap(({ calls }) => calls.map(({ id }) => id)));
  const added = fresh.calls.filter(({ id }) => !known.has(id));
  if (added.length === 0) return before;
  if (added.length === fresh.calls.length && fresh.next !== null && known.size > 0) {
    return { pages: [fresh], pageParams: [null] };
  }
  const calls = [...added, ...first.calls].sort(newestFirst);
  return { ...before, pages: [{ ...first, calls }, ...rest] };
}

/** By the time in their traces, as the router orders them. */
function newestFirst(one: CallSummary, other: CallSummary): number {
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0;
}
