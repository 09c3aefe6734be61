import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { median } from '../../../bench/measure.ts';
import type { RouterAddress } from '../../../lib/simulator/index.ts';
import { reply, startPeer } from '../peer.ts';
import type { Outcome, Row } from '../row.ts';
import { call, WANTED, type Stage } from '../stage.ts';

/** One scheme's CRM hangs; another scheme's calls must not notice. */

const RATE = 150;
const MOST_RATIO = 1.2;
/** Schemes of the hanging one, so that a breaker does not end the trouble at once. */
const HANGING = 40;
const TIMEOUT_SECONDS = 2;
const FAKE_NAME = 'crm.example';

const MODES = ['healthy', 'dns', 'connect', 'body'] as const;
type Mode = (typeof MODES)[number];

/** Name servers, hosts and CRMs of which none ever answers. */
async function hangingUrls(stage: Stage): Promise<{ urls: Record<Mode, string>; nameServer: string }> {
  const answer = reply(`{"destination":"${WANTED}"}`);
  const crm = await startPeer(({ socket, head }) => {
    socket.write(head.startsWith('POST /body') ? 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{' : answer);
  });
  stage.atEnd(() => crm.close());
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  stage.atEnd(() => Promise.resolve(silent.close()));
  return {
    urls: {
      healthy: `${crm.url}/a`,
      dns: `http://${FAKE_NAME}/a`,
      connect: `http://127.0.0.1:${await fullPort(stage)}/a`,
      body: `${crm.url}/body`,
    },
    nameServer: `127.0.0.1:${silent.address().port}`,
  };
}

/** A port whose queue is full and whose process never accepts: to connect there hangs. */
async function fullPort(stage: Stage): Promise<number> {
  const child = fork(fileURLToPath(new URL('../controls/full-port.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  stage.atEnd(() => Promise.resolve(child.kill('SIGKILL')));
  const [port] = (await once(child, 'message')) as [number];
  for (let n = 0; n < 4; n++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    stage.atEnd(() => Promise.resolve(socket.destroy()));
  }
  return port;
}

async function p99(stage: Stage, router: RouterAddress, mode: Mode): Promise<number> {
  const load = await stage.load([router], {
    calls: stage.count(1500, 750, 60),
    callsPerSecond: stage.count(RATE, RATE / 2, 30),
    batch: 1500,
    script: (n) => call(n % 3 === 0 ? `${mode}-${n % HANGING}` : 'b'),
    timed: ({ script }) => script.path === 'b',
    astray: ({ script, end }) => {
      if (script.path !== 'b' && mode !== 'healthy') return null;
      return end.kind === 'answered' && end.leg.user === WANTED ? null : `${script.path ?? ''}: ${end.kind}`;
    },
  });
  if (!load.clean) throw new Error(`${mode}: ${load.toString()}`);
  return load.at(0.99);
}

async function compare(stage: Stage, router: RouterAddress, modes: readonly Mode[]): Promise<Outcome> {
  const rounds: Record<string, number>[] = [];
  if (stage.timed) await p99(stage, router, 'healthy'); // warm
  for (let round = 0; round < stage.count(5, 3, 1); round++) {
    const figures: Record<string, number> = {};
    for (const mode of modes) figures[mode] = await p99(stage, router, mode);
    rounds.push(figures);
  }
  const of = (mode: Mode): number => median(rounds.map((figures) => figures[mode] ?? NaN));
  const ratios = modes.slice(1).map((mode) => of(mode) / of('healthy'));
  const texts = modes.slice(1).map((mode, n) => `${mode} ${(ratios[n] ?? NaN).toFixed(2)} x`);
  return {
    figure: `B's p99 ${of('healthy').toFixed(1)} ms beside a healthy A; A hangs in ${texts.join(', ')}; medians of ${rounds.length}`,
    // In short nothing is asked of the clock but that B does not hang along until A's time is over.
    reached: ratios.every(
      (ratio) => ratio <= MOST_RATIO || (!stage.timed && ratio * of('healthy') < TIMEOUT_SECONDS * 1000),
    ),
  };
}

export const bulkhead: Row = {
  name: 'bulkhead',
  fault: 'scheme A hangs (DNS, connect, body), scheme B healthy',
  target: "B's p99 at most 1.2 x its baseline",
  seconds: 600,
  run: async (stage) => {
    const { urls, nameServer } = await hangingUrls(stage);
    const router = await stage.router({
      sheds: stage.timed,
      nameServer,
      schemes: [
        { name: 'b', webhook: { url: `${urls.healthy}/b` } },
        ...MODES.flatMap((mode) =>
          Array.from({ length: HANGING }, (_, n) => ({
            name: `${mode}-${n}`,
            webhook: { url: `${urls[mode]}/${n}`, timeoutSeconds: TIMEOUT_SECONDS },
          })),
        ),
      ],
    });
    const outcome = await compare(stage, router.address, MODES);
    const reasons = [...router.reasons].filter(([reason]) => reason !== 'answered' && reason !== 'routed');
    const shown = reasons.map(([reason, count]) => `${reason} ${count}`).join(', ');
    return { ...outcome, figure: `${outcome.figure}; A's calls: ${shown}` };
  },
  control: {
    what: 'one pool of 8 connections for both',
    run: async (stage) => {
      const { urls } = await hangingUrls(stage);
      const control = await stage.control('./controls/shared-pool.ts', {
        CRM_URL: urls.healthy,
        HANGING_URL: urls.body,
        TIMEOUT_MS: String(TIMEOUT_SECONDS * 1000),
      });
      return compare(stage, control, ['healthy', 'body']);
    },
  },
};
