import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { Postgres, postgresInstalled } from '../support/postgres.ts';
import { Line } from './half-open.ts';

/** Databases with what can go wrong with them. */

/** A database of its own, and its fault. */
export interface Place {
  readonly url: string;
  readonly password: string;
  /** From now on it takes nothing. */
  readonly harm: () => Promise<unknown>;
  readonly heal: () => Promise<unknown>;
  /** The number that a question comes to. */
  readonly ask: (sql: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

export interface Trouble {
  readonly name: string;
  /** The router starts with it: a file that is open keeps a file system writable. */
  readonly fromTheStart?: true;
  /** It takes until a question is given up that connections are found out, which is longer than a short form. */
  readonly slowToHeal?: true;
  /** Resolves to null where this machine has not what it takes. */
  readonly open: () => Promise<Place | null>;
}

const MEBIBYTE = 1 << 20;
/** A record of the row takes 3 KB. */
const DISK = 'size=256m';

async function onPostgres(harm: Harm<Postgres>, heal: Harm<Postgres>): Promise<Place | null> {
  if (!postgresInstalled()) return null;
  const server = await Postgres.start();
  return {
    url: server.url(),
    password: server.password,
    harm: () => Promise.resolve(harm(server)),
    heal: () => Promise.resolve(heal(server)),
    ask: (sql) => askPostgres(server, sql),
    close: async () => {
      // One that was stopped would not hear of its end.
      server.thaw();
      await server.remove();
    },
  };
}

type Harm<T> = (target: T) => unknown;

async function askPostgres(server: Postgres, sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: server.urlWithPassword() });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(`select (${sql}) as n`);
    return Number(rows[0]?.n);
  } finally {
    await client.end();
  }
}

async function throughLine(): Promise<Place | null> {
  if (!postgresInstalled()) return null;
  const server = await Postgres.start();
  const line = await Line.to(Number(new URL(server.url()).port));
  const url = new URL(server.url());
  url.port = String(line.port);
  return {
    url: url.href,
    password: server.password,
    harm: () => {
      line.cut();
      return Promise.resolve();
    },
    heal: () => {
      line.mend();
      return Promise.resolve();
    },
    ask: (sql) => askPostgres(server, sql),
    close: async () => {
      await line.close();
      await server.remove();
    },
  };
}

/** A file on a disk of its own, where this process may mount one: in most machines root alone. */
function onDisk(
  options: string,
  harm: Harm<string>,
  heal: Harm<string>,
  mounts = true,
): Promise<Place | null> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-disk-'));
  const file = join(folder, 'store.db');
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  if (mounts) {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
      remove();
      return Promise.resolve(null);
    }
  }
  return Promise.resolve({
    url: `sqlite:${file}`,
    password: '',
    harm: () => Promise.resolve(harm(file)),
    heal: () => Promise.resolve(heal(file)),
    ask: (sql) => {
      const store = new Database(file, { readonly: true, timeout: 10_000 });
      try {
        return Promise.resolve((store.prepare(`select (${sql}) as n`).get() as { n: number }).n);
      } finally {
        store.close();
      }
    },
    close: () => {
      if (mounts) execFileSync('umount', ['-l', folder]);
      remove();
      return Promise.resolve();
    },
  });
}

function locked(): Promise<Place | null> {
  let holder: InstanceType<typeof Database> | null = null;
  return onDisk(
    '',
    (file) => {
      holder = new Database(file, { timeout: 10_000 });
      holder.exec('begin exclusive');
    },
    () => {
      holder?.exec('rollback');
      holder?.close();
    },
    false,
  );
}

/** As much as there is room for. */
function fill(file: string): void {
  const filler = `${file}.filler`;
  for (let size = MEBIBYTE; size >= 512; size /= 2) {
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(size, 1));
    } catch {
      continue;
    }
  }
}

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'postgres-stands-still',
    open: () =>
      onPostgres(
        (server) => {
          server.freeze();
        },
        (server) => {
          server.thaw();
        },
      ),
  },
  {
    name: 'postgres-gone',
    open: () =>
      onPostgres(
        (server) => server.stop(),
        (server) => server.resume(),
      ),
  },
  { name: 'postgres-half-open', slowToHeal: true, open: throughLine },
  {
    name: 'sqlite-full',
    open: () =>
      onDisk(DISK, fill, (file) => {
        rmSync(`${file}.filler`);
      }),
  },
  {
    name: 'sqlite-read-only',
    fromTheStart: true,
    open: () =>
      onDisk(
        `${DISK},ro`,
        () => undefined,
        (file) => execFileSync('mount', ['-o', 'remount,rw', join(file, '..')]),
      ),
  },
  { name: 'sqlite-locked', open: locked },
];
