import { scheduleBroadcast, scheduleHangup, scheduleTransfer } from './appointment.ts';
import { causeNamed } from './cause.ts';
import { extensionNamed, type Extension } from './exchange.ts';
import type { Leg } from './leg.ts';
import { bytesOf } from './message.ts';
import type { Task } from './tasks.ts';
import type { DialplanTask } from './types.ts';

/** The dialplan's own extension after `socket`, and the guard's target. */
export const FALLBACK = 'esl_router_fallback';

/** What the router leaves on the leg; the dialplan unsets it before `socket`, so that nothing stale decides. */
const MARKERS = ['result', 'scheme', 'destination', 'trace', 'reason'].map((name) => `esl_router_${name}`);

/** The extension with `socket`: what its actions do to the leg before it. */
export class Dialplan {
  readonly #leg: Leg;

  constructor(leg: Leg) {
    this.#leg = leg;
    const { sipHeaders = {} } = leg.script;
    for (const [name, value] of Object.entries(sipHeaders)) leg.channel.set(`sip_h_${name}`, bytesOf(value));
    this.beforeSocket();
  }

  /** Whether an extension is the one with `socket`, or leads back to it. */
  leadsToSocket({ extension, context }: Extension): boolean {
    const { did, fallback, context: own = 'public' } = this.#leg.script;
    if (context !== own) return false;
    return extension === did || (extension === FALLBACK && fallback === 'socket');
  }

  /** Everything in front of `socket`, once for every time that the call comes here. */
  beforeSocket(): void {
    const { channel, script } = this.#leg;
    for (const marker of MARKERS) channel.unset(marker);
    if (script.dialplanSetsBridgeVariables === true) {
      channel.set('continue_on_fail', 'true');
      channel.set('hangup_after_bridge', 'true');
    }
    const { schedules = [] } = script;
    for (const task of schedules) if (task.behindGuard !== true) this.#schedule(task);
    this.#guard();
    for (const task of schedules) if (task.behindGuard === true) this.#schedule(task);
    // Whatever the script says is what remains, an empty value unsets.
    for (const [name, value] of Object.entries(script.variables ?? {})) channel.set(name, bytesOf(value));
  }

  /** `sched_cancel`: the first action of the fallback extension. */
  cancel(): void {
    const { exchange, uuid } = this.#leg;
    exchange.tasks.deleteGroup(uuid, 'dialplan');
  }

  #guard(): void {
    const leg = this.#leg;
    const { guardSeconds, tellsGuardId = true, context = 'public' } = leg.script;
    if (guardSeconds === undefined) return;
    leg.channel.set('esl_router_guard', String(guardSeconds));
    const { id } = scheduleTransfer(leg, guardSeconds, { extension: FALLBACK, context }, leg.dialplan, true);
    leg.channel.set('last_sched_id', String(id));
    if (tellsGuardId) leg.channel.set('esl_router_guard_id', String(id));
  }

  #schedule({ application, seconds, argument = '' }: DialplanTask): void {
    const { id } = this.#appointment(application, seconds, argument);
    this.#leg.channel.set('last_sched_id', String(id));
  }

  #appointment(application: DialplanTask['application'], seconds: number, argument: string): Task {
    const leg = this.#leg;
    const { dialplan } = leg;
    switch (application) {
      case 'sched_hangup':
        return scheduleHangup(leg, seconds, causeNamed(argument || 'ALLOTTED_TIMEOUT'), dialplan);
      case 'sched_transfer': {
        const to = extensionNamed(argument || '700', leg.script.context ?? 'public');
        return scheduleTransfer(leg, seconds, to, dialplan, false);
      }
      case 'sched_broadcast':
        return scheduleBroadcast(leg, seconds, argument || 'tone_stream://%(100,0,440)', dialplan);
    }
  }
}
