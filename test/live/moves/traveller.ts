import type { IncomingCall } from '../callee.ts';
import { OutgoingCall } from '../caller.ts';
import { now, seconds, sleep } from '../journal.ts';
import type { Scene } from '../kind.ts';
import { Media } from '../media.ts';
import { untrue, type Expected, type RecordSeen } from '../record.ts';
import { silenceOf, type LegSeen } from '../soak/silence.ts';
import { Line, type End } from '../stage.ts';
import type { Channel, Transfer } from '../witness.ts';
import type { MovePlan } from './plan.ts';
import { AGAIN_NUMBER, DID, GUARD_SECONDS, RINGING_SECONDS, type MovesStage } from './stage.ts';

/** One caller: he is brought into a state, moved by somebody else, and left where he is for a while. */

export type Outcome = 'lived on' | 'ended as told' | 'torn out' | 'in silence' | 'elsewhere' | 'not moved';

const ANSWER_MS = 200;
/** He has to be left alone for so long at least, and past all that could be scheduled for him. */
const LIVES_MS = 3000;
const PAST_GUARD_MS = (GUARD_SECONDS + 1.2) * 1000;
const PAST_RINGING_MS = (RINGING_SECONDS + GUARD_SECONDS + 1.2) * 1000;
const LOOK_MS = 100;
/**
 * att_xfer marks the caller's channel (CF_REDIRECT) when it sees that the callee has hung up, and the caller's own thread may
 * see it first: FreeSWITCH then ends him at once, two or three times of a hundred on a busy machine. No router can be so quick.
 */
const LOST_MS = 100;
/** An action of the dialplan that FreeSWITCH began while it was taking the channel away (seen once in some 2000 moves). */
const GRAZE_MS = 500;
const FALLBACK = 'esl_router_fallback esl_router';
const PATIENCE = { guardMs: GUARD_SECONDS * 1000, ringingMs: RINGING_SECONDS * 1000 };

/** Numbers of his own, so that every leg is known. */
const numberOf = (prefix: string, nth: number): string => `${prefix}${String(nth).padStart(6, '0')}`;

export class Traveller {
  readonly plan: MovePlan;
  readonly number: string;
  /** What went wrong, in words. */
  fault = '';
  readonly #stage: MovesStage;
  #outcome: Outcome = 'not moved';
  readonly #callee: Line;
  readonly #colleague: Line;
  readonly #thirds: OutgoingCall[] = [];
  readonly #groupCalls: IncomingCall[] = [];
  #call: OutgoingCall | null = null;
  #channel: Channel | null = null;
  #movedMs: number | null = null;
  #there: End | null = null;

