import { queryOptions } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Live, Minute } from '../../api/types.ts';
import { pathOf, read } from './client.ts';

/** Calls of now, as the router tells them. */
export interface LiveView {
  readonly data: Live | null;
  /** When it came, by this machine's clock; milliseconds since 1970. */
  readonly heardAt: number | null;
  /** `lost`: it is being tried again; what is seen is old. */
  readonly state: 'connecting' | 'open' | 'lost';
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * The stream of events while the page is looked at. A browser gives a stream up after an answer that is no stream, a session that
 * has ended among them, so that each try here has a stream of its own.
 */
export function useLive(): LiveView {
  const [view, setView] = useState<LiveView>({ data: null, heardAt: null, state: 'connecting' });
  useEffect(() => {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waitMs = FIRST_WAIT_MS;
    const connect = (): void => {
      source = new EventSource(pathOf('/live/events'));
      source.addEventListener('live', ({ data }: MessageEvent<string>) => {
        waitMs = FIRST_WAIT_MS;
        setView({ data: JSON.parse(data) as Live, heardAt: Date.now(), state: 'open' });
      });
      source.addEventListener('error', () => {
        source?.close();
        setView((before) => ({ ...before, state: 'lost' }));
        // A session that has ended answers 401, which asks for the login.
        void read('/session').catch(() => undefined);
        timer = setTimeout(connect, waitMs);
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      });
    };
    connect();
    return () => {
      clearTimeout(timer);
      source?.close();
    };
  }, []);
  return view;
}

/** The last hour of this router. */
export const minutes = queryOptions({
  queryKey: ['minutes'],
  queryFn: ({ signal }) => read<readonly Minute[]>('/live/minutes', { count: 60 }, signal),
  refetchInterval: 5_000,
});
