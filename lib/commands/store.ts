import { open, unlink } from 'node:fs/promises';
import { systemClock } from '../clock.ts';
import { messageOf, RouterError } from '../errors.ts';
import { openExisting, type OpenStore } from '../store/store.ts';
import type { StoreAction } from './actions.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';

export interface StoreCommandOptions extends CommonOptions {
  readonly json?: boolean;
}

/** Looks after the store, while a router runs too. */
export async function storeCommand(
  context: CommandContext,
  action: StoreAction,
  what: string | undefined,
  options: StoreCommandOptions,
): Promise<ExitCode> {
  if (what === undefined && action !== 'status') {
    throw new RouterError(
      'config_invalid',
      `esl-router store ${action}: say which ${action === 'backup' ? 'FILE' : 'NUMBER'}`,
    );
  }
  const { config } = await load(context, options);
  const redactor = redactorOf(context.env);
  const store = await openExisting(config.store, systemClock);
  try {
    if (action === 'status') {
      const facts = await statusOf(store);
      if (options.json === true) printJson(context.stdout, facts, redactor);
      else
        print(
          context.stdout,
          Object.entries(facts).map(([name, value]) => `${name.padEnd(9)}  ${String(value ?? '-')}`),
          redactor,
        );
      return 0;
    }
    if (action === 'erase') {
      const erased = await store.upkeep.erase(what ?? '');
      print(
        context.stdout,
        [`${erased} records no longer hold ${what ?? ''}; log files and backups were not changed`],
        redactor,
      );
      return 0;
    }
    await backup(store, what ?? '');
    print(context.stdout, [`${what ?? ''}: a full copy of ${store.place}`], redactor);
    return 0;
  } finally {
    await store.close();
  }
}

async function statusOf({ kind, place, upkeep }: OpenStore) {
  const [records, bytes, oldest, newest] = await Promise.all([
    upkeep.count(),
    upkeep.bytes(),
    upkeep.oldest(),
    upkeep.newest(),
  ]);
  return {
    kind,
    place,
    records,
    megabytes: Math.round(bytes / 1024 / 1024),
    oldest: oldest?.toISOString() ?? null,
    newest: newest?.toISOString() ?? null,
  };
}

/** Overwrites nothing, and only its owner may read it: it holds every number. */
export async function backup(store: Pick<OpenStore, 'kind' | 'backup'>, file: string): Promise<void> {
  if (store.kind === 'postgres') {
    throw new RouterError(
      'config_invalid',
      `the store is PostgreSQL: take the backup with pg_dump --format=custom --file=${file}`,
    );
  }
  // Empty, and closed to others from the first byte on: SQLite copies into it as it finds it.
  const created = await open(file, 'wx', 0o600).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new RouterError('config_invalid', `${file} already exists, and a backup overwrites nothing`);
    throw noBackup(file, error);
  });
  await created.close();
  try {
    await store.backup(file);
  } catch (error) {
    await unlink(file).catch(() => undefined);
    throw noBackup(file, error);
  }
}

function noBackup(file: string, error: unknown): RouterError {
  return new RouterError('internal', `no backup at ${file}: ${messageOf(error)}`, { cause: error });
}
