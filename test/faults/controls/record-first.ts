/** It writes the record of each call before it bridges it, as one does who wants no call without a record. */
import Database from 'libsql';
import pg from 'pg';
import { WANTED } from '../stage.ts';
import { serve } from './controller.ts';

const url = process.env['STORE_URL'] ?? '';
const TABLE = 'create table if not exists records (uuid text)';

async function writer(): Promise<(uuid: string) => unknown> {
  if (url.startsWith('sqlite:')) {
    let file: InstanceType<typeof Database> | null = null;
    return (uuid) => {
      if (file === null) {
        const opened = new Database(url.slice('sqlite:'.length), { timeout: 2_000 });
        opened.exec(`pragma journal_mode = WAL; ${TABLE}`);
        file = opened;
      }
      file.prepare('insert into records values (?)').run(uuid);
    };
  }
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => undefined);
  await pool.query(TABLE);
  return (uuid) => pool.query('insert into records values ($1)', [uuid]);
}

const write = await writer();
serve(async ({ uuid }) => {
  await write(uuid);
  return WANTED;
});
