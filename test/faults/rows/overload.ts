import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CONTROLLER_CORE, PINNED, start, stop, SWITCH_CORE } from '../../../bench/child.ts';
import type { FloodOrder, FloodReport } from '../flood.ts';
import { MOST_LAG_MS } from '../load.ts';
import type { Outcome, Row } from '../row.ts';
import type { Stage } from '../stage.ts';

/** Five times more calls than the router can route: it routes as many as ever, and the others are not kept waiting. */

const TIMES = 5;
const LEAST_SHARE = 0.9;
/** The router's default. */
const BUDGET_SECONDS = 4;
const PATIENCE_MS = (BUDGET_SECONDS + 1) * 1000;
const FIRST_RATE = 50;
/** They leave the router a quarter of its core: what a whole one carries, one generator cannot make five times. */
const NEIGHBOURS = 3;
/** From one load to the next, until more of it brings no more. */
const STEP = 1.2;
const MOST_RATE = 2000;

export const overload: Row = {
  name: 'overload',
  fault: 'five times the load that one core carries',
  target: '0 lost, useful work at least 90 % of its peak',
  seconds: 600,
  run,
};

function neighbour(): () => Promise<void> {
  const child = start(fileURLToPath(new URL('../neighbour.ts', import.meta.url)), {
    core: CONTROLLER_CORE,
    nodeArguments: ['--import', 'tsx'],
    stdio: 'ignore',
  });
  return () => stop(child);
}

async function run(stage: Stage): Promise<Outcome> {
  const child = start(fileURLToPath(new URL('../flood.ts', import.meta.url)), {
    core: SWITCH_CORE,
    nodeArguments: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  stage.atEnd(() => stop(child));
  const [crmUrl] = (await once(child, 'message')) as [string];
  const webhook = { url: crmUrl, timeoutSeconds: BUDGET_SECONDS, maxInFlight: 1000 };
  const router = await stage.router({ sheds: true, schemes: [{ name: 's', webhook }] });
  if (PINNED) {
    spawnSync('taskset', ['-a', '-cp', String(CONTROLLER_CORE), String(router.pid)]);
    if (stage.timed) for (let n = 0; n < NEIGHBOURS; n++) stage.atEnd(neighbour());
  }
  const flood = async (callsPerSecond: number, seconds: number): Promise<FloodReport> => {
    const calls = Math.round(callsPerSecond * seconds);
    child.send({
      port: router.address.port,
      calls,
      callsPerSecond,
      patienceMs: PATIENCE_MS,
    } satisfies FloodOrder);
    const [report] = (await once(child, 'message')) as [FloodReport];
    stage.inTime(report.lagMs);
    await delay(1000);
    return report;
  };
  const usefulOf = ({ inTime, durationMs }: FloodReport): number => inTime / (durationMs / 1000);

  const seconds = stage.count(10, 6, 1);
  await stage.untilValid(() => flood(FIRST_RATE, seconds)); // warm
  let peak = 0;
  let best = FIRST_RATE;
  if (stage.timed) {
    for (let rate = FIRST_RATE; rate <= MOST_RATE && !stage.signal.aborted; rate *= STEP) {
      const useful = usefulOf(await stage.untilValid(() => flood(rate, seconds)));
      stage.say(`  ${Math.round(rate)}/s: ${Math.round(useful)} routed a second`);
      if (useful > peak) [peak, best] = [useful, rate];
      else if (useful < peak * 0.9 || rate > 2 * best) break;
    }
  } else {
    // What it carries at this moment: a machine that is busy with others is not asked for more than five times that.
    best = peak = usefulOf(await stage.untilValid(() => flood(8 * FIRST_RATE, seconds)));
  }
  const under = await stage.untilValid(() => flood(peak * TIMES, seconds * 2));
  // And when the load is over, it is over.
  const afterwards = await stage.untilValid(() => flood(FIRST_RATE / 2, 2));
  const share = usefulOf(under) / peak;
  const { calls, routed, givenBack, refused, lost, example, lagMs } = under;
  return {
    figure:
      `peak ${Math.round(peak)} routed a second at ${Math.round(best)}/s; at ${Math.round(calls / (under.durationMs / 1000))}/s: ` +
      `${Math.round(usefulOf(under))} routed a second${stage.timed ? `, ${(share * 100).toFixed(0)} % of the peak` : ''}; of ${calls} calls ` +
      `${routed} routed (p99 ${under.p99Ms.toFixed(0)} ms), ${givenBack} given back, ${refused} refused by a closed port, ${lost} lost` +
      `${example === null ? '' : ` (${example})`}; afterwards ${afterwards.routed} of ${afterwards.calls} routed` +
      (lagMs > MOST_LAG_MS ? `; generator at p99 ${Math.round(lagMs)} ms late` : ''),
    reached: lost === 0 && (share >= LEAST_SHARE || !stage.timed) && afterwards.routed === afterwards.calls,
  };
}
