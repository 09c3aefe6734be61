import type { RouterAddress } from '../../../lib/simulator/index.ts';
import { reply, startPeer } from '../peer.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, WANTED, type Stage } from '../stage.ts';

/**
 * A keep-alive connection that the CRM closes at the very moment at which the next request goes out on it: the
 * request was never read, and the next connection would have served it.
 */

const RATE = 100;
/** The CRM closes so long after a reply at the most, at a moment of chance: some of these meet a request on its way. */
const CLOSES_WITHIN_MS = 12;

interface RacingCrm {
  readonly url: string;
  /** Requests that were answered by a reset; those that crossed a close were never seen. */
  readonly races: () => number;
}

/** Half of its connections are reset by their second request; the other half close by themselves. */
async function racingCrm(stage: Stage): Promise<RacingCrm> {
  const { random } = stage;
  let races = 0;
  const peer = await startPeer(({ socket, nth }) => {
    if (nth > 1) {
      races++;
      // Whatever is unread when a socket is closed makes the kernel answer with a reset.
      if (random.chance(0.5)) socket.resetAndDestroy();
      else socket.destroy();
      return;
    }
    socket.write(reply(`{"destination":"${WANTED}"}`, 'Connection: keep-alive\r\n'));
    if (random.chance(0.5)) setTimeout(() => socket.end(), random.next() * CLOSES_WITHIN_MS);
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
    // Twice the resets in as short a time would open the breaker.
    repeatable: stage.timed,
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
