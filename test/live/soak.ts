import { setTimeout as delay } from 'node:timers/promises';
import { now, sleep } from './journal.ts';
import { answerCalls } from './soak/carrier.ts';
import { Crowd } from './soak/crowd.ts';
import { judge, type SoakResult } from './soak/report.ts';
import { GUARD_SECONDS, openStage, type Stage } from './soak/stage.ts';
import { timetable, toText, type Phase, type Strike } from './soak/timetable.ts';
import type { Stops } from './world.ts';

/**
 * `npm run test:live -- --soak`: many calls a second for minutes, on two routers of which one is stopped, hung and
 * killed in turn, with a CRM that has everything go wrong that can. What counts is what callers get over SIP, by the
 * rules of soak/silence.ts: nobody may be left in silence.
 */

export interface SoakOptions {
  readonly seconds: number;
  /** Calls a second. */
  readonly rate: number;
  readonly seed: number;
  /** The same without the dialplan's guard: callers have to be left in silence, or the soak proves nothing. */
  readonly control: boolean;
  /** FreeSWITCH and the routers log everything; for `--keep`. */
  readonly debug: boolean;
}

/** Past the last call: whoever is still there then is counted so. */
const LAST_MS = 45_000;
const LOOK_MS = 100;

/** null when the signal came first. */
export async function soak(
  { binary, folder, print }: { binary: string; folder: string; print: (line: string) => void },
  options: SoakOptions,
  stops: Stops,
  signal: AbortSignal,
): Promise<SoakResult | null> {
  const { seconds, rate, seed, control } = options;
  const crowd = new Crowd(seed, { guarded: !control });
  stops.push(() => void crowd.close());
  const directory = (caller: string): string | null => crowd.destinationOf(caller);
  const stage = await openStage({ binary, folder, directory, ...options }, stops);
  answerCalls(stage.carrier, stage.sink.address().port, (number, leg) => {
    crowd.join(number, leg);
  });
  const table = timetable(seed, { seconds, guardSeconds: GUARD_SECONDS, control });
  print(
    `FreeSWITCH ${await stage.freeswitch.version()}, ${rate} calls/s for ${seconds} s, seed ${seed}, guard ${control ? 'NONE' : `${GUARD_SECONDS} s`}`,
  );
  for (const line of toText(table)) print(`  ${line}`);

  const startedMs = now();
  const say = (text: string): void => {
    print(`  ${((now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  };
  try {
    const [load] = await Promise.all([
      generate(rate, seconds, signal, (nth) => crowd.place(stage, nth)),
      changeMoods(stage, table.phases, signal),
      ...table.strikes.map((strike) => strikeAt(stage, strike, signal, crowd, say)),
    ]);
    const lastMs = now() + LAST_MS;
    while (crowd.size > 0 && now() < lastMs) await delay(LOOK_MS, undefined, { signal });
    const unfinished = crowd.close();
    await stage.pair.stop();
    stage.pair.writeLogs(folder);
    return judge({ options, crowd, load, unfinished, stage });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

export interface Load {
  /** How late each call was placed. */
  readonly lagsMs: readonly number[];
  /** From the first call to the last. */
  readonly tookMs: number;
}

/** One call after the other, each at its time whatever became of those before. */
export async function generate(
  rate: number,
  seconds: number,
  signal: AbortSignal,
  place: (nth: number) => Promise<void>,
): Promise<Load> {
  const startedMs = now();
  const lagsMs: number[] = [];
  for (let nth = 0; nth < rate * seconds; nth++) {
    const dueMs = startedMs + (nth * 1000) / rate;
    const earlyMs = dueMs - now();
    if (earlyMs > 0) await sleep(earlyMs);
    signal.throwIfAborted();
    lagsMs.push(now() - dueMs);
    await place(nth);
  }
  return { lagsMs, tookMs: now() - startedMs };
}

async function changeMoods({ crm }: Stage, phases: readonly Phase[], signal: AbortSignal): Promise<void> {
  const startedMs = now();
  for (const { fromSeconds, mood } of phases) {
    await delay(Math.max(0, startedMs + fromSeconds * 1000 - now()), undefined, { signal });
    await crm.change(mood);
  }
}

async function strikeAt(
  { pair }: Stage,
  strike: Strike,
  signal: AbortSignal,
  crowd: Crowd,
  say: (text: string) => void,
): Promise<void> {
  await delay(strike.atSeconds * 1000, undefined, { signal });
  say(
    `${strike.signal} for router ${strike.router + 1}; of its callers and the other's ${crowd.count('waits')} wait in silence, ` +
      `${crowd.count('hears ringing')} hear ringing, ${crowd.count('talks')} talk`,
  );
  say(await pair.strike(strike, signal));
}
