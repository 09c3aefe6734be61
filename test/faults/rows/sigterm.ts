import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CONTROLLER_CORE, start, stop } from '../../../bench/child.ts';
import { runLoad, type CallReport } from '../../../lib/simulator/index.ts';
import type { Outcome, Row } from '../row.ts';
import { call, FALLBACK, WANTED, type Stage } from '../stage.ts';
import type { TalkersOrder, TalkersReport } from '../talkers.ts';

/** The router is told to stop while calls are bridged, are being decided, and come. */

const RATE = 100;
const BRIDGE_RATE = 250;
const BUDGET_SECONDS = 2;
/** By the target: exit within the budget and this. */
const MARGIN_MS = 2000;
const AFTER_MS = 1500;
const BEFORE_MS = 3000;

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
async function round(stage: Stage, talkers: ChildProcess, seed: number): Promise<Round> {
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
    ...stage.ownCore,
    schemes: ['steady', 'mixed'].map((name) => ({
      name,
      webhook: { url: `${crm.url}/${name}`, timeoutSeconds: BUDGET_SECONDS },
      fallback,
    })),
  });
  const bridged = stage.count(500, 200, 20);
  const { signal } = stage;
  talkers.send({
    port: router.address.port,
    path: 'steady',
    calls: bridged,
    callsPerSecond: BRIDGE_RATE,
    // They talk on after the router has gone, and are not to notice.
    talkMs: stage.count(11_000, 10_000, 6000),
    budgetMs: BUDGET_SECONDS * 1000,
    seed,
  } satisfies TalkersOrder);
  await once(talkers, 'message', { signal });
  const over = once(talkers, 'message', { signal }) as Promise<[TalkersReport]>;
  over.catch(() => undefined);
  const rate = stage.count(RATE, RATE, 40);
  const beforeMs = stage.count(BEFORE_MS, BEFORE_MS, 1000) + stage.random.below(500);
  const coming = runLoad({
    routers: [router.address],
    lean: true,
    budgetMs: BUDGET_SECONDS * 1000,
    signal,
    seed: seed + 1,
    calls: Math.round((rate * (beforeMs + AFTER_MS)) / 1000),
    callsPerSecond: rate,
    // A guard would serve whom the router leaves in silence: every other call has none.
    script: (n) => {
      const { guardSeconds, ...bare } = call('mixed');
      return n % 2 === 0 ? bare : { ...bare, guardSeconds: guardSeconds ?? 8 };
    },
  });
  await delay(beforeMs);
  const began = performance.now();
  router.daemon.signal('SIGTERM');
  const code = await router.daemon.ended();
  const exitMs = performance.now() - began;
  const [[talked], came] = await Promise.all([over, coming]);
  stage.inTime(came.lagMs);
  return {
    bridged,
    torn: talked.torn,
    lost: talked.lost + came.lost,
    violations: talked.violations + came.violations,
    ends: came.ends,
    examples: [...talked.examples, ...came.lostExamples, ...came.violationExamples],
    exitMs,
    reasons: router.reasons,
    clean: code === 0 && router.daemon.stderr === '',
    lagMs: came.lagMs,
  };
}

async function run(stage: Stage): Promise<Outcome> {
  const rounds: Round[] = [];
  const talkers = start(fileURLToPath(new URL('../talkers.ts', import.meta.url)), {
    // With the router, whose end they share.
    core: CONTROLLER_CORE,
    nodeArguments: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  stage.atEnd(() => stop(talkers));
  await once(talkers, 'message', { signal: stage.signal });
  const times = stage.count(50, 5, 1);
  while (rounds.length < times && !stage.signal.aborted) {
    const one = await stage.untilValid(() => round(stage, talkers, stage.seed + 10 * rounds.length));
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
