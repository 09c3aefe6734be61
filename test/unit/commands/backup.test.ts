import { expect } from 'chai';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup } from '../../../lib/commands/store.ts';
import { openIfThere } from '../../../lib/store/store.ts';
import { systemClock } from '../../../lib/clock.ts';
import { callRecord, openStore, STORE } from '../../support/stored.ts';

describe('backup of a SQLite store', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-backup-'));
    file = join(folder, 'copy.db');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  const saying = (work: Promise<void>): Promise<string> => work.then(() => '', String);

  it('is readable by its owner alone from the first byte on, whatever the umask', async () => {
    const modes: string[] = [];
    const before = process.umask(0);
    try {
      await backup({ kind: 'sqlite', backup: () => Promise.resolve(void modes.push(modeOf(file))) }, file);
    } finally {
      process.umask(before);
    }
    expect([...modes, modeOf(file)]).to.deep.equal(['600', '600']);
  });

  it('fails and leaves nothing behind, nor does it touch what is there', async () => {
    const full = {
      kind: 'sqlite',
      backup: (path: string) => {
        writeFileSync(path, 'half of it');
        return Promise.reject(new Error('database or disk is full'));
      },
    } as const;
    expect(await saying(backup(full, file))).to.contain('disk is full');
    expect(existsSync(file)).to.equal(false);
    expect(await saying(backup(full, join(folder, 'none', 'copy.db')))).to.contain('no backup at');
    writeFileSync(file, 'mine');
    expect(await saying(backup(full, file))).to.contain('overwrites nothing');
    expect(readFileSync(file, 'utf8')).to.equal('mine');
  });

  it('holds every record', async () => {
    const place = { ...STORE, url: `sqlite:${join(folder, 'store.db')}` };
    const store = await openStore(place);
    const record = callRecord();
    store.record(record);
    await store.flush();
    const opened = await openIfThere(place, systemClock);
    if (opened === null) throw new Error('the store is not there');
    await backup(opened, file);
    await opened.close();
    await store.close();
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).to.deep.equal(['copy.db']);
    expect(modeOf(file)).to.equal('600');
    const copy = await openStore({ url: `sqlite:${file}` });
    expect((await copy.calls.find(record.id))?.record.id).to.equal(record.id);
    await copy.close();
  });
});
