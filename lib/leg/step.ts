import { GATEWAY_FAILURES } from '../call/cause.ts';
import type { CallEvent, RungLeg } from '../call/record.ts';
import type { CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Decision, LegStep } from '../decide/decide.ts';
import { conversationLimit } from '../decide/limits.ts';
import type { Destination } from '../dial/destination.ts';
import { nameOf, type Originate } from '../dial/originate.ts';
import type { Command } from '../esl/command.ts';
import { bridge, type BridgeOutcome } from './bridge.ts';
import { hangUpAfter, isNameable, ringReady, setVariables, TIME_IS_UP } from './command.ts';
import type { Guard } from './guard.ts';
import type { Leg } from './leg.ts';
import { LEG_CAUSES, rungTogether } from './rung.ts';

/** Carries one step of a decision out on the leg: the commands, in FreeSWITCH's own order. */

export interface StepContext {
  readonly leg: Leg;
  readonly guard: Guard;
  readonly config: Config;
  readonly clock: Clock;
  /** Aborted when the router stops. */
  readonly stopping: CancelSignal;
  readonly note: (event: CallEvent) => void;
  /** Milliseconds since the reply to `connect`. */
  readonly elapsedMs: () => number;
  readonly sinceConnect: (clockMs: number) => number;
  /** What the dialplan's conditions and the CDRs of FreeSWITCH see. */
  readonly markers: (destination: string) => Readonly<Record<string, string>>;
}

/** Where a step sends the caller, for a person. */
export function whereOf(step: LegStep): string {
  switch (step.kind) {
    case 'dial':
      return nameOf(step.destinations);
    case 'transfer':
      return `extension ${step.extension} in ${step.context}`;
    case 'hangup':
      return `hang-up ${step.cause}`;
    case 'dialplan':
      return 'dialplan';
  }
}

function legOf(destination: Destination): RungLeg {
  return { name: nameOf([destination]), kind: destination.kind === 'number' ? 'number' : 'person' };
}

type Dial = Extract<LegStep, { kind: 'dial' }>;

/** With less FreeSWITCH would ring for a second, or for none. */
const LEAST_SECONDS = 2;

/** Rings the step's destinations. A number whose gateway fails is tried by the next one, within the step's time. */
export async function dial(
  step: Dial,
  { scheme, originates }: Decision,
  context: StepContext,
): Promise<BridgeOutcome> {
  const { leg, clock, config, note } = context;
  const maxSeconds = conversationLimit(scheme.maxDurationSeconds, config.maxDurationSeconds);
  const startedAt = clock.now();
  let outcome: BridgeOutcome | null = null;
  // Who was busy stays the reason when no gateway reaches the others.
  let said: BridgeOutcome | null = null;
  let toRing = step.destinations;
  for (const originate of originates) {
    const left = originate.timeoutSeconds - Math.round((clock.now() - startedAt) / 1000);
    if (outcome !== null && left < LEAST_SECONDS) {
      const text = `${nameOf(toRing)}: no time is left to try the gateway ${originate.gateway ?? ''}`;
      note({ type: 'note', text });
      break;
    }
    outcome = await ringTogether(originate, toRing, left, { scheme, maxSeconds }, context);
    if (outcome.kind === 'answered') {
      leg.limited = maxSeconds !== null;
      standing(context, maxSeconds);
    }
    if (outcome.kind !== 'failed') return outcome;
    if (!GATEWAY_FAILURES.has(outcome.cause)) said = outcome;
    toRing = outcome.again;
    if (toRing.length === 0) break;
  }
  return said ?? outcome ?? { kind: 'taken' };
}

