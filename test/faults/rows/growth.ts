import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../../bench/measure.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, WANTED, type Stage } from '../stage.ts';

/** A leak of one object a call shows in a hundred thousand of them. */

/** Below what makes it give calls back. */
const AT_ONCE = 8;
const MOST_PERCENT = 5;
const SAMPLE_CALLS = 50;
/** Connections to the CRM are kept for 4 s, and everything else ends sooner. */
const QUIET_MS = 10_000;

async function run(stage: Stage): Promise<Outcome> {
  const crm = await stage.crm(() => ({ status: 200, body: `{"destination":"${WANTED}"}` }));
  const router = await stage.router({ schemes: [{ name: 's', webhook: { url: crm.url } }] });
  const freeswitch = stage.freeswitch({ routers: [router.address] });
  const calls = stage.count(100_000, 10_000, 600);
  const before = { sockets: router.sockets, ...(await router.health({ objects: true })) };
  const early: number[] = [];
  const late: number[] = [];
  const bad: string[] = [];
  const astray = answeredBy(WANTED);
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < calls && !stage.signal.aborted) {
      const n = ++begun;
      const report = await freeswitch.call(call('s', { caller: String(380_441_000_000 + n) }));
      const why = report.lost ?? astray(report);
      if (why !== null) bad.push(why);
      if (n % SAMPLE_CALLS !== 0) continue;
      if (n > calls * 0.9) late.push(router.rssKib);
      else if (n > calls * 0.1 && n <= calls * 0.2) early.push(router.rssKib);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  // The look at its objects stops the process for seconds: it comes when the sockets have had their time.
  const deadline = performance.now() + QUIET_MS;
  while (router.sockets > before.sockets && performance.now() < deadline) await delay(200);
  const after = { sockets: router.sockets, ...(await router.health({ objects: true })) };
  const percent = (median(late) / median(early) - 1) * 100;
  const objects = Object.values(after.objects ?? {}).reduce((sum, count) => sum + count, 0);
  const timers = (after.resources['Timeout'] ?? 0) - (before.resources['Timeout'] ?? 0);
  const opened = after.sockets - before.sockets;
  const warned = router.daemon.stderr;
  return {
    figure:
      `${calls} calls, ${bad.length} lost or astray; RSS ${(median(early) / 1024).toFixed(0)} -> ${(median(late) / 1024).toFixed(0)} MiB, ${percent.toFixed(1)} %; ` +
      `against the start ${opened} sockets, ${timers} timers; ${objects} objects of calls left` +
      (warned === '' ? '' : `; on standard error: ${warned.slice(0, 100)}`),
    // A few hundred calls are the daemon warming up.
    reached:
      bad.length === 0 &&
      (percent <= MOST_PERCENT || !stage.timed) &&
      opened <= 0 &&
      timers <= 0 &&
      objects === 0 &&
      warned === '',
  };
}

export const growth: Row = {
  name: 'growth',
  fault: '100,000 calls',
  target:
    'median RSS of the last 10,000 at most 5 % above that of calls 10,000 to 20,000; sockets and listeners back at the start',
  seconds: 1800,
  run,
};
