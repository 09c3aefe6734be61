import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../lib/simulator/random.ts';
import { headerOf, uriOf, userOf } from './sip.ts';
import { Media } from './media.ts';
import { CELLS, drawMove } from './moves/plan.ts';
import { judge, type MovesResult } from './moves/report.ts';
import { GROUP_NUMBER, GUARD_SECONDS, MovesStage } from './moves/stage.ts';
import { Traveller } from './moves/traveller.ts';
import { generate } from './soak.ts';
import type { Stops } from './world.ts';

/**
 * `npm run test:live -- --moves`: many calls a second for minutes, each of them moved by somebody else than the router, in
 * twelve ways and in all the states that a way knows. What counts is what callers get over SIP, what FreeSWITCH says
 * of their channels, and whether the router's records say the same.
 */

export interface MovesOptions {
  readonly seconds: number;
  /** Calls a second. */
  readonly rate: number;
  readonly seed: number;
}

/** Past the last call. */
const LAST_MS = 30_000;
/** For the last records. */
const SETTLE_MS = 3000;

/** null when the signal came first. */
export async function moves(
  { binary, folder, print }: { binary: string; folder: string; print: (line: string) => void },
  { seconds, rate, seed }: MovesOptions,
  stops: Stops,
  signal: AbortSignal,
): Promise<MovesResult | null> {
  const stage = await MovesStage.open({ binary, folder }, stops);
  const random = new Random(seed);
  const travellers = new Map<string, Traveller>();
  stage.directory((caller, did) => travellers.get(caller)?.destination(did) ?? null);
  stage.carrier.on(GROUP_NUMBER, (call) => {
    call.media = Media.mute(stage.rtpPort);
    travellers.get(userOf(uriOf(headerOf(call.invite, 'from'))))?.fellBack(call);
    return call.answer(0);
  });
  print(
    `FreeSWITCH ${await stage.freeswitch.version()}, ${rate} calls/s for ${seconds} s, seed ${seed}, guard ${GUARD_SECONDS} s, ${CELLS.length} ways to be moved`,
  );
  const playing = new Set<Promise<void>>();
  const place = (nth: number): Promise<void> => {
    const traveller = new Traveller(stage, nth, drawMove(random));
    travellers.set(traveller.number, traveller);
    const play = traveller.play().finally(() => playing.delete(play));
    playing.add(play);
    return Promise.resolve();
  };
  try {
    const load = await generate(rate, seconds, signal, place);
    await Promise.race([Promise.all(playing), delay(LAST_MS, undefined, { signal })]);
    const unfinished = playing.size;
    await delay(SETTLE_MS, undefined, { signal });
    return judge([...travellers.values()], load, unfinished, stage);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
