import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sql } from 'kysely';
import type { CallRecord } from '../call/record.ts';
import { systemClock, within, type Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { messageOf, RouterError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createRedactor, type Redactor } from '../redact/redactor.ts';
import { Accounts } from './accounts.ts';
import { appendToPostgres } from './append.ts';
import { Audit } from './audit.ts';
import { Canaries } from './canaries.ts';
import { Calls, rowOf } from './calls.ts';
import type { Database } from './database.ts';
import { Deliveries } from './deliveries.ts';
import { StoreFault } from './fault.ts';
import { Figures } from './figures.ts';
import { batchOf } from './line.ts';
import { listening } from './listen.ts';
import { LiveCalls } from './live-calls.ts';
import { expectVersion, migrate } from './migrate.ts';
import { isWanted, placeOf, shownPlace, type StorePlace } from './place.ts';
import { postgresDatabase } from './postgres.ts';
import { ProblemCounter } from './problem-counter.ts';
import { Problems } from './problems.ts';
import { Schemes } from './schemes.ts';
import { SharedClock } from './shared-clock.ts';
import { liveSchemes, SharedSchemes, type LiveSchemes } from './shared-schemes.ts';
import { Shadows } from './shadows.ts';
import { sqliteDatabase } from './sqlite.ts';
import { Sweeper } from './sweeper.ts';
import { togetherIn, type Together } from './together.ts';
import { Upkeep } from './upkeep.ts';
import { Writer, type WriterState } from './writer.ts';

/** What is stored: one interface to two databases. */

export interface StoreOptions {
  readonly config: Pick<Config, 'store' | 'tenants'>;
  readonly log: Logger;
  readonly clock: Clock;
  /** Of this program, for people who look into the tables. */
  readonly version: string;
  /** What no record may hold. */
  readonly secrets?: readonly string[];
}

export interface StoreState extends WriterState {
  readonly kind: Database['kind'];
  readonly place: string;
}

/** Of calls without one of their own, and of all that belongs to the router. */
export const DEFAULT_TENANT = 'default';
const QUERY_MS = 10_000;
/** An index of a large table takes minutes. */
const MIGRATION_MS = 3_600_000;
const BUSY_MS = 2_000;
const CLOSE_MS = 3_000;
const START_MS = 3_000;
/** How long a command waits for a router that writes. */
const COMMAND_BUSY_MS = 10_000;

/** What a command does with it: reads and keeps it in order. */
export interface OpenStore {
  readonly kind: Database['kind'];
  readonly place: string;
  readonly calls: Calls;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly together: Together;
  readonly deliveries: Deliveries;
  readonly shadows: Shadows;
  readonly canaries: Canaries;
  readonly upkeep: Upkeep;
  /** Those that a router uses now. */
  liveSchemes(): Promise<LiveSchemes>;
  /** Copies all of it into a new file while a router writes. SQLite only. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

export class Store {
  readonly calls: Calls;
  readonly figures: Figures;
  readonly schemes: Schemes;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly together: Together;
  readonly deliveries: Deliveries;
  readonly liveCalls: LiveCalls;
  readonly shadows: Shadows;
  readonly canaries: Canaries;
  readonly problems: Problems;
  /** Counts what went wrong with calls. */
  readonly problemCounter: ProblemCounter;
  readonly upkeep: Upkeep;
  /** Of all routers on this database. */
  readonly clock: SharedClock;
  /** Schemes belong to the router, and all routers on a database to one owner. */
  readonly schemesTenant = DEFAULT_TENANT;
  readonly #database: Database;
  readonly #options: StoreOptions;
  readonly #writer: Writer;
  readonly #sweeper: Sweeper;
  readonly #secrets: readonly string[];
  #redactor: Redactor;
  #migrating: Promise<void> | null = null;

  private constructor(database: Database, options: StoreOptions) {
    const { clock, log, config, secrets = [] } = options;
    this.#database = database;
    this.#options = options;
    this.#secrets = secrets;
    this.#redactor = createRedactor({ secrets });
    this.calls = new Calls(database);
    this.figures = new Figures(database);
    this.schemes = new Schemes(database);
    this.accounts = new Accounts(database);
    this.audit = new Audit(database);
    this.together = togetherIn(database);
    this.deliveries = new Deliveries(database);
    this.liveCalls = new LiveCalls(database);
    this.shadows = new Shadows(database);
    this.canaries = new Canaries(database);
    this.problems = new Problems(database);
    const tenantOf = this.tenantOf.bind(this);
    this.problemCounter = new ProblemCounter({ problems: this.problems, tenantOf, clock, log });
    this.upkeep = new Upkeep(database, pauseOf(clock));
    this.#writer = new Writer({
      write: (rows) =>
        this.write(async () => {
          await this.calls.insert(rows);
          await this.shadows.add(rows.flatMap(({ shadows }) => shadows));
          await this.canaries.add(rows.flatMap(({ canary }) => canary));
        }),
      clock,
      log,
    });
    this.clock = new SharedClock({ database, clock, log });
    this.#sweeper = new Sweeper({ store: this, ...config.store, clock: this.clock, log });
  }

  /**
   * Resolves to null where there is none. A database that can't be reached does not keep the router from starting: it is tried
   * again. One that refuses the user, or is from a later program, does: rejects with RouterError `config_invalid`.
   */
  static async open(options: StoreOptions): Promise<Store | null> {
    const { config, log } = options;
    const place = placeOf(config.store);
    if (place.kind === 'off' || !(await isWanted(config.store))) return null;
    const onReplaced = (): void => {
      log.warn('store: the SQLite file was deleted or replaced; records now go to the file at that path');
    };
    const store = new Store(await connect(place, BUSY_MS, onReplaced), options);
    try {
      await inTime(store.ready(), options.clock);
    } catch (error) {
      if (isFinal(error)) {
        await store.close();
        throw new RouterError('config_invalid', `store ${store.#database.place}: ${messageOf(error)}`, {
          cause: error,
        });
      }
      log.warn('store: the database cannot be used yet; calls go on, and the router tries it again', {
        place: store.#database.place,
        error: messageOf(error),
      });
      void store.clock.follow();
    }
    store.#sweeper.start();
    return store;
  }

  /** Returns at once. The record does not change afterwards: its call has ended. */
  record(record: CallRecord): void {
    try {
      const shown = this.#redactor.value(record) as CallRecord;
      this.#writer.add(rowOf(shown, this.tenantOf(record)));
    } catch (error) {
      this.#options.log.error('store: a record cannot be written', {
        trace: record.id,
        error: messageOf(error),
      });
    }
  }

  /** Until the next time no record holds these either: secrets that have changed, tokens. Those of the start stay. */
  hide(passing: readonly string[]): void {
    this.#redactor = createRedactor({ secrets: [...this.#secrets, ...passing] });
  }

  /** The schemes that routers on this database share. */
  shareSchemes(): SharedSchemes {
    const { clock, log } = this.#options;
    return new SharedSchemes({ schemes: this.schemes, tenant: DEFAULT_TENANT, clock, log });
  }

  get state(): StoreState {
    const { kind, place } = this.#database;
    return { kind, place, ...this.#writer.state };
  }

  /** Resolves when what has been recorded is written, or can't be now. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Within some seconds, whatever the database does. */
  async close(): Promise<void> {
    this.clock.close();
    await this.#sweeper.stop();
    await within(this.problemCounter.flush(), CLOSE_MS / 3, this.#options.clock);
    await this.#writer.close(CLOSE_MS);
    await within(this.#database.close(), CLOSE_MS / 3, this.#options.clock);
  }

  /** Resolves when its tables are there; rejects if that is unknown, or if they can't be created. */
  async ready(): Promise<void> {
    const migrating = (this.#migrating ??= this.#migrate());
    try {
      await migrating;
    } catch (error) {
      if (this.#migrating === migrating) this.#migrating = null;
      throw error;
    }
  }

  /** Writes when the tables are there. A database that was recreated, or a file that was deleted, has them again at the next try. */
  async write<T>(work: () => Promise<T>): Promise<T> {
    await this.ready();
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreFault && error.kind === 'tables') this.#migrating = null;
      throw error;
    }
  }

  async #migrate(): Promise<void> {
    const { version, clock } = this.#options;
    await migrate(this.#database, { program: version, at: clock.date() });
    await this.clock.follow();
  }

  /** Whose a call is. */
  tenantOf(record: Pick<CallRecord, 'call'>): string {
    return tenantOf(record, this.#options.config.tenants);
  }
}

/** Whose a call is, as the setting says. */
export function tenantOf({ call }: Pick<CallRecord, 'call'>, tenants: Config['tenants']): string {
  const domain = tenants === 'domain' ? (call?.domain ?? '') : '';
  return domain === '' ? DEFAULT_TENANT : domain;
}

/** For a command: the tables have to be there. Rejects with RouterError. */
export async function openExisting(config: Config['store'], clock: Clock): Promise<OpenStore> {
  const store = await openIfThere(config, clock);
  if (store !== null) return store;
  const place = placeOf(config);
  if (place.kind !== 'sqlite') {
    throw new RouterError('config_invalid', 'the store is off: see store.url (ESL_ROUTER_STORE_URL)');
  }
  const first = place.asked ? '' : `create the folder ${config.dir} (store.dir) if it is missing; `;
  throw new RouterError(
    'config_invalid',
    `there is no store yet: ${first}the router creates ${place.file} when it starts`,
  );
}

/** Resolves to null where there is none, or none yet. Rejects with RouterError where one can't be opened. */
export async function openIfThere(config: Config['store'], clock: Clock): Promise<OpenStore | null> {
  const place = placeOf(config);
  if (place.kind === 'off' || (place.kind === 'sqlite' && !(await isFile(place.file)))) return null;
  const database = await connect(place, COMMAND_BUSY_MS);
  try {
    await expectVersion(database.reader);
  } catch (error) {
    await database.close();
    throw new RouterError('config_invalid', `store ${database.place}: ${messageOf(error)}`, { cause: error });
  }
  return {
    kind: database.kind,
    place: database.place,
    calls: new Calls(database),
    accounts: new Accounts(database),
    audit: new Audit(database),
    together: togetherIn(database),
    deliveries: new Deliveries(database),
    shadows: new Shadows(database),
    canaries: new Canaries(database),
    upkeep: new Upkeep(database, pauseOf(clock)),
    liveSchemes: () => liveSchemes(new Schemes(database), DEFAULT_TENANT),
    backup: async (file) => {
      await sql`vacuum into ${file}`.execute(database.reader);
    },
    close: () => database.close(),
  };
}

async function connect(
  place: Exclude<StorePlace, { kind: 'off' }>,
  busyMs: number,
  onReplaced?: () => void,
): Promise<Database> {
  if (place.kind === 'sqlite') {
    const { file } = place;
    // If the folder can't be created the file can't be opened, which is reported then.
    await mkdir(dirname(file), { recursive: true, mode: 0o750 }).catch(() => undefined);
    const writer = sqliteDatabase({ file, readonly: false, busyMs }, onReplaced);
    const reader = sqliteDatabase({ file, readonly: true, busyMs });
    return {
      kind: 'sqlite',
      writer: writer.queries,
      reader: reader.queries,
      append: (lines) => writer.append(batchOf(lines)),
      migrating: (work) => work(writer.queries),
      place: file,
      close: async () => {
        await Promise.all([writer.queries.destroy(), reader.queries.destroy()]);
      },
    };
  }
  const { url, password } = place;
  const limits = { url, password, queryMs: QUERY_MS };
  const writer = postgresDatabase({ ...limits, connections: 2 });
  const reader = postgresDatabase({ ...limits, connections: 3 });
  return {
    kind: 'postgres',
    writer,
    reader,
    append: (lines) => appendToPostgres(writer, lines),
    migrating: async (work) => {
      const patient = postgresDatabase({
        ...limits,
        connections: 1,
        queryMs: MIGRATION_MS,
        idleMs: QUERY_MS,
      });
      try {
        return await work(patient);
      } finally {
        await patient.destroy();
      }
    },
    place: shownPlace(url),
    listen: (channel, onWord) => listening({ url, password, channel, onWord, clock: systemClock }),
    close: async () => {
      await Promise.all([writer.destroy(), reader.destroy()]);
    },
  };
}

/** Calls wait for the router to start, so it waits for no database. */
async function inTime(promise: Promise<void>, clock: Clock): Promise<void> {
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(START_MS, () => {
      reject(new StoreFault('gone', `no answer within ${START_MS / 1000} s`));
    });
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** Errors that waiting does not cure. */
function isFinal(error: unknown): boolean {
  return error instanceof StoreFault && (error.kind === 'version' || error.kind === 'refused');
}

/** Between two batches other writers get their turn. */
const PAUSE_MS = 20;

function pauseOf(clock: Clock): () => Promise<void> {
  return () =>
    new Promise((resolve) => {
      clock.after(PAUSE_MS, resolve);
    });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
