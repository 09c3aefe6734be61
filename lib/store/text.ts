/** PostgreSQL's texts hold no U+0000, and its JSON no half of a surrogate pair. */
export function clean(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '\ufffd');
}

/** JSON that PostgreSQL can look into: one such text, and every question about the table fails. */
export function cleanJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? clean(inner) : inner));
}
