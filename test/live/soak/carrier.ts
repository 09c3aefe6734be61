import { createSocket, type Socket } from 'node:dgram';
import type { IncomingCall } from '../callee.ts';
import { now } from '../journal.ts';
import { Media } from '../media.ts';
import { uriOf, userOf } from '../sip.ts';
import type { UserAgent } from '../user-agent.ts';
import { CALLEE_KINDS, calleeNumber, GROUP_NUMBER, type CalleeKind } from './plan.ts';
import type { LegSeen } from './silence.ts';

/** The callees, behind the gateway: whom the CRM names, and the group of the dialplan's fallback. */

const ANSWER_MS = 300;
const LATE_ANSWER_MS = 2000;

/** A leg as its callee sees it. */
export class Leg implements LegSeen {
  readonly to: CalleeKind | 'group';
  readonly call: IncomingCall;
  answeredMs: number | null = null;

  constructor(to: CalleeKind | 'group', call: IncomingCall) {
    this.to = to;
    this.call = call;
  }

  get invitedMs(): number {
    return this.call.invitedMs;
  }

  get endedMs(): number | null {
    return this.call.end?.atMs ?? null;
  }

  /** They could talk. */
  get isConversation(): boolean {
    return this.answeredMs !== null && this.call.end === null;
  }
}

/** `found` hands the leg to the caller whose number is in From. */
export function answerCalls(
  carrier: UserAgent,
  rtpPort: number,
  found: (caller: string, leg: Leg) => void,
): void {
  const line = (number: string, to: Leg['to']): void => {
    carrier.on(number, (call) => {
      const leg = new Leg(to, call);
      call.media = Media.mute(rtpPort);
      found(userOf(uriOf(call.header('from'))), leg);
      behave(leg);
    });
  };
  for (const kind of CALLEE_KINDS) line(calleeNumber(kind), kind);
  line(GROUP_NUMBER, 'group');
}

function behave(leg: Leg): void {
  const { call, to } = leg;
  switch (to) {
    case 'busy':
      call.refuse('486 Busy Here');
      return;
    case 'rejects':
      call.refuse('603 Decline');
      return;
    case 'unavailable':
      call.refuse('503 Service Unavailable');
      return;
    case 'rings on':
      call.ring();
      return;
    case 'answers late':
      call.ring();
      answer(leg, LATE_ANSWER_MS);
      return;
    case 'answers':
    case 'group':
      call.ring();
      answer(leg, ANSWER_MS);
  }
}

function answer(leg: Leg, afterMs: number): void {
  setTimeout(() => {
    if (leg.call.end !== null) return;
    leg.answeredMs = now();
    void leg.call.answer(0);
  }, afterMs);
}

/** Takes the sound of all calls and does nothing with it, so that no "port unreachable" comes back. */
export function openSink(): Promise<Socket> {
  const sink = createSocket('udp4');
  sink.on('message', () => undefined);
  return new Promise((resolve, reject) => {
    sink.once('error', reject);
    sink.bind(0, '127.0.0.1', () => {
      resolve(sink);
    });
  });
}
