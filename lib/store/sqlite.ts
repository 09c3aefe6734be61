import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Tables } from './tables.ts';
import { SqliteThread, type ThreadSettings } from './thread.ts';

export interface SqliteDatabase {
  readonly queries: Kysely<Tables>;
  /** Records in one transaction and one message to the thread, which takes the memory of the batch: see line.ts. */
  readonly append: (batch: Uint8Array<ArrayBuffer>) => Promise<void>;
}

/** Kysely over a thread that has the file open. `onReplaced`: it was deleted or replaced, and is opened again. */
export function sqliteDatabase(settings: ThreadSettings, onReplaced?: () => void): SqliteDatabase {
  const driver = new ThreadDriver(settings, onReplaced);
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
  return { queries: new Kysely<Tables>({ dialect }), append: (batch) => driver.append(batch) };
}

class ThreadDriver implements Driver {
  readonly #thread: SqliteThread;
  readonly #connection: DatabaseConnection;
  /** One connection, which one transaction has at a time. */
  #free: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(settings: ThreadSettings, onReplaced?: () => void) {
    this.#thread = new SqliteThread(settings, onReplaced);
    this.#connection = {
      executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
        const { rows, changes } = await this.#thread.ask(sql, parameters);
        return { rows: rows as R[], numAffectedRows: BigInt(changes) };
      },
      streamQuery: () => {
        throw new Error('pages are read, not streams');
      },
    };
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free;
    let release: () => void = () => undefined;
    this.#free = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    this.#release();
    return Promise.resolve();
  }

  async append(batch: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.acquireConnection();
    try {
      await this.#thread.append(batch);
    } finally {
      await this.releaseConnection();
    }
  }

  /** With the lock for writing at once: a transaction that reads first and then may not write would have to begin again. */
  async beginTransaction(): Promise<void> {
    await this.#thread.ask('begin immediate', []);
  }

  async commitTransaction(): Promise<void> {
    await this.#thread.ask('commit', []);
  }

  /** A full disk has rolled it back already. */
  async rollbackTransaction(): Promise<void> {
    await this.#thread.ask('rollback', []).catch(() => undefined);
  }

  destroy(): Promise<void> {
    return this.#thread.close();
  }
}
