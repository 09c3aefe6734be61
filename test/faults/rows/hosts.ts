import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../../bench/measure.ts';
import { runLoad, type CallReport, type LoadReport } from '../../../lib/simulator/index.ts';
import { Daemon, type DaemonOptions } from '../../support/daemon.ts';
import type { Outcome, Row } from '../row.ts';
import { call, WANTED, type Stage } from '../stage.ts';

/** Two routers as `socket h1|h2`: one is killed, or stands still, and nobody waits longer than the dialplan's guard. */

/** Slow enough for a generator that shares two cores with two routers, of which one starts or catches up meanwhile. */
const RATE = 50;
/** Who met a router that was stalled without a guard comes back all at once. */
const CONTROL_RATE = 5;
const KILLED_SECONDS = 10;
/** Of the simulation's timers on a busy machine. */
const LATE_MS = 250;
const START_MS = 2000;

interface Times {
  readonly budgetSeconds: number;
  readonly guardSeconds: number;
  readonly stoppedSeconds: number;
}

const TIMES: Times = { budgetSeconds: 2, guardSeconds: 8, stoppedSeconds: 30 };

/** Real seconds all the same: the router reckons by its own clock when the guard may have fired. */
const SHORT_TIMES: Times = { budgetSeconds: 1, guardSeconds: 3, stoppedSeconds: 5 };

const timesOf = (stage: Stage): Times => (stage.scale === 'short' ? SHORT_TIMES : TIMES);

/** Everything that is counted of the calls of a phase. */
interface Phase {
  readonly load: LoadReport;
  /** From its INVITE until somebody served a caller, at most. */
  readonly longestMs: number;
}

/** The schemes ask a CRM that takes its time, so that a good part of the calls is undecided at any moment. */
async function setting(stage: Stage): Promise<DaemonOptions> {
  const crm = await stage.crm(() => ({
    status: 200,
    body: `{"destination":"${WANTED}"}`,
    delayMs: stage.random.below(400),
  }));
  return {
    schemes: [{ name: 's', webhook: { url: `${crm.url}/s`, timeoutSeconds: timesOf(stage).budgetSeconds } }],
    settings: { LOG_LEVEL: 'info' },
  };
}

async function begin(stage: Stage, options: DaemonOptions): Promise<Daemon> {
  const daemon = await Daemon.start({ onCall: () => undefined, ...stage.ownCore, ...options });
  stage.atEnd(() => daemon.kill());
  return daemon;
}

/** When somebody had an ear for him: who hung up by himself was not served. */
function servedMs({ end, timings }: CallReport): number {
  return end.kind === 'answered' ? end.afterMs : timings.settledMs;
}

async function play(
  stage: Stage,
  routers: readonly Daemon[],
  { seconds, rate, guard }: { seconds: number; rate: number; guard: boolean },
  meanwhile: () => Promise<unknown>,
): Promise<Phase> {
  const { budgetSeconds, guardSeconds } = timesOf(stage);
  let longestMs = 0;
  const playing = runLoad({
    routers: routers.map(({ address }) => address),
    seed: stage.seed + stage.random.below(1e6),
    lean: true,
    budgetMs: budgetSeconds * 1000,
    calls: Math.round(rate * seconds),
    callsPerSecond: rate,
    signal: stage.signal,
    script: () => {
      const { guardSeconds: _, ...bare } = call('s');
      return guard ? { ...bare, guardSeconds } : bare;
    },
    onReport: (report) => {
      longestMs = Math.max(longestMs, servedMs(report));
    },
  });
  await meanwhile();
  const load = await playing;
  stage.inTime(load.lagMs);
  return { load, longestMs };
}

function describe({ load, longestMs }: Phase): string {
  const { calls, lost, violations, ends, lostExamples, violationExamples, lagMs } = load;
  const [example] = [...lostExamples, ...violationExamples];
  const shown = Object.entries(ends).map(([end, count]) => `${end} ${count}`);
  return (
    `${lost} lost of ${calls} (${shown.join(', ')}), ${violations} violations, longest wait ${(longestMs / 1000).toFixed(2)} s, ` +
    `generator at p99 ${lagMs.toFixed(0)} ms late${example === undefined ? '' : `, e.g. ${example}`}`
  );
}

