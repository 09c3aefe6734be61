import type { Socket } from 'node:net';
import type { RouterAddress } from '../../../lib/simulator/index.ts';
import { reply, startPeer } from '../peer.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, WANTED, type Stage } from '../stage.ts';

/**
 * A keep-alive connection that the CRM closes at the very moment at which the next request goes out on it: the request was
 * never read, and the next connection would have served it.
 */

const RATE = 100;
/** The CRM closes what has been idle for so long, at a moment of chance: about when the router uses it again. */
const CLOSES_AFTER_MS = 90;
const CLOSES_WITHIN_MS = 40;
/** Of the questions over a used connection, those that are read and answered by a reset, once: fewer than may be retried. */
const RESETS = 0.03;

interface RacingCrm {
  readonly url: string;
  /** Requests that were answered by a reset; those that crossed a close were never seen. */
  readonly races: () => number;
}

async function racingCrm(stage: Stage): Promise<RacingCrm> {
  const { random } = stage;
  const closing = new WeakMap<Socket, NodeJS.Timeout>();
  const met = new Set<string>();
  let races = 0;
  const peer = await startPeer(({ socket, nth, head }) => {
    clearTimeout(closing.get(socket));
    const id = /^webhook-id: (.*)$/im.exec(head)?.[1] ?? '';
    if (nth > 1 && !met.has(id) && random.chance(RESETS)) {
      met.add(id);
      races++;
      // Whatever is unread when a socket is closed makes the kernel answer with a reset.
      if (random.chance(0.5)) socket.resetAndDestroy();
      else socket.destroy();
      return;
    }
    socket.write(reply(`{"destination":"${WANTED}"}`, 'Connection: keep-alive\r\n'));
    const afterMs = CLOSES_AFTER_MS + random.next() * CLOSES_WITHIN_MS;
    closing.set(
      socket,
      setTimeout(() => socket.destroy(), afterMs),
    );
  });
  stage.atEnd(() => peer.close());
  return { url: peer.url, races: () => races };
}

async function play(stage: Stage, router: RouterAddress, crm: RacingCrm, calls: number): Promise<Outcome> {
  const load = await stage.load([router], {
    calls,
    callsPerSecond: RATE,
    script: () => call('race'),
    astray: answeredBy(WANTED),
  });
  return { figure: `${load.toString()}; ${crm.races()} requests were read and reset`, reached: load.clean };
}

export const keepAlive: Row = {
  name: 'keep-alive',
  fault: 'keep-alive race: CRM closes as the request goes out, 10,000 calls',
  target: '0 failed, 0 bridged twice',
  seconds: 900,
  run: async (stage) => {
    const crm = await racingCrm(stage);
    const router = await stage.router({
      sheds: stage.timed,
      schemes: [{ name: 'race', webhook: { url: crm.url } }],
    });
    return play(stage, router.address, crm, stage.count(10_000, 2000, 200));
  },
  control: {
    what: 'a keep-alive agent without a retry',
    run: async (stage) => {
      const crm = await racingCrm(stage);
      const control = await stage.control('./controls/keep-alive.ts', { CRM_URL: crm.url });
      return play(stage, control, crm, stage.count(1000, 500, 100));
    },
  },
};