async function ringTogether(
  originate: Originate,
  destinations: readonly Destination[],
  timeoutSeconds: number,
  { scheme, maxSeconds }: { readonly scheme: Decision['scheme']; readonly maxSeconds: number | null },
  context: StepContext,
): Promise<BridgeOutcome> {
  const { leg, guard, stopping, note, elapsedMs, markers } = context;
  const destination = nameOf(destinations);
  const rung = rungTogether(destinations);
  const lift = await guard.pushBack(timeoutSeconds);
  const before = [
    ...lift,
    setVariables(leg.call, {
      continue_on_fail: 'true',
      hangup_after_bridge: 'true',
      // In braces it does nothing: the callee would get the caller's X- headers.
      sip_copy_custom_headers: 'false',
      ...(leg.answered ? { transfer_ringback: scheme.bridge.ringback } : {}),
      ...guard.legVariables(),
      ...markers(destination),
      ...(rung.uuids.size > 0 ? { [LEG_CAUSES]: '' } : {}),
    }),
    ...ring(leg),
  ];
  const variables = { ...guard.bridgeVariables(), ...limitVariables(leg, maxSeconds) };
  const dialString = originate.dialString(timeoutSeconds, { variables, ...rung });
  note({ type: 'bridge', atMs: elapsedMs(), dialString, destination, rung: destinations.map(legOf) });
  const outcome = await bridge({ leg, before, dialString, rung, timeoutSeconds, stopping });
  if (outcome.kind !== 'taken') guard.replaced();
  noteBridge(outcome, context);
  return outcome;
}

/** The bridge is up: FreeSWITCH does the same by itself, a moment later or where the router is dead (see `bridgeVariables`). */
function standing({ leg, guard }: StepContext, maxSeconds: number | null): void {
  const limit = maxSeconds === null ? [] : [hangUpAfter(leg.call, maxSeconds)];
  // A failure shows in the events; the conversation is not held up by it.
  void Promise.allSettled(leg.connection.send([...guard.lift(), ...limit]));
}

/** Sent to a leg that still waits for its CRM by then; the returned function cancels it. */
export function later(
  leg: Leg,
  clock: Clock,
  afterMs: number | null,
  commands: () => readonly Command[],
): () => void {
  if (afterMs === null) return () => undefined;
  return clock.after(afterMs, () => {
    if (leg.taken.aborted) return;
    const list = commands();
    // A failure shows at the next command, which is waited for.
    if (list.length > 0) void Promise.allSettled(leg.connection.send(list));
  });
}

/** Ringing, once, for a caller who is not answered. */
export function ring(leg: Leg): Command[] {
  if (leg.ringing || leg.answered) return [];
  leg.ringing = true;
  return [ringReady(leg.call)];
}

function limitVariables({ call }: Leg, maxSeconds: number | null): Readonly<Record<string, string>> {
  if (maxSeconds === null || !isNameable(call)) return {};
  return { api_before_bridge_limit: `sched_hangup +${maxSeconds} ${call.uuid} ${TIME_IS_UP}` };
}

function noteBridge(outcome: BridgeOutcome, { leg, note, elapsedMs, sinceConnect }: StepContext): void {
  const atMs = elapsedMs();
  switch (outcome.kind) {
    case 'answered':
      note({ type: 'answered', atMs: sinceConnect(outcome.callee.atMs), by: outcome.callee.number });
      break;
    case 'failed':
      note({ type: 'bridge_end', atMs, outcome: outcome.outcome, cause: outcome.cause });
      break;
    case 'taken': {
      const moved = leg.state.kind === 'moved';
      note({ type: 'bridge_end', atMs, outcome: moved ? 'moved' : 'cancelled', cause: leg.hangupCause });
      break;
    }
    case 'released':
      note({ type: 'bridge_end', atMs, outcome: 'released', cause: null });
      break;
    case 'overrun':
      break;
  }
}

/** Ends the call with our cause; otherwise the caller would get the SIP code of the last callee (recording 39). */
export async function hangUp(cause: string, { leg, guard, markers }: StepContext): Promise<void> {
  const variables = { sip_ignore_remote_cause: 'true', ...markers('') };
  await leg.commandHere([...guard.lift(), setVariables(leg.call, variables)]);
  await leg.hangUp(cause);
}

/** Sends the call to an extension of the dialplan: final, nothing is tried after it. */
export async function transfer(
  step: Extract<LegStep, { kind: 'transfer' }>,
  context: StepContext,
): Promise<void> {
  const { leg, guard, config, markers } = context;
  const { extension } = step;
  const before = [...guard.lift(), setVariables(leg.call, markers(extension))];
  await leg.transfer(extension, step.context, before, config.esl.replyTimeoutSeconds * 1000);
}
