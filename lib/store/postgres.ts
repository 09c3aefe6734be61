import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { guarded } from '../emitter.ts';
import { StoreFault } from './fault.ts';
import { storable } from './parameters.ts';
import type { Tables } from './tables.ts';

/** Kysely over `pg`, with times as text and counts as numbers, as SQLite gives them. */

export interface PostgresSettings {
  readonly url: string;
  /** Instead of one in the URL. */
  readonly password: string;
  readonly connections: number;
  /** A slower query is given up, and its connection closed: a database that hangs answers nothing at all. */
  readonly queryMs: number;
  /** How long PostgreSQL waits for the next word of a transaction; as long as for a query, where nothing is said. */
  readonly idleMs?: number;
}

const CONNECT_MS = 5_000;
/** The router gives a query up before PostgreSQL does: only then is the connection closed. */
const AFTER_MS = 2_000;

export function postgresDatabase(settings: PostgresSettings): Kysely<Tables> {
  const { url, password, connections, queryMs, idleMs = queryMs } = settings;
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString());
  const pool = new pg.Pool({
    connectionString: withPassword(url, password),
    types,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: queryMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'esl-router',
    // It does not keep the process alive.
    allowExitOnIdle: true,
  });
  // An idle connection has closed: the next query opens another.
  guarded(pool);
  // Compiling a question takes longer than any page: 100 ms. A line that went dead in a transaction leaves its locks behind, on
  // the very rows that are written again, for as long as PostgreSQL waits for its next word: two hours by default.
  // Dates of another style are read with day and month changed about.
  const begin = `set datestyle = iso; set jit = off; set idle_in_transaction_session_timeout = ${idleMs}; set statement_timeout = ${queryMs + AFTER_MS}`;
  pool.on('connect', (client) => {
    client.query(begin).catch(() => undefined);
  });
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: lossy(pool) }) });
}

/** As a part of the query: `pg` takes nothing beside a URL, and one of a socket has no place for it elsewhere. */
export function withPassword(url: string, password: string): string {
  if (password === '') return url;
  const whole = new URL(url);
  whole.searchParams.set('password', password);
  return whole.href;
}

/**
 * A connection on which something went wrong but a word of the database itself is closed: the answer to what was given up would
 * come as the answer to the next question.
 */
function lossy(pool: pg.Pool) {
  return {
    connect: async () => {
      const client = await pool.connect().catch((error: unknown) => {
        throw faultOf(error);
      });
      let broken: StoreFault | null = null;
      // Between two questions of a transaction nobody else listens.
      const onError = (error: Error): void => {
        broken = faultOf(error);
      };
      client.on('error', onError);
      return {
        query: async (sql: string, parameters: readonly unknown[]) => {
          try {
            return await client.query(sql, storable(parameters));
          } catch (error) {
            const fault = faultOf(error);
            if (fault.kind === 'gone') broken = fault;
            throw fault;
          }
        },
        release: () => {
          client.off('error', onError);
          client.release(broken ?? undefined);
        },
      };
    },
    end: () => pool.end(),
  } as unknown as pg.Pool;
}

/** By SQLSTATE: class 22 and 23 are about the row, 28 and 3D about who asks for what, 57014 and 55P03 about a lock, 42P01 about a table that is not there. */
export function faultOf(error: unknown): StoreFault {
  if (error instanceof StoreFault) return error;
  const { message, code = '' } = error as Error & { code?: string };
  // The library's own word, before it asks the database.
  if (message.includes('client password must be a string')) {
    return new StoreFault(
      'refused',
      'the database wants a password: see store.password (ESL_ROUTER_STORE_PASSWORD_FILE)',
    );
  }
  return new StoreFault(kindOf(code), message === '' ? code : message, code);
}

function kindOf(code: string): StoreFault['kind'] {
  if (/^(22|23|54)...$/.test(code)) return 'row';
  if (code === '42P01') return 'tables';
  if (/^(28|3D)...$/.test(code) || code === '42501') return 'refused';
  if (/^(40|55)...$/.test(code) || code === '57014') return 'busy';
  return 'gone';
}
