import { expect } from 'chai';
import type { CallFilter } from '../../../lib/store/calls.ts';
import type { Store } from '../../../lib/store/store.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callRecord, openStore, type Given } from '../../support/stored.ts';

onBothDatabases('calls of the store', (database) => {
  let store: Store;
  const put = async (...given: Given[]) => {
    const records = given.map(callRecord);
    for (const record of records) store.record(record);
    await store.flush();
    return records;
  };
  const found = async (filter: CallFilter) =>
    (await store.calls.page(filter)).calls.map(({ callerName }) => callerName);
  const at = (second: number) => new Date(Date.UTC(2026, 5, 1, 12, 0, second, 250));

  beforeEach(async () => {
    store = await openStore(await database().fresh());
  });
  afterEach(() => store.close());

  it('gives back a record as it was, by its trace', async () => {
    const [record] = await put({ at: at(1) });
    const stored = await store.calls.find(record?.id ?? '');
    expect(stored).to.deep.equal({
      tenant: 'default',
      masked: false,
      record: JSON.parse(JSON.stringify(record)) as unknown,
    });
    expect(await store.calls.find('no id')).to.equal(null);
    expect(await store.calls.find('00000000-0000-7000-8000-000000000000')).to.equal(null);
  });

  it('has in its columns what a list shows', async () => {
    const [record] = await put({ at: at(1) });
    const { calls, next } = await store.calls.page({});
    expect(next).to.equal(null);
    expect(calls).to.deep.equal([
      {
        id: record?.id,
        tenant: 'default',
        startedAt: '2026-06-01T12:00:01.250Z',
        uuid: record?.call?.uuid,
        switch: 'fs1',
        caller: '380441112233',
        callerName: 'Iryna',
        did: '15005550100',
        scheme: 'sales',
        revision: 'r1',
        result: 'routed',
        reason: 'routed',
        destination: '101',
        answeredBy: null,
        end: 'bridged',
        via: 'primary',
        hangupCause: null,
        decidedMs: 120,
        answeredMs: 5000,
        endedMs: 65_001,
        talkedMs: 60_001,
        masked: false,
      },
    ]);
  });

  it('lists the newest first, a page at a time, each call once', async () => {
    const seconds = Array.from({ length: 25 }, (_, i) => i);
    const shuffled = [...seconds].sort((a, b) => ((a * 7) % 25) - ((b * 7) % 25));
    await put(
      ...shuffled.map((i) => ({ at: at(i), callerName: `c${i}`, scheme: i % 2 === 0 ? 'even' : 'odd' })),
    );
    for (const scheme of [undefined, 'odd']) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.calls.page(scheme === undefined ? {} : { scheme: [scheme] }, {
          limit: 4,
          ...(cursor === undefined ? {} : { cursor }),
        });
        names.push(...page.calls.map(({ callerName }) => callerName));
        // What comes in between is on no later page.
        await put({ at: at(50 + names.length), callerName: 'later', scheme: 'odd' });
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      const expected = seconds
        .reverse()
        .filter((i) => scheme === undefined || i % 2 === 1)
        .map((i) => `c${i}`);
      expect(names.filter((name) => name !== 'later')).to.deep.equal(expected);
      seconds.reverse();
    }
  });

  it('keeps calls of one millisecond apart', async () => {
    await put(...Array.from({ length: 300 }, () => ({ at: at(3) })));
    const first = await store.calls.page({}, { limit: 200 });
    const second = await store.calls.page({}, { limit: 200, cursor: first.next ?? '' });
    expect(new Set([...first.calls, ...second.calls].map(({ id }) => id)).size).to.equal(300);
  });

  it('filters by time, both ends as they are said', async () => {
    await put(
      { at: at(1), callerName: 'one' },
      { at: at(2), callerName: 'two' },
      { at: at(3), callerName: 'three' },
    );
    expect(await found({ since: at(2) })).to.deep.equal(['three', 'two']);
    expect(await found({ until: at(2) })).to.deep.equal(['one']);
    expect(await found({ since: at(2), until: at(3), text: 'fs1' })).to.deep.equal(['two']);
  });

  it('filters by caller, called number, destination and any number, in any spelling', async () => {
    await put(
      { callerName: 'a', caller: '+380441112233', did: '15005550100', destination: '101' },
      { callerName: 'b', caller: '0441112234', did: '15005550100', destination: '380441112233' },
      { callerName: 'c', caller: '201', did: '15005550199', destination: 'ivan.petrenko' },
    );
    expect(await found({ caller: '380 44 111-22-33' })).to.deep.equal(['a']);
    expect(await found({ caller: '0441112233' })).to.deep.equal(['a']);
    expect(await found({ caller: '1112234' })).to.deep.equal(['b']);
    expect(await found({ caller: '201' })).to.deep.equal(['c']);
    expect(await found({ number: '+380441112233' })).to.have.members(['a', 'b']);
    expect(await found({ did: '15005550199' })).to.deep.equal(['c']);
    expect(await found({ destination: 'ivan.petrenko' })).to.deep.equal(['c']);
    expect(await found({ caller: '999' })).to.deep.equal([]);
  });

  it('finds numbers of eight digits and fewer by all of their spellings, and no stranger by the same end', async () => {
    await put(
      { callerName: 'kari', caller: '22123456' },
      { callerName: 'nora', caller: '+4722123457', destination: '22123456' },
      { callerName: 'local', caller: '1112233' },
      { callerName: 'other', caller: '380671112233' },
    );
    for (const caller of ['+4722123456', '004722123456', '22123456', '22–12–34–56', '\u202a22123456\u202c'])
      expect(await found({ caller }), caller).to.deep.equal(['kari']);
    expect(await found({ number: '+4722123456' })).to.have.members(['kari', 'nora']);
    expect(await found({ caller: '22123457' })).to.deep.equal(['nora']);
    for (const caller of ['380441112233', '044‑111‑22‑33', '044/1112233'])
      expect(await found({ caller }), caller).to.deep.equal(['local']);
    expect(await found({ caller: '1112233' })).to.have.members(['local', 'other']);
    expect(await found({ caller: '+380671112233' })).to.have.members(['local', 'other']);
    expect(await found({ caller: '+12501112233' })).to.deep.equal(['local']);
  });

  it('pages through them in order, with strangers of the same end in between', async () => {
    const callers = ['+4722123456', '22123456', '6522123456', '2123456'];
    await put(
      ...Array.from({ length: 450 }, (_, i) => ({
        at: new Date(at(1).getTime() + i),
        caller: callers[i % 4] ?? '',
      })),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.calls.page(
        { caller: '+4722123456' },
        { limit: 50, ...(cursor === undefined ? {} : { cursor }) },
      );
      seen.push(...page.calls.map(({ caller, startedAt }) => `${startedAt} ${caller}`));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).to.deep.equal([...new Set(seen)].sort().reverse());
    expect(seen.filter((call) => call.endsWith('6522123456'))).to.deep.equal([]);
    // All but those of Singapore.
    expect(seen).to.have.length(450 - 112);
  });

  it('filters by scheme, result, reason, end and uuid, alone and together', async () => {
    const [first] = await put(
      { callerName: 'a', scheme: 'sales' },
      { callerName: 'b', scheme: 'sales', result: 'no_answer', reason: 'busy' },
      { callerName: 'c', scheme: 'night-shift', result: 'error', reason: 'webhook_timeout' },
    );
    expect(await found({ scheme: ['sales'] })).to.have.members(['a', 'b']);
    expect(await found({ scheme: ['night'] })).to.deep.equal([]);
    expect(await found({ scheme: ['sales'], result: ['no_answer', 'error'] })).to.deep.equal(['b']);
    expect(await found({ reason: ['busy', 'webhook_timeout'] })).to.have.members(['b', 'c']);
    expect(await found({ end: ['bridged'], reason: ['busy'] })).to.deep.equal(['b']);
    expect(await found({ uuid: first?.call?.uuid ?? '' })).to.deep.equal(['a']);
  });

  it('finds words of its texts, in any script and case, and nothing a query would obey', async () => {
    await put(
      { callerName: 'Іван Петренко', notes: ['the CRM was slow'] },
      { callerName: 'b', reply: '{"owner":"Müller-Lüdenscheidt"}' },
      { callerName: `O'Brien" OR "x`, notes: ["a' | b:* & !c <-> d"] },
    );
    expect(await found({ text: 'петренко' })).to.deep.equal(['Іван Петренко']);
    expect(await found({ text: 'SLOW crm' })).to.deep.equal(['Іван Петренко']);
    expect(await found({ text: 'müller-lüdenscheidt' })).to.deep.equal(['b']);
    expect(await found({ text: `brien" OR "x` })).to.deep.equal([`O'Brien" OR "x`]);
    for (const text of [`" OR ""`, `'`, `!`, `'); drop table calls; --`, `r:routed*`, '\\', 'a:*', '\0']) {
      expect(await found({ text }), text).to.be.an('array');
    }
    expect(await found({ text: '!?' })).to.deep.equal([]);
    expect(await found({ scheme: [`sa'les") OR ("x`] })).to.deep.equal([]);
    expect(await found({})).to.have.length(3);
  });

  it('keeps what a hostile caller or CRM sends, as text', async () => {
    const reply = `{"a":"\\u0000\\ud800 \u0000"}\ud800 \u202e<script>'";--`;
    const [record] = await put({ callerName: `nul\u0000 lone\ud800 '"\\`, reply, notes: ['\u0000'] });
    const stored = await store.calls.find(record?.id ?? '');
    expect(stored?.record.requests[0]?.reply?.body).to.equal(reply);
    expect(stored?.record.call?.callerName).to.equal(`nul\u0000 lone\ud800 '"\\`);
    expect(await found({ text: 'lone' })).to.have.length(1);
    expect(store.state.lost).to.equal(0);
  });

  it('writes a record once, however often it comes', async () => {
    const record = callRecord();
    store.record(record);
    await store.flush();
    store.record(record);
    store.record(callRecord({ callerName: 'other' }));
    await store.flush();
    expect(await found({})).to.have.length(2);
    expect(await found({ text: 'iryna' })).to.have.length(1);
  });

  it('holds no secret', async () => {
    await store.close();
    store = await openStore(await database().fresh(), { secrets: ['hunter2secret'] });
    store.hide(['later-secret-9']);
    const [record] = await put({ reply: 'token hunter2secret and later-secret-9 x' });
    const stored = await store.calls.find(record?.id ?? '');
    expect(stored?.record.requests[0]?.reply?.body).to.equal('token *** and *** x');
    expect(await found({ text: 'hunter2secret' })).to.deep.equal([]);
  });

  it('has a tenant on every row: the domain of the call where that is wanted', async () => {
    await store.close();
    store = await openStore(await database().fresh(), { tenants: 'domain' });
    await put(
      { callerName: 'a', domain: 'one.example' },
      { callerName: 'b', domain: 'two.example' },
      { callerName: 'c', domain: '' },
    );
    expect(await found({ tenant: 'one.example' })).to.deep.equal(['a']);
    expect(await found({ tenant: 'default' })).to.deep.equal(['c']);
    expect(await found({ tenant: 'one' })).to.deep.equal([]);
  });
});