  constructor(stage: MovesStage, nth: number, plan: MovePlan) {
    this.#stage = stage;
    this.plan = plan;
    this.number = numberOf('380670', nth);
    const answer = (call: IncomingCall): Promise<void> => {
      call.media = Media.mute(stage.rtpPort);
      return call.answer(0);
    };
    this.#callee = new Line(stage.carrier, numberOf('380500', nth), async (call) => {
      call.ring();
      if (plan.state !== 'talking') return;
      await sleep(ANSWER_MS);
      await answer(call);
    });
    this.#colleague = new Line(stage.carrier, numberOf('380501', nth), answer);
  }

  /** What the CRM says when the router asks for him. */
  destination(did: string): string | null {
    if (did === AGAIN_NUMBER) return this.#colleague.number;
    return this.plan.state === 'asked' ? null : this.#callee.number;
  }

  /** The dialplan's fallback has rung the group for him. */
  fellBack(call: IncomingCall): void {
    this.#groupCalls.push(call);
  }

  /** All of his story, until he has hung up. */
  async play(): Promise<void> {
    try {
      const scene = await this.#begin();
      await sleep(this.plan.afterMs);
      if (!this.#isStill(scene)) return;
      this.#movedMs = now();
      this.#there = await this.plan.kind.move(scene);
      await this.#live(scene);
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      this.#outcome =
        this.#movedMs === null ? 'not moved' : this.#call?.end === null ? 'elsewhere' : 'torn out';
    } finally {
      // He first: whoever hangs up first is told in the record.
      await Promise.allSettled([this.#call?.hangup()]);
      await Promise.allSettled(this.#thirds.map((call) => call.hangup()));
    }
  }

  /** What the router wrote of him against what FreeSWITCH said of his channel; null: nothing to hold against. */
  judge(records: readonly RecordSeen[]): string[] | null {
    const { kind, state } = this.plan;
    const end = this.#channel?.end;
    if (this.outcome === 'not moved' || end === null || end === undefined) return null;
    const [first, second] = records.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
    const wanted = kind.leads === 'to the router' ? 2 : 1;
    if (first === undefined || records.length !== wanted) return [`${records.length} records, not ${wanted}`];
    const talking = state === 'talking';
    const to =
      kind.leads === 'nowhere'
        ? 'nowhere'
        : kind.leads === 'elsewhere'
          ? this.#colleague.number
          : AGAIN_NUMBER;
    const answeredMs = this.#call?.responses.find(({ status }) => status === 200)?.atMs ?? end.atMs;
    const moves = this.#movesWanted(first, kind.by === 'transfer' ? to : '');
    const told = {
      hangupCause: end.cause,
      hungUpBy: this.outcome === 'lived on' ? 'caller' : 'switch',
    };
    const wrong = untrue(first, {
      ...told,
      end: 'moved',
      moves,
      answeredBy: talking ? this.#callee.number : null,
      talked: talking ? (end.atMs - answeredMs) / 1000 : null,
    });
    if (second === undefined) return wrong;
    const next = untrue(second, { ...told, end: 'bridged', pass: 2, answeredBy: this.#colleague.number });
    if (second.previous !== first.id) next.push(`previous ${second.previous ?? 'null'}`);
    return [...wrong, ...next.map((text) => `second record: ${text}`)];
  }

  /**
   * One move, as it was ordered. Two where FreeSWITCH was seen to do two: `intercept` parks the channel before it joins it with
   * the other, mostly unseen (switch_ivr_bridge.c); and the dialplan's next action may begin in the midst of a move.
   */
  #movesWanted({ moves = [] }: RecordSeen, to: string): NonNullable<Expected['moves']> {
    const { kind, state } = this.plan;
    const rest = { from: 'moved', by: kind.by, to } as const;
    const parked = (this.#channel?.parkedMs.at(-1) ?? 0) >= (this.#movedMs ?? Infinity);
    if (kind.name === 'intercept' && parked && moves.length > 1)
      return [{ from: state, by: 'park', to: '' }, rest];
    if (this.grazed && moves.length > 1) {
      const graze = { by: 'transfer', to: FALLBACK } as const;
      const [former, latter] = moves[0]?.to === FALLBACK ? [graze, rest] : [rest, graze];
      return [
        { ...former, from: state },
        { ...latter, from: 'moved' },
      ];
    }
    return [{ ...rest, from: state }];
  }

  told(): string {
    const zeroMs = this.#call?.placedMs ?? 0;
    const ends = [this.#callee, this.#colleague]
      .flatMap(({ calls }) => calls)
      .concat(this.#groupCalls)
      .map(({ journal }) => journal);
    const journals = [this.#call, ...this.#thirds].map((call) => call?.journal).concat(ends);
    const moved = this.#movedMs === null ? '' : ` at ${seconds(this.#movedMs - zeroMs)}`;
    const transfers = this.#channel?.end?.transfers ?? [];
    const switchSays = transfers.map(({ atSeconds, by, to }) => `${atSeconds} ${by} ${to}`).join(', ');
    const texts = journals.map((journal) => `${journal?.name ?? ''}: ${journal?.told(zeroMs) ?? ''}`);
    return `${this.plan.kind.name}, ${this.plan.state}${moved}, ${this.outcome}${this.fault === '' ? '' : ` (${this.fault})`}: ${texts.join('; ')}; FreeSWITCH: ${switchSays}`;
  }

  /** What has become of him. Where the graze itself lost him to FreeSWITCH, he was not moved. */
  get outcome(): Outcome {
    return this.#outcome === 'elsewhere' && this.grazed ? 'not moved' : this.#outcome;
  }

  /** The dialplan's next action, its fallback, was begun in the second of the move: not by the guard, which is not due by then. */
  get grazed(): boolean {
    const transfers = this.#channel?.end?.transfers ?? [];
    return transfers.some((one) => {
      if (!one.to.startsWith('esl_router_fallback/')) return false;
      return transfers.some(
        (other) => other.to !== one.to && !other.to.startsWith(DID) && isSameSecond(one, other),
      );
    });
  }

  /** Milliseconds to 100 Trying; null: it did not come. */
  get tryingMs(): number | null {
    const [first] = this.#call?.responses ?? [];
    return first === undefined || this.#call === null ? null : first.atMs - this.#call.placedMs;
  }

  async #begin(): Promise<Scene> {
    const { state } = this.plan;
    const stage = this.#stage;
    const caller = await this.#place(this.number, DID);
    this.#call = caller;
    const channel = await stage.witness.from(this.number);
    this.#channel = channel;
    let callee: IncomingCall | null = null;
    if (state === 'asked') await sleep(100);
    else callee = await this.#callee.called();
    if (state === 'talking')
      await stage.witness.until(channel, 'the bridge', ({ bridges: [first] }) => first);
    return {
      ...{ state, caller, channel, callee, colleague: this.#colleague, external: stage.external },
      order: (command) => stage.order(command),
      call: async ({ number }) => {
        const call = await this.#place(`${this.number}${this.#thirds.length}`, number);
        this.#thirds.push(call);
        return call;
      },
      uuidOf: async (call) => {
        const nth = this.#thirds.indexOf(call);
        return (await stage.witness.from(`${this.number}${nth}`)).uuid;
      },
      bridgedTo: (number) => stage.witness.bridgedTo(number),
      calleeUuid: async () => (await stage.witness.to(this.#callee.number)).uuid,
    };
  }

  #place(from: string, number: string): Promise<OutgoingCall> {
    const { callers, external, rtpPort } = this.#stage;
    return OutgoingCall.place(callers, { to: external, number, from, media: Media.mute(rtpPort) });
  }

  /** The group's leg that rings for a moment, before FreeSWITCH has carried out the move, is `grazed` and no harm. */
  get #isInFallback(): boolean {
    return this.#groupCalls.some(({ invitedMs, end }) => end === null && now() - invitedMs > GRAZE_MS);
  }

  /** The state has not ended by itself: FreeSWITCH or the test were late. */
  #isStill({ state, caller, callee }: Scene): boolean {
    if (caller.end !== null || this.#groupCalls.length > 0) return false;
    return state === 'asked' || (callee?.end ?? null) === null;
  }

  async #live({ state, caller, callee }: Scene): Promise<void> {
    if (this.plan.kind.leads === 'nowhere') {
      this.#outcome = 'ended as told';
      return;
    }
    const movedMs = now();
    const pastMs = state === 'ringing' ? PAST_RINGING_MS : state === 'asked' ? PAST_GUARD_MS : 0;
    const untilMs = Math.max(movedMs + LIVES_MS, caller.placedMs + pastMs);
    while (now() < untilMs && caller.end === null && !this.#isInFallback) await sleep(LOOK_MS);
    if (caller.end !== null || this.#isInFallback) {
      const sinceByeMs = (caller.end?.atMs ?? Infinity) - (callee?.end?.atMs ?? Infinity);
      const lost = this.plan.kind.name === 'att-xfer' && sinceByeMs < LOST_MS;
      this.#outcome = lost ? 'not moved' : 'torn out';
      this.fault = `${caller.end?.how ?? 'into the fallback'} ${seconds(now() - movedMs)} after the move`;
      return;
    }
    const silence = silenceOf(
      {
        placedMs: caller.placedMs,
        responses: caller.responses,
        legs: this.#legs(),
        endedMs: this.#there === null ? this.#movedMs : null,
      },
      now(),
      PATIENCE,
    );
    const wrong = this.#whereabouts();
    this.#outcome = silence !== null ? 'in silence' : wrong === '' ? 'lived on' : 'elsewhere';
    this.fault = silence ?? wrong;
  }

  /** By FreeSWITCH's own view he is where he was moved to; else what is wrong. */
  #whereabouts(): string {
    const channel = this.#channel;
    if (channel === null) return 'no channel';
    if (channel.end !== null) return 'FreeSWITCH says that he is gone';
    if (this.#there === null) {
      const parkedMs = channel.parkedMs.at(-1) ?? 0;
      return parkedMs >= (this.#movedMs ?? 0) ? '' : 'not parked';
    }
    const bridge = channel.bridges.at(-1);
    if (bridge?.untilMs !== null) return 'connected with nobody';
    const other = this.#stage.witness.channels.get(bridge.other);
    const third = this.#thirds.some((_, nth) => other?.caller === `${this.number}${nth}`);
    return other?.called === this.#colleague.number || third
      ? ''
      : `connected with ${other?.called ?? 'nobody known'}`;
  }

  #legs(): LegSeen[] {
    const legs = [this.#callee, this.#colleague].flatMap(({ calls }) => calls).concat(this.#groupCalls);
    return [
      ...legs.map(({ invitedMs, journal, end }) => ({
        invitedMs,
        answeredMs: journal.lines.find(({ text }) => text.startsWith('200 OK'))?.atMs ?? null,
        endedMs: end?.atMs ?? null,
      })),
      ...this.#thirds.map(({ placedMs, responses, end }) => ({
        invitedMs: placedMs,
        answeredMs: responses.find(({ status }) => status === 200)?.atMs ?? null,
        endedMs: end?.atMs ?? null,
      })),
    ];
  }
}

function isSameSecond(one: Transfer, other: Transfer): boolean {
  return Math.abs(one.atSeconds - other.atSeconds) <= 1;
}
