import { randomUUID } from 'node:crypto';
import type { Call } from './channel.ts';
import type { Clock } from './clock.ts';
import { RouterError } from './errors.ts';
import type { Command } from './esl/command.ts';
import type { Reply } from './esl/connection.ts';
import type { Leg } from './leg.ts';
import { isNameable } from './legcommand.ts';

/** Where it sends the caller: the name in freeswitch/dialplan/esl-router.xml. */
export const FALLBACK_EXTENSION = 'esl_router_fallback';

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
  /** What the dialplan should say and does not. */
  readonly notes: readonly string[];
}

/**
 * The dialplan's guard of one leg: a transfer to the fallback, scheduled in front of `socket`, that serves the caller when
 * the router does not. It is known by its task's id: `sched_del UUID` would delete every task of the channel, a prepaid
 * limit or a recording notice of the dialplan as well.
 */
export class Guard {
  readonly #leg: Leg;
  readonly #clock: Clock;
  readonly #seconds: number | null;
  /** Those of ours that may still fire; the last one is the one that counts. */
  #tasks: readonly Task[];

  constructor(leg: Leg, { seconds, id }: DialplanGuard, clock: Clock) {
    this.#leg = leg;
    this.#clock = clock;
    this.#seconds = seconds;
    // The connection may have stood in the system's queue for as long as a router stood still: the channel's age bounds it.
    const dueMs = clock.now() - leg.call.ageMs + (seconds ?? 0) * 1000;
    this.#tasks = seconds === null || id === null ? [] : [{ id, dueMs }];
  }

  /** Whether it may have taken the leg by now: true early for a call that spent its time in an IVR. */
  get isDue(): boolean {
    return this.#tasks.some(({ dueMs }) => this.#clock.now() >= dueMs - MARGIN_MS);
  }

  /**
   * Lifts it, in the same write as, and before, the command that ends our part: left alone it would tear the caller out
   * of whatever he is given.
   */
  lift(): Command[] {
    const commands = this.#tasks.map(({ id }) => deletion(id));
    this.#tasks = [];
    return commands;
  }

  /**
   * Schedules one that outlasts a bridge, so that a router that hangs while the callee rings leaves nobody in silence.
   * Resolves once FreeSWITCH has told its id; `lift` of the one before is then due, in the same write as the bridge.
   * Empty where the dialplan has none.
   */
  async pushBack(ringingSeconds: number, beside: readonly Command[]): Promise<readonly Command[]> {
    const { call } = this.#leg;
    if (this.#seconds === null) return beside;
    // Nowhere to send him: what is there would tear the conversation.
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(call.context)) return [...this.lift(), ...beside];
    const seconds = ringingSeconds + this.#seconds;
    const id = await (isNameable(call) ? this.#byApi(seconds, beside) : this.#byApplication(seconds, beside));
    const before = this.lift();
    this.#tasks = [{ id, dueMs: this.#clock.now() + seconds * 1000 }];
    return before;
  }

  /**
   * For the dial string: FreeSWITCH runs every variable that begins with `api_before_bridge` once the bridge stands, whether
   * or not the router still lives. A callee who answers and is gone again, or has yet to confirm, leaves the guard alone.
   */
  bridgeVariables(): Readonly<Record<string, string>> {
    const task = this.#tasks.at(-1);
    return task === undefined ? {} : { api_before_bridge: `sched_del ${task.id}` };
  }

  /**
   * Lifts what is left behind a leg that was moved, and says whether it was the guard that moved it: a task that has fired
   * can't be deleted any more.
   */
  async hasFired(): Promise<boolean> {
    const { length } = this.#tasks;
    const replies = await this.#leg.command(this.lift());
    return length > 0 && replies.some(({ text }) => /Deleted: 0/.test(text));
  }

  async #byApi(seconds: number, beside: readonly Command[]): Promise<number> {
    const { uuid, context } = this.#leg.call;
    // In the channel's own group, so that `sched_cancel` in the fallback deletes it when the router is dead.
    const args = `+${seconds} ${uuid} uuid_transfer ${uuid} ${FALLBACK_EXTENSION} XML ${context}`;
    const [added] = await this.#leg.command([{ kind: 'api', command: 'sched_api', args }, ...beside]);
    const id = /^\+OK Added: (\d+)$/.exec(added?.text ?? '')?.[1];
    if (id === undefined) throw new RouterError('esl_protocol', `sched_api: ${added?.text ?? ''}`);
    return Number(id);
  }

  async #byApplication(seconds: number, beside: readonly Command[]): Promise<number> {
    const { context } = this.#leg.call;
    const eventUuid = randomUUID();
    const arg = `+${seconds} ${FALLBACK_EXTENSION} XML ${context}`;
    const [event] = await Promise.all([
      this.#leg.completed(eventUuid),
      this.#leg.command([{ kind: 'execute', app: 'sched_transfer', arg, eventUuid }, ...beside]),
    ]);
    return Number(event.get('variable_last_sched_id'));
  }
}

function deletion(id: number): Command {
  return { kind: 'api', command: 'sched_del', args: String(id) };
}

/** Whether the dialplan says all of its guard; if not, what is really scheduled has to be asked for. */
export function isGuardKnown({ guardTold, guardSeconds, guardId, lastTaskId }: Call): boolean {
  const none = guardTold === '' && guardId === null && lastTaskId === null;
  return none || (guardSeconds !== null && guardId !== null);
}

export const SHOW_TASKS: Command = { kind: 'api', command: 'show', args: 'tasks as json' };

/** The guard by the dialplan's own words. */
export function toldGuard({ guardSeconds, guardId }: Call): DialplanGuard {
  return { seconds: guardSeconds, id: guardId, notes: [] };
}

/** The guard by what FreeSWITCH has really scheduled for the channel, where the dialplan does not say enough. */
export function scheduledGuard(call: Call, reply: Reply): DialplanGuard {
  const { guardTold, guardSeconds, guardId, lastTaskId } = call;
  const transfers = tasksOf(reply).filter(
    ({ group, description }) => group === call.uuid && description === 'switch_ivr_schedule_transfer',
  );
  const task =
    transfers.find(({ id }) => id === guardId) ??
    transfers.find(({ id }) => id === lastTaskId) ??
    transfers[0];
  if (task === undefined) {
    const note = `esl_router_guard is ${JSON.stringify(guardTold)}, and no sched_transfer is scheduled for this call`;
    return { seconds: null, id: null, notes: guardTold === '' ? [] : [note] };
  }
  const notes: string[] = [];
  if (guardSeconds === null) {
    const told = guardTold === '' ? 'is not set' : `is ${JSON.stringify(guardTold)}`;
    notes.push(`esl_router_guard ${told}, and a sched_transfer runs: add ${SAY_SECONDS} in front of it`);
  }
  if (guardId === null) notes.push(`esl_router_guard_id is not set: add ${SAY_ID} behind the sched_transfer`);
  const seconds = guardSeconds ?? Math.max(1, task.atSeconds - call.switchSeconds);
  return { seconds, id: task.id, notes };
}

interface ScheduledTask {
  readonly id: number;
  readonly group: string;
  readonly description: string;
  /** By FreeSWITCH's clock, seconds since 1970. */
  readonly atSeconds: number;
}

/** `show tasks as json`, from 1.11.1; no rows at all when nothing is scheduled. */
function tasksOf({ text }: Reply): ScheduledTask[] {
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
