import { queryOptions } from '@tanstack/react-query';
import type { CallPage, OneCall, TriedCall, WaysView } from '../../../api/types.ts';
import { read, send } from '../../api/client.ts';
import type { SchemeDocument } from '../schemes/document.ts';

/** What the first steps ask of the router. */

export interface Question {
  readonly document: SchemeDocument;
  readonly call: { readonly caller: string; readonly did: string };
  /** In place of the CRM. */
  readonly reply?: { readonly status: number; readonly body: string };
}

export async function tryCall(body: Question): Promise<TriedCall> {
  return (await send<TriedCall>('/try', { method: 'POST', body })).value;
}

export const triedWith = (question: Question) =>
  queryOptions({
    queryKey: ['start', 'tried', question],
    staleTime: Infinity,
    queryFn: () => tryCall(question),
  });

/** Resolves to the ETag of the revision. */
export async function saveScheme(document: SchemeDocument, etag: string | null): Promise<string | null> {
  const path = `/schemes/${encodeURIComponent(String(document['name']))}`;
  const body = { document, state: 'live' };
  return (await send(path, { method: 'PUT', etag: etag ?? 'new', body })).etag;
}

export const ways = queryOptions({
  queryKey: ['ways'],
  queryFn: ({ signal }) => read<WaysView>('/ways', {}, signal),
});

/** Asked again whenever calls have ended. */
export const callsSince = (scheme: string, since: string, ended: number) =>
  queryOptions({
    queryKey: ['calls', 'since', scheme, since, ended],
    refetchInterval: 2_000,
    queryFn: ({ signal }) => read<CallPage>('/calls', { scheme, since, limit: 1 }, signal),
  });

export const oneCall = (id: string) =>
  queryOptions({
    queryKey: ['calls', id],
    queryFn: ({ signal }) => read<OneCall>(`/calls/${encodeURIComponent(id)}`, {}, signal),
  });
