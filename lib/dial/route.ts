import { HANGUP_CAUSES, isHangupCause, type HangupCause } from '../call/cause.ts';
import type { Reason } from '../errors.ts';
import type { FallbackStep } from '../scheme/scheme.ts';
import { isEmpty, type Beside } from '../webhook/formats/index.ts';
import type { Template } from '../webhook/macro.ts';
import { MAX_ELEMENTS, MAX_LEGS, MAX_TIMEOUT, MIN_TIMEOUT, SCHEME_NAME } from './answer.ts';
import { nameText } from './callerid.ts';
import { parseDestination, type Destination, type DestinationRules, type Transfer } from './destination.ts';
import { printable, quote } from './quote.ts';

/**
 * The value that a CRM's reply holds -> steps, tried in order. A list is tried in order, a list within it is rung
 * together. What is refused in a list is left out, and the others go on: every element leaves a Reading.
 */
export type Step =
  | {
      readonly kind: 'dial';
      /** 1..10, rung together. */
      readonly destinations: readonly Destination[];
      /** Null: the scheme's own. */
      readonly timeoutSeconds: number | null;
      readonly callerName: string | null;
    }
  | Transfer
  | { readonly kind: 'hangup'; readonly cause: HangupCause }
  | { readonly kind: 'dialplan' }
  | { readonly kind: 'scheme'; readonly name: string }
  /** From a scheme's own lists only, as the next one: whom the caller last talked to. */
  | { readonly kind: 'lastAgent'; readonly days: number; readonly minTalkSeconds: number }
  /** From a scheme's own lists only: no CRM sends the router to another address. */
  | { readonly kind: 'webhook'; readonly url: Template };

/** How one element of the value was read. */
export interface Reading {
  /** `[1].destination`; '' for the value itself. */
  readonly path: string;
  /** What was there, printable and cut. */
  readonly text: string;
  /** `extension 201`, `refused: ...`. */
  readonly result: string;
}

export type Route =
  | { readonly ok: true; readonly steps: readonly Step[]; readonly readings: readonly Reading[] }
  | {
      readonly ok: false;
      readonly kind: 'none' | 'refused';
      readonly reason: Reason;
      readonly detail: string;
      readonly readings: readonly Reading[];
    };

const MAX_TEXT = 128;
const ACTIONS = ['destination', 'hangup', 'dialplan', 'scheme'] as const;
const EXPECTED = {
  hangup: `expected one of ${Object.keys(HANGUP_CAUSES).join(', ')}`,
  dialplan: 'expected true',
  scheme: 'expected the name of a scheme',
} as const;
const KEYS: ReadonlySet<string> = new Set([...ACTIONS, 'timeout', 'callerName']);

/** How a reply is read beside its value. */
export interface Around {
  /** What is beside the value at the reply's top level. */
  readonly beside?: Beside | undefined;
  /** A text may hold a list. */
  readonly lists?: boolean | undefined;
}

export function parseRoute(value: unknown, rules: DestinationRules, around: Around = {}): Route {
  const reader = new RouteReader(rules, around.lists === true);
  const options = reader.options(new Map(Object.entries(around.beside ?? {})), '', NO_OPTIONS);
  const steps = reader.read(value, '', 0, options);
  const { readings, refusal, nobody } = reader;
  if (steps.length > 0) return { ok: true, steps, readings };
  if (refusal !== null) return { ok: false, kind: 'refused', ...refusal, readings };
  const none = nobody ?? { reason: 'empty_value', detail: 'the destination is empty' };
  return { ok: false, kind: 'none', ...none, readings };
}

/** A scheme's fallback list -> steps, `dial` by the same grammar. A dial that is refused is left out. */
export function parseSteps(
  steps: readonly FallbackStep[],
  rules: DestinationRules,
): { steps: Step[]; readings: Reading[] } {
  const readings: Reading[] = [];
  const read = (step: FallbackStep, index: number): Step[] => {
    if ('dial' in step) {
      const reader = new RouteReader(rules, false);
      const options = { timeoutSeconds: step.timeout ?? null, callerName: null };
      const dials = reader.read(step.dial, `[${index}].dial`, 0, options);
      readings.push(...reader.readings);
      return dials;
    }
    if ('webhook' in step) return [{ kind: 'webhook', url: step.webhook }];
    if ('lastAgent' in step) return [{ kind: 'lastAgent', ...step.lastAgent }];
    if ('scheme' in step) return [{ kind: 'scheme', name: step.scheme }];
    if ('transfer' in step) return [{ kind: 'transfer', ...step.transfer }];
    if ('dialplan' in step) return [{ kind: 'dialplan' }];
    return isHangupCause(step.hangup) ? [{ kind: 'hangup', cause: step.hangup }] : [];
  };
  return { steps: steps.flatMap(read), readings };
}

