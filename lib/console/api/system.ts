import { queryOptions } from '@tanstack/react-query';
import type {
  DeliveriesView,
  ProblemGroup,
  Setting,
  TokenView,
  OffendingValues,
  UserView,
} from '../../api/types.ts';
import { read } from './client.ts';

/** What the pages about the router itself ask. */

export type ProblemFilter = 'active' | ProblemGroup['state'];

export const problems = (state: ProblemFilter) =>
  queryOptions({
    queryKey: ['problems', state],
    queryFn: ({ signal }) =>
      read<readonly ProblemGroup[]>('/problems', { state: state === 'active' ? null : state }, signal),
    refetchInterval: 10_000,
  });

/** Asked again when the problem has more calls. */
export const offendingValues = ({ id, count }: Pick<ProblemGroup, 'id' | 'count'>) =>
  queryOptions({
    queryKey: ['problem values', id, count],
    queryFn: ({ signal }) => read<OffendingValues>(`/problems/${encodeURIComponent(id)}/values`, {}, signal),
    staleTime: 30_000,
  });

export const deliveries = queryOptions({
  queryKey: ['deliveries'],
  queryFn: ({ signal }) => read<DeliveriesView>('/deliveries', {}, signal),
  refetchInterval: 10_000,
});

/** For a page that only counts them: a hundred parked events are 20 KB every ten seconds. */
export const deliveryCounts = queryOptions({
  queryKey: ['deliveries', 'counts'],
  queryFn: async ({ signal }) => (await read<DeliveriesView>('/deliveries', { limit: 1 }, signal)).counts,
  refetchInterval: 10_000,
});

export const settings = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => read<readonly Setting[]>('/settings', {}, signal),
});

export const users = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => read<readonly UserView[]>('/users', {}, signal),
});

export const tokens = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => read<readonly TokenView[]>('/tokens', {}, signal),
});
