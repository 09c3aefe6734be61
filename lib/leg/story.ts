import { concealCaller, parseCall, type Call } from '../call/channel.ts';
import type { CallObserver } from '../call/observer.ts';
import { apply, newRecord, type CallEvent, type CallRecord, type End, type Result } from '../call/record.ts';
import type { CallReplies, ReplyRoom } from '../call/room.ts';
import { newTraceId } from '../call/trace.ts';
import { throwIfAborted, type CancelSignal } from '../cancel.ts';
import { STANDSTILL_MS, within, type Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { admit } from '../decide/admit.ts';
import { budgetMs, Inquiry, type Decision, type InquiryOptions } from '../decide/decide.ts';
import type { FindLastAgent } from '../decide/last-agent.ts';
import type { Limits, Places } from '../decide/limits.ts';
import type { Shadows } from '../decide/shadows.ts';
import { strayHosts, type OtherPorts } from '../dialplan/hosts.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import type { Connection } from '../esl/connection.ts';
import type { Admission, Refusal } from '../esl/listener.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import type { BridgeOutcome } from './bridge.ts';
import { exists, isNameable, setVariables } from './command.ts';
import { endingOf, goneResult, recordingIn } from './ending.ts';
import { greet } from './greeting.ts';
import { findGuard, Guard } from './guard.ts';
import { Leg } from './leg.ts';
import { markersOf, passMarker } from './markers.ts';
import type { Passes } from './pass.ts';
import { dial, hangUp, later, ring, transfer, whereOf, type StepContext } from './step.ts';
import { eventOf, type LegNews } from './news.ts';
import { follow, talk } from './talk.ts';

/** Calls that come together wait for each other; nobody hears less than this. */
const NOTED_WAIT_MS = 100;

/** What every call is handed. A call keeps the schemes that it began with. */
export interface CallContext {
  readonly config: Config;
  readonly schemes: SchemeSet;
  readonly secrets: Secrets;
  readonly send: InquiryOptions['send'];
  readonly memory: InquiryOptions['memory'];
  readonly lastAgent?: FindLastAgent;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly replies: ReplyRoom;
  readonly version: string;
  /** Aborted when the router stops: undecided calls go on, bridges are left to FreeSWITCH. */
  readonly stopping: CancelSignal;
  readonly passes: Passes;
  readonly shadows: Pick<Shadows, 'ask'>;
  readonly observer: Pick<Required<CallObserver>, 'noted' | 'decided'>;
  readonly otherPorts: () => OtherPorts;
  /** What a person should fix in the dialplan. */
  readonly onDialplanFault: (text: string) => void;
}

/** A channel's last events follow its hang-up in milliseconds; those from before `myevents` never come. */
const LAST_EVENTS_MS = 2000;

/** A leg that is moved meanwhile is linked with what it does next; a CRM is usually faster. */
const MARK_AFTER_MS = 200;

/** A channel that comes back more often loops: it is given back once more, then hung up. */
const MAX_PASSES = 5;

/** The whole story of one call, from FreeSWITCH's connection to the call's end. Never rejects. */
export async function routeCall(
  connection: Connection,
  admission: Admission,
  context: CallContext,
): Promise<CallRecord> {
  const story = new CallStory(connection, context);
  await story.tell(admission);
  await connection.end();
  return story.record;
}

class CallStory {
  readonly record: CallRecord;
  readonly #connection: Connection;
  readonly #context: CallContext;
  readonly #places: Places;
  readonly #replies: CallReplies;
  #connectedAt: number;
  #leg: Leg | null = null;
  #guard: Guard | null = null;
  #recording = '';

  constructor(connection: Connection, context: CallContext) {
    this.#connection = connection;
    this.#context = context;
    this.#places = context.limits.places();
    this.#replies = context.replies.forCall();
    this.#connectedAt = context.clock.now();
    const now = context.clock.date();
    this.record = newRecord(newTraceId(now), now);
  }

  /** The one catch around the call: whatever fails, the caller is given back to the dialplan. */
  async tell({ refusal, waitedMs, stalledMs }: Admission): Promise<void> {
    try {
      const leg = await this.#connect(refusal, waitedMs);
      await this.#route(leg, refusal);
    } catch (error) {
      await this.#rescue(error, stalledMs);
    } finally {
      this.#places.leave();
      this.#replies.leave();
      if (this.#leg !== null) this.#context.passes.leave(this.#leg.call.uuid, this.record.id);
    }
  }

  async #connect(refusal: Refusal | null, waitedMs: number): Promise<Leg> {
    const { config, schemes, clock, passes } = this.#context;
    const { headers, subscribed } = await greet(
      this.#connection,
      refusal === null ? config.esl.lingerSeconds : null,
    );
    // The caller's patience has not been on hold.
    this.#connectedAt = clock.now() - waitedMs;
    const call = parseCall(headers, { didFrom: config.didFrom, variables: schemes.variables });
    if (call.uuid === '') throw new RouterError('esl_protocol', 'the reply to connect names no call');
    const leg = new Leg(this.#connection, call, headers, clock, (news) => {
      this.#hear(news, call);
    });
    this.#leg = leg;
    this.#guard = new Guard(leg, { seconds: call.guardSeconds, id: call.guardId, notes: [] }, clock);
    this.#note({ type: 'call', call: call.withheld ? concealCaller(call) : call });
    this.#note({ type: 'pass', ...passes.enter(call, this.record.id) });
    if (waitedMs >= NOTED_WAIT_MS)
      this.#note({ type: 'note', text: `waited ${Math.round(waitedMs)} ms to be served` });
    await subscribed;
    const { async, full } = call.socketMode;
    if (refusal === null && !(async && full)) throw new RouterError('socket_application');
    return leg;
  }

  async #route(leg: Leg, refusal: Refusal | null): Promise<void> {
    const { config, schemes, clock } = this.#context;
    throwIfAborted(leg.taken);
    const call = refusal === null ? await this.#findGuard(leg) : leg.call;
    const { pass } = this.record;
    if (pass > MAX_PASSES + 1) return this.#refusePass(leg);
    if (pass > MAX_PASSES) return this.#giveBack('refused', 'pass_limit');
    if (refusal !== null) return this.#giveBack('error', refusal);
    const admitted = admit(call, { config, schemes });
    this.#context.shadows.ask(admitted.shadows, call, this.record, this.#context);
    if (admitted.kind === 'given_back') {
      if (admitted.note !== null) this.#note({ type: 'note', text: admitted.note });
      this.#note({ type: 'result', result: admitted.result, reason: admitted.reason });
      this.#context.observer.decided(this.record, whereOf({ kind: 'dialplan' }));
      return this.#giveBack(admitted.result, admitted.reason);
    }
    const { scheme, chosenBy, canary } = admitted;
    if (call.withheld && scheme.webhook.withheld === 'send') this.#note({ type: 'disclosed', call });
    this.#note({ type: 'scheme', name: scheme.name, revision: scheme.revision, chosenBy });
    if (canary !== null) this.#note({ type: 'canary', canary });
    const inquiry = new Inquiry({
      call,
      trace: this.record.id,
      dryRun: false,
      signal: leg.taken,
      places: this.#places,
      note: (event) => {
        this.#note(event);
      },
      elapsedMs: () => this.#elapsedMs(),
      beforeAskingAgain: () => this.#guard?.rearm() ?? Promise.resolve(),
      ...this.#context,
    });
    const stopRinging = later(leg, clock, scheme.waiting.ringAfterMs, () => ring(leg));
    const stopMarking = later(leg, clock, MARK_AFTER_MS, () => [
      setVariables(leg.call, passMarker(this.record)),
    ]);
    let decision: Decision;
    try {
      decision = await inquiry.decide(scheme, this.#connectedAt + budgetMs(scheme, call));
    } finally {
      stopRinging();
      stopMarking();
    }
    await this.#carryOut(leg, inquiry, decision);
  }

  /** The guard as it really is, not as the dialplan says; the call as the router uses it. */
  async #findGuard(leg: Leg): Promise<Call> {
    const { clock, onDialplanFault } = this.#context;
    const guard = await findGuard(leg, clock);
    this.#guard = new Guard(leg, guard, clock);
    for (const text of [...guard.notes, ...strayHosts(leg.call.socketData, this.#context.otherPorts())]) {
      this.#note({ type: 'note', text });
      onDialplanFault(text);
    }
    return { ...leg.call, guardSeconds: guard.seconds };
  }

  /** Step by step until one of them ends the call or takes it out of our hands. */
  async #carryOut(leg: Leg, inquiry: Inquiry, first: Decision): Promise<void> {
    let decision = first;
    for (;;) {
      await this.#catchUp(leg);
      throwIfAborted(leg.taken);
      if (decision === first) this.#context.observer.decided(this.record, whereOf(first.steps[0]));
      const [step] = decision.steps;
      const context = this.#stepContext(leg, decision);
      switch (step.kind) {
        case 'dial': {
          const outcome = await dial(step, decision, context);
          if (outcome.kind !== 'failed') return this.#bridged(leg, outcome);
          decision = await inquiry.resume(decision, outcome.outcome, outcome.cause);
          break;
        }
        case 'transfer':
          await transfer(step, context);
          return this.#taken(leg);
        case 'hangup':
          await hangUp(step.cause, context);
          await within(leg.ended, LAST_EVENTS_MS, this.#context.clock);
          return this.#close('hangup');
        case 'dialplan':
          return this.#giveBack(decision.result, decision.reason);
      }
    }
  }

  /**
   * After a standstill of this process the CRM's reply may be read before the event that says that the guard has taken the leg:
   * a bridge would pull the caller out of the fallback. What is asked now is answered after that event.
   */
  async #catchUp(leg: Leg): Promise<void> {
    if (this.#guard?.isDue === true) await leg.command([exists(leg.call)]);
  }

  async #bridged(leg: Leg, outcome: Exclude<BridgeOutcome, { kind: 'failed' }>): Promise<void> {
    switch (outcome.kind) {
      case 'answered':
        return this.#talk(leg);
      case 'released':
        // A socket that is closed in order lets the dialplan go on after it: no guard is needed.
        await leg.command(this.#guard?.lift() ?? []);
        return this.#close('released');
      case 'overrun':
        this.#note({ type: 'note', text: 'FreeSWITCH did not say how the bridge ended: given back' });
        return this.#giveBack('error', 'esl_timeout');
      case 'taken':
        return this.#taken(leg);
    }
  }

  async #talk(leg: Leg): Promise<void> {
    const { config, clock, stopping } = this.#context;
    // After a fallback, or an earlier answer, the reason still says why there was one.
    if (this.record.result === 'routed' && this.record.reason !== 'stale')
      this.#note({ type: 'result', result: 'routed', reason: 'answered' });
    const heartbeatMs = config.esl.heartbeatSeconds * 1000;
    const end = await talk(leg, { heartbeatMs, clock, stopping });
    if (end === 'released') return this.#close('released');
    // The conversation is over, and nobody hung the caller up (`hangup_after_bridge` was unset): he would hear silence.
    if (end === 'over') await leg.hangUp('NORMAL_CLEARING');
    return this.#taken(leg);
  }

  /**
   * The leg is not ours any more: from here on the router only watches. The guard that a moved leg still carries is lifted, as
   * it would pull the caller out of his new place; its socket is held to the channel's end.
   */
  async #taken(leg: Leg): Promise<void> {
    const { config, clock } = this.#context;
    if (leg.moves.length === 0) await within(leg.ended, leg.call.hungUp ? 0 : LAST_EVENTS_MS, clock);
    const [first] = leg.moves;
    let guardFired = false;
    if (first !== undefined) {
      guardFired = (await this.#guard?.hasFired(first).catch(() => false)) ?? false;
      await follow(leg, { heartbeatMs: config.esl.heartbeatSeconds * 1000, clock });
    }
    const talked = this.record.answeredMs !== null;
    const { end, result, reason, note } = endingOf(leg, this.record, guardFired);
    if (note !== undefined) this.#note({ type: 'note', text: note });
    this.#note({ type: 'result', result, reason });
    if (talked && end !== 'switch_lost') {
      // The conversation with our callee was over when the call was moved, not when it ended.
      const atMs = (first?.atMs ?? leg.hungUpMs ?? clock.now()) - this.#connectedAt;
      const cause = first === undefined ? leg.hangupCause : null;
      this.#note({ type: 'bridge_end', atMs, outcome: 'answered', cause });
    }
    await this.#close(end);
  }

  /** The call goes on after `socket` in the dialplan, and the markers tell it what happened here. */
  async #giveBack(result: Result, reason: Reason): Promise<void> {
    this.#note({ type: 'result', result, reason });
    const leg = this.#leg;
    if (leg?.taken.aborted === false) {
      const withinMs = this.#context.config.esl.replyTimeoutSeconds * 1000;
      // Before the guard is lifted: if this fails, it is what serves the caller.
      await leg.parked(withinMs);
      // Without "full" there is no api command: the dialplan serves the caller as it is.
      if (leg.call.socketMode.full) {
        const markers = setVariables(leg.call, markersOf(this.record, result, reason, ''));
        await leg.commandHere([...(this.#guard?.lift() ?? []), markers]);
        if (!isNameable(leg.call)) await leg.settled(withinMs);
      }
    }
    await this.#close('dialplan');
  }

  /** A loop: the dialplan got it back last time and has sent it here again. */
  async #refusePass(leg: Leg): Promise<void> {
    this.#note({ type: 'result', result: 'refused', reason: 'pass_limit' });
    const { clock } = this.#context;
    await leg.commandHere(this.#guard?.lift() ?? []);
    await leg.hangUp('USER_BUSY');
    await within(leg.ended, LAST_EVENTS_MS, clock);
    await this.#close('hangup');
  }

  async #rescue(error: unknown, stalledMs: number): Promise<void> {
    const failure =
      error instanceof RouterError ? error : new RouterError('internal', messageOf(error), { cause: error });
    const taken = this.#takenLeg();
    if (taken !== null) return this.#taken(taken);
    if (this.#connection.isClosed) return this.#unread(failure, stalledMs);
    this.#note({ type: 'note', text: `${failure.code}: ${failure.message}` });
    try {
      await this.#giveBack('error', failure.code);
    } catch (again) {
      const taken = this.#takenLeg();
      if (taken !== null) return this.#taken(taken);
      this.#note({ type: 'note', text: `could not be given back: ${messageOf(again)}` });
      await this.#close('switch_lost');
    }
  }

  /** The connection ended before FreeSWITCH had said whose it was: what happened to the caller is unknown. */
  async #unread(failure: RouterError, stalledMs: number): Promise<void> {
    const { disconnected, noticedUuid } = this.#connection;
    const over = `the call ${noticedUuid ?? ''} was over before it could be read`;
    this.#note({ type: 'note', text: disconnected ? over : `${failure.code}: ${failure.message}` });
    const stalled = stalledMs >= STANDSTILL_MS;
    if (stalled) this.#note({ type: 'note', text: `the router was stalled for ${Math.round(stalledMs)} ms` });
    const reason = stalled ? 'router_stalled' : disconnected ? 'switch_hung_up' : failure.code;
    this.#note({ type: 'result', result: goneResult('error', reason), reason });
    await this.#close(disconnected && !stalled ? 'switch_hangup' : 'switch_lost');
  }

  #takenLeg(): Leg | null {
    return this.#leg?.taken.aborted === true ? this.#leg : null;
  }

  async #close(end: End): Promise<void> {
    const { hangupCause = null, hungUpBy = null } = this.#leg ?? {};
    const hungUpMs = this.#leg?.hungUpMs ?? this.#context.clock.now();
    const recording = this.#recording;
    this.#note({ type: 'end', end, atMs: hungUpMs - this.#connectedAt, hangupCause, hungUpBy, recording });
    await this.#connection.end();
  }

  #stepContext(leg: Leg, { result, reason }: Decision): StepContext {
    const { config, clock, stopping } = this.#context;
    return {
      leg,
      guard: this.#guard as Guard,
      config,
      clock,
      stopping,
      note: (event) => {
        this.#note(event);
      },
      elapsedMs: () => this.#elapsedMs(),
      sinceConnect: (clockMs) => clockMs - this.#connectedAt,
      markers: (destination) => markersOf(this.record, result, reason, destination),
    };
  }

  #hear(news: LegNews, call: Call): void {
    const event = eventOf(news, this.#connectedAt);
    if (event !== null) this.#note(event);
    if (news.kind !== 'hangup') return;
    this.#recording =
      recordingIn(news.headers, call, this.#context.config.events.recording) ?? this.#recording;
  }

  #note(event: CallEvent): void {
    for (const fitting of this.#replies.fit(event)) {
      apply(this.record, fitting);
      this.#context.observer.noted(this.record, fitting);
    }
  }

  #elapsedMs(): number {
    return this.#context.clock.now() - this.#connectedAt;
  }
}
