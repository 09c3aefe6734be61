import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { CONTROLLER_CORE, portOf, start, stop } from '../../../bench/child.ts';
import { runLoad } from '../../../lib/simulator/index.ts';
import type { Outcome, Row } from '../row.ts';
import type { Stage } from '../stage.ts';
import { failingCrm, Ledger, toldScheme, toldScript } from '../told.ts';

/** CRMs are told of calls by a router that is killed again and again, and the CRM fails a third of the time. */

/** A router on one core that reports each call three times, and each event half again as often, is overloaded by 200 (measured). */
const RATE = 100;
const KILLS = 3;
/** Of a quarter of a million events some are refused eleven times in a row, and wait for ten minutes each time in the end. */
const DRAIN_MS = 2_400_000;
/** A control tells from memory: what has not come so long after the last call does not come any more. */
const CONTROL_DRAIN_MS = 60_000;
const LOOK_MS = 500;

/** Starts whoever is told of the calls, always at the same port; resolves to its end by SIGKILL. */
type Start = () => Promise<() => Promise<void>>;

/** Resolves to how many calls were placed. */
async function play(stage: Stage, ledger: Ledger, port: number, begin: Start): Promise<number> {
  let kill = await begin();
  const calls = stage.count(100_000, 10_000, 240);
  const rate = stage.count(RATE, RATE, 80);
  const load = runLoad({
    routers: [{ host: '127.0.0.1', port }],
    lean: true,
    signal: stage.signal,
    seed: stage.seed,
    calls,
    callsPerSecond: rate,
    script: (n) => toldScript(stage, n),
    onReport: ledger.onReport,
  });
  const kills = stage.count(KILLS, KILLS, 1);
  for (let n = 1; n <= kills; n++) {
    await delay(((calls / rate) * 1000) / (kills + 1), undefined, { signal: stage.signal });
    ledger.killedMs.push(performance.now());
    await kill();
    kill = await begin();
    stage.say(`  killed ${n} times: ${ledger.ids.size} events have arrived by ${ledger.tries} tries`);
  }
  return (await load).calls;
}

/** Until it is so, so long at most. Resolves to how long it took. */
async function drained(stage: Stage, mostMs: number, isSo: () => boolean): Promise<number> {
  const began = performance.now();
  while (!isSo() && performance.now() - began < mostMs)
    await delay(LOOK_MS, undefined, { signal: stage.signal });
  return performance.now() - began;
}

function figureOf(ledger: Ledger, calls: number): string {
  return (
    `${calls} calls, ${ledger.killedMs.length} kills: ${ledger.ids.size} events by ${ledger.tries} tries, ${ledger.refused} refused, ` +
    `${ledger.repeated} came twice; ${ledger.disorders} out of order, ${ledger.unended} calls without one end, ` +
    `${ledger.missing} of written calls missing, ${ledger.closed} closed for a dead router`
  );
}

async function run(stage: Stage): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-events-'));
  stage.atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
    return Promise.resolve();
  });
  const file = join(folder, 'store.db');
  const ledger = new Ledger();
  const crm = await failingCrm(stage, ledger);
  const port = await freePort();
  const settings = { LISTEN_PORT: String(port), STORE_URL: `sqlite:${file}`, STORE_DAYS: '0' };
  const calls = await play(stage, ledger, port, async () => {
    const { daemon } = await stage.router({ schemes: [toldScheme(crm)], settings });
    return async () => {
      daemon.signal('SIGKILL');
      await daemon.ended();
    };
  });
  const store = new Database(file, { readonly: true });
  stage.atEnd(() => {
    store.close();
    return Promise.resolve();
  });
  const open = store.prepare(
    "select (select count(*) from deliveries where state <> 'delivered') + (select count(*) from live_calls) as n",
  );
  const waiting = (): number => (open.get() as { n: number }).n;
  const drainedMs = await drained(stage, DRAIN_MS, () => waiting() === 0);
  const stored = store.prepare('select id from deliveries').all() as { id: string }[];
  const undelivered = stored.filter(({ id }) => !ledger.ids.has(id)).length;
  const unknown = ledger.ids.size - (stored.length - undelivered);
  const { disorders, strangers, unended, missing, closed } = ledger;
  return {
    figure:
      `${figureOf(ledger, calls)}; ${undelivered} of ${stored.length} not delivered, ${strangers + unknown} of no call; ` +
      `the last ${(drainedMs / 1000).toFixed(0)} s after the last call`,
    reached:
      undelivered + disorders + strangers + unknown + unended + waiting() === 0 &&
      // How much a kill costs depends on the speed of the machine.
      (missing === 0 || !stage.timed) &&
      // Else the router was hardly there.
      ledger.ids.size > (stage.timed ? calls / 2 : 0) &&
      closed > 0,
  };
}

async function control(stage: Stage): Promise<Outcome> {
  const ledger = new Ledger();
  const crm = await failingCrm(stage, ledger);
  const port = await freePort();
  const script = fileURLToPath(new URL('../controls/events-in-memory.ts', import.meta.url));
  const calls = await play(stage, ledger, port, async () => {
    const child = start(script, {
      core: CONTROLLER_CORE,
      nodeArguments: ['--import', 'tsx'],
      env: { CRM_URL: crm.url, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    stage.atEnd(() => stop(child));
    await portOf(child);
    return () => stop(child);
  });
  await drained(stage, CONTROL_DRAIN_MS, () => ledger.unended + ledger.missing === 0);
  return {
    figure: figureOf(ledger, calls),
    reached: ledger.disorders + ledger.strangers + ledger.unended + ledger.missing === 0,
  };
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
  seconds: 7200,
  run,
  control: { what: 'a controller that tells from memory', run: control },
};
