import type { BLeg, TalkEnd } from './b-leg.ts';
import { dialStatusOf } from './cause.ts';
import { readDialString } from './dialstring.ts';
import { extensionNamed, pause } from './exchange.ts';
import { bridgeFaults, dialStringFaults } from './judge.ts';
import type { Leg } from './leg.ts';
import { header, textOf, type Bytes } from './message.ts';
import { Originate, type OriginateEnd } from './originate.ts';

/** Causes that leave the A leg up even without continue_on_fail: "no answer is always a reason to continue". */
const ALWAYS_CONTINUES = ['NO_ANSWER', 'NO_USER_RESPONSE', 'ORIGINATOR_CANCEL'];

/** An audio bridge looks for the end of either side once a frame. */
const FRAME_MS = 20;

/** A guard that is still due so long after CHANNEL_BRIDGE has been forgotten; a busy machine has a quarter of a real one. */
const LIFTED_AFTER = { seconds: 1, leastMs: 250 };

/** `api_before_bridge` runs when the callee's thread has read ten frames of the standing bridge (1.11.1). */
const HOOK_AFTER_SECONDS = 0.25;

/** The application `bridge`: from its argument to the end of the talk. */
export async function bridge(leg: Leg, argument: Bytes): Promise<undefined> {
  const startedMs = leg.book.now();
  for (const fault of dialStringFaults(argument)) leg.book.violate(fault);
  if (leg.bridging > 0 && leg.phase.kind === 'ringing') leg.book.violate('a bridge inside a ringing bridge');
  leg.bridging++;
  if (argument !== '') await bridgeTo(leg, argument);
  leg.bridging--;
  const outcome = leg.channel.get('originate_disposition') ?? 'none';
  leg.book.bridges.push({ dialString: argument, outcome, startedMs, endedMs: leg.book.now() });
  // The nested one's end leaves the outer one ringing.
  if (leg.phase.kind === 'ringing' && leg.bridging === 0) leg.phase = { kind: 'parked' };
  if (!leg.hungUp && leg.interrupt === null) leg.book.stepsMs.push(leg.book.now());
  return undefined;
}

async function bridgeTo(leg: Leg, argument: Bytes): Promise<void> {
  const { channel } = leg;
  const dial = readDialString(argument);
  const enterprise = dial.threads.length > 1;
  if (!enterprise) {
    // Placeholders, to be read by nobody before EXECUTE_COMPLETE (09).
    channel.set('originate_disposition', 'failure');
    channel.set('DIALSTATUS', 'INVALIDARGS');
  }
  channel.unset('sip_invite_failure_status');
  channel.unset('sip_invite_failure_phrase');

  // A comma between enterprise threads would do the same for the caller: all ring at once.
  const first = dial.threads[0];
  const alternatives = enterprise
    ? [dial.threads.flatMap((thread) => thread.alternatives.flat())]
    : (first?.alternatives ?? []);
  const shared = first?.variables ?? new Map<string, Bytes>();

  for (const fault of bridgeFaults(leg.guards, shared, leg.exchange.secondMs)) leg.book.violate(fault);
  let end: OriginateEnd = { kind: 'interrupted' };
  for (const legs of alternatives) {
    leg.phase = { kind: 'ringing' };
    const attempt = new Originate(leg, shared, legs);
    end = await attempt.run();
    if (end.kind === 'failed') report(leg, end.disposition, enterprise);
    // When originate_timeout fires, the alternatives after `|` are skipped (03f), unless told otherwise (03h).
    const goesOn =
      end.kind === 'failed' && (!end.timedOut || shared.get('originate_continue_on_timeout') === 'true');
    if (!goesOn) break;
  }
  switch (end.kind) {
    case 'answered':
      if (!end.early) leg.answer();
      report(leg, 'SUCCESS', enterprise);
      await talk(leg, end.leg, end.early);
      return;
    case 'failed':
      channel.set('originate_failed_cause', end.cause);
      continueOrHangUp(leg, end.cause);
      return;
    case 'interrupted':
      report(leg, 'ORIGINATOR_CANCEL', enterprise);
      channel.set('originate_failed_cause', 'ORIGINATOR_CANCEL');
  }
}

function report(leg: Leg, disposition: string, enterprise: boolean): void {
  if (enterprise) {
    leg.channel.set('originate_disposition', disposition.toLowerCase()); // and no DIALSTATUS (22f)
    return;
  }
  leg.channel.set('originate_disposition', disposition);
  leg.channel.set('DIALSTATUS', dialStatusOf(disposition));
}

