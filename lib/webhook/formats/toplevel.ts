import { isHangupCause } from '../../call/cause.ts';
import type { Answer, Beside, Places } from './format.ts';
import { contents, isEmpty, isObject, pick, property, readName } from './path.ts';
import { excerpt, shown } from './seen.ts';

/** Keys of the value's own grammar that say where a call goes without a destination. */
const ACTIONS = ['hangup', 'dialplan', 'scheme'] as const;
const BESIDE = ['timeout', 'callerName'] as const;

/**
 * What the top level of a reply says: the whole document, or `result` of JSON-RPC. In this order: that the CRM failed,
 * the destination under its name, the top level itself when it is a scalar or a list of them, an action.
 */
export function readTopLevel(
  top: unknown,
  { responseName, errorName }: Places,
  document: unknown,
  called: 'body' | 'result',
): Answer {
  const place = called === 'body' ? 'the reply' : called;
  if (isEmpty(top) && !isObject(top))
    return { kind: 'none', reason: 'empty_value', detail: `${place} is ${shown(top)}` };
  const failure = errorName === undefined ? undefined : readName(top, errorName);
  if (errorName !== undefined && !isEmpty(failure)) {
    return { kind: 'unavailable', reason: 'crm_error', detail: `${errorName} is ${shown(failure)}` };
  }
  if (typeof top === 'string' && isJsonAgain(top)) {
    const detail = `${place} is JSON inside a string, the CRM encodes it twice: ${excerpt(top)}`;
    return { kind: 'unavailable', reason: 'body_not_json', detail };
  }
  if (typeof top === 'string' || typeof top === 'number') {
    return { kind: 'found', value: top, name: called, document };
  }
  const picked = pick(top, responseName, document, place);
  if (picked.kind === 'found') return { ...picked, ...around(top, picked.name) };
  // A list of objects is one of contacts or deals, and the name was to say which value of theirs is meant.
  if (Array.isArray(top) && !top.some(isObject)) return { kind: 'found', value: top, name: called, document };
  const actions = isObject(top) ? ACTIONS.filter((key) => isAsked(top, key)) : [];
  const [name] = actions;
  if (name === undefined) return picked;
  const value = Object.fromEntries(actions.map((key) => [key, property(top, key)]));
  return { kind: 'found', value, name, document };
}

/** The reply as it is when it is none of a JSON-RPC server, for a detail. */
export function described(value: unknown): string {
  return typeof value === 'string' ? `is the string ${excerpt(value)}` : contents(value);
}

/** What is beside a destination that was found under `name`. */
function around(top: unknown, name: string): { beside?: Beside; notes?: readonly string[] } {
  if (!isObject(top)) return {};
  const others = (key: string): boolean => name !== key && name !== `/${key}`;
  const beside = BESIDE.filter((key) => others(key) && !isBlank(property(top, key)));
  const ignored = ACTIONS.filter((key) => others(key) && isAsked(top, key) && isOfGrammar(top, key));
  return {
    ...(beside.length === 0
      ? {}
      : { beside: Object.fromEntries(beside.map((key) => [key, property(top, key)])) }),
    ...(ignored.length === 0
      ? {}
      : { notes: ignored.map((key) => `${key} beside the destination is ignored`) }),
  };
}

/** Templates of CRMs leave keys empty that they do not use. */
function isAsked(top: object, key: (typeof ACTIONS)[number]): boolean {
  const value = property(top, key);
  return !isEmpty(value) && !(key === 'dialplan' && isText(value, /^(?:false|0)$/i));
}

/** Whether it was meant for us: other programs have keys of these names too. */
function isOfGrammar(top: object, key: (typeof ACTIONS)[number]): boolean {
  const value = property(top, key);
  if (key === 'hangup') return typeof value === 'string' && isHangupCause(value.trim());
  return key === 'dialplan' ? value === true || isText(value, /^true$/i) : typeof value === 'string';
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value.trim());
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || isText(value, /^$/);
}

/** A text that is an object or a list when it is read once more. */
function isJsonAgain(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
