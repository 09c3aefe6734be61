import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { CallPage, OneCall, ReasonGroup, ReasonView } from '../../api/types.ts';
import { read } from './client.ts';

/** Calls of before. */

type CallQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

const PAGE = 100;

/** @param asked makes the query at the moment of asking, as "the last hour" is another one then */
export const callPages = (key: unknown, asked: () => CallQuery) =>
  infiniteQueryOptions({
    queryKey: ['calls', key],
    queryFn: ({ signal, pageParam }) =>
      read<CallPage>('/calls', { ...asked(), limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: CallPage) => page.next,
  });

export const newestCalls = (query: CallQuery, signal?: AbortSignal) =>
  read<CallPage>('/calls', { ...query, limit: PAGE }, signal);

export const oneCall = (id: string) =>
  queryOptions({
    queryKey: ['call', id],
    queryFn: ({ signal }) => read<OneCall>(`/calls/${encodeURIComponent(id)}`, {}, signal),
    staleTime: 60_000,
  });

export const reasonGroups = queryOptions({
  queryKey: ['reasons'],
  queryFn: ({ signal }) => read<readonly ReasonGroup[]>('/reasons', {}, signal),
  staleTime: Infinity,
});

/** By its word. */
export function reasonIn(groups: readonly ReasonGroup[] | undefined, reason: string): ReasonView | undefined {
  return groups?.flatMap(({ reasons }) => reasons).find((one) => one.reason === reason);
}

interface SchemeNames {
  readonly files: readonly { readonly name: string }[];
  readonly stored: readonly { readonly name: string }[];
}

/** Names of the schemes of now, sorted; calls may have been of others. */
export const schemeNames = queryOptions({
  queryKey: ['schemes', 'names'],
  queryFn: async ({ signal }) => {
    const { files, stored } = await read<SchemeNames>('/schemes', {}, signal);
    return [...new Set([...files, ...stored].map(({ name }) => name))].sort();
  },
});