/** switch_channel_handle_cause: the A leg dies of its callee's cause, unless its own variable says otherwise (04, 04b). */
function continueOrHangUp(leg: Leg, cause: string): void {
  const wish = leg.channel.get('continue_on_fail');
  const continues =
    wish === undefined
      ? ALWAYS_CONTINUES.includes(cause)
      : /^(?:true|yes|on|1)$/i.test(wish) || wish.split(',').includes(cause);
  if (!continues && leg.interrupt === null) leg.hangup(cause, 'callee');
}

/** Both legs are joined, from CHANNEL_BRIDGE to CHANNEL_UNBRIDGE. */
async function talk(leg: Leg, b: BLeg, early: boolean): Promise<void> {
  const { channel } = leg;
  channel.stamp('bridged');
  channel.callState = early ? 'EARLY' : 'ACTIVE';
  channel.other = b.profile(leg);
  channel.unset('originate_signal_bond');
  channel.push('originate_causes', `${b.uuid};NONE`);
  // A user/ endpoint originates within an originate, and both count (06).
  if (b.dialled.endpoint.startsWith('user/')) channel.push('originate_causes', `${b.uuid};NONE`);
  channel.set('signal_bond', b.uuid);
  channel.set('last_bridge_role', 'originator');
  const pair = header('Bridge-A-Unique-ID', leg.uuid) + header('Bridge-B-Unique-ID', b.uuid);
  leg.emit('CHANNEL_BRIDGE', '', pair);
  if (!early) {
    leg.phase = { kind: 'answered', leg: b.dialled, afterMs: leg.book.now() };
    leg.reached('answered');
  }
  channel.set('bridge_to', b.uuid);
  channel.set('last_bridge_to', b.uuid);
  channel.set('bridge_channel', b.channelName);
  channel.set('bridge_uuid', b.uuid);
  channel.set('last_sent_callee_id_number', b.dialled.user);

  const { cause, by } = await talkWatched(leg, b, early);
  const calleeEnded = by !== 'interrupt';
  // Whoever takes the caller over sees the old bridge end at the next frame; for a hang-up that varies.
  if (!calleeEnded) await pause(!leg.hungUp || leg.random.chance(0.5) ? 0 : FRAME_MS);
  leaveBridge(leg, cause, by);
  leg.emit('CHANNEL_UNBRIDGE', '', pair);
  if (calleeEnded) afterBridge(leg, b, cause);
}

/** The talk itself; meanwhile the hooks of the dial string run, and the guard has to be gone. */
async function talkWatched(leg: Leg, b: BLeg, early: boolean): Promise<TalkEnd> {
  const { secondMs } = leg.exchange;
  const hooks = setTimeout(() => {
    b.runHooks('api_before_bridge');
  }, HOOK_AFTER_SECONDS * secondMs);
  const guard = setTimeout(
    () => {
      if (!early && leg.guards.length > 0) leg.book.violate('a guard is still due while the callee talks');
    },
    Math.max(LIFTED_AFTER.seconds * secondMs, LIFTED_AFTER.leastMs),
  );
  const end = await b.talk(leg);
  clearTimeout(hooks);
  clearTimeout(guard);
  return end;
}

/** What the variables say of a talk that has ended, as measured for each end. */
function leaveBridge(leg: Leg, cause: string, by: TalkEnd['by']): void {
  const { channel, interrupt } = leg;
  channel.unset('bridge_to');
  if (by === 'elsewhere') {
    channel.unset('signal_bond');
    return;
  }
  const own = leg.phase.kind === 'moved' && leg.phase.by === 'pickup' ? 'PICKED_OFF' : cause;
  channel.set('bridge_hangup_cause', channel.hangupCause ?? own);
  const left = interrupt?.kind === 'park' || interrupt?.kind === 'bridge';
  if (by !== 'interrupt' || left) channel.set('last_bridge_hangup_cause', own);
  if (by === 'callee') channel.set('last_bridge_proto_specific_hangup_cause', 'sip:200');
}

/** The callee has gone, and the caller is still here. */
function afterBridge(leg: Leg, b: BLeg, cause: string): void {
  const { phase, afterBridge: away } = leg;
  if (away !== null) {
    leg.afterBridge = null;
    if (away.by === 'park-after-bridge') leg.parkAway(away);
    else leg.transferAway(extensionNamed(away.to, textOf(leg.channel.profile.context)), away);
    return;
  }
  if (phase.kind === 'answered') {
    leg.book.settle({ kind: 'answered', leg: phase.leg, afterMs: phase.afterMs, hangupBy: b.endedBy });
  }
  // Without hangup_after_bridge the A leg stays up, alone (02b).
  if (/^(?:true|yes|on|1)$/i.test(leg.channel.get('hangup_after_bridge') ?? '')) leg.hangup(cause, 'callee');
  else leg.phase = { kind: 'parked' };
}
