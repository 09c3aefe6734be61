import { randomUUID } from 'node:crypto';
import type { Call } from '../call/channel.ts';
import type { Move } from '../call/move.ts';
import { within, type Clock } from '../clock.ts';
import { RouterError } from '../errors.ts';
import type { Command } from '../esl/command.ts';
import { isNameable, setVariables } from './command.ts';
import type { Leg } from './leg.ts';

/** Where it sends the caller: the name in freeswitch/dialplan/esl-router.xml. */
const FALLBACK_EXTENSION = 'esl_router_fallback';

/** FreeSWITCH's clock counts whole seconds: a guard of 8 s fires after 7 to 8. */
const MARGIN_MS = 1000;

/** Lines for the dialplan, as notes show them. */
const SAY_SECONDS = '<action application="set" data="esl_router_guard=SECONDS"/>';
const SAY_ID = '<action application="set" data="esl_router_guard_id=${last_sched_id}"/>';

/** A task of FreeSWITCH's scheduler that will transfer the leg to the fallback. */
interface Task {
  readonly id: number;
  /** By the router's clock: when it fires, a second early at most. */
  readonly dueMs: number;
}

/** What the dialplan has set: how long it leaves the router, and which task it is. */
export interface DialplanGuard {
  readonly seconds: number | null;
  readonly id: number | null;
  /** What the dialplan should set and does not. */
  readonly notes: readonly string[];
}

/**
 * The dialplan's guard of one leg: a transfer to the fallback, scheduled before `socket`, that serves the caller when the
 * router does not. It is known by its task's id: `sched_del UUID` would delete every task of the channel, a prepaid limit or a
 * recording notice of the dialplan as well.
 */
export class Guard {
  readonly #leg: Leg;
  readonly #clock: Clock;
  readonly #seconds: number | null;
  /** Those of ours that may still fire; the last one is the one that counts. */
  #tasks: readonly Task[];
  #pushedBack = false;

  constructor(leg: Leg, { seconds, id }: DialplanGuard, clock: Clock) {
    this.#leg = leg;
    this.#clock = clock;
    this.#seconds = seconds;
    // The connection may have been in the system's queue for as long as a router was stalled: the channel's age bounds it.
    const dueMs = clock.now() - leg.call.ageMs + (seconds ?? 0) * 1000;
    this.#tasks = seconds === null || id === null ? [] : [{ id, dueMs }];
  }

  /** Whether it may have taken the leg by now: true early for a call that spent its time in an IVR. */
  get isDue(): boolean {
    return this.#tasks.some(({ dueMs }) => this.#clock.now() >= dueMs - MARGIN_MS);
  }

  /**
   * Lifts it, in the same write as, and before, the command that ends our part: otherwise it would pull the caller out of
   * whatever comes next.
   */
  lift(): Command[] {
    const commands = this.#tasks.map(({ id }) => deletion(id));
    this.#tasks = [];
    return commands;
  }

  /**
   * Schedules one that outlasts a bridge, so that a router that hangs while the callee rings leaves nobody in silence; where
   * the dialplan has none it only asks where the leg is. Resolves to the deletion of the one before: for the same write as the
   * bridge. Rejects with `moved` when the leg is not ours any more.
   */
  async pushBack(ringingSeconds: number): Promise<readonly Command[]> {
    const { call } = this.#leg;
    const seconds = ringingSeconds + (this.#seconds ?? 0);
    // Nowhere to send the caller: the existing guard would break up the conversation.
    const hasPlace = /^[A-Za-z0-9._-]{1,128}$/.test(call.context);
    if (this.#seconds === null || !hasPlace) {
      await this.#leg.commandHere([]);
      return this.lift();
    }
    if (isNameable(call)) await this.#byApi(seconds);
    else await this.#byApplication(seconds);
    return this.#tasks.slice(0, -1).map(({ id }) => deletion(id));
  }

  /** What `pushBack` gave has been sent: only the last one is still there. */
  replaced(): void {
    this.#tasks = this.#tasks.slice(-1);
  }

  /** After a bridge it gives the router the dialplan's seconds again, and no more, for the next question. */
  async rearm(): Promise<void> {
    if (!this.#pushedBack) return;
    const before = await this.pushBack(0);
    await this.#leg.command([...before, setVariables(this.#leg.call, this.legVariables())]);
    this.replaced();
  }

  /**
   * For the dial string: FreeSWITCH runs every variable that begins with `api_before_bridge` once the bridge is up, whether or
   * not the router still lives. A callee who answers and hangs up again, or has yet to confirm, does not touch the guard.
   */
  bridgeVariables(): Readonly<Record<string, string>> {
    const task = this.#tasks.at(-1);
    return task === undefined ? {} : { api_before_bridge: `sched_del ${task.id}` };
  }

  /**
   * For the leg: a move elsewhere lifts the guard, whether or not the router still lives, and the fallback of the dialplan
   * knows which task to cancel.
   */
  legVariables(): Readonly<Record<string, string>> {
    const task = this.#tasks.at(-1);
    if (task === undefined) return {};
    return {
      esl_router_guard_id: String(task.id),
      api_before_bridge_esl_router: `sched_del ${task.id}`,
      execute_on_blind_transfer_esl_router: `sched_cancel ${task.id}`,
    };
  }

  /**
   * Lifts what is left behind a leg that was moved, and says whether it was the guard that moved it. One that a bridge has
   * pushed back goes to the fallback and nowhere else; the dialplan's own may go anywhere, but a task that has fired can't be
   * deleted any more.
   */
  async hasFired({ to }: Move): Promise<boolean> {
    const own = this.#pushedBack || this.#tasks.length === 0;
    const replies = await this.#leg.command(this.lift());
    const gone = !own && replies.some(({ text }) => /Deleted: 0/.test(text));
    return gone || to.startsWith(`${FALLBACK_EXTENSION} `);
  }

  async #byApi(seconds: number): Promise<void> {
    const { uuid, context } = this.#leg.call;
    // In the channel's own group, so that `sched_cancel` in the fallback deletes it when the router is dead.
    const args = `+${seconds} ${uuid} uuid_transfer ${uuid} ${FALLBACK_EXTENSION} XML ${context}`;
    await this.#leg.commandHere([{ kind: 'api', command: 'sched_api', args }], ([added]) => {
      const id = /^\+OK Added: (\d+)$/.exec(added?.text ?? '')?.[1];
      if (id === undefined) throw new RouterError('esl_protocol', `sched_api: ${added?.text ?? ''}`);
      this.#scheduled(Number(id), seconds);
    });
  }

  async #byApplication(seconds: number): Promise<void> {
    const { context } = this.#leg.call;
    const eventUuid = randomUUID();
    const arg = `+${seconds} ${FALLBACK_EXTENSION} XML ${context}`;
    const [event] = await Promise.all([
      this.#leg.completed(eventUuid),
      this.#leg.commandHere([{ kind: 'execute', app: 'sched_transfer', arg, eventUuid }]),
    ]);
    this.#scheduled(Number(event.get('variable_last_sched_id')), seconds);
  }

  #scheduled(id: number, seconds: number): void {
    // The one before goes with the bridge; should there be none, both are lifted.
    this.#tasks = [...this.#tasks, { id, dueMs: this.#clock.now() + seconds * 1000 }];
    this.#pushedBack = true;
  }
}

