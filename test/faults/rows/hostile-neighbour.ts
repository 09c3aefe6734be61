import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CallReport, RouterAddress } from '../../../lib/simulator/index.ts';
import { reply, startPeer } from '../peer.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, FALLBACK, WANTED, type Stage } from '../stage.ts';

/** One CRM does its worst to the router; the callers of another must not notice. */

/** Of four calls a second each, one is for A and three are for B: 10 and 30. */
const RATE = 40;
const MOST_RATIO = 1.2;
/** Of A, so that a breaker does not end the trouble at once. */
const SCHEMES = 40;
const TIMEOUT_SECONDS = 2;
const FAKE_NAME = 'crm.example';

const BY_PATH = [
  'hints',
  'chunks',
  'headers',
  'bomb',
  'packets',
  'twice',
  'reset',
  'switches',
  'stalls',
] as const;
const WORST = [...BY_PATH, 'dns', 'tls', 'refuses'] as const;
type Mode = (typeof WORST)[number] | 'healthy';

/** Of a process that a row starts. */
interface Ports {
  readonly crm: string;
  readonly mute: number;
  readonly refusing: number;
}

async function worstCrm(stage: Stage): Promise<Ports> {
  const child = fork(fileURLToPath(new URL('../controls/worst-crm.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  stage.atEnd(() => Promise.resolve(child.kill('SIGKILL')));
  const [ports] = (await once(child, 'message')) as [Ports];
  return ports;
}

async function healthyCrm(stage: Stage): Promise<string> {
  const answer = reply(`{"destination":"${WANTED}"}`);
  const peer = await startPeer(({ socket }) => socket.write(answer));
  stage.atEnd(() => peer.close());
  return peer.url;
}

function urlOf(mode: Mode, { crm, mute, refusing }: Ports): string {
  const elsewhere: Partial<Record<Mode, string>> = {
    dns: `http://${FAKE_NAME}/`,
    tls: `https://127.0.0.1:${mute}/`,
    refuses: `http://127.0.0.1:${refusing}/`,
  };
  return elsewhere[mode] ?? `${crm}/${mode}`;
}

interface Played {
  /** Until B's calls were decided. */
  readonly decisionsMs: readonly number[];
  readonly calls: number;
  /** What became of B's callers, or of A's, that should not. */
  readonly wrong: string;
}

/** In `modes` in turn, call by call. */
async function play(
  stage: Stage,
  router: RouterAddress,
  modes: readonly Mode[],
  calls: number,
): Promise<Played> {
  const path = (n: number): string => {
    const nth = Math.floor(n / 4);
    return n % 4 === 0
      ? `${modes[nth % modes.length] ?? ''}-${Math.floor(nth / modes.length) % SCHEMES}`
      : 'b';
  };
  const served = (report: CallReport): string | null => {
    const { script, end } = report;
    if (script.path === 'b' || script.path?.startsWith('healthy') === true) return answeredBy(WANTED)(report);
    const user = end.kind === 'answered' ? end.leg.user : end.kind;
    return user === WANTED || user === FALLBACK ? null : `${script.path ?? ''}: ${user}`;
  };
  const load = await stage.load([router], {
    calls,
    callsPerSecond: RATE,
    batch: calls,
    script: (n) => call(path(n)),
    timed: ({ script }) => script.path === 'b',
    astray: served,
  });
  return {
    decisionsMs: load.decisionsMs,
    calls: load.calls + load.voided,
    wrong: load.clean ? '' : `${modes.join()}: ${load.toString()}`,
  };
}

function p99(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * 0.99) - 1)] ?? NaN;
}

async function compare(
  stage: Stage,
  router: RouterAddress,
  modes: readonly Mode[],
): Promise<Outcome & { readonly calls: number }> {
  const wrong: string[] = [];
  let calls = 0;
  const times = async (worst: readonly Mode[], count: number): Promise<readonly number[]> => {
    const played = await play(stage, router, worst, count);
    calls += played.calls;
    if (played.wrong !== '') wrong.push(played.wrong);
    return played.decisionsMs;
  };
  if (!stage.timed) {
    await times(modes, 4 * 4 * modes.length);
    const said = wrong.length === 0 ? 'nothing' : wrong.join('; ');
    return { figure: `B's callers noticed ${said}`, reached: wrong.length === 0, calls };
  }
  const each = stage.count(800, 320, 0);
  await times(['healthy'], each);
  const rounds = stage.count(5, 3, 0);
  const healthy: number[] = [];
  const bad = new Map<Mode, number[]>(modes.map((mode) => [mode, []]));
  // In turn, so that a slow minute of the machine is everybody's; of all rounds together, as one has few calls for a p99.
  for (let round = 0; round < rounds; round++) {
    healthy.push(...(await times(['healthy'], each)));
    for (const [mode, seen] of bad) seen.push(...(await times([mode], each)));
  }
  const baseline = p99(healthy);
  const ratios = [...bad].map(([mode, seen]) => [mode, p99(seen) / baseline] as const);
  const texts = ratios.map(([mode, ratio]) => `${mode} ${ratio.toFixed(2)} x`);
  return {
    figure:
      `B's p99 ${baseline.toFixed(1)} ms beside a healthy A; ${texts.join(', ')}; ${healthy.length} calls each; ` +
      (wrong.length === 0 ? 'no caller lost or astray' : wrong.join('; ')),
    reached: wrong.length === 0 && ratios.every(([, ratio]) => ratio <= MOST_RATIO),
    calls,
  };
}

export const hostileNeighbour: Row = {
  name: 'hostile-neighbour',
  fault: 'scheme A at its worst in 12 ways at 10 calls/s, scheme B healthy at 30',
  target: 'B: 0 lost, 0 to the fallback, 0 without record, p99 at most 1.2 x its baseline',
  seconds: 2400,
  run: async (stage) => {
    const ports = await worstCrm(stage);
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    stage.atEnd(() => Promise.resolve(silent.close()));
    const router = await stage.router({
      sheds: stage.timed,
      nameServer: `127.0.0.1:${silent.address().port}`,
      schemes: [
        { name: 'b', webhook: { url: await healthyCrm(stage) } },
        ...(['healthy', ...WORST] as const).flatMap((mode) =>
          Array.from({ length: SCHEMES }, (_, n) => ({
            name: `${mode}-${n}`,
            webhook: { url: `${urlOf(mode, ports)}?${n}`, timeoutSeconds: TIMEOUT_SECONDS },
            fallback: { onError: [{ dial: FALLBACK }] },
          })),
        ),
      ],
    });
    const { calls, figure, reached } = await compare(stage, router.address, WORST);
    for (let wait = 0; wait < 100 && router.calls < calls; wait++) await delay(20);
    const reasons = [...router.reasons].filter(([reason]) => reason !== 'answered' && reason !== 'routed');
    const shown = reasons.map(([reason, count]) => `${reason} ${count}`).join(', ');
    const unrecorded = calls - router.calls;
    return {
      figure: `${figure}; ${unrecorded} of ${calls} without record; A's calls: ${shown}`,
      reached: reached && unrecorded === 0,
    };
  },
  control: {
    what: 'node:http with a deadline, without limits',
    run: async (stage) => {
      const { crm } = await worstCrm(stage);
      const control = await stage.control('./controls/no-limits.ts', {
        CRM_URL: await healthyCrm(stage),
        WORST_URL: crm,
        TIMEOUT_MS: String(TIMEOUT_SECONDS * 1000),
      });
      return compare(stage, control, ['hints', 'chunks', 'twice']);
    },
  },
};
