/** Any text, printable, cut and in quotes: what a CRM sent may be shown on a terminal. */
export function quote(text: string): string {
  return `"${printable(text, 64).replace(/"/g, '\\"')}"`;
}

/** At most `limit` characters, control and format characters written as escapes. */
export function printable(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Harmless words as they are, others in quotes. */
export function named(text: string): string {
  return /^[A-Za-z0-9._@+-]{1,64}$/.test(text) ? text : quote(text);
}
