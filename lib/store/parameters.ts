/**
 * Values as both databases keep them. PostgreSQL rejects a text with U+0000 and SQLite cuts it there, and anybody can send one: a CRM in
 * its error, a caller in his name.
 */
export function storable(parameters: readonly unknown[]): unknown[] {
  return parameters.map((value) => (typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value));
}
