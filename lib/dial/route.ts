import { HANGUP_CAUSES, isHangupCause, type HangupCause } from '../call/cause.ts';
import type { Reason } from '../errors.ts';
import type { FallbackStep } from '../scheme/scheme.ts';
import type { Beside } from '../webhook/formats/format.ts';
import type { Template } from '../webhook/macro.ts';
import { nameText } from './callerid.ts';
import {
  parseDestination,
  printable,
  quote,
  type Destination,
  type DestinationRules,
  type Transfer,
} from './destination.ts';

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
  /** From a scheme's own lists only: no CRM sends the router to another address. */
  | { readonly kind: 'webhook'; readonly url: Template };

/** How one element of the value was read. */
export interface Reading {
  /** `[1].destination`; '' for the value itself. */
  readonly path: string;
  /** What stood there, printable and cut. */
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

/** FreeSWITCH rings them all at once, each as a leg of its own. */
const MAX_LEGS = 10;
/** A list longer than this is no list of colleagues; the rest is not read. */
const MAX_ELEMENTS = 20;
const MAX_TEXT = 128;
const MIN_TIMEOUT = 2;
const MAX_TIMEOUT = 300;
const SCHEME_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const ACTIONS = ['destination', 'hangup', 'dialplan', 'scheme'] as const;
const EXPECTED = {
  hangup: `expected one of ${Object.keys(HANGUP_CAUSES).join(', ')}`,
  dialplan: 'expected true',
  scheme: 'expected the name of a scheme',
} as const;
const KEYS: ReadonlySet<string> = new Set([...ACTIONS, 'timeout', 'callerName']);

/** How a reply is read beside its value. */
export interface Around {
  /** What stands beside the value at the reply's top level. */
  readonly beside?: Beside | undefined;
  /** A text may hold a list. */
  readonly lists?: boolean | undefined;
}

export function parseRoute(value: unknown, rules: DestinationRules, _around: Around = {}): Route {
  const reader = new RouteReader(rules);
  const steps = reader.read(value, '', 0, NO_OPTIONS);
  const { readings, refusal } = reader;
  if (steps.length > 0) return { ok: true, steps, readings };
  if (refusal === null) {
    return { ok: false, kind: 'none', reason: 'empty_value', detail: 'the destination is empty', readings };
  }
  return { ok: false, kind: 'refused', ...refusal, readings };
}

/** A scheme's fallback list -> steps, `dial` by the same grammar. A dial that is refused is left out. */
export function parseSteps(
  steps: readonly FallbackStep[],
  rules: DestinationRules,
): { steps: Step[]; readings: Reading[] } {
  const readings: Reading[] = [];
  const read = (step: FallbackStep, index: number): Step[] => {
    if ('dial' in step) {
      const reader = new RouteReader(rules);
      const options = { timeoutSeconds: step.timeout ?? null, callerName: null };
      const dials = reader.read(step.dial, `[${index}].dial`, 0, options);
      readings.push(...reader.readings);
      return dials;
    }
    if ('webhook' in step) return [{ kind: 'webhook', url: step.webhook }];
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
  readonly #rules: DestinationRules;
  #legs = 0;

  constructor(rules: DestinationRules) {
    this.#rules = rules;
  }

  read(value: unknown, path: string, depth: 0 | 1, options: DialOptions): Step[] {
    if (Array.isArray(value)) {
      const elements = this.#elements(value, path);
      if (depth === 0) return elements.flatMap(([element, at]) => this.read(element, at, 1, options));
      const destinations = elements.flatMap(([element, at]) => this.#readTogether(element, at));
      return destinations.length === 0 ? [] : [{ kind: 'dial', destinations, ...options }];
    }
    if (typeof value === 'object' && value !== null) return this.#readObject(value, path, depth, options);
    return this.#readTarget(value, path).map((target) =>
      target.kind === 'transfer' ? target : { kind: 'dial', destinations: [target], ...options },
    );
  }

  #elements(list: readonly unknown[], path: string): [element: unknown, path: string][] {
    if (list.length === 0) this.#note(path, list, 'empty');
    if (list.length > MAX_ELEMENTS) this.#refuse(path, list, `only ${MAX_ELEMENTS} elements are read`);
    return list.slice(0, MAX_ELEMENTS).map((element, index) => [element, `${path}[${index}]`]);
  }

  #readTogether(value: unknown, path: string): Destination[] {
    return this.#readTarget(value, path, true).filter((target) => target.kind !== 'transfer');
  }

  /** One target, or none when it is empty or refused. */
  #readTarget(value: unknown, path: string, together = false): (Destination | Transfer)[] {
    if (isEmpty(value)) return this.#note(path, value, 'empty');
    // A fraction, or a number too large to be exact, was no telephone number when the CRM wrote it.
    const number = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
    if (typeof value !== 'string' && !number) {
      const where = together ? ' in a list that is rung together' : '';
      return this.#refuse(path, value, `${typeName(value)} is no destination${where}`);
    }
    const result = parseDestination(String(value), this.#rules);
    if (!result.ok) return this.#refuse(path, value, result.detail, result.reason);
    if (result.target.kind === 'transfer') {
      if (together) return this.#refuse(path, value, 'a transfer can not be rung together with others');
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
      entries.filter(([key, value]) => !isEmpty(value) && !(key === 'dialplan' && value === false)),
    );
    const unknown = entries.map(([key]) => key).filter((key) => !KEYS.has(key));
    if (unknown.length > 0) this.#note(path, object, `ignored: ${unknown.slice(0, 8).map(quote).join(', ')}`);
    const [action, other] = ACTIONS.filter((key) => given.has(key));
    if (other !== undefined) return this.#refuse(path, object, `both ${action ?? ''} and ${other}`);
    if (action === undefined) {
      return Object.hasOwn(object, 'destination')
        ? this.#note(within(path, 'destination'), null, 'empty')
        : this.#refuse(path, object, `holds none of ${ACTIONS.join(', ')}`);
    }
    const value = given.get(action);
    const at = within(path, action);
    if (action === 'destination') {
      const options = this.#readOptions(given, path, inherited);
      if (options === null) return [];
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

  /** Null when one is refused: to ring for a time that nobody asked for is to route the call wrongly. */
  #readOptions(
    given: ReadonlyMap<string, unknown>,
    path: string,
    inherited: DialOptions,
  ): DialOptions | null {
    const timeout = given.get('timeout') ?? inherited.timeoutSeconds;
    const name = given.get('callerName') ?? inherited.callerName;
    if (timeout !== null && !isTimeout(timeout)) {
      const expected = `expected whole seconds, ${MIN_TIMEOUT} to ${MAX_TIMEOUT}`;
      this.#refuse(within(path, 'timeout'), timeout, expected);
      return null;
    }
    if (name !== null && typeof name !== 'string') {
      this.#refuse(within(path, 'callerName'), name, 'expected a text');
      return null;
    }
    const callerName = nameText(name ?? '');
    if (given.has('callerName')) this.#note(within(path, 'callerName'), name, `name ${quote(callerName)}`);
    return { timeoutSeconds: timeout, callerName: callerName === '' ? null : callerName };
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
  switch (action) {
    case 'hangup':
      return typeof value === 'string' && isHangupCause(value) ? { kind: 'hangup', cause: value } : null;
    case 'dialplan':
      return value === true ? { kind: 'dialplan' } : null;
    case 'scheme':
      return typeof value === 'string' && SCHEME_NAME.test(value) ? { kind: 'scheme', name: value } : null;
  }
}

function isTimeout(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= MIN_TIMEOUT && value <= MAX_TIMEOUT;
}

function within(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number of that size' : 'a fraction';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
