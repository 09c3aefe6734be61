import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../row.ts';
import { call, FALLBACK, WANTED, type Stage } from '../stage.ts';

/** A CRM that fails is left alone, asked now and then, and used again soon after it is well. */

const FAILURES = 5;
const PROBE_GAP_MS = 10_000;
const RECOVERY_MS = 12_000;
const CALL_EVERY_MS = 100;

/** One call at a time, each begun when the one before is over: failures are observed in order. */
async function run(stage: Stage): Promise<{ figure: string; reached: boolean }> {
  const now = (): number => performance.now();
  let well = true;
  const asked: number[] = [];
  const crm = await stage.crm(() => {
    asked.push(now());
    return well ? { status: 200, body: `{"destination":"${WANTED}"}` } : { status: 500 };
  });
  const router = await stage.router({
    schemes: [{ name: 's', webhook: { url: crm.url }, fallback: { onError: [{ dial: FALLBACK }] } }],
  });
  const freeswitch = stage.freeswitch({ routers: [router.address] });
  const bad: string[] = [];
  const place = async (): Promise<string> => {
    const { end, lost } = await freeswitch.call(call('s'));
    const user = end.kind === 'answered' ? end.leg.user : end.kind;
    if (lost !== null || (user !== WANTED && user !== FALLBACK)) bad.push(lost ?? user);
    return user;
  };

  for (let n = 0; n < 10; n++) await place();
  well = false;
  asked.length = 0;
  const failed = now();
  const downMs = stage.count(35_000, 22_000, 1500);
  /** Of those who called before one of them was not asked for. */
  let untilOpen: number | null = null;
  while ((now() - failed < downMs || untilOpen === null) && !stage.signal.aborted) {
    const before = asked.length;
    await place();
    if (asked.length === before) untilOpen ??= before;
    await delay(CALL_EVERY_MS);
  }
  const failures = untilOpen ?? asked.length;
  const probes = asked.slice(failures);
  const gaps = [asked[failures - 1] ?? NaN, ...probes].map((at, n, all) => at - (all[n - 1] ?? NaN)).slice(1);
  const shortest = Math.min(...gaps);

  well = true;
  const healed = now();
  while (
    (await place()) !== WANTED &&
    !(stage.timed && now() - healed > 2 * RECOVERY_MS) &&
    !stage.signal.aborted
  )
    await delay(20);
  const recoveryMs = now() - healed;
  const shown = gaps.map((ms) => (ms / 1000).toFixed(1)).join(', ');
  return {
    figure: `${failures} failures until it opened; probes ${shown === '' ? 'none' : `after ${shown} s`}; routed again ${(recoveryMs / 1000).toFixed(1)} s after the CRM was well; ${bad.length} calls lost or astray of ${router.calls}`,
    reached:
      bad.length === 0 &&
      failures === FAILURES &&
      (gaps.length === 0 || shortest >= PROBE_GAP_MS - 10) &&
      (!stage.timed || recoveryMs <= RECOVERY_MS),
  };
}

export const breaker: Row = {
  name: 'breaker',
  fault: 'CRM fails for 35 s, then is well again',
  target: 'opens after 5 observed failures, at most 1 probe per 10 s, recovers within 12 s',
  run,
};
