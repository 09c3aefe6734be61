import { drip as dripTo, startPeer } from '../peer.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, FALLBACK, WANTED, type Stage } from '../stage.ts';
import type { RouterAddress } from '../../../lib/simulator/index.ts';

/** A CRM that is never silent and never ready: each byte comes half a second after the one before. */

const BUDGET_MS = 2000;
const EVERY_MS = 500;
const MOST_LATE_MS = 100;
const RATE = 40;
/** Fewer failures than shut a breaker: every call has to be dripped upon. */
const CALLS_EACH = 4;

const BODY = `{"destination":"${WANTED}"}`;
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n`;

async function peers(stage: Stage, count: number): Promise<string[]> {
  const urls: string[] = [];
  for (let n = 0; n < count; n++) {
    const peer = await startPeer(({ socket }) => {
      if (n % 2 === 0) {
        dripTo(socket, HEAD + BODY, EVERY_MS);
      } else {
        socket.write(HEAD);
        dripTo(socket, BODY, EVERY_MS);
      }
    });
    stage.atEnd(() => peer.close());
    urls.push(peer.url);
  }
  return urls;
}

async function play(stage: Stage, router: RouterAddress, calls: number): Promise<Outcome> {
  const load = await stage.load([router], {
    calls,
    callsPerSecond: RATE,
    budgetMs: BUDGET_MS,
    script: (n) => call(`t${Math.floor(n / CALLS_EACH)}`),
    astray: answeredBy(FALLBACK),
    // A generator that is later measures itself: what it has seen is void, also where it may be later elsewhere.
    mostLagMs: Math.min(stage.mostLagMs, MOST_LATE_MS / 5),
  });
  const [first, late] = [load.at(0), load.at(0.999) - BUDGET_MS];
  return {
    figure: `${load.toString()}; decided ${first.toFixed(0)} to ${load.at(1).toFixed(0)} ms after the reply to connect, p99.9 ${late.toFixed(0)} ms behind the deadline of ${BUDGET_MS}`,
    reached: load.clean && Math.abs(late) <= MOST_LATE_MS && BUDGET_MS - first <= MOST_LATE_MS,
  };
}

export const drip: Row = {
  name: 'drip',
  fault: 'CRM drips header or body, 1 byte per 500 ms',
  target: 'fallback at the deadline, p99.9 within 100 ms of it',
  run: async (stage) => {
    const calls = stage.count(4000, 800, 40);
    const urls = await peers(stage, Math.ceil(calls / CALLS_EACH));
    const router = await stage.router({
      sheds: stage.timed,
      schemes: urls.map((url, n) => ({
        name: `t${n}`,
        webhook: { url, timeoutSeconds: BUDGET_MS / 1000 },
        fallback: { onError: [{ dial: FALLBACK }] },
      })),
    });
    return play(stage, router.address, calls);
  },
  control: {
    what: "axios' timeout alone",
    run: async (stage) => {
      const [, url = ''] = await peers(stage, 2);
      const env = { CRM_URL: url, TIMEOUT_MS: String(BUDGET_MS) };
      return play(stage, await stage.control('./controls/axios-timeout.ts', env), stage.count(40, 40, 4));
    },
  },
};
