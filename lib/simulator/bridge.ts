import { runApi } from './api.ts';
import { dialStatusOf } from './cause.ts';
import { readDialString } from './dialstring.ts';
import { dialStringFaults } from './judge.ts';
import { pause, type Leg } from './leg.ts';
import { bytesOf, header, type Bytes } from './message.ts';
import { Originate, type OriginateEnd, type BLeg } from './originate.ts';

/** Causes that leave the A leg up even without continue_on_fail: "no answer is always a reason to continue". */
const ALWAYS_CONTINUES = ['NO_ANSWER', 'NO_USER_RESPONSE', 'ORIGINATOR_CANCEL'];

/** An audio bridge looks for the end of either side once a frame. */
const FRAME_MS = 20;

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

  checkGuard(leg, shared);
  let end: OriginateEnd = { kind: 'interrupted' };
  for (const legs of alternatives) {
    leg.phase = { kind: 'ringing' };
    const attempt = new Originate(leg, shared, legs);
    end = await attempt.run();
    if (end.kind === 'failed') report(leg, end.disposition, enterprise);
    // When originate_timeout fires, the alternatives behind `|` are skipped (03f), unless told otherwise (03h).
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
  // These run when the callee answers, in their order, whatever has become of the router (measured on 1.11.1).
  for (const [name, command] of b.dialled.variables) {
    if (!early && name.toLowerCase().startsWith('api_on_answer')) runApi(leg.exchange, bytesOf(command));
  }
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

  const cause = await b.talk(leg);
  const calleeEnded = !leg.hungUp && leg.interrupt === null;
  if (!calleeEnded) await pause(leg.random.chance(0.5) ? 0 : FRAME_MS);
  channel.unset('bridge_to');
  channel.set('bridge_hangup_cause', channel.hangupCause ?? cause);
  if (calleeEnded) {
    channel.set('last_bridge_hangup_cause', cause);
    channel.set('last_bridge_proto_specific_hangup_cause', 'sip:200');
  }
  leg.emit('CHANNEL_UNBRIDGE', '', pair);
  if (!calleeEnded) return;
  if (leg.phase.kind === 'answered') {
    leg.book.settle({
      kind: 'answered',
      leg: leg.phase.leg,
      afterMs: leg.phase.afterMs,
      hangupBy: b.endedBy,
    });
  }
  // Without hangup_after_bridge the A leg stays up, alone (02b).
  if (/^(?:true|yes|on|1)$/i.test(channel.get('hangup_after_bridge') ?? '')) leg.hangup(cause, 'callee');
  else leg.phase = { kind: 'parked' };
}

/** A guard that is due while a bridge rings has to outlast the ringing, and to be lifted by the answer. */
function checkGuard(leg: Leg, shared: ReadonlyMap<string, Bytes>): void {
  const { schedule, uuid, book } = leg;
  if (!schedule.guarded) return;
  const ringingSeconds = Number(shared.get('originate_timeout') ?? '60');
  if (schedule.guardSecondsLeft < ringingSeconds)
    book.violate('a bridge that rings longer than the guard waits');
  if (shared.get('api_on_answer') !== `sched_del ${uuid}`)
    book.violate('a bridge whose answer does not lift the guard');
}
