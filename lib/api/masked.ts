import { createRedactor } from '../redact/redactor.ts';
import type { Principal } from './guard/role.ts';

/** What a viewer sees: telephone numbers as `*****33`. Everybody else sees things as they are. */

type Asker = Pick<Principal, 'role'>;

const MASKER = createRedactor({ maskNumbers: true });
/** Digits of a subscriber's number. */
const SHORTEST_NUMBER = 1_000_000;

export function textFor({ role }: Asker, text: string): string {
  return role === 'viewer' ? MASKER.text(text) : text;
}

/** A record of a call, or what is made of one: by their names ids and times stay whole. */
export function recordFor<T>({ role }: Asker, value: T): T {
  return role === 'viewer' ? (MASKER.value(value) as T) : value;
}

/** A document, or a part of one: people choose its keys, so that `id` may be a telephone number, and a key may be one itself. */
export function documentFor<T>({ role }: Asker, value: T): T {
  return role === 'viewer' ? (maskedDocument(value) as T) : value;
}

function maskedDocument(value: unknown): unknown {
  if (typeof value === 'string') return MASKER.text(value);
  if (typeof value === 'number') {
    return Math.abs(value) < SHORTEST_NUMBER ? value : MASKER.text(String(value));
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(maskedDocument);
  const shown = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    const masked = MASKER.text(key);
    let name = masked;
    // Two numbers may end alike.
    for (let count = 2; shown.has(name); count++) name = `${masked} (${count})`;
    shown.set(name, maskedDocument(inner));
  }
  return Object.fromEntries(shown);
}
