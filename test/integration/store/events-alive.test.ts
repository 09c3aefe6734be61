import { expect } from 'chai';
import { newRecord } from '../../../lib/call/record.ts';
import { newTraceId } from '../../../lib/call/trace.ts';
import { Events, type EventsOptions } from '../../../lib/events/events.ts';
import type { SendOptions } from '../../../lib/events/send.ts';
import type { Scheme } from '../../../lib/scheme/scheme.ts';
import type { Store } from '../../../lib/store/store.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';
import { listeningLog, openStore } from '../../support/stored.ts';
import { eventually } from '../../support/wait.ts';

const TELLING = schemeOf({
  events: [{ on: ['ringing', 'ended'], webhook: { url: 'http://crm.example.com/events' } }],
});

onBothDatabases('the life of events', (database) => {
  let store: Store;

  beforeEach(async () => {
    store = await openStore(await database().fresh());
  });
  afterEach(() => store.close());

  const eventsOf = (scheme: Scheme, more: Partial<EventsOptions> = {}) =>
    new Events({
      store,
      schemes: () => new Map([[scheme.name, scheme]]),
      sending: {} as SendOptions,
      lagMs: () => 0,
      clock: store.clock,
      random: () => 0.5,
      log: listeningLog(),
      ...more,
    });
  /** A call of that scheme comes, and 201 rings. */
  const rings = async (events: Events, { name, revision }: Scheme) => {
    const record = newRecord(newTraceId(new Date()), new Date());
    const rung = [{ name: '201', kind: 'person' }] as const;
    events.observer.noted?.(record, { type: 'call', call: callOf() });
    events.observer.noted?.(record, { type: 'scheme', name, revision, chosenBy: 'default' });
    events.observer.noted?.(record, { type: 'bridge', atMs: 1, dialString: '', destination: '201', rung });
    await eventually('it is written', () => events.state.queued === 0);
    expect(events.state.lost).to.equal(0);
  };
  const countsOf = async () =>
    Object.fromEntries((await store.deliveries.counts()).map(({ state, count }) => [state, count]));

  it('are written after the word that the router is alive: no other closes the call', async () => {
    // Its heartbeat is not running: as in an outage.
    const events = eventsOf(TELLING);
    await rings(events, TELLING);
    const at = store.clock.date();
    const since = new Date(at.getTime() - 30_000);
    expect(await store.liveCalls.closeOrphans(since, at, 10)).to.deep.equal([]);
    // It is there, and is closed when its router has really been silent.
    const later = new Date(at.getTime() + 60_000);
    expect(await store.liveCalls.closeOrphans(later, later, 10)).to.deep.equal([TELLING.name]);
    await events.close();
  });

  it('that were under way when the router stopped are free at once', async () => {
    let asked = 0;
    const send: SendOptions['send'] = async (_, { signal }) => {
      asked++;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      throw signal.reason;
    };
    const sending: Partial<SendOptions> = {
      send,
      withToken: (_webhook, _signal, exchange) => exchange(null),
      secret: () => '',
      clock: store.clock,
      version: 'test',
    };
    const events = eventsOf(TELLING, { sending: sending as SendOptions });
    events.follow(new Map([[TELLING.name, TELLING]]));
    for (let n = 0; n < 5; n++) await rings(events, TELLING);
    await eventually('the CRM is asked', () => asked === 5);
    await events.close();
    const at = store.clock.date();
    const lane = { scheme: TELLING.name, webhook: '1' };
    const free = await store.deliveries.take(lane, { at, until: at, limit: 10 });
    expect(free.map(({ attempts }) => attempts)).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it('are looked after where no scheme has any, as long as some are left', async () => {
    const before = eventsOf(TELLING);
    await rings(before, TELLING);
    // It dies, and comes back without its events.
    const silent = { ...TELLING, events: [] };
    const after = eventsOf(silent, { beatMs: 20, goneMs: 100 });
    after.follow(new Map([[silent.name, silent]]));
    let waiting = 0;
    while (waiting < 2) waiting = (await countsOf())['waiting'] ?? 0;
    expect(await store.deliveries.hasOpen()).to.equal(true);
    await after.close();
    await before.close();
  });

  it('cost a router nothing where there are none', async () => {
    const silent = { ...TELLING, events: [] };
    const events = eventsOf(silent, { beatMs: 1 });
    let beats = 0;
    const { liveCalls } = store;
    Object.assign(liveCalls, { beat: () => Promise.resolve(beats++) });
    expect(await store.deliveries.hasOpen()).to.equal(false);
    events.follow(new Map([[silent.name, silent]]));
    for (let n = 0; n < 10; n++) await countsOf();
    await events.close();
    expect(beats).to.equal(0);
  });
});
