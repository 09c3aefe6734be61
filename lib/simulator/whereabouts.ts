import { sipCodeOf } from './cause.ts';
import type { Channel } from './channel.ts';
import type { Ender, Extension, Killable, Taker } from './exchange.ts';
import type { Profile } from './profile.ts';
import type { CallEnd, DialledLeg, MovedEnder, MoveKind } from './types.ts';

/** How a caller lives on in the place that others have put him in. */
export interface Stay {
  readonly talkMs: number;
  readonly hangup: MovedEnder;
}

/** A move by others: its names in the report, and what follows it. */
export interface Away {
  readonly by: MoveKind;
  readonly to: string;
  readonly stay: Stay;
}

/** Another call that the leg is joined to; `role` is the leg's own. */
export interface Partner {
  readonly profile: Profile;
  readonly role: 'originator' | 'originatee';
}

/** What takes a leg out of whatever it does. */
export type Interrupt =
  | { readonly kind: 'hangup' }
  | {
      readonly kind: 'transfer';
      readonly to: Extension;
      readonly by: Taker | 'router' | 'redirect';
      readonly stay: Stay | null;
    }
  | { readonly kind: 'park'; readonly stay: Stay }
  | { readonly kind: 'bridge'; readonly partner: Partner; readonly stay: Stay };

/** Where the caller stands, for the report of how he ended. */
export type Phase =
  | { readonly kind: 'parked' }
  | { readonly kind: 'limbo' }
  | { readonly kind: 'ringing' }
  | { readonly kind: 'answered'; readonly leg: DialledLeg; readonly afterMs: number }
  | { readonly kind: 'moved'; readonly by: MoveKind; readonly to: string };

/** What a script waits for. */
export type Moment = 'began' | 'connected' | 'ringing' | 'callee-rings' | 'answered' | 'moved';

/** A callee's leg, as others see it. */
export interface CalleeLeg extends Killable {
  /** Others send the callee somewhere else: the caller is left alone. */
  takeElsewhere(by: Ender): void;
}

/** How the call has ended for its caller. */
export function endOf(phase: Phase, by: Ender, cause: string, sipCode: number): CallEnd {
  if (phase.kind === 'moved') {
    return { kind: 'moved', by: phase.by, to: phase.to, endedBy: by === 'callee' ? 'other' : by };
  }
  if (phase.kind === 'answered') {
    return { kind: 'answered', leg: phase.leg, afterMs: phase.afterMs, hangupBy: by };
  }
  if (by !== 'caller') return { kind: 'hangup', cause, sipCode };
  if (phase.kind === 'limbo') return { kind: 'silence' };
  return { kind: 'caller-hangup', at: phase.kind === 'ringing' ? 'ringing' : 'waiting' };
}

/** After a failed bridge the caller gets the callee's code, whatever the cause (39), unless told otherwise. */
export function finalSipCode(channel: Channel, cause: string): number {
  if (channel.wasAnswered) return 200; // a BYE
  const remote = /^sip:(\d{3})$/.exec(channel.get('last_bridge_proto_specific_hangup_cause') ?? '');
  const ignored = channel.get('sip_ignore_remote_cause') === 'true';
  return remote && !ignored ? Number(remote[1]) : sipCodeOf(cause);
}
