import { now, sleep } from '../journal.ts';
import type { OutgoingCall } from '../caller.ts';
import { Media } from '../media.ts';
import { check, present, type Row } from '../row.ts';
import { uriOf, userOf } from '../sip.ts';
import { openSink } from '../soak/carrier.ts';
import type { Script, Stage } from '../stage.ts';
import { ordered } from './move.ts';

/** Our own transfer and somebody else's at the same moment: the caller is in one of the two places. */

const TIMES = 50;
const WITHIN_MS = 20;
/** Where the CRM's word sends him, and where somebody else does, among the row's numbers. */
const OURS = 7;
const THEIRS = 8;
const GUARD_SECONDS = 4;
/** Calls of which the guards fire together. */
const BATCH = 10;

/** Where each caller is, by the legs that are alive. */
class Places {
  readonly #alive = new Map<string, Set<string>>();

  script(place: string, rtpPort: number): Script {
    return async (call) => {
      const caller = userOf(uriOf(call.header('from')));
      const places = this.#alive.get(caller) ?? new Set();
      this.#alive.set(caller, places.add(place));
      call.media = Media.mute(rtpPort);
      await call.answer(0);
      await call.ended(60_000).catch(() => undefined);
      places.delete(place);
    };
  }

  of(caller: string): string {
    return [...(this.#alive.get(caller) ?? [])].sort().join(' and ') || 'nowhere';
  }
}

/** The same with the guard that the dialplan has scheduled, and with a command of somebody else. */
export const raceRows: readonly Row[] = [
  {
    name: 'race-transfer',
    title: `our own transfer within ${WITHIN_MS} ms of somebody else's, ${TIMES} times: the caller is in one place`,
    seconds: 90,
    scheme: (callees) => ({
      targets: { elsewhere: { transfer: { extension: callees(OURS), context: 'default' } } },
    }),
    run: async (stage) => {
      const { places, rtpPort, end } = await opened(stage);
      stage.line(stage.number(OURS), places.script('ours', rtpPort));
      stage.line(stage.number(THEIRS), places.script('theirs', rtpPort));
      const counts = new Map<string, number>();
      const play = async (nth: number): Promise<void> => {
        await sleep(nth * 120);
        const caller = await stage.call({ media: Media.mute(rtpPort) });
        const number = stage.caller(stage.callers.indexOf(caller));
        const { uuid } = await stage.channel(caller);
        await sleep(Math.max(0, caller.placedMs + ANSWER_MS + between(nth) - now()));
        await ordered(stage, `uuid_transfer ${uuid} ${stage.number(THEIRS)} XML default`);
        await settle(caller, places, number, counts);
      };
      stage.answer(() => ({ body: { destination: 'elsewhere' }, afterMs: ANSWER_MS - 20 }));
      await Promise.all(Array.from({ length: TIMES }, (_, nth) => play(nth)));
      end();
      return judged(counts, ['ours', 'theirs']);
    },
  },
  {
    name: 'race-guard',
    title: `our own transfer at the moment when the guard fires, ${TIMES} times: the caller is in one place`,
    seconds: 90,
    guard: GUARD_SECONDS,
    own: { routers: 1 },
    // Whether the CRM's word is still heard, or its time was over when the router woke up: there he is sent.
    scheme: (callees) => {
      const transfer = { extension: callees(OURS), context: 'default' };
      return { targets: { elsewhere: { transfer } }, fallback: { onError: [{ transfer }] } };
    },
    run: async (stage) => {
      const { places, rtpPort, end } = await opened(stage);
      stage.line(stage.number(OURS), places.script('ours', rtpPort));
      stage.line(stage.group.number, places.script('guard', rtpPort));
      const router = present(stage.routers[0], 'the router');
      const counts = new Map<string, number>();
      stage.answer(() => ({ body: { destination: 'elsewhere' }, afterMs: 1000 }));
      /** From the turn of the second to the guards of calls placed after an earlier one; measured by the first batch. */
      let firesMs: number | null = null;
      for (let batch = 0; batch <= TIMES / BATCH; batch++) {
        await sleep(1100 - (Date.now() % 1000));
        const turnMs = now() - (Date.now() % 1000);
        const calls: OutgoingCall[] = [];
        for (let nth = 0; nth < BATCH; nth++) calls.push(await stage.call({ media: Media.mute(rtpPort) }));
        await sleep(500);
        router.suspend();
        if (firesMs === null) {
          // Nobody but the guard: the batch that tells when it fires.
          const [first] = calls;
          const { atMs } = await present(first, 'a caller').answered();
          firesMs = atMs - turnMs;
          await sleep(300);
          router.resume();
        } else {
          // It needs a while to wake up, and FreeSWITCH takes 20 ms to see a command.
          await sleep(Math.max(0, turnMs + firesMs - batch * EARLIER_MS - now()));
          router.resume();
        }
        await Promise.all(
          calls.map((call) =>
            settle(
              call,
              places,
              stage.caller(stage.callers.indexOf(call)),
              batch === 0 ? new Map<string, number>() : counts,
            ),
          ),
        );
      }
      end();
      return judged(counts, ['ours', 'guard']);
    },
  },
];

const ANSWER_MS = 500;
const EARLIER_MS = 15;

/** Spread evenly over both sides. */
function between(nth: number): number {
  return ((nth * 7) % (2 * WITHIN_MS + 1)) - WITHIN_MS;
}

async function opened(stage: Stage): Promise<{ places: Places; rtpPort: number; end: () => void }> {
  const sink = await openSink();
  check(stage.callers.length === 0, 'no callers yet');
  return { places: new Places(), rtpPort: sink.address().port, end: () => sink.close() };
}

/** Where he is a second and a half later, and that he is still there. */
async function settle(
  caller: OutgoingCall,
  places: Places,
  number: string,
  counts: Map<string, number>,
): Promise<void> {
  await caller.answered(8000).catch(() => undefined);
  await sleep(1500);
  const place = caller.end === null ? places.of(number) : `lost (${caller.end.how})`;
  counts.set(place, (counts.get(place) ?? 0) + 1);
  await caller.hangup();
}

function judged(counts: ReadonlyMap<string, number>, allowed: readonly string[]): string {
  const told = [...counts].map(([place, count]) => `${place} ${count}`).join(', ');
  check(
    [...counts.keys()].every((place) => allowed.includes(place)),
    `where the callers were: ${told}`,
  );
  return told;
}
