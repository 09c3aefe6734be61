import { randomUUID } from 'node:crypto';

/**
 * A UUIDv7 (RFC 9562, 5.7): the first 48 bits are milliseconds since 1970, so that ids sort by their time and an index of
 * them grows at one end.
 */
export function uuidv7(at: Date): string {
  const time = Math.max(0, at.getTime()).toString(16).padStart(12, '0').slice(-12);
  // Of a random UUIDv4 all is kept but its first 48 bits and the version.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The milliseconds since 1970 that stand in one, with its hyphens or without; null for any other id. */
export function timeOfUuid(id: string): number | null {
  const digits = id.replaceAll('-', '');
  return /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(digits)
    ? parseInt(digits.slice(0, 12), 16)
    : null;
}
