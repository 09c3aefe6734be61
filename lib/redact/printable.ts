/**
 * The one encoder: any text as something that may be written to a terminal or a log. Callers, CRMs and files write what
 * they like; a terminal obeys ESC, BEL and the C1 bytes, a line feed begins a line that nobody wrote, and some characters
 * are not seen at all. Each of them is written as JSON writes it, `\u001b`, so that nothing is lost and a person can read it.
 */

const PLAIN = /^[ -~]*$/;
/** Controls, formats, surrogates alone, private and unassigned ones, separators of lines, and all that is not drawn. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu;
/** The line feeds of an indented JSON text are its own: in its strings JSON writes them as `\n`. */
const UNPRINTABLE_IN_JSON = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu;

/** One line. What is escaped in it already, as by JSON, stays as it is. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escape);
}

/** Each line of a text by itself. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** JSON that any parser reads, without what `JSON.stringify` leaves as it is: C1, DEL, and what turns or hides text. */
export function printableJson(value: unknown, indent?: number): string {
  // Undefined where there is nothing that JSON has a word for.
  const json = (JSON.stringify(value, null, indent) as string | undefined) ?? 'null';
  if (indent !== undefined) return json.replace(UNPRINTABLE_IN_JSON, escape);
  return PLAIN.test(json) ? json : json.replace(UNPRINTABLE, escape);
}

function escape(character: string): string {
  let escaped = '';
  for (let at = 0; at < character.length; at++) {
    escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
