import { useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useState } from 'react';
import type { CallPage, CallSummary } from '../../../api/types.ts';
import { callPages, newestCalls } from '../../api/calls.ts';
import { queryOf } from './filter.ts';

/** Calls that have just ended, on top of those that are there. */

/** With live tail; and where new calls are only counted. */
const EVERY_MS = { live: 2_000, counted: 5_000 } as const;

type Pages = InfiniteData<CallPage, string | null>;

interface TailOptions {
  readonly isLive: boolean;
  /** Somebody reads: rows must not move under his eyes. */
  readonly isReading: boolean;
  readonly key: unknown;
  readonly search: Readonly<Record<string, string | undefined>>;
}

export interface Fresh {
  readonly count: number;
  /** There are more of them than have been looked at. */
  readonly isMore: boolean;
  readonly show: () => void;
}

/** Shows what has just ended at once, or says how many there are: null while there is nothing new. */
export function useTail({ isLive, isReading, key, search }: TailOptions): Fresh | null {
  const queries = useQueryClient();
  const [held, setHeld] = useState<{ readonly of: string; readonly page: CallPage } | null>(null);
  const text = JSON.stringify([key, search]);
  const isShown = isLive && !isReading;
  const [asked] = JSON.parse(text) as [unknown];
  const { queryKey } = callPages(asked, () => ({}));
  const add = (page: CallPage): void => {
    queries.setQueryData<Pages>(queryKey, (before) =>
      before === undefined ? before : withNewest(before, page),
    );
    setHeld(null);
  };
  const take = useEffectEvent((page: CallPage) => {
    if (isShown) add(page);
    else setHeld({ of: text, page });
  });
  useEffect(() => {
    const [, of] = JSON.parse(text) as [unknown, Record<string, string>];
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      // What fails is tried again; the table says what it has. Where nobody looks nothing is asked.
      const fresh = document.hidden
        ? null
        : await newestCalls(queryOf(of, Date.now()), controller.signal).catch(() => null);
      if (controller.signal.aborted) return;
      if (fresh !== null) take(fresh);
      wait();
    };
    const wait = (): void => {
      timer = setTimeout(() => void look(), EVERY_MS[isLive ? 'live' : 'counted']);
    };
    wait();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [isLive, text]);
  const before = queries.getQueryData<Pages>(queryKey);
  if (held?.of !== text || before === undefined) return null;
  const { added, isAll } = newIn(before, held.page);
  if (added.length === 0) return null;
  return {
    count: added.length,
    isMore: isAll,
    show: () => {
      add(held.page);
    },
  };
}

/** What a page has that is not there yet; `isAll`: between it and the rest there may be more. */
export function newIn(
  before: Pages,
  fresh: CallPage,
): { readonly added: CallSummary[]; readonly isAll: boolean } {
  const known = new Set(before.pages.flatMap(({ calls }) => calls.map(({ id }) => id)));
  const added = fresh.calls.filter(({ id }) => !known.has(id));
  return {
    added,
    isAll: added.length > 0 && added.length === fresh.calls.length && fresh.next !== null && known.size > 0,
  };
}

/** Of a page that is all new nobody knows what lies between: it takes the place of all that was there. */
export function withNewest(before: Pages, fresh: CallPage): Pages {
  const [first, ...rest] = before.pages;
  if (first === undefined) return before;
  const { added, isAll } = newIn(before, fresh);
  if (added.length === 0) return before;
  if (isAll) return { pages: [fresh], pageParams: [null] };
  const calls = [...added, ...first.calls].sort(newestFirst);
  return { ...before, pages: [{ ...first, calls }, ...rest] };
}

/** By the time in their traces, as the router orders them. */
function newestFirst(one: CallSummary, other: CallSummary): number {
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0;
}