interface DialOptions {
  readonly timeoutSeconds: number | null;
  readonly callerName: string | null;
}

interface Refusal {
  readonly reason: Reason;
  readonly detail: string;
}

const NO_OPTIONS: DialOptions = { timeoutSeconds: null, callerName: null };

/** Reads one value. `depth` counts the lists around it; two are the most that mean something. */
class RouteReader {
  readonly readings: Reading[] = [];
  /** The first one; empty elements are none. */
  refusal: Refusal | null = null;
  /** The first word that the map does not have, where that means nobody. */
  nobody: Refusal | null = null;
  readonly #rules: DestinationRules;
  readonly #lists: boolean;
  #legs = 0;

  constructor(rules: DestinationRules, lists: boolean) {
    this.#rules = rules;
    this.#lists = lists;
  }

  read(value: unknown, path: string, depth: 0 | 1, options: DialOptions): Step[] {
    const given = this.#lists && depth === 0 && typeof value === 'string' ? this.#listIn(value) : value;
    if (isEmpty(given)) return this.#note(path, given, 'empty');
    if (Array.isArray(given)) {
      const elements = this.#elements(given, path);
      if (depth === 0) return elements.flatMap(([element, at]) => this.read(element, at, 1, options));
      const destinations = elements.flatMap(([element, at]) => this.#readTogether(element, at));
      return destinations.length === 0 ? [] : [{ kind: 'dial', destinations, ...options }];
    }
    if (typeof given === 'object' && given !== null) return this.#readObject(given, path, depth, options);
    return this.#readTarget(given, path).map((target) =>
      target.kind === 'transfer' ? target : { kind: 'dial', destinations: [target], ...options },
    );
  }

  /** `timeout` and `callerName`; one that can't be read is left out, with a note, and never costs the route. */
  options(given: ReadonlyMap<string, unknown>, path: string, inherited: DialOptions): DialOptions {
    const timeout = given.get('timeout');
    const name = given.get('callerName');
    const timeoutSeconds = secondsOf(timeout);
    const callerName = typeof name === 'string' || typeof name === 'number' ? nameText(String(name)) : '';
    if (!isEmpty(timeout) && timeoutSeconds === null) {
      const expected = `left out: expected whole seconds, ${MIN_TIMEOUT} to ${MAX_TIMEOUT}`;
      this.#note(within(path, 'timeout'), timeout, expected);
    }
    if (!isEmpty(name)) {
      const result = callerName === '' ? 'left out: no name can be read' : `name ${quote(callerName)}`;
      this.#note(within(path, 'callerName'), name, result);
    }
    return {
      timeoutSeconds: timeoutSeconds ?? inherited.timeoutSeconds,
      callerName: callerName === '' ? inherited.callerName : callerName,
    };
  }

  /** Lines, or values divided by `,` or `;`, where each of them is a destination; the text itself where one is not. */
  #listIn(text: string): unknown {
    if (parseDestination(text, this.#rules).ok) return text;
    const values = text.split(/[,;]|[\n\r]+/).map((part) => part.trim());
    // Behind the last one a list may be closed; `380441234567,,12` is a number, a pause and an extension.
    if (values.at(-1) === '') values.pop();
    const readable = values.every((part) => {
      const result = parseDestination(part, this.#rules);
      return result.ok || (result.kind === 'nobody' && result.reason !== 'empty_value');
    });
    return values.length > 1 && readable ? values : text;
  }

  #elements(list: readonly unknown[], path: string): [element: unknown, path: string][] {
    if (list.length > MAX_ELEMENTS) this.#refuse(path, list, `only ${MAX_ELEMENTS} elements are read`);
    return list.slice(0, MAX_ELEMENTS).map((element, index) => [element, `${path}[${index}]`]);
  }

  #readTogether(value: unknown, path: string): Destination[] {
    return this.#readTarget(value, path, true).filter((target) => target.kind !== 'transfer');
  }