/** The first of the two dies in the middle of its calls, and comes back on its port. */
async function killed(stage: Stage): Promise<Phase[]> {
  const options = await setting(stage);
  const second = await begin(stage, options);
  const seconds = stage.count(KILLED_SECONDS, KILLED_SECONDS, 4);
  const rate = stage.count(RATE, RATE, RATE / 2);
  const phases: Phase[] = [];
  const once = async (): Promise<Phase> => {
    const first = await begin(stage, options);
    return play(stage, [first, second], { seconds, rate, guard: true }, async () => {
      await delay(1000 + stage.random.below(1000));
      await first.kill();
      await delay(1000);
      const settings = { ...options.settings, LISTEN_PORT: String(first.address.port) };
      await begin(stage, { ...options, settings });
    });
  };
  for (let time = 0; time < stage.count(10, 3, 1) && !stage.signal.aborted; time++) {
    phases.push(await stage.untilValid(once));
  }
  return phases;
}

/** The first of the two stands still, and its port still accepts: FreeSWITCH does not go on to the second. */
async function stopped(stage: Stage, guard: boolean): Promise<Phase> {
  const options = await setting(stage);
  const [first, second] = [await begin(stage, options), await begin(stage, options)];
  const { stoppedSeconds } = timesOf(stage);
  const rate = stage.count(guard ? RATE / 2 : CONTROL_RATE, RATE / 4, RATE / 2);
  // As long again, so that those who come back at its end are few among all.
  const seconds = stoppedSeconds + stage.count(stoppedSeconds, 4, 4);
  return play(stage, [first, second], { seconds, rate, guard }, async () => {
    await delay(1500);
    first.signal('SIGSTOP');
    await delay(stoppedSeconds * 1000);
    first.signal('SIGCONT');
  });
}

/** From spawn to the line that says `listening`. */
async function startsMs(stage: Stage): Promise<number[]> {
  const options = await setting(stage);
  const all: number[] = [];
  for (let n = 0; n < stage.count(20, 20, 2); n++) {
    const began = performance.now();
    const daemon = await Daemon.start(options);
    all.push(performance.now() - began);
    await daemon.kill();
  }
  return all;
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

async function run(stage: Stage): Promise<Outcome> {
  const starts = await startsMs(stage);
  const kills = await killed(stage);
  for (const phase of kills) stage.say(`  SIGKILL: ${describe(phase)}`);
  const stop = await stage.untilValid(() => stopped(stage, true));
  stage.say(`  SIGSTOP: ${describe(stop)}`);
  const all = [...kills, stop];
  const bad = all.filter(({ load }) => load.lost + load.violations > 0);
  const longestKillMs = Math.max(...kills.map(({ longestMs }) => longestMs));
  const guardMs = timesOf(stage).guardSeconds * 1000 + LATE_MS;
  const ended = (phase: Phase, end: CallReport['end']['kind']): number => phase.load.ends[end] ?? 0;
  return {
    figure:
      `SIGKILL ${kills.length} times: ${describe(bad.find((phase) => phase !== stop) ?? (kills[0] as Phase))}, ` +
      `longest of all ${inSeconds(longestKillMs)}; SIGSTOP: ${describe(stop)}; ` +
      `${starts.length} starts: median ${inSeconds(median(starts))}, worst ${inSeconds(Math.max(...starts))}, load average ${loadavg()[0]?.toFixed(1) ?? ''}`,
    reached:
      bad.length === 0 &&
      (!stage.timed ||
        (stop.longestMs <= guardMs && longestKillMs <= guardMs && median(starts) <= START_MS)) &&
      // Else the second served nobody, or nobody met the one that was stalled, or it took its own pause for the CRM's.
      all.every((phase) => ended(phase, 'answered') > ended(phase, 'dialplan')) &&
      ended(stop, 'guard') > 0,
  };
}

export const hosts: Row = {
  name: 'hosts',
  fault: 'the first of two routers h1|h2 is killed, then stopped for 30 s',
  target: '0 lost, nobody waits longer than the guard; a new start is ready within 2 s',
  seconds: 1200,
  run,
  control: {
    what: 'SIGSTOP, and a dialplan without a guard',
    run: async (stage) => {
      const phase = await stage.untilValid(() => stopped(stage, false));
      return { figure: describe(phase), reached: phase.load.lost === 0 };
    },
  },
};
