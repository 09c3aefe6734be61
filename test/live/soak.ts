import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../lib/simulator/random.ts';
import { now } from './journal.ts';
import { answerCalls } from './soak/carrier.ts';
import { Caller, type State } from './soak/caller.ts';
import { calleeNumber, callerNumber, drawPlan, type CallPlan } from './soak/plan.ts';
import { judge, type SoakResult } from './soak/report.ts';
import { GUARD_SECONDS, openStage, PATIENCE, type Stage } from './soak/stage.ts';
import { Tally } from './soak/tally.ts';
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

/** Callers who are here, the states they are in, and what becomes of them. */
const STEP_MS = 100;
/** Past the last call: whoever is still there then is counted so. */
const LAST_MS = 45_000;

/** null when the signal came first. */
export async function soak(
  { binary, folder, print }: { binary: string; folder: string; print: (line: string) => void },
  options: SoakOptions,
  stops: Stops,
  signal: AbortSignal,
): Promise<SoakResult | null> {
  const { seconds, rate, seed, control, debug } = options;
  const plans = new Map<string, CallPlan>();
  const directory = (caller: string): string | null => {
    const callee = plans.get(caller)?.callee ?? null;
    return callee === null ? null : calleeNumber(callee);
  };
  const stage = await openStage({ binary, folder, seed, control, debug, directory }, stops);
  const table = timetable(seed, { seconds, guardSeconds: GUARD_SECONDS, control });
  print(
    `FreeSWITCH ${await stage.freeswitch.version()}, ${rate} calls/s for ${seconds} s, seed ${seed}, guard ${control ? 'NONE' : `${GUARD_SECONDS} s`}`,
  );
  for (const line of toText(table)) print(`  ${line}`);

  const here = new Map<string, Caller>();
  // Without a guard it serves nobody, however late a caller is served.
  const tally = new Tally(control ? Infinity : PATIENCE.guardMs);
  let strayLegs = 0;
  answerCalls(stage.carrier, stage.sink.address().port, (number, leg) => {
    const caller = here.get(number);
    if (caller === undefined) strayLegs++;
    else caller.legs.push(leg);
  });
  const step = (): void => {
    for (const [number, caller] of here) {
      if (!caller.step(PATIENCE)) continue;
      here.delete(number);
      tally.add(caller);
    }
  };
  const stepping = setInterval(step, STEP_MS);
  const startedMs = now();
  const say = (text: string): void => {
    print(`  ${((now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  };
  const random = new Random(seed);
  const lagsMs: number[] = [];
  const place = async (nth: number): Promise<void> => {
    const plan = drawPlan(random, PATIENCE.guardMs);
    const number = callerNumber(nth);
    plans.set(number, plan);
    const to = stage.freeswitch.plan.ports.external;
    const rtpPort = stage.sink.address().port;
    here.set(number, await Caller.place(stage.callers, { nth, to, rtpPort, plan, mood: stage.crm.mood }));
  };
  try {
    let loadedMs = 0;
    const load = generate(rate, seconds, signal, lagsMs, place).then(() => (loadedMs = now() - startedMs));
    await Promise.all([
      load,
      changeMoods(stage, table.phases, signal),
      ...table.strikes.map((strike) => strikeAt(stage, strike, signal, here, say)),
    ]);
    const lastMs = now() + LAST_MS;
    while (here.size > 0 && now() < lastMs) await delay(STEP_MS, undefined, { signal });
    const unfinished = [...here.values()];
    for (const caller of unfinished) caller.leave();
    await stage.pair.stop();
    stage.pair.writeLogs(folder);
    return judge({
      ...{ options, tally, lagsMs, loadedMs, strayLegs, stage },
      unfinished: unfinished.map((caller) => caller.told()),
    });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    clearInterval(stepping);
  }
}

/** One call after the other, each at its time whatever became of those before. */
async function generate(
  rate: number,
  seconds: number,
  signal: AbortSignal,
  lagsMs: number[],
  place: (nth: number) => Promise<void>,
): Promise<void> {
  const startedMs = now();
  for (let nth = 0; nth < rate * seconds; nth++) {
    const dueMs = startedMs + (nth * 1000) / rate;
    const earlyMs = dueMs - now();
    if (earlyMs > 0) await delay(earlyMs, undefined, { signal });
    lagsMs.push(now() - dueMs);
    await place(nth);
  }
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
  here: ReadonlyMap<string, Caller>,
  say: (text: string) => void,
): Promise<void> {
  await delay(strike.atSeconds * 1000, undefined, { signal });
  const count = (wanted: State): number => [...here.values()].filter(({ state }) => state === wanted).length;
  say(
    `${strike.signal} for router ${strike.router + 1}; of its callers and the other's ${count('waits')} wait in silence, ` +
      `${count('hears ringing')} hear ringing, ${count('talks')} talk`,
  );
  say(await pair.strike(strike, signal));
}
