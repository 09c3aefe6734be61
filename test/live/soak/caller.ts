import { OutgoingCall } from '../caller.ts';
import { now } from '../journal.ts';
import { Media } from '../media.ts';
import type { UserAgent } from '../user-agent.ts';
import type { Leg } from './carrier.ts';
import { callerNumber, DIDS, type CallPlan } from './plan.ts';
import { firstSoundMs, silenceOf, type CallSeen, type Patience, type Silence } from './silence.ts';
import type { Mood } from './timetable.ts';

/** One caller: what he does, what he got, and what he is to be counted as. */

export type Outcome = 'callee' | 'fallback' | 'busy' | 'gave up' | 'left in silence' | 'turned away';

export type State = 'waits' | 'hears ringing' | 'talks' | 'over';

/** For the last messages of his legs. */
const SETTLE_MS = 1000;
/** A CANCEL to which nothing comes. */
const UNHEARD_MS = 10_000;
/** FreeSWITCH's scheduler fires up to a second early, and the fallback takes its time to dial. */
const GUARD_EARLY_MS = 1200;

export class Caller implements CallSeen {
  readonly call: OutgoingCall;
  readonly plan: CallPlan;
  /** How the CRM was when he called. */
  readonly mood: Mood;
  readonly legs: Leg[] = [];
  silence: Silence | null = null;
  #leftMs: number | null = null;

  private constructor(call: OutgoingCall, plan: CallPlan, mood: Mood) {
    this.call = call;
    this.plan = plan;
    this.mood = mood;
  }

  static async place(
    agent: UserAgent,
    {
      nth,
      to,
      rtpPort,
      plan,
      mood,
    }: { nth: number; to: number; rtpPort: number; plan: CallPlan; mood: Mood },
  ): Promise<Caller> {
    const call = await OutgoingCall.place(agent, {
      to,
      number: DIDS[nth % DIDS.length] ?? DIDS[0],
      from: callerNumber(nth),
      media: Media.mute(rtpPort),
    });
    return new Caller(call, plan, mood);
  }

  get placedMs(): number {
    return this.call.placedMs;
  }

  get responses(): OutgoingCall['responses'] {
    return this.call.responses;
  }

  get endedMs(): number | null {
    return this.#leftMs ?? this.call.end?.atMs ?? null;
  }

  get state(): State {
    if (this.endedMs !== null) return 'over';
    if (this.#answeredMs !== null) return 'talks';
    return firstSoundMs(this) === null ? 'waits' : 'hears ringing';
  }

  /** Milliseconds from INVITE to the first sound; null when there was none before he left. */
  get waitedMs(): number | null {
    const heardMs = firstSoundMs(this);
    return heardMs === null || heardMs > (this.endedMs ?? Infinity) ? null : heardMs - this.placedMs;
  }

  /** Milliseconds to 100 Trying: FreeSWITCH sends it before any dialplan. */
  get tryingMs(): number | null {
    const first = this.call.responses[0];
    return first?.status === 100 ? first.atMs - this.placedMs : null;
  }

  get outcome(): Outcome {
    if (this.silence !== null) return 'left in silence';
    if (this.#answeredMs !== null) {
      return this.legs.findLast(({ answeredMs }) => answeredMs !== null)?.to === 'group'
        ? 'fallback'
        : 'callee';
    }
    if (this.#leftMs !== null) return 'gave up';
    return this.plan.callee === 'busy' && this.call.responses.at(-1)?.status === 486 ? 'busy' : 'turned away';
  }

  /** The switch ended a conversation that neither end had ended. */
  get isTorn(): boolean {
    return this.legs.some(
      ({ answeredMs, call: { end } }) =>
        answeredMs !== null && end?.how === 'hung up by the switch' && end.atMs < (this.#leftMs ?? Infinity),
    );
  }

  /** Nothing but the guard takes so long to bring the caller to the group. */
  isRescued(guardMs: number): boolean {
    return this.legs.some(({ to, invitedMs }, nth) => {
      const sinceMs = this.legs[nth - 1]?.endedMs ?? this.placedMs;
      return to === 'group' && invitedMs - sinceMs > guardMs - GUARD_EARLY_MS;
    });
  }

  /** Does what is due. True once nothing more can happen. */
  step(patience: Patience): boolean {
    const nowMs = now();
    const { end } = this.call;
    this.silence ??= silenceOf(this, nowMs, patience);
    if (end !== null) return nowMs - end.atMs > SETTLE_MS;
    if (this.#leftMs !== null) {
      // His CANCEL crossed with the answer.
      if (this.#answeredMs !== null) this.#hangUp();
      return nowMs - this.#leftMs > UNHEARD_MS;
    }
    if (this.silence !== null) this.#leave();
    else if (this.#answeredMs === null) {
      if (this.plan.giveUpMs !== null && nowMs - this.placedMs > this.plan.giveUpMs) this.#leave();
    } else this.#talk(this.#answeredMs, nowMs);
    return false;
  }

  /** All that was sent and received, for an example. */
  told(): string {
    const { callId, journal } = this.call;
    const legs = this.legs.map(({ to, call }) => `${to}: ${call.journal.told(this.placedMs)}`);
    const heading = `${journal.name}, Call-ID ${callId}, CRM ${this.mood}`;
    return [`${heading}: ${journal.told(this.placedMs)}`, ...legs].join('; leg to ');
  }

  leave(): void {
    if (this.endedMs === null) this.#leave();
  }

  get #answeredMs(): number | null {
    return this.call.responses.find(({ status }) => status >= 200 && status < 300)?.atMs ?? null;
  }

  /** Whoever is connected to nobody does not hang up: that is what silence is told by. */
  #talk(connectedMs: number, nowMs: number): void {
    const leg = this.legs.findLast(({ isConversation }) => isConversation);
    if (leg === undefined || nowMs - Math.max(connectedMs, leg.answeredMs ?? 0) < this.plan.talkMs) return;
    if (this.plan.hangsUp === 'caller') this.#leave();
    else void leg.call.hangup().catch(() => undefined);
  }

  #leave(): void {
    this.#leftMs = now();
    if (this.#answeredMs === null) this.call.cancel();
    else this.#hangUp();
  }

  #hangUp(): void {
    // A BYE that nobody answers ends the call for this end all the same.
    void this.call.hangup().catch(() => undefined);
  }
}