function deletion(id: number): Command {
  return { kind: 'api', command: 'sched_del', args: String(id) };
}

/** `show tasks` reads a table that is written a moment later (up to 0.5 s, measured on 1.11.1). */
const LOOK_EVERY_MS = 100;
const LOOK_FOR_MS = 1000;

/**
 * What is really scheduled for the leg, where the dialplan does not say all of it. `sched_transfer` and `sched_broadcast` of a
 * dialplan leave their task in `last_sched_id`: without it there is no guard.
 */
export async function findGuard(leg: Leg, clock: Clock): Promise<DialplanGuard> {
  const { call } = leg;
  const { guardTold, guardSeconds, guardId, lastTaskId } = call;
  const named = guardId ?? lastTaskId;
  if (named === null) {
    const note = `esl_router_guard is ${JSON.stringify(guardTold)}, and the dialplan has scheduled nothing: add a sched_transfer before socket, or remove esl_router_guard`;
    return { seconds: null, id: null, notes: guardTold === '' ? [] : [note] };
  }
  if (guardSeconds !== null && guardId !== null) return { seconds: guardSeconds, id: guardId, notes: [] };
  const deadline = clock.now() + LOOK_FOR_MS;
  for (;;) {
    const [reply] = await leg.command([SHOW_TASKS]);
    const tasks = tasksOf(reply?.text ?? '').filter(({ group }) => group === call.uuid);
    if (tasks.some(({ id }) => id === named) || clock.now() >= deadline) return guardAmong(tasks, call);
    await within(leg.ended, LOOK_EVERY_MS, clock);
  }
}

const SHOW_TASKS: Command = { kind: 'api', command: 'show', args: 'tasks as json' };

/** Of the tasks that are scheduled for the channel. */
export function guardAmong(tasks: readonly ScheduledTask[], call: Call): DialplanGuard {
  const { guardTold, guardSeconds, guardId, lastTaskId } = call;
  const transfers = tasks.filter(({ description }) => description === 'switch_ivr_schedule_transfer');
  const task =
    transfers.find(({ id }) => id === guardId) ??
    transfers.find(({ id }) => id === lastTaskId) ??
    transfers[0];
  const notes: string[] = [];
  if (task === undefined) {
    const note = `esl_router_guard is ${JSON.stringify(guardTold)}, and no sched_transfer is scheduled for this call: add one before socket, or remove esl_router_guard`;
    return { seconds: null, id: null, notes: guardTold === '' ? [] : [note] };
  }
  if (guardSeconds === null) {
    const told = guardTold === '' ? 'is not set' : `is ${JSON.stringify(guardTold)}`;
    notes.push(`esl_router_guard ${told}, and a sched_transfer runs: add ${SAY_SECONDS} before it`);
  }
  if (guardId === null) {
    notes.push(`esl_router_guard_id is not set: add ${SAY_ID} right after the sched_transfer`);
  }
  const seconds = guardSeconds ?? Math.max(1, task.atSeconds - Math.floor(call.switchMs / 1000));
  return { seconds, id: task.id, notes };
}

export interface ScheduledTask {
  readonly id: number;
  readonly group: string;
  readonly description: string;
  /** By FreeSWITCH's clock, seconds since 1970. */
  readonly atSeconds: number;
}

/** Reads `show tasks as json`, as 1.11.1 writes it: no rows at all when nothing is scheduled. */
export function tasksOf(text: string): ScheduledTask[] {
  try {
    const { rows = [] } = JSON.parse(text) as { rows?: Record<string, string>[] };
    return rows.map((row) => ({
      id: Number(row['task_id']),
      group: row['task_group'] ?? '',
      description: row['task_desc'] ?? '',
      atSeconds: Number(row['task_runtime']),
    }));
  } catch {
    return [];
  }
}
