import type { Span } from './layer.ts';
import { layersOf } from './layers.ts';
import { numbersIn, type NumberSpan } from './numbers.ts';
import { finderOf } from './secrets.ts';

/**
 * The one redactor: what is logged, recorded, printed or told as a fault goes through it. It takes out secrets, and where
 * that is wanted telephone numbers, in whatever form a program may have written them.
 */
export interface Redactor {
  readonly text: (text: string) => string;
  /** Every text in a value that JSON can hold; the value itself where there is nothing to hide. Numbers of JSON are counts and milliseconds here. */
  readonly value: (value: unknown) => unknown;
}

export interface RedactorOptions {
  readonly secrets?: readonly string[];
  /** Telephone numbers as `*****33`. */
  readonly maskNumbers?: boolean;
}

const HIDDEN = '***';
const HIDDEN_NUMBER = '*****';
/** Digits of a subscriber's number. */
const SHORTEST_NUMBER = 7;
/** What is left of a number: enough to tell two calls apart. */
const KEPT_DIGITS = 2;

/** What most fields of a log line are, the same few again and again: `routed`, `NORMAL_CLEARING`, names of schemes. */
const WORD = /^[A-Za-z_ :().,-]{1,100}$/;
const MAX_WORDS = 500;

const NUMBER_ALONE = /^\+?\d{7,}$/;

/** What ids and times are called: their digits are not telephone numbers, and without them no call can be found again. */
const IDS = new Set([
  'id',
  'uuid',
  'trace',
  'previous',
  'callId',
  'webhookId',
  'revision',
  'startedAt',
  'timestamp',
]);
/** Headers are what a CRM calls them: of these none is an id but one of ours. */
const HEADERS = 'headers';
const OWN_ID = /^(?:msg_[0-9a-f]{8}-[0-9a-f-]{27}|00-[0-9a-f]{32}-[0-9a-f]{16}-01)$/;

export function createRedactor({ secrets = [], maskNumbers = false }: RedactorOptions): Redactor {
  const finder = finderOf(secrets);
  if (finder === null && !maskNumbers) return { text: (text) => text, value: (value) => value };

  const shortest = Math.min(finder?.shortest ?? Infinity, maskNumbers ? SHORTEST_NUMBER : Infinity);
  const clean = new Set<string>();
  const redact = (text: string): string => {
    if (text.length < shortest || clean.has(text)) return text;
    const shown = redactAnew(text);
    if (shown === text && WORD.test(text) && clean.size < MAX_WORDS) clean.add(text);
    return shown;
  };
  const redactAnew = (text: string): string => {
    // Most numbers of a call stand by themselves.
    if (maskNumbers && NUMBER_ALONE.test(text)) return HIDDEN_NUMBER + text.slice(-KEPT_DIGITS);
    const layers = layersOf(text);
    if (layers === null) return HIDDEN;
    const spans: (Span | NumberSpan)[] = [];
    for (const layer of layers) {
      if (finder !== null) spans.push(...finder.find(layer));
      if (maskNumbers) spans.push(...numbersIn(layer));
    }
    return spans.length === 0 ? text : without(text, spans);
  };

  const walk = (value: unknown, key: string, within: string): unknown => {
    if (typeof value === 'string') {
      if (within === HEADERS ? OWN_ID.test(value) : IDS.has(key)) return value;
      return redact(value);
    }
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value)
      ? walkItems(value, key, within)
      : walkFields(value as Record<string, unknown>, key);
  };
  // In most calls there is nothing to hide, and nothing of them is copied.
  const walkItems = (items: readonly unknown[], key: string, within: string): readonly unknown[] => {
    let shown: unknown[] | null = null;
    for (let at = 0; at < items.length; at++) {
      const item = items[at];
      const shownItem = walk(item, key, within);
      if (shownItem !== item) (shown ??= [...items])[at] = shownItem;
    }
    return shown ?? items;
  };
  const walkFields = (fields: Readonly<Record<string, unknown>>, key: string): object => {
    const names = Object.keys(fields);
    let shown: Record<string, unknown> | null = null;
    for (let at = 0; at < names.length; at++) {
      const name = names[at] ?? '';
      const item = fields[name];
      const shownName = key === HEADERS ? redact(name) : name;
      const shownItem = walk(item, name, key);
      if (shown === null && shownName === name && shownItem === item) continue;
      shown ??= Object.fromEntries(names.slice(0, at).map((before) => [before, fields[before]]));
      shown[shownName] = shownItem;
    }
    return shown ?? fields;
  };

  return {
    text: redact,
    value: (value) => walk(value, '', ''),
  };
}

/** What lies in one another, or overlaps, is one: a secret, when a secret is in it; else the longest number. */
function without(text: string, spans: readonly (Span | NumberSpan)[]): string {
  let shown = '';
  let end = 0;
  for (const group of overlapping(spans)) {
    const { from } = group[0] ?? { from: 0 };
    shown += text.slice(end, from) + maskOf(group);
    end = Math.max(...group.map(({ to }) => to));
  }
  return shown + text.slice(end);
}

function overlapping(spans: readonly Span[]): Span[][] {
  const groups: Span[][] = [];
  let end = -1;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    if (span.from >= end) groups.push([]);
    groups.at(-1)?.push(span);
    end = Math.max(end, span.to);
  }
  return groups;
}

function maskOf(group: readonly (Span | NumberSpan)[]): string {
  const [longest = ''] = group
    .map((span) => ('digits' in span ? span.digits : ''))
    .sort((a, b) => b.length - a.length);
  const isSecret = group.some((span) => !('digits' in span));
  return isSecret ? HIDDEN : `${HIDDEN_NUMBER}${longest.slice(-KEPT_DIGITS)}`;
}
