import { readDialString, readEndpoint, type DialString } from './dialstring.ts';
import type { Bytes } from './message.ts';
import type { Task } from './tasks.ts';
import type { CallEnd } from './types.ts';

/** The applications that end a call or send it somewhere else. */
const MOVING = new Set(['bridge', 'transfer', 'hangup', 'respond', 'redirect', 'deflect']);

export function moves(application: string): boolean {
  return MOVING.has(application);
}

/** The times by which a call is judged, in milliseconds since it began. */
export interface Facts {
  readonly end: CallEnd;
  readonly acceptedMs: number | null;
  readonly connectReplyMs: number | null;
  /** Every command that ends or moves the call, every move by others, and the closing of the socket. */
  readonly decisionsMs: readonly number[];
  /** Every end of a step that left the leg parked. */
  readonly stepsMs: readonly number[];
  /** When the caller's fate was settled; the socket may live longer. */
  readonly settledMs: number;
}

export interface Patience {
  /** The router's decision budget. */
  readonly budgetMs: number;
  /** How long a leg may sit parked after a step has ended. */
  readonly parkedMs: number;
}

/** Over the budget: a second for the way there and back, and for a busy machine. */
const GRACE_MS = 1000;

/** Why the call is LOST: its caller heard nothing sensible for longer than anybody promised. Null: it is not. */
export function lostReason(facts: Facts, { budgetMs, parkedMs }: Patience): string | null {
  const { end, acceptedMs, connectReplyMs, decisionsMs, stepsMs, settledMs } = facts;
  if (end.kind === 'silence') return 'the caller was left parked in silence';
  // Whom the dialplan served instead has not been lost: the guard is there for a router that is.
  if (end.kind === 'no-router' || end.kind === 'guard') return null;

  const allowed = budgetMs + GRACE_MS;
  const from = connectReplyMs ?? acceptedMs;
  if (from === null) return null;
  const decided = decisionsMs[0] ?? settledMs;
  if (decided - from > allowed) {
    const what = connectReplyMs === null ? 'no connect' : 'no command that ends or moves the call';
    return `${what} within ${allowed} ms (${Math.round(decided - from)} ms)`;
  }
  for (const step of stepsMs) {
    const next = decisionsMs.find((ms) => ms >= step) ?? Math.max(settledMs, step);
    if (next - step > parkedMs) return `parked for ${Math.round(next - step)} ms after a step had ended`;
  }
  return null;
}

/** Ten legs in all is what the router's own grammar allows to ring together. */
const MOST_LEGS = 10;

/** What a dial string must not hold, even where FreeSWITCH would run it. */
export function dialStringFaults(text: Bytes): string[] {
  const faults: string[] = [];
  const dial = readDialString(text);
  const alternatives = dial.threads.flatMap((thread) => thread.alternatives);
  if (dial.threads.length > 1) faults.push(`extra legs: ":_:" in ${text}`);
  // One bridge a step: after `|` an originate_timeout skips what the router would have tried (03f).
  else if (alternatives.length > 1) faults.push(`extra legs: "|" in ${text}`);
  const legs = alternatives.flat();
  if (legs.length > MOST_LEGS) faults.push(`extra legs: ${legs.length} in ${text}`);
  for (const { endpoint } of legs) {
    const read = readEndpoint(endpoint);
    if (read.kind === 'unknown') faults.push(`an endpoint that is neither gateway nor user: ${endpoint}`);
    else if (!/^[A-Za-z0-9+][A-Za-z0-9._+-]*$/.test(read.user))
      faults.push(`a destination out of its grammar: ${endpoint}`);
  }
  return [...faults, ...variableFaults(dial)];
}

/**
 * mod_sofia decodes names and numbers of callers. In a name, of all that could come of it, an apostrophe alone is harmless;
 * a number is escaped again, but what begins or ends a part of the address changes whose it is (measured on 1.11.1).
 */
const DECODED_NAME = /%(?!27)/;
const DECODED_NUMBER = /%(?!2[01367-9CF]|3[DF]|40|7E|[89A-F][0-9A-F])/;

/** Variables that do nothing in braces, though they look as if they did: 03c, 04c, and facts on the copied headers. */
const A_LEG_ONLY = ['continue_on_fail', 'hangup_after_bridge', 'call_timeout', 'sip_copy_custom_headers'];

function variableFaults(dial: DialString): string[] {
  const set = dial.threads.flatMap(({ variables, alternatives }) => [
    ...variables,
    ...alternatives.flat().flatMap((leg) => [...leg.variables]),
  ]);
  return set.flatMap(([name, value]) => {
    if (A_LEG_ONLY.includes(name)) return [`${name} does nothing inside a dial string`];
    const decoded = name === 'origination_caller_id_number' ? DECODED_NUMBER : DECODED_NAME;
    return name.includes('caller_id') && decoded.test(value) ? [`mod_sofia decodes ${name}=${value}`] : [];
  });
}

/** A guard that is due while a bridge rings has to outlast the ringing, and to be lifted once the bridge is up. */
export function bridgeFaults(
  guards: readonly Task[],
  variables: ReadonlyMap<string, Bytes>,
  secondMs: number,
): string[] {
  const ringingMs = Number(variables.get('originate_timeout') ?? '60') * secondMs;
  const hooks = [...variables].filter(([name]) => name.toLowerCase().startsWith('api_before_bridge'));
  const lifted = new Set(hooks.map(([, command]) => command));
  const now = performance.now();
  const faults: string[] = [];
  for (const { id, dueMs } of guards) {
    if (dueMs - now < ringingMs) faults.push('a bridge that rings longer than the guard waits');
    if (!lifted.has(`sched_del ${id}`))
      faults.push(`a bridge that does not lift the guard ${id} when it is up`);
  }
  return faults;
}

/** What a router may delete: the guard of its own call, and what it has scheduled itself. */
export function mayDelete(task: Task, routersLeg: string): boolean {
  const own = task.owner.uuid === routersLeg;
  return own && (task.guard || task.owner.kind === 'router');
}
