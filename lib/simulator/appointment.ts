import { OTHERS, type Author } from './author.ts';
import type { Extension } from './exchange.ts';
import { mayDelete } from './judge.ts';
import type { Leg } from './leg.ts';
import type { Bytes } from './message.ts';
import type { Task, TaskDescription, Tasks } from './tasks.ts';
import type { Stay } from './whereabouts.ts';

/** How long a caller stays in a place, when nobody says. */
export const STAY: Stay = { talkMs: 100, hangup: 'caller' };

/** `sched_transfer`, and a `sched_api` of the router that does the same. Anybody's but the dialplan's own is a guard. */
export function scheduleTransfer(
  leg: Leg,
  seconds: number,
  to: Extension,
  owner: Author,
  guard: boolean,
  description: TaskDescription = 'switch_ivr_schedule_transfer',
): Task {
  const movesBefore = leg.book.moves.length;
  const run = (): void => {
    if (guard) leg.guardFires(to, movesBefore);
    else leg.transferAway(to, { by: 'sched_transfer', to: `${to.extension}/${to.context}`, stay: STAY });
  };
  return leg.exchange.tasks.add({ seconds, description, group: leg.uuid, owner, guard, run });
}

export function scheduleHangup(leg: Leg, seconds: number, cause: string, owner: Author): Task {
  const description = 'switch_ivr_schedule_hangup';
  const run = (): void => {
    leg.hangup(cause, owner.kind === 'router' ? 'router' : 'switch');
  };
  return leg.exchange.tasks.add({ seconds, description, group: leg.uuid, owner, guard: false, run });
}

export function scheduleBroadcast(leg: Leg, seconds: number, path: Bytes, owner: Author): Task {
  const description = 'switch_ivr_schedule_broadcast';
  const run = (): void => {
    broadcast(leg, path);
  };
  return leg.exchange.tasks.add({ seconds, description, group: leg.uuid, owner, guard: false, run });
}

/** Plays something into whatever the leg does, as early media when need be: no router has asked for that application. */
export function broadcast(leg: Leg, path: Bytes): void {
  leg.queue.push(async () => {
    const { channel } = leg;
    if (channel.answerState === 'ringing') {
      leg.earlyMedia(null);
      channel.callState = 'EARLY';
    }
    await leg.execute({ application: 'playback', argument: path, uuid: null, locked: false }, OTHERS);
  });
}

/** `sched_del` and `sched_cancel`: by digits one task, by anything else the whole group. How many are gone. */
export function unschedule(tasks: Tasks, what: string, author: Author): number {
  const id = /^\d+$/.test(what) ? Number(what) : null;
  if (id === null) {
    if (author.kind === 'router') author.violate('deletes every task of a channel, not its own alone');
    return tasks.deleteGroup(what, author.kind);
  }
  const task = tasks.get(id);
  if (task !== undefined && author.kind === 'router' && !mayDelete(task, author.uuid)) {
    author.violate(`deletes a task that is not the guard: ${id}, ${task.description} of ${task.owner.kind}`);
  }
  return tasks.delete(id, author.kind);
}
