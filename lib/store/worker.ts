import Database from 'libsql';
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { COLUMNS, fieldsIn } from './line.ts';
import { REPLACED, type ThreadAnswer, type ThreadQuestion, type ThreadSettings } from './thread.ts';

/** SQLite's side of a thread: it is synchronous, so a disk that is slow holds this thread up and no call. */

const { file, readonly, busyMs } = workerData as ThreadSettings;
const STATEMENTS = 64;

type Connection = InstanceType<typeof Database>;
type Statement = Database.Statement;

let connection: Connection | null = null;
/** The file that it has open. */
let opened = '';
const statements = new Map<string, Statement>();

const OF_EACH = `
  pragma busy_timeout = ${busyMs};
  pragma cache_size = -32768;
  pragma temp_store = memory;
`;
/**
 * `auto_vacuum` before the first table; later it changes nothing. Deleted records give their room back to the disk by it. With
 * `synchronous = normal` a crash of the machine loses the last batch at most, and never harms the file.
 */
const OF_A_WRITER = `
  pragma auto_vacuum = incremental;
  pragma journal_mode = wal;
  pragma synchronous = normal;
  pragma wal_autocheckpoint = 2000;
  pragma journal_size_limit = 67108864;
`;

/** Which file has the name now; empty: none. */
function identity(): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.dev} ${found.ino}`;
}

/**
 * Opened with the first question: a file that can't be opened fails the question, and the next one tries again. SQLite goes on writing
 * into one that was deleted or replaced, without an error and where nobody finds it: the file that has the name now is opened.
 */
function open(): Connection {
  if (connection !== null) {
    if (connection.inTransaction || identity() === opened) return connection;
    close();
    parentPort?.postMessage(REPLACED);
  }
  // The library creates it, whatever it is told.
  if (readonly && identity() === '') {
    throw Object.assign(new Error('there is no such file'), { code: 'SQLITE_CANTOPEN' });
  }
  const next = new Database(file, { readonly, fileMustExist: readonly, timeout: busyMs });
  try {
    next.exec(readonly ? OF_EACH : `${OF_EACH} ${OF_A_WRITER}`);
  } catch (error) {
    next.close();
    throw error;
  }
  connection = next;
  opened = identity();
  return next;
}

function prepared(sql: string): Statement {
  const database = open();
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const statement = database.prepare(sql);
  if (statements.size >= STATEMENTS) statements.clear();
  statements.set(sql, statement);
  return statement;
}

function answer({ id, ...asked }: ThreadQuestion): ThreadAnswer {
  try {
    const { rows, changes } = 'batch' in asked ? append(asked.batch) : execute(asked.sql, asked.parameters);
    return { id, ok: true, rows, changes };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    if (connection?.inTransaction === false) forgetBroken(code);
    return { id, ok: false, message, code: code ?? '' };
  }
}

interface Result {
  readonly rows: unknown[];
  readonly changes: number;
}

const DONE: Result = { rows: [], changes: 0 };
/** What begins or ends a transaction, and what sets SQLite up. */
const CONTROL = /^(?:begin|commit|rollback|pragma)\b/;

/**
 * A prepared statement that meets a lock, and one of a pragma, is left in progress by this library until it runs again: no transaction
 * can be committed meanwhile. So no prepared statement meets one: whatever waits for the lock is executed as a text.
 */
function execute(sql: string, parameters: readonly unknown[]): Result {
  if (CONTROL.test(sql)) {
    open().exec(sql);
    return DONE;
  }
  const run = (): Result => {
    const statement = prepared(sql);
    if (statement.reader) return { rows: statement.all(...parameters), changes: 0 };
    const { changes } = statement.run(...parameters);
    return { rows: [], changes };
  };
  return readonly || open().inTransaction ? run() : inTransaction(run);
}

/** With the lock for writing at once: one that reads first and then may not write would have to begin again. */
function inTransaction<T>(work: () => T): T {
  const database = open();
  database.exec('begin immediate');
  try {
    const result = work();
    database.exec('commit');
    return result;
  } catch (error) {
    // A full disk has rolled it back already.
    if (database.inTransaction) database.exec('rollback');
    throw error;
  }
}

const NAMES = Object.keys(COLUMNS);
const INSERT = `insert into calls (${NAMES.map((name) => `"${name}"`).join(', ')}) values (${NAMES.map(() => '?').join(', ')})
  on conflict (id) do nothing`;
/**
 * With its values, and not with a `select ... where`: before a statement that may fail half way SQLite has the index of words write all
 * that it holds back for the end of the transaction. For every record that cost more than all else together.
 */
const INSERT_WORDS = 'insert into call_words (rowid, words) values (?, ?)';

function append(batch: Uint8Array): Result {
  inTransaction(() => {
    const insert = prepared(INSERT);
    const insertWords = prepared(INSERT_WORDS);
    for (const fields of fieldsIn(batch)) {
      const words = fields.pop();
      // If the call was there already, so are its words.
      if (insert.run(fields).changes > 0) insertWords.run(Number(fields[0]), words);
    }
  });
  return DONE;
}

/** After a fault of the file itself it is opened again: it may have been put back. */
function forgetBroken(code = ''): void {
  if (!/^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY)/.test(code)) return;
  close();
}

function close(): void {
  statements.clear();
  try {
    connection?.close();
  } catch {
    // What can't be closed is not used any more either.
  }
  connection = null;
}

const port = parentPort;
port?.on('message', (question: ThreadQuestion | 'close') => {
  if (question === 'close') {
    close();
    port.close();
  } else {
    port.postMessage(answer(question));
  }
});
