/** What a store of some weeks holds besides calls: every page of the console has its rows. */
import type { CallRecord } from '../../lib/call/record.ts';
import type { Store } from '../../lib/store/store.ts';
import { uuidv7 } from '../../lib/uuid.ts';
import { fill } from '../store.ts';

const DAYS = 10;
const PROBLEMS = 300;
const AUDIT_LINES = 2_000;
const EVENTS = 4_000;
const WEBHOOK = 'crm';

/** Resolves to some of the calls. */
export async function fillStore(
  store: Store,
  records: number,
  say: (text: string) => void,
): Promise<readonly CallRecord[]> {
  const end = Date.now();
  const samples = await fill(store, records, say, { end, days: DAYS });
  const [first] = samples;
  const last_call = first?.id ?? '';
  const at = (n: number): Date => new Date(end - n * 60_000);
  for (let n = 0; n < PROBLEMS; n++) {
    const moment = at(n).toISOString();
    const kind = { reason: 'webhook_timeout', scheme: `scheme${n % 12}`, crm: `https://crm${n}.example` };
    await store.problems.count({
      ...{ id: uuidv7(at(n)), tenant: 'default', kind: Object.values(kind).join(' '), ...kind },
      ...{ count: n + 1, first_at: moment, last_at: moment, last_call },
    });
  }
  for (let n = AUDIT_LINES; n > 0; n--) {
    await store.audit.add({
      ...{ id: uuidv7(at(n)), tenant: 'default', at: at(n).toISOString(), who: 'admin' },
      ...{ address: '127.0.0.1', action: 'scheme changed', subject: `scheme${n % 12}` },
      change: JSON.stringify({ from: n, to: n + 1 }),
    });
  }
  const deliveries = Array.from({ length: EVENTS }, (_, n) => ({
    ...{ id: uuidv7(at(n)), tenant: 'default', call_id: `call${n}`, seq: 1, scheme: 'scheme0' },
    ...{ event: 'ended', webhook: WEBHOOK, body: '{}', created_at: at(n).toISOString() },
  }));
  const opened = deliveries.map(({ call_id, tenant, scheme, created_at: started_at }) => {
    return { call_id, tenant, scheme, started_at, ends: '[]' };
  });
  for (let n = 0; n < EVENTS; n += 500) {
    const some = opened.slice(n, n + 500);
    const closed = some.map(({ call_id }) => call_id);
    await store.deliveries.write('bench', { opened: some, deliveries: deliveries.slice(n, n + 500), closed });
  }
  const lane = { scheme: 'scheme0', webhook: WEBHOOK };
  const until = new Date(end + 60_000);
  const taken = await store.deliveries.take(lane, { at: new Date(end), until, limit: EVENTS });
  await store.deliveries.settle(
    taken.map((delivery, n) =>
      n % 10 === 0 ? { kind: 'parked', delivery, error: 'HTTP 500' } : { kind: 'delivered', delivery },
    ),
    new Date(end),
  );
  return samples;
}
