import pg from 'pg';
import type { Clock } from '../clock.ts';
import { guarded } from '../emitter.ts';
import { withPassword } from './postgres.ts';

export interface ListenOptions {
  readonly url: string;
  readonly password: string;
  readonly channel: string;
  readonly onWord: () => void;
  readonly clock: Clock;
}

const CONNECT_MS = 5_000;
const AGAIN_MS = 5_000;

/**
 * LISTEN on its own connection, opened again when it breaks: each time it opens a notification may have been missed, so it
 * calls back. Never throws. Returns a function that ends it.
 */
export function listening({ url, password, channel, onWord, clock }: ListenOptions): () => void {
  let ended = false;
  let client: pg.Client | null = null;
  let cancel: () => void = () => undefined;
  const open = async (): Promise<void> => {
    const one = guarded(
      new pg.Client({
        connectionString: withPassword(url, password),
        connectionTimeoutMillis: CONNECT_MS,
        keepAlive: true,
        application_name: 'esl-router listens',
      }),
    );
    client = one;
    one.once('end', () => {
      client = null;
      if (!ended) cancel = clock.after(AGAIN_MS, () => void open(), { keepsAlive: false });
    });
    one.on('notification', onWord);
    try {
      await one.connect();
      await one.query(`listen ${one.escapeIdentifier(channel)}`);
      onWord();
    } catch {
      // `end` comes after it, and the next try.
      await one.end().catch(() => undefined);
    }
  };
  void open();
  return () => {
    ended = true;
    cancel();
    client?.end().catch(() => undefined);
  };
}
