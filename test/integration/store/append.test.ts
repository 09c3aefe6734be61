import { expect } from 'chai';
import Database from 'libsql';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callRecord, openStore } from '../../support/stored.ts';

describe('records in SQLite', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-append-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Parts of the index of words: each time it is written it gets one, and four of them are put together to one. */
  const parts = (file: string): number => {
    const db = new Database(file, { readonly: true });
    try {
      const { n } = db.prepare('select count(distinct segid) as n from call_words_idx').get() as {
        n: number;
      };
      return n;
    } finally {
      db.close();
    }
  };

  it('write the index of words once for a batch, not once for each of them', async () => {
    const file = join(folder, 'store.db');
    const store = await openStore({ url: `sqlite:${file}` });
    try {
      await store.ready();
      for (let n = 0; n < 50; n++) store.record(callRecord({ caller: `38044${String(1_000_000 + n)}` }));
      await store.flush();
      expect((await store.calls.page({ result: ['routed'] })).calls).to.have.length(50);
      expect(parts(file)).to.equal(1);
    } finally {
      await store.close();
    }
  });
});
