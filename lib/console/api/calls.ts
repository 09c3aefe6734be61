import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { CallPage, OneCall, ReasonView, TriedCall, Verdict } from '../../api/types.ts';
import { read, send } from './client.ts';

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

/** To choose one of them. */
export const recentCalls = queryOptions({
  queryKey: ['calls', 'recent'],
  queryFn: async ({ signal }) => (await read<CallPage>('/calls', { limit: 10 }, signal)).calls,
});

export const oneCall = (id: string) =>
  queryOptions({
    queryKey: ['call', id],
    queryFn: ({ signal }) => read<OneCall>(`/calls/${encodeURIComponent(id)}`, {}, signal),
    staleTime: 60_000,
  });

export const reasons = queryOptions({
  queryKey: ['reasons'],
  queryFn: ({ signal }) => read<readonly ReasonView[]>('/reasons', {}, signal),
  staleTime: Infinity,
});

/** By the schemes of now, from the replies in the record; nobody is asked. */
export async function decideAgain(id: string): Promise<Verdict> {
  return (await send<Verdict>(`/calls/${encodeURIComponent(id)}/decide-again`, { method: 'POST', body: {} }))
    .value;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** By the schemes of now; null: the CRM is asked, and the question is marked as a dry run. */
export async function tryAgain(id: string, reply: Reply | null): Promise<TriedCall> {
  const body = reply === null ? {} : { reply };
  return (await send<TriedCall>(`/calls/${encodeURIComponent(id)}/try`, { method: 'POST', body })).value;
}

interface ChangedQuestion {
  /** Its `attempt` in the record. */
  readonly question: number;
  readonly url?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A recorded question, changed and sent to the CRM, marked as a dry run. */
export async function sendAgain({
  id,
  change: body,
}: {
  readonly id: string;
  readonly change: ChangedQuestion;
}): Promise<TriedCall> {
  return (await send<TriedCall>(`/calls/${encodeURIComponent(id)}/send-again`, { method: 'POST', body }))
    .value;
}

interface ChangedCall {
  readonly scheme?: string;
  readonly call: Readonly<{
    caller: string;
    did: string;
    callerName?: string;
    context?: string;
    withheld?: boolean;
  }>;
}

/** Another call than the recorded one: the CRM is asked about it, marked as a dry run. */
export async function tryChanged(changed: ChangedCall): Promise<TriedCall> {
  return (await send<TriedCall>('/try', { method: 'POST', body: changed })).value;
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
