import type { Call } from '../call/channel.ts';
import { serializeAssignments } from '../dial/assignment.ts';
import type { Command } from '../esl/command.ts';

/**
 * Commands about one leg. API commands act at once and bring no events, where an application brings 20 KB of them; but they
 * name the leg in their text. A uuid that could be two arguments there (`inbound-use-callid-as-uuid` makes it the caller's
 * Call-ID) is never named: the same is done by applications on the call's own socket.
 */

/** A word that stays one argument in the text of an API command. */
const WORD = /^[A-Za-z0-9._@-]{1,256}$/;
/** The hangup cause of a call that has reached its longest duration. */
export const TIME_IS_UP = 'ALLOTTED_TIMEOUT';

export function isNameable({ uuid }: Call): boolean {
  return WORD.test(uuid);
}

/**
 * Sets channel variables; the API command expands nothing in a value.
 * @throws RouterError `esl_unsafe_value`
 */
export function setVariables(call: Call, variables: Readonly<Record<string, string>>): Command {
  const list = serializeAssignments(variables);
  if (!isNameable(call))
    return { kind: 'execute', app: 'multiset', arg: list.startsWith('^^') ? list : `^^;${list}` };
  return { kind: 'api', command: 'uuid_setvar_multi', args: `${call.uuid} ${list}` };
}

/** 180 to a caller who is not answered: with early media ignored he would hear nothing (recording 31b). */
export function ringReady(call: Call): Command {
  if (!isNameable(call)) return { kind: 'execute', app: 'ring_ready' };
  return { kind: 'api', command: 'uuid_ring_ready', args: call.uuid };
}

/** Has the switch end the call after so many seconds. */
export function hangUpAfter(call: Call, seconds: number): Command {
  if (!isNameable(call)) return { kind: 'execute', app: 'sched_hangup', arg: `+${seconds} ${TIME_IS_UP}` };
  return { kind: 'api', command: 'sched_hangup', args: `+${seconds} ${call.uuid} ${TIME_IS_UP}` };
}

/** A question that changes nothing. */
export function exists(call: Call): Command {
  if (!isNameable(call)) return { kind: 'getvar', name: 'uuid' };
  return { kind: 'api', command: 'uuid_exists', args: call.uuid };
}