  /** One target, or none when it is empty or refused. */
  #readTarget(value: unknown, path: string, together = false): (Destination | Transfer)[] {
    if (isEmpty(value)) return this.#note(path, value, 'empty');
    const text = scalarText(value, this.#rules);
    if (text === null) {
      const where = together ? ' in a list that is rung together' : '';
      return this.#refuse(path, value, `${typeName(value)} is not a destination${where}`);
    }
    const result = parseDestination(text, this.#rules);
    if (!result.ok) {
      if (result.kind === 'refused') return this.#refuse(path, value, result.detail, result.reason);
      this.nobody ??= { reason: result.reason, detail: result.detail };
      return this.#note(path, value, `nobody: ${result.detail}`);
    }
    if (result.target.kind === 'transfer') {
      if (together) return this.#refuse(path, value, 'a transfer cannot be rung together with others');
    } else if (++this.#legs > MAX_LEGS) {
      return this.#refuse(path, value, `more than ${MAX_LEGS} destinations`);
    }
    this.#note(path, value, result.how);
    return [result.target];
  }

  #readObject(object: object, path: string, depth: 0 | 1, inherited: DialOptions): Step[] {
    // Own properties only. Templates of CRMs leave keys empty that they do not use.
    const entries = Object.entries(object) as [string, unknown][];
    const given = new Map(
      entries.filter(([key, value]) => !isEmpty(value) && !(key === 'dialplan' && value === 'false')),
    );
    const unknown = entries.map(([key]) => key).filter((key) => !KEYS.has(key));
    if (unknown.length > 0) this.#note(path, object, `ignored: ${unknown.slice(0, 8).map(quote).join(', ')}`);
    const [action, other] = ACTIONS.filter((key) => given.has(key));
    if (other !== undefined) return this.#refuse(path, object, `both ${action ?? ''} and ${other}`);
    if (action === undefined) {
      return ACTIONS.some((key) => Object.hasOwn(object, key))
        ? this.#note(within(path, 'destination'), null, 'empty')
        : this.#refuse(path, object, `holds none of ${ACTIONS.join(', ')}`);
    }
    const value = given.get(action);
    const at = within(path, action);
    if (action === 'destination') {
      const options = this.options(given, path, inherited);
      return typeof value === 'object' && !Array.isArray(value)
        ? this.#refuse(at, value, 'an object within an object')
        : this.read(value, at, depth, options);
    }
    const step = readAction(action, value);
    if (step === null) {
      const reason = action === 'scheme' ? 'scheme_unknown' : 'destination_invalid';
      return this.#refuse(at, value, EXPECTED[action], reason);
    }
    this.#note(at, value, action);
    return [step];
  }

  #refuse(path: string, value: unknown, detail: string, reason: Reason = 'destination_invalid'): never[] {
    this.refusal ??= { reason, detail: path === '' ? detail : `${path}: ${detail}` };
    return this.#note(path, value, `refused: ${detail}`);
  }

  #note(path: string, value: unknown, result: string): never[] {
    this.readings.push({ path, text: printable(textOf(value), MAX_TEXT), result });
    return [];
  }
}

function readAction(action: keyof typeof EXPECTED, value: unknown): Step | null {
  const text = typeof value === 'string' ? value.trim() : '';
  switch (action) {
    case 'hangup': {
      const cause = text.toUpperCase();
      return isHangupCause(cause) ? { kind: 'hangup', cause } : null;
    }
    case 'dialplan':
      return value === true || text.toLowerCase() === 'true' ? { kind: 'dialplan' } : null;
    case 'scheme':
      return SCHEME_NAME.test(text) ? { kind: 'scheme', name: text } : null;
  }
}

/** Whole seconds, as a number or as text; null when it is neither, or out of range. */
function secondsOf(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const seconds = /^\d{1,3}(?:\.0)?$/.test(text) ? Number(text) : NaN;
  return seconds >= MIN_TIMEOUT && seconds <= MAX_TIMEOUT ? seconds : null;
}

/**
 * The text of a scalar; null for what no destination can be. A number too large to be exact may have been another one, and
 * `true` is only what the map says.
 */
function scalarText(value: unknown, { map }: DestinationRules): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value)))
    return String(value);
  return value === true && Object.hasOwn(map, 'true') ? 'true' : null;
}

function within(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return 'a number too large to be exact (send it as text)';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
