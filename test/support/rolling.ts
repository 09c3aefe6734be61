import { setTimeout as delay } from 'node:timers/promises';
import {
  runLoad,
  startCrm,
  type CallReport,
  type CallScript,
  type LoadReport,
} from '../../lib/simulator/index.ts';
import { Daemon } from './daemon.ts';

/** Two routers, replaced one after the other while calls come in: the rolling upgrade of docs/operation.md. */

export interface RollingOptions {
  /** At least; calls come until both have been replaced. */
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly seed: number;
}

export interface RollingReport extends LoadReport {
  /** Calls that were not answered, with what their router said of them. */
  readonly unanswered: readonly string[];
  /** How long each of the two took from SIGTERM until the new router listened on its port. */
  readonly restartMs: readonly number[];
}

/** How long the CRM thinks, and how long the callee's telephone rings: calls in every state when the router stops. */
const THINK_MS = [5, 40, 300] as const;
const RING_MS = [50, 400, 1200] as const;

export async function rollingUpgrade({
  calls,
  callsPerSecond,
  seed,
}: RollingOptions): Promise<RollingReport> {
  const crm = await startCrm(
    Object.fromEntries(
      THINK_MS.map((delayMs) => [
        `/${delayMs}`,
        { status: 200, body: '{"destination":"201"}', ...{ delayMs } },
      ]),
    ),
  );
  const schemes = THINK_MS.map((ms) => ({ name: `think-${ms}`, webhook: { url: `${crm.url}/${ms}` } }));
  const start = (port = 0): Promise<Daemon> =>
    Daemon.start({ schemes, settings: { LISTEN_PORT: String(port), LOG_LEVEL: 'info' } });
  const daemons = [await start(), await start()];
  const routers = daemons.map(({ address }) => address);
  const unanswered: CallReport[] = [];
  const restartMs: number[] = [];
  try {
    const enough = new AbortController();
    let replaced = false;
    const load = runLoad({
      routers,
      calls: calls * 10,
      callsPerSecond,
      seed,
      signal: enough.signal,
      onReport: (report) => {
        if (report.end.kind !== 'answered') unanswered.push(report);
      },
      script: (n) => {
        if (replaced && n + 1 >= calls) enough.abort();
        return scriptOf(n);
      },
    });
    // The second host first: nobody is sent there meanwhile, and it takes all calls while the first is replaced.
    for (const [nth, at] of [
      [1, 0.2],
      [0, 0.6],
    ] as const) {
      await delay((calls / callsPerSecond) * 1000 * (nth === 1 ? at : 0.4));
      const since = performance.now();
      await daemons[nth]?.stop();
      daemons[nth] = await start(routers[nth]?.port);
      restartMs.push(Math.round(performance.now() - since));
    }
    replaced = true;
    const report = await load;
    return { ...report, restartMs, unanswered: unanswered.map(told) };
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.kill()));
    await crm.close();
  }
}

function scriptOf(n: number): CallScript {
  return {
    caller: String(380441110000 + n),
    did: '15005550100',
    guardSeconds: 8,
    path: `think-${THINK_MS[n % THINK_MS.length] ?? 0}`,
    callee: () => ({
      kind: 'answer',
      afterMs: RING_MS[Math.floor(n / THINK_MS.length) % RING_MS.length] ?? 0,
      talkMs: 300,
      hangup: 'caller',
    }),
  };
}

function told({ uuid, end, variables, timings }: CallReport): string {
  const reason = variables.get('esl_router_reason') ?? 'no marker';
  return `${uuid}: ${end.kind}, ${reason}, accepted after ${Math.round(timings.acceptedMs ?? -1)} ms`;
}
