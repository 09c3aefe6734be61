import Database from 'libsql';
import { parentPort, workerData } from 'node:worker_threads';
import { COLUMNS, fieldsIn } from './line.ts';
import type { ThreadAnswer, ThreadQuestion, ThreadSettings } from './thread.ts';

/** SQLite's side of a thread: it is synchronous, so a disk that is slow holds this thread up and no call. */

const { file, readonly, busyMs } = workerData as ThreadSettings;
const STATEMENTS = 64;

type Connection = InstanceType<typeof Database>;
type Statement = Database.Statement;

let connection: Connection | null = null;
const statements = new Map<string, Statement>();

/** Opened with the first question: a file that can't be opened fails the question, and the next one tries again. */
function open(): Connection {
  if (connection !== null) return connection;
  const opened = new Database(file, { readonly, fileMustExist: readonly, timeout: busyMs });
  try {
    opened.pragma(`busy_timeout = ${busyMs}`);
    if (!readonly) {
      // Before the first table; later it changes nothing. Deleted records give their room back to the disk by it.
      opened.pragma('auto_vacuum = INCREMENTAL');
      opened.pragma('journal_mode = WAL');
      // A crash of the machine loses the last batch at most, and never harms the file.
      opened.pragma('synchronous = NORMAL');
      opened.pragma('wal_autocheckpoint = 2000');
      opened.pragma('journal_size_limit = 67108864');
    }
    opened.pragma('cache_size = -32768');
    opened.pragma('temp_store = MEMORY');
  } catch (error) {
    opened.close();
    throw error;
  }
  connection = opened;
  return opened;
}

function prepared(sql: string): Statement {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const statement = open().prepare(sql);
  if (statements.size >= STATEMENTS) statements.clear();
  statements.set(sql, statement);
  return statement;
}

function answer({ id, ...asked }: ThreadQuestion): ThreadAnswer {
  try {
    if ('batch' in asked) {
      append(asked.batch);
      return { id, ok: true, rows: [], changes: 0 };
    }
    const { sql, parameters } = asked;
    if (sql.startsWith('pragma ')) {
      // A statement of one is left half done by this library, and the next transaction cannot end.
      open().exec(sql);
      return { id, ok: true, rows: [], changes: 0 };
    }
    const statement = prepared(sql);
    if (statement.reader) return { id, ok: true, rows: statement.all(...parameters), changes: 0 };
    const { changes } = statement.run(...parameters);
    return { id, ok: true, rows: [], changes };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    if (connection?.inTransaction === false) forgetBroken(code);
    return { id, ok: false, message, code: code ?? '' };
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

/** With the lock for writing at once, as in every transaction. */
function append(batch: string): void {
  prepared('begin immediate').run();
  try {
    const insert = prepared(INSERT);
    const insertWords = prepared(INSERT_WORDS);
    for (const fields of fieldsIn(batch)) {
      const words = fields.pop();
      // If the call was there already, so are its words.
      if (insert.run(fields).changes > 0) insertWords.run(Number(fields[0]), words);
    }
    prepared('commit').run();
  } catch (error) {
    // A full disk has rolled it back already.
    if (connection?.inTransaction === true) prepared('rollback').run();
    throw error;
  }
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
