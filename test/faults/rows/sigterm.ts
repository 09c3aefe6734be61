import { setTimeout as delay } from 'node:timers/promises';
import { runLoad, type CallReport } from '../../../lib/simulator/index.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, FALLBACK, WANTED, type Stage } from '../stage.ts';

/** The router is told to stop while calls are bridged, are being decided, and come. */

const RATE = 100;
const BRIDGE_RATE = 250;
const BUDGET_SECONDS = 2;
/** By the target: exit within the budget and this. */
const MARGIN_MS = 2000;
const AFTER_MS = 1500;

interface Round {
  /** Bridged at SIGTERM. */
  readonly bridged: number;
  readonly torn: number;
  readonly lost: number;
  readonly violations: number;
  readonly ends: Readonly<Partial<Record<CallReport['end']['kind'], number>>>;
  readonly examples: readonly string[];
  readonly exitMs: number;
  readonly reasons: ReadonlyMap<string, number>;
  readonly clean: boolean;
  readonly lagMs: number;
}

/** A router of its own, and its end. */
async function round(stage: Stage, seed: number): Promise<Round> {
  let asked = 0;
  const crm = await stage.crm(({ url }) => {
    // Told to stop, it waits for all of these: at once, soon, just in time, never.
    if (!url.startsWith('/mixed')) return { status: 200, body: `{"destination":"${WANTED}"}` };
    const kind = asked++ % 20;
    if (kind === 0) return { hang: true };
    return { status: 200, body: `{"destination":"${WANTED}"}`, delayMs: kind < 4 ? kind * 450 : kind * 10 };
  });
  const fallback = { onError: [{ dial: FALLBACK }] };
  const router = await stage.router({
    schemes: ['steady', 'mixed'].map((name) => ({
      name,
      webhook: { url: `${crm.url}/${name}`, timeoutSeconds: BUDGET_SECONDS },
      fallback,
    })),
  });
  const talkers = stage.count(500, 200, 20);
  const load = {
    routers: [router.address],
    lean: true,
    budgetMs: BUDGET_SECONDS * 1000,
    signal: stage.signal,
  };
  // They talk on after the router has gone, and are not to notice.
  const talkMs = stage.count(9000, 8000, 5000);
  let answered = 0;
  const torn: string[] = [];
  const bridged = runLoad({
    ...load,
    seed,
    calls: talkers,
    callsPerSecond: BRIDGE_RATE,
    script: () =>
      call('steady', {
        callee: () => {
          answered++;
          return { kind: 'answer', afterMs: 0, talkMs, hangup: 'caller' };
        },
      }),
    onReport: (report) => {
      const { uuid, end } = report;
      const wrong =
        answeredBy(WANTED)(report) ??
        (end.kind === 'answered' && end.hangupBy !== 'caller' ? `torn down by the ${end.hangupBy}` : null);
      if (wrong !== null) torn.push(`${uuid}: ${wrong}`);
    },
  });
  while (answered < talkers && !stage.signal.aborted) await delay(10);
  const rate = stage.count(RATE, RATE, 40);
  const coming = runLoad({
    ...load,
    seed: seed + 1,
    calls: Math.round((rate * (AFTER_MS + 1500)) / 1000),
    callsPerSecond: rate,
    // A guard would serve whom the router leaves in silence: every other call has none.
    script: (n) => {
      const { guardSeconds, ...bare } = call('mixed');
      return n % 2 === 0 ? bare : { ...bare, guardSeconds: guardSeconds ?? 8 };
    },
  });
  await delay(1000 + stage.random.below(500));
  const began = performance.now();
  router.daemon.signal('SIGTERM');
  const code = await router.daemon.ended();
  const exitMs = performance.now() - began;
  const [talked, came] = await Promise.all([bridged, coming]);
  // The others were placed beforehand, as fast as it goes.
  stage.inTime(came.lagMs);
  return {
    bridged: talkers,
    torn: torn.length,
    lost: talked.lost + came.lost,
    violations: talked.violations + came.violations,
    ends: came.ends,
    examples: [...torn, ...talked.lostExamples, ...came.lostExamples, ...came.violationExamples],
    exitMs,
    reasons: router.reasons,
    clean: code === 0 && router.daemon.stderr === '',
    lagMs: came.lagMs,
  };
}

async function run(stage: Stage): Promise<Outcome> {
  const rounds: Round[] = [];
  const times = stage.count(50, 5, 1);
  while (rounds.length < times && !stage.signal.aborted) {
    const one = await stage.untilValid(() => round(stage, stage.seed + 10 * rounds.length));
    stage.say(
      `  ${one.lost} lost, ${one.torn} torn, exit after ${one.exitMs.toFixed(0)} ms, ${JSON.stringify(one.ends)}`,
    );
    stage.say(`  ${[...one.reasons].map(([r, n]) => `${r} ${n}`).join()}`);
    rounds.push(one);
  }
  const sum = (of: (one: Round) => number): number => rounds.reduce((all, one) => all + of(one), 0);
  const ends = new Map<string, number>();
  for (const one of rounds) {
    for (const [end, count] of Object.entries(one.ends)) ends.set(end, (ends.get(end) ?? 0) + count);
  }
  const lost = sum((one) => one.lost);
  const torn = sum((one) => one.torn);
  const violations = sum((one) => one.violations);
  const unclean = rounds.filter(({ clean }) => !clean).length;
  const longestMs = Math.max(...rounds.map(({ exitMs }) => exitMs));
  const [example] = rounds.flatMap(({ examples }) => examples);
  const shown = [...ends].map(([end, count]) => `${end} ${count}`).join(', ');
  return {
    figure:
      `${times} times: ${lost} lost, ${torn} of ${sum(({ bridged }) => bridged)} bridges torn, ${violations} violations, ` +
      `exit after ${(longestMs / 1000).toFixed(2)} s at most, ${unclean} not with 0; the others: ${shown}; ` +
      `generator at p99 ${Math.max(...rounds.map(({ lagMs }) => lagMs)).toFixed(0)} ms late` +
      (example === undefined ? '' : `, e.g. ${example}`),
    reached:
      lost + torn + violations + unclean === 0 &&
      (longestMs <= BUDGET_SECONDS * 1000 + MARGIN_MS || !stage.timed) &&
      // Else nothing was being decided, or nothing came, when it was told.
      (ends.get('answered') ?? 0) > 0 &&
      (ends.get('no-router') ?? 0) > 0,
  };
}

export const sigterm: Row = {
  name: 'sigterm',
  fault: 'SIGTERM at 100 calls/s with 500 bridged, 50 times',
  target: '0 lost, exit within the budget and 2 s',
  seconds: 1800,
  run,
};
