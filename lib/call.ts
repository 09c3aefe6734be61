import { randomUUID } from 'node:crypto';
import { bridge, type BridgeOutcome } from './bridge.ts';
import { throwIfAborted, type CancelSignal } from './cancel.ts';
import { GATEWAY_FAILURES } from './cause.ts';
import { concealCaller, parseCall } from './channel.ts';
import { within, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import { budgetMs, Inquiry, type Decision, type InquiryOptions, type LegStep } from './decide.ts';
import { messageOf, RouterError, type Reason } from './errors.ts';
import type { Command } from './esl/command.ts';
import type { Connection } from './esl/connection.ts';
import type { Admission, Refusal } from './esl/listener.ts';
import { Guard } from './guard.ts';
import { Leg } from './leg.ts';
import type { Limits, Places } from './limits.ts';
import { nameOf } from './originate.ts';
import { apply, newRecord, type CallEvent, type CallRecord, type End, type Result } from './record.ts';
import { chooseScheme, type SchemeSet } from './schemes.ts';
import type { Secrets } from './secret.ts';
import { talk } from './talk.ts';

/** What every call is handed. A call keeps the schemes that it began with. */
export interface CallContext {
  readonly config: Config;
  readonly schemes: SchemeSet;
  readonly secrets: Secrets;
  readonly send: InquiryOptions['send'];
  readonly memory: InquiryOptions['memory'];
  readonly clock: Clock;
  readonly limits: Limits;
  readonly version: string;
  /** Aborted when the router stops: undecided calls go on, bridges are left to FreeSWITCH. */
  readonly stopping: CancelSignal;
}

/** A channel's last events follow its hang-up in milliseconds; those from before `myevents` never come. */
const LAST_EVENTS_MS = 2000;

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
  #connectedAt: number;
  #leg: Leg | null = null;

  constructor(connection: Connection, context: CallContext) {
    this.#connection = connection;
    this.#context = context;
    this.#places = context.limits.places();
    this.#connectedAt = context.clock.now();
    this.record = newRecord(randomUUID(), context.clock.date());
  }

  /** The one catch around the call: whatever fails, the caller is given back to the dialplan. */
  async tell({ refusal, waitedMs }: Admission): Promise<void> {
    try {
      const leg = await this.#connect(refusal, waitedMs);
      await this.#route(leg, refusal);
    } catch (error) {
      await this.#rescue(error);
    } finally {
      this.#places.leave();
    }
  }

  async #connect(refusal: Refusal | null, waitedMs: number): Promise<Leg> {
    const { config, schemes, clock } = this.#context;
    // FreeSWITCH parks the caller in silence when its first command is not `connect`, or when none comes.
    const greeting: Command[] = [{ kind: 'connect' }];
    if (refusal === null) {
      greeting.push({ kind: 'linger', seconds: config.esl.lingerSeconds }, { kind: 'myevents' });
    }
    const [reply, ...others] = this.#connection.send(greeting);
    const { headers } = (await (reply as Exclude<typeof reply, undefined>)).message;
    const now = clock.now();
    // The caller's patience has not waited with him.
    this.#connectedAt = now - waitedMs;
    const call = parseCall(headers, { didFrom: config.didFrom, variables: schemes.variables });
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(call.uuid)) {
      throw new RouterError('esl_protocol', 'the reply to connect names no call');
    }
    const leg = new Leg(this.#connection, call, new Guard(call, now), (text) => {
      this.#note({ type: 'note', text });
    });
    this.#leg = leg;
    this.#note({ type: 'call', call: call.withheld ? concealCaller(call) : call });
    if (waitedMs > 0) {
      const text = `waited ${Math.round(waitedMs)} ms to be served, while the port was closing for overload`;
      this.#note({ type: 'note', text });
    }
    if (refusal === null) {
      const refused = (await Promise.all(others)).find(({ ok }) => !ok);
      if (!call.socketMode.async || !call.socketMode.full || refused !== undefined) {
        throw new RouterError('socket_application', refused?.text);
      }
    }
    return leg;
  }

  async #route(leg: Leg, refusal: Refusal | null): Promise<void> {
    const { config, schemes } = this.#context;
    const { call } = leg;
    throwIfAborted(leg.gone);
    if (refusal !== null) return this.#giveBack('error', refusal);
    if ([call.did, call.destinationNumber].some((number) => config.bypass.called.includes(number))) {
      return this.#giveBack('no_route', 'emergency_called');
    }
    // To hang up would be surer to break the circle, and would drop whom the dialplan can still serve: it sees the reason.
    if (call.hops > config.maxHops) return this.#giveBack('refused', 'hop_limit');
    const choice = chooseScheme(schemes, call);
    if (choice.kind === 'none') return this.#giveBack('no_route', 'no_scheme');
    if (choice.kind === 'unknown') {
      this.#note({
        type: 'note',
        text: `there is no scheme "${choice.name}", which ${choice.chosenBy} names`,
      });
      return this.#giveBack('error', 'scheme_unknown');
    }
    const { scheme, chosenBy } = choice;
    if (call.withheld && scheme.webhook.withheld === 'send') this.#note({ type: 'call', call });
    this.#note({ type: 'scheme', name: scheme.name, revision: scheme.revision, chosenBy });
    const inquiry = new Inquiry({
      call,
      dryRun: false,
      signal: leg.gone,
      places: this.#places,
      ...this.#reporting(),
      ...this.#context,
    });
    const stopRinging = this.#ringLater(leg, scheme.waiting.ringAfterMs);
    let decision: Decision;
    try {
      decision = await inquiry.decide(scheme, this.#connectedAt + budgetMs(scheme, call));
    } finally {
      stopRinging();
    }
    await this.#carryOut(leg, inquiry, decision);
  }

  /** Step by step until one of them ends the call or takes it out of our hands. */
  async #carryOut(leg: Leg, inquiry: Inquiry, first: Decision): Promise<void> {
    let decision = first;
    for (;;) {
      await this.#catchUp(leg);
      throwIfAborted(leg.gone);
      const [step] = decision.steps;
      if (step.kind !== 'dial') return this.#finish(leg, step, decision);
      const outcome = await this.#dial(leg, step, decision);
      if (outcome.kind !== 'failed') return this.#concluded(leg, outcome);
      decision = await inquiry.resume(decision, outcome.outcome, outcome.cause);
    }
  }

  /**
   * After a standstill of this process the CRM's reply may be read before the event that says that the guard has taken the
   * leg: a bridge would tear the caller out of the fallback. What is asked now is answered behind that event.
   */
  async #catchUp(leg: Leg): Promise<void> {
    if (!leg.guard.isDue(this.#context.clock.now())) return;
    await leg.command([{ kind: 'api', command: 'uuid_exists', args: leg.call.uuid }]);
  }

  /** One step on the leg; a gateway that fails gives way to the next, within the step's time. */
  async #dial(
    leg: Leg,
    step: Extract<LegStep, { kind: 'dial' }>,
    decision: Decision,
  ): Promise<BridgeOutcome> {
    const { clock, config, stopping } = this.#context;
    const { scheme, originates } = decision;
    leg.maxDurationSeconds = shorter(scheme.maxDurationSeconds, config.maxDurationSeconds);
    const startedAt = clock.now();
    const destination = nameOf(step.destinations);
    let outcome: BridgeOutcome | null = null;
    for (const originate of originates) {
      const left = originate.timeoutSeconds - Math.round((clock.now() - startedAt) / 1000);
      if (outcome !== null && left < 2) break;
      const dialString = originate.dialString(left, leg.answerVariables());
      const before = [
        ...leg.guard.pushBack(left, clock.now()),
        leg.setVariables({
          continue_on_fail: 'true',
          hangup_after_bridge: 'true',
          // In braces it does nothing: the callee would get the caller's X- headers.
          sip_copy_custom_headers: 'false',
          ...(leg.call.answered ? { transfer_ringback: scheme.bridge.ringback } : {}),
          ...this.#markers(decision.result, decision.reason, destination),
        }),
        ...leg.ring(),
      ];
      this.#note({ type: 'bridge', atMs: this.#elapsedMs(), dialString, destination });
      outcome = await bridge({ leg, before, dialString, timeoutSeconds: left, clock, stopping });
      this.#noteBridge(outcome);
      if (outcome.kind !== 'failed' || !GATEWAY_FAILURES.has(outcome.cause)) break;
    }
    return outcome ?? { kind: 'cancelled' };
  }

  #noteBridge(outcome: BridgeOutcome): void {
    const atMs = this.#elapsedMs();
    switch (outcome.kind) {
      case 'answered':
        this.#note({ type: 'answered', atMs });
        break;
      case 'failed':
        this.#note({ type: 'bridge_end', atMs, outcome: outcome.outcome, cause: outcome.cause });
        break;
      case 'cancelled':
        this.#note({ type: 'bridge_end', atMs, outcome: 'cancelled', cause: this.#leg?.hangupCause ?? null });
        break;
      case 'released':
      case 'overrun':
        break;
    }
  }

  async #concluded(leg: Leg, outcome: Exclude<BridgeOutcome, { kind: 'failed' }>): Promise<void> {
    switch (outcome.kind) {
      case 'answered':
        return this.#talk(leg, outcome.over);
      case 'released':
        // A socket that is closed in order lets the dialplan go on behind it: no guard is needed.
        await leg.command(leg.guard.lift());
        return this.#close('released');
      case 'overrun':
        this.#note({ type: 'note', text: 'FreeSWITCH did not say how the bridge ended: given back' });
        return this.#giveBack('error', 'esl_timeout');
      case 'cancelled':
        throw leg.gone.reason;
    }
  }

  async #talk(leg: Leg, over: Promise<void>): Promise<void> {
    const { config, clock, stopping } = this.#context;
    // After a fallback, or an answer of before, the reason goes on saying why there was one.
    if (this.record.result === 'routed' && this.record.reason !== 'stale')
      this.#note({ type: 'result', result: 'routed', reason: 'answered' });
    // FreeSWITCH has done so by itself when the callee answered; a guard that were left would end the conversation.
    void Promise.allSettled(this.#connection.send(leg.answerCommands()));
    await talk({ leg, over, heartbeatMs: config.esl.heartbeatSeconds * 1000, clock, stopping });
    if (leg.hangupCause === null) {
      if (stopping.aborted) return this.#close('detached');
      throw leg.gone.reason;
    }
    this.#note({ type: 'bridge_end', atMs: this.#elapsedMs(), outcome: 'answered', cause: leg.hangupCause });
    await this.#close('bridged');
  }

  async #finish(leg: Leg, step: Exclude<LegStep, { kind: 'dial' }>, decision: Decision): Promise<void> {
    const { result, reason } = decision;
    switch (step.kind) {
      case 'dialplan':
        return this.#giveBack(result, reason);
      case 'hangup':
        // Else the caller would get the SIP code of the last callee and not this one (recording 39).
        await leg.command([
          ...leg.guard.lift(),
          leg.setVariables({ sip_ignore_remote_cause: 'true', ...this.#markers(result, reason, '') }),
        ]);
        await leg.hangUp(step.cause);
        await within(leg.ended, LAST_EVENTS_MS, this.#context.clock);
        return this.#close('hangup');
      case 'transfer': {
        const eventUuid = randomUUID();
        const destination = step.extension;
        const done = this.#connection.waitFor(
          (event) => event.name === 'CHANNEL_EXECUTE_COMPLETE' && event.get('Application-UUID') === eventUuid,
          { timeoutMs: this.#context.config.esl.replyTimeoutSeconds * 1000 },
        );
        leg.transferring();
        await leg.command([
          ...leg.guard.lift(),
          leg.setVariables({ ...this.#markers(result, reason, destination) }),
          { kind: 'execute', app: 'transfer', arg: `${step.extension} XML ${step.context}`, eventUuid },
        ]);
        await done;
        return this.#close('transferred');
      }
    }
  }

  /** The call goes on behind `socket` in the dialplan, which the markers tell what happened here. */
  async #giveBack(result: Result, reason: Reason): Promise<void> {
    this.#note({ type: 'result', result, reason });
    const leg = this.#leg;
    if (leg?.gone.aborted === false) {
      // Before the guard is lifted: if this fails, it is what serves the caller.
      const { clock, config } = this.#context;
      await leg.parked(clock, config.esl.replyTimeoutSeconds * 1000);
      // Without "full" there is no api command: the markers stay unset, and the dialplan serves the caller as it is.
      if (leg.call.socketMode.full) {
        await leg.command([...leg.guard.lift(), leg.setVariables(this.#markers(result, reason, ''))]);
      }
    }
    await this.#close('dialplan');
  }

  async #rescue(error: unknown): Promise<void> {
    const failure =
      error instanceof RouterError ? error : new RouterError('internal', messageOf(error), { cause: error });
    const gone = this.#leg?.gone;
    if (gone?.aborted === true) return this.#lost(this.#leg as Leg, gone.reason as RouterError);
    this.#note({ type: 'note', text: `${failure.code}: ${failure.message}` });
    if (this.#connection.isClosed) {
      // FreeSWITCH took its leave in order: the caller was gone before it was asked for him.
      const left = this.#connection.disconnected;
      this.#note({ type: 'result', result: 'error', reason: left ? 'caller_hung_up' : failure.code });
      return this.#close(left ? 'caller_hangup' : 'switch_lost');
    }
    try {
      await this.#giveBack('error', failure.code);
    } catch (again) {
      this.#note({ type: 'note', text: `could not be given back: ${messageOf(again)}` });
      await this.#close('switch_lost');
    }
  }

  /** The leg was gone before anything else could end the call. */
  async #lost(leg: Leg, reason: RouterError): Promise<void> {
    this.#note({ type: 'result', result: this.record.result, reason: reason.code });
    if (reason.code === 'caller_hung_up') {
      await within(leg.ended, leg.call.hungUp ? 0 : LAST_EVENTS_MS, this.#context.clock);
      await this.#close('caller_hangup');
    } else {
      const guarded = reason.code === 'guard_fired';
      if (!guarded) this.#note({ type: 'note', text: reason.message });
      else await Promise.allSettled([leg.command(leg.guard.clearBehind(this.#context.clock.now()))]);
      await this.#close(guarded ? 'guard' : 'switch_lost');
    }
  }

  async #close(end: End): Promise<void> {
    const { hangupCause = null, hungUpBy = null } = this.#leg ?? {};
    this.#note({ type: 'end', end, atMs: this.#elapsedMs(), hangupCause, hungUpBy });
    await this.#connection.end();
  }

  #ringLater(leg: Leg, afterMs: number | null): () => void {
    if (afterMs === null) return () => undefined;
    return this.#context.clock.after(afterMs, () => {
      if (leg.gone.aborted) return;
      const commands = leg.ring();
      // A failure shows at the next command, which is waited for.
      if (commands.length > 0) void Promise.allSettled(this.#connection.send(commands));
    });
  }

  /** What the dialplan's conditions and the CDRs of FreeSWITCH see. */
  #markers(result: Result, reason: Reason, destination: string): Record<string, string> {
    return {
      esl_router_result: result,
      esl_router_reason: reason,
      esl_router_scheme: this.record.scheme?.name ?? '',
      esl_router_destination: destination,
      esl_router_trace: this.record.id,
    };
  }

  #reporting(): Pick<InquiryOptions, 'note' | 'elapsedMs'> {
    return {
      note: (event) => {
        this.#note(event);
      },
      elapsedMs: () => this.#elapsedMs(),
    };
  }

  #note(event: CallEvent): void {
    apply(this.record, event);
  }

  #elapsedMs(): number {
    return this.#context.clock.now() - this.#connectedAt;
  }
}

/** Of two limits in seconds; a scheme may have none, and 0 in the configuration is none. */
function shorter(own: number | undefined, overall: number): number | null {
  const seconds = Math.min(own ?? Infinity, overall === 0 ? Infinity : overall);
  return seconds === Infinity ? null : seconds;
}
