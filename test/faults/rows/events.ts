import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'libsql';
import { runLoad, type CallReport, type CallScript, type CrmReply } from '../../../lib/simulator/index.ts';
import type { Outcome, Row } from '../row.ts';
import { call, WANTED, type Stage } from '../stage.ts';

/** CRMs are told of calls by a router that is killed again and again, and the CRM fails a third of the time. */

const RATE = 200;
const KILLS = 3;
/** So long before it was killed a router had all that had happened in its store, also on a machine that others use. */
const UNWRITTEN_MS = 2_000;
/** A router is missed for half a minute before its calls are closed. */
const DRAIN_MS = 900_000;
const LOOK_MS = 500;

interface Told {
  readonly event: string;
  readonly event_id: string;
  readonly seq: number;
  readonly uuid: string;
  readonly result: string;
}

/** A call, as the switch saw it. */
interface Placed {
  readonly end: CallReport['end'];
  readonly beganMs: number;
  readonly endedMs: number;
}

/** What has arrived: each call's events in the order in which the CRM took them. */
class Ledger {
  readonly calls = new Map<string, Told[]>();
  readonly ids = new Set<string>();
  tries = 0;
  refused = 0;
  repeated = 0;
  disorders = 0;

  take(told: Told): void {
    if (this.ids.has(told.event_id)) {
      this.repeated++;
      return;
    }
    this.ids.add(told.event_id);
    const events = this.calls.get(told.uuid) ?? [];
    this.calls.set(told.uuid, [...events, told]);
    if (told.seq !== (events.at(-1)?.seq ?? 0) + 1) this.disorders++;
  }
}

async function run(stage: Stage): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-events-'));
  stage.atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
    return Promise.resolve();
  });
  const file = join(folder, 'store.db');
  const ledger = new Ledger();
  const { random } = stage;
  const crm = await stage.crm(({ url, body }): CrmReply => {
    if (!url.startsWith('/events')) return { status: 200, body: `{"destination":"${WANTED}"}` };
    ledger.tries++;
    const draw = random.below(300);
    if (draw < 100) {
      ledger.refused++;
      if (draw < 60) return { status: 500, body: 'the database is locked' };
      if (draw < 90) return { reset: 'before-headers' };
      if (draw < 98) return { status: 404, body: '' };
      // It takes the event, and the router can't know.
      ledger.take(JSON.parse(body.toString('utf8')) as Told);
      return { status: 200, delayMs: 3_000, body: '' };
    }
    ledger.take(JSON.parse(body.toString('utf8')) as Told);
    return { status: 200, body: '{"ok":true}' };
  });
  const port = await freePort();
  const start = () =>
    stage.router({
      schemes: [
        {
          name: 'told',
          webhook: { url: `${crm.url}/route` },
          events: [
            {
              on: ['ringing', 'answered', 'moved', 'ended'],
              webhook: { url: `${crm.url}/events`, timeoutSeconds: 2, maxInFlight: 400 },
            },
          ],
        },
      ],
      settings: { LISTEN_PORT: String(port), STORE_URL: `sqlite:${file}`, STORE_DAYS: '0' },
    });
  let router = await start();
  const calls = stage.count(100_000, 10_000, 240);
  const rate = stage.count(RATE, RATE, 80);
  const placed = new Map<string, Placed>();
  const killedMs: number[] = [];
  const load = runLoad({
    routers: [{ host: '127.0.0.1', port }],
    lean: true,
    signal: stage.signal,
    seed: stage.seed,
    calls,
    callsPerSecond: rate,
    script: (n) => scriptOf(stage, n),
    onReport: ({ uuid, end, timings }) => {
      const endedMs = performance.now();
      placed.set(uuid, { end, beganMs: endedMs - timings.endMs, endedMs });
    },
  });
  const kills = stage.count(KILLS, KILLS, 1);
  for (let n = 1; n <= kills; n++) {
    await delay(((calls / rate) * 1000) / (kills + 1), undefined, { signal: stage.signal });
    router.daemon.signal('SIGKILL');
    killedMs.push(performance.now());
    await router.daemon.ended();
    router = await start();
    stage.say(`  killed ${n} times: ${ledger.ids.size} events have arrived by ${ledger.tries} tries`);
  }
  const report = await load;
  const store = new Database(file, { readonly: true });
  stage.atEnd(() => {
    store.close();
    return Promise.resolve();
  });
  const waiting = (): number =>
    (
      store
        .prepare(
          "select (select count(*) from deliveries where state <> 'delivered') + (select count(*) from live_calls) as n",
        )
        .get() as { n: number }
    ).n;
  const began = performance.now();
  for (let left = waiting(); left > 0; left = waiting()) {
    if (performance.now() - began > DRAIN_MS) break;
    await delay(LOOK_MS, undefined, { signal: stage.signal });
  }
  const drainedMs = performance.now() - began;
  const stored = store.prepare('select id from deliveries').all() as { id: string }[];
  const undelivered = stored.filter(({ id }) => !ledger.ids.has(id)).length;
  const unknown = ledger.ids.size - (stored.length - undelivered);
  const strangers = [...ledger.calls.keys()].filter((uuid) => !placed.has(uuid)).length;
  const unended = [...ledger.calls.values()].filter(
    (events) =>
      events.filter(({ event }) => event === 'ended').length !== 1 || events.at(-1)?.event !== 'ended',
  ).length;
  const closed = [...ledger.calls.values()].filter((events) => events.at(-1)?.result === 'unknown').length;
  // But for those that a kill has met, or that had ended in the moment before it.
  const missing = [...placed].filter(([uuid, { end, beganMs, endedMs }]) => {
    if (end.kind !== 'answered') return false;
    if (killedMs.some((ms) => beganMs < ms && endedMs > ms - UNWRITTEN_MS)) return false;
    const events = ledger.calls.get(uuid) ?? [];
    return !['ringing', 'answered', 'ended'].every((name) => events.some(({ event }) => event === name));
  }).length;
  const figure =
    `${report.calls} calls, ${kills} kills: ${ledger.ids.size} events by ${ledger.tries} tries, ${ledger.refused} refused, ` +
    `${ledger.repeated} came twice; ${undelivered} of ${stored.length} not delivered, ${ledger.disorders} out of order, ` +
    `${strangers + unknown} of no call, ${unended} calls without one end, ${missing} of written calls missing; ` +
    `${closed} closed for a dead router; the last ${(drainedMs / 1000).toFixed(0)} s after the last call`;
  return {
    figure,
    reached:
      undelivered + ledger.disorders + strangers + unknown + unended + waiting() === 0 &&
      // How much a kill costs depends on the speed of the machine.
      (missing === 0 || !stage.timed) &&
      // Else the router was hardly there.
      ledger.ids.size > calls / 2 &&
      closed > 0,
  };
}

/** Most are answered and talk for a while; some callers give up, some callees are busy. */
function scriptOf(stage: Stage, n: number): CallScript {
  const talkMs = 20 + stage.random.below(1_500);
  if (n % 10 === 0)
    return call('told', { callee: () => ({ kind: 'fail', cause: 'USER_BUSY', afterMs: 20 }) });
  if (n % 10 === 1)
    return call('told', { callee: () => ({ kind: 'ring' }), hangupAt: 'ringing', hangupAfterMs: 100 });
  return call('told', { callee: () => ({ kind: 'answer', afterMs: 20, talkMs, hangup: 'caller' }) });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export const events: Row = {
  name: 'events',
  fault: 'a CRM that fails a third of its events, and three SIGKILLs of the router',
  target: 'each event delivered, in order, none of a call that never was',
  seconds: 3600,
  run,
};
