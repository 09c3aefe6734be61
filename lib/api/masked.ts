import { inSlices } from '../clock.ts';
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

/**
 * A document, or a part of one: people choose its keys, so that `id` may be a telephone number, and a key may be one itself. Calls go on
 * meanwhile: a map may have thousands of them.
 */
export async function documentFor<T>({ role }: Asker, value: T): Promise<T> {
  return role === 'viewer' ? ((await inSlices(maskingDocument(value))) as T) : value;
}

/** Pauses after each key, and after each name that another number has already. */
export function* maskingDocument(value: unknown): Generator<void, unknown> {
  if (typeof value !== 'object' || value === null) return maskedScalar(value);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      yield;
      items.push(yield* maskingDocument(item));
    }
    return items;
  }
  const shown = new Map<string, unknown>();
  /** By what they look alike: the next number among those. */
  const next = new Map<string, number>();
  for (const [key, inner] of Object.entries(value)) {
    yield;
    const masked = MASKER.text(key);
    let name = masked;
    // Two numbers may end alike.
    let count = next.get(masked) ?? 2;
    for (; shown.has(name); count++) {
      yield;
      name = `${masked} (${count})`;
    }
    next.set(masked, count);
    shown.set(name, yield* maskingDocument(inner));
  }
  return Object.fromEntries(shown);
}

function maskedScalar(value: unknown): unknown {
  if (typeof value === 'string') return MASKER.text(value);
  if (typeof value !== 'number' || Math.abs(value) < SHORTEST_NUMBER) return value;
  return MASKER.text(String(value));
}
