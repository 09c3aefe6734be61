import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  CallPage,
  DialplanView,
  MacroView,
  OneCall,
  OneScheme,
  Preset,
  PresetSummary,
  SchemeList,
  SchemeRevision,
  SchemeState,
  ShadowView,
  TriedCall,
  WhatWouldChange,
} from '../../../api/types.ts';
import { Problem, read, readWithEtag, send, type FieldFault } from '../../api/client.ts';
import type { SchemeDocument } from './document.ts';
import type { SchemaNode } from './schema.ts';

/** What the pages about schemes ask of the router. */

const EVERY_MS = 10_000;

export const schemeList = queryOptions({
  queryKey: ['schemes'],
  refetchInterval: EVERY_MS,
  queryFn: ({ signal }) => read<SchemeList>('/schemes', {}, signal),
});

/** What the router has of this name. */
export interface Held {
  readonly scheme: OneScheme;
  /** Null: a file has it. */
  readonly etag: string | null;
}

/** Null: there is none of this name. Asked again and again: somebody else may change it meanwhile. */
export const oneScheme = (name: string) =>
  queryOptions({
    queryKey: ['schemes', name],
    refetchInterval: EVERY_MS,
    queryFn: async (): Promise<Held | null> => {
      try {
        const { value, etag } = await readWithEtag<OneScheme>(pathTo(name));
        return { scheme: value, etag };
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }
    },
  });

export const schemeSchema = queryOptions({
  queryKey: ['schema', 'scheme'],
  staleTime: Infinity,
  queryFn: ({ signal }) => read<SchemaNode>('/schema/scheme', {}, signal),
});

export const presets = queryOptions({
  queryKey: ['presets'],
  staleTime: Infinity,
  queryFn: ({ signal }) => read<readonly PresetSummary[]>('/presets', {}, signal),
});

export const onePreset = (name: string) =>
  queryOptions({
    queryKey: ['presets', name],
    staleTime: Infinity,
    queryFn: ({ signal }) => read<Preset>(`/presets/${encodeURIComponent(name)}`, {}, signal),
  });

/** With the values of a recorded call. */
export const macrosOf = (call: string | null) =>
  queryOptions({
    queryKey: ['macros', call],
    staleTime: Infinity,
    queryFn: ({ signal }) => read<readonly MacroView[]>('/macros', { call }, signal),
  });

const REVISIONS_AT_ONCE = 100;

export const revisions = (name: string) =>
  infiniteQueryOptions({
    queryKey: ['schemes', name, 'revisions'],
    queryFn: ({ pageParam, signal }) =>
      read<readonly SchemeRevision[]>(
        `${pathTo(name)}/revisions`,
        { before: pageParam, limit: REVISIONS_AT_ONCE },
        signal,
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length < REVISIONS_AT_ONCE ? null : page.at(-1)?.revision),
  });

export interface ServerDifference {
  readonly pointer: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

export const revisionDiff = (name: string, from: number, to: number) =>
  queryOptions({
    queryKey: ['schemes', name, 'diff', from, to],
    staleTime: Infinity,
    queryFn: ({ signal }) => read<readonly ServerDifference[]>(`${pathTo(name)}/diff`, { from, to }, signal),
  });

export const shadowOf = (name: string) =>
  queryOptions({
    queryKey: ['schemes', name, 'shadow'],
    queryFn: ({ signal }) => read<ShadowView>(`${pathTo(name)}/shadow`, {}, signal),
  });

/** How FreeSWITCH hands calls to this router. */
export const dialplan = (of: { readonly scheme: string; readonly did: string; readonly host: string }) =>
  queryOptions({
    queryKey: ['dialplan', of],
    queryFn: ({ signal }) => read<DialplanView>('/dialplan', of, signal),
  });

/** The last calls of the scheme. */
export const callsOf = (name: string) =>
  queryOptions({
    queryKey: ['calls', 'of', name],
    queryFn: ({ signal }) => read<CallPage>('/calls', { scheme: name, limit: 20 }, signal),
  });

export const oneCall = (id: string) =>
  queryOptions({
    queryKey: ['calls', id],
    queryFn: ({ signal }) => read<OneCall>(`/calls/${encodeURIComponent(id)}`, {}, signal),
  });

/** What would keep the document from being in use, were it live. */
export async function faultsOf(
  name: string,
  document: SchemeDocument,
  signal: AbortSignal,
): Promise<readonly FieldFault[]> {
  const { faults } = await ask<{ faults: readonly FieldFault[] }>('/check', { name, document }, signal);
  return faults;
}

export interface Saving {
  readonly document: SchemeDocument;
  readonly state: Exclude<SchemeState, 'deleted'>;
  readonly message: string;
}

/** `etag` null: a new scheme. Rejects with a Problem 412 where somebody else has changed it. */
export async function saveScheme(name: string, etag: string | null, body: Saving): Promise<void> {
  try {
    await send(pathTo(name), { method: 'PUT', etag: etag ?? 'new', body });
  } catch (error) {
    if (etag !== null || !(error instanceof Problem) || error.status !== 412) throw error;
    // A name that was used and deleted goes on in its revisions.
    const [newest] = await read<readonly SchemeRevision[]>(`${pathTo(name)}/revisions`, { limit: 1 });
    if (newest?.state !== 'deleted') throw error;
    await send(pathTo(name), { method: 'PUT', etag: `"${newest.revision}"`, body });
  }
}

export async function deleteScheme(name: string, etag: string): Promise<void> {
  await send(pathTo(name), { method: 'DELETE', etag });
}

export async function restoreRevision(
  name: string,
  etag: string,
  body: { readonly revision: number; readonly message: string },
): Promise<void> {
  await send(`${pathTo(name)}/restore`, { method: 'POST', etag, body });
}

export interface Question {
  readonly document: SchemeDocument;
  /** As somebody describes it, or a recorded one by its id. */
  readonly call: string | { readonly caller: string; readonly did: string };
  readonly reply?: { readonly status: number; readonly body: string };
}

export function tryCall(body: Question, signal: AbortSignal): Promise<TriedCall> {
  return ask<TriedCall>('/try', body, signal);
}

export function whatWouldChange(document: SchemeDocument, signal: AbortSignal): Promise<WhatWouldChange> {
  return ask<WhatWouldChange>('/what-would-change', { document, calls: 500 }, signal);
}

async function ask<T>(path: string, body: unknown, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { value } = await send<T>(path, { method: 'POST', body });
  signal.throwIfAborted();
  return value;
}

function pathTo(name: string): string {
  return `/schemes/${encodeURIComponent(name)}`;
}
