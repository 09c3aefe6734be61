import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { newRecord } from '../../../lib/call/record.ts';
import { newTraceId } from '../../../lib/call/trace.ts';
import { systemClock } from '../../../lib/clock.ts';
import { Events } from '../../../lib/events/events.ts';
import type { SendOptions } from '../../../lib/events/send.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';
import { listeningLog, openStore } from '../../support/stored.ts';

onBothDatabases('events of a router that the database has not heard from', (database) => {
  it('are written after the word that it is alive: no other router closes the call', async () => {
    const store = await openStore(await database().fresh());
    const scheme = schemeOf({
      events: [{ on: ['ringing', 'ended'], webhook: { url: 'http://crm.example.com/events' } }],
    });
    // Its heartbeat is not running: as in an outage.
    const events = new Events({
      store,
      schemes: () => new Map([['sales', scheme]]),
      sending: {} as SendOptions,
      lagMs: () => 0,
      clock: store.clock,
      random: () => 0.5,
      log: listeningLog(),
    });
    const record = newRecord(newTraceId(new Date()), new Date());
    events.observer.noted?.(record, { type: 'call', call: callOf() });
    events.observer.noted?.(record, { type: 'scheme', name: 'sales', revision: 'r', chosenBy: 'default' });
    const end = systemClock.now() + 10_000;
    while (events.state.queued > 0 && systemClock.now() < end) await delay(10);
    expect(events.state).to.include({ queued: 0, lost: 0 });
    const at = store.clock.date();
    const since = new Date(at.getTime() - 30_000);
    expect(await store.liveCalls.closeOrphans(since, at, 10)).to.deep.equal([]);
    // It is there, and is closed when its router has really been silent.
    const later = new Date(at.getTime() + 60_000);
    expect(await store.liveCalls.closeOrphans(later, later, 10)).to.deep.equal(['sales']);
    await events.close();
    await store.close();
  });
});
