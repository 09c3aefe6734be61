import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { runLoad } from '../../../lib/simulator/index.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../../support/postgres.ts';
import { VoidRun, type Outcome, type Row } from '../row.ts';
import type { Stage } from '../stage.ts';
import { failingCrm, Ledger, toldScheme, toldScript } from '../told.ts';

/** Two routers on one PostgreSQL. One is killed and does not come back: the other one ends its calls, and sends what it had to say. */

const RATE = 100;
/** A router is missed for half a minute before its calls are closed. */
const DRAIN_MS = 900_000;
const LOOK_MS = 500;

async function run(stage: Stage): Promise<Outcome> {
  if (!postgresInstalled()) throw new VoidRun(NO_POSTGRES);
  const server = await Postgres.start();
  stage.atEnd(() => server.remove());
  const ledger = new Ledger();
  const crm = await failingCrm(stage, ledger);
  const begin = () =>
    stage.router({
      schemes: [toldScheme(crm)],
      settings: { STORE_URL: server.url(), STORE_PASSWORD: server.password, STORE_DAYS: '0' },
    });
  const [doomed, other] = await Promise.all([begin(), begin()]);
  const calls = stage.count(20_000, 4_000, 200);
  const rate = stage.count(RATE, RATE, 30);
  // A call that its first router does not take goes to the other one.
  const loads = [
    [doomed, other],
    [other, doomed],
  ].map((routers, index) =>
    runLoad({
      routers: routers.map(({ address }) => address),
      lean: true,
      signal: stage.signal,
      seed: stage.seed + index,
      calls: calls / 2,
      callsPerSecond: rate / 2,
      script: (n) => toldScript(stage, n),
      onReport: ledger.onReport,
    }),
  );
  await delay(((calls / rate) * 1000) / 2, undefined, { signal: stage.signal });
  ledger.killedMs.push(performance.now());
  doomed.daemon.signal('SIGKILL');
  await Promise.all(loads);
  const client = new pg.Client({ connectionString: server.urlWithPassword() });
  await client.connect();
  stage.atEnd(() => client.end());
  const waiting = async (): Promise<number> => {
    const { rows } = await client.query<{ n: string }>(
      "select (select count(*) from deliveries where state <> 'delivered') + (select count(*) from live_calls) as n",
    );
    return Number(rows[0]?.n);
  };
  const began = performance.now();
  while ((await waiting()) > 0 && performance.now() - began < DRAIN_MS)
    await delay(LOOK_MS, undefined, { signal: stage.signal });
  const left = await waiting();
  const { rows } = await client.query<{ id: string }>('select id from deliveries');
  const undelivered = rows.filter(({ id }) => !ledger.ids.has(id)).length;
  const unknown = ledger.ids.size - (rows.length - undelivered);
  const { disorders, strangers, unended, missing, closed } = ledger;
  return {
    figure:
      `${calls} calls: ${ledger.ids.size} events by ${ledger.tries} tries, ${ledger.refused} refused, ${ledger.repeated} came twice; ` +
      `${undelivered + left} not delivered, ${disorders} out of order, ${strangers + unknown} of no call, ${unended} calls without one end, ` +
      `${missing} of written calls missing, ${closed} closed by the other router; ` +
      `the last ${((performance.now() - began) / 1000).toFixed(0)} s after the last call`,
    reached:
      undelivered + left + disorders + strangers + unknown + unended === 0 &&
      // How much a kill costs depends on the speed of the machine.
      (missing === 0 || !stage.timed) &&
      closed > 0,
  };
}

export const eventsShared: Row = {
  name: 'events-shared',
  fault: 'a CRM that fails a third of its events, and one of two routers on PostgreSQL killed for good',
  target: 'each event delivered, in order, the calls of the dead router ended as unknown by the other one',
  seconds: 1800,
  run,
};
