/**
 * How a number is written, before anybody knows whose it is: its digits, and what is in front of them and between
 * them. Which digits belong to each other depends on that: `201 202 203` is three extensions, `3 80123456789` one number.
 */
export interface Written {
  readonly digits: string;
  /** A `+` is in front. */
  readonly plus: boolean;
  /** The digits between separators: `["38", "044", "1234567"]`. */
  readonly groups: readonly string[];
  /** What is between the groups: nothing, spaces alone, or hyphens, dots and brackets too. */
  readonly divided: 'no' | 'spaces' | 'marks';
  /** The first group is in brackets: `(495) ...`. */
  readonly bracketed: boolean;
  /** Where the 0 of `(0)` stands among the digits; null without one. */
  readonly bracketedZeroAt: number | null;
  /** A spreadsheet wrote an integer as `301.0`. */
  readonly float: boolean;
}

/** Contact lists wrap numbers into bidi marks and split them at zero-width spaces. */
const MARKS = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
/** Spaces of any script, but no line break and no tab: two lines, and two cells of a table, are not one number. */
const SPACES = /\p{Zs}+/gu;
/** U+2212 is the minus sign. */
const DASHES = /[\p{Pd}\u2212]/gu;

/** The text with one kind of space and of hyphen, and without the marks that nobody sees. */
export function plainText(text: string): string {
  return text.replace(MARKS, '').replace(SPACES, ' ').replace(DASHES, '-').trim();
}

/** Null when anything but digits, separators and a leading `+` is in a text that went through `plainText`. */
export function parseWritten(text: string): Written | null {
  const float = /^\+?\d+\.00?$/.test(text);
  const whole = float ? text.replace(/\.0+$/, '') : text;
  const match = /^(\(? ?\+ ?)?([\d().\- ]+)$/.exec(whole);
  if (match === null) return null;
  const [, front = '', rest = ''] = match;
  const groups = groupsOf(rest);
  if (groups.length === 0) return null;
  const zero = /\( ?0 ?\)/.exec(rest);
  const before = zero === null ? '' : rest.slice(0, zero.index).replace(/\D/g, '');
  const between = rest.trim().replace(/\d/g, '');
  return {
    digits: groups.join(''),
    plus: front !== '',
    groups,
    divided: front.includes('(') || /[^ ]/.test(between) ? 'marks' : between === '' ? 'no' : 'spaces',
    bracketed: rest.startsWith('('),
    bracketedZeroAt: zero === null ? null : before.length,
    float,
  };
}

/** The runs of digits in a text. */
export function groupsOf(text: string): string[] {
  return text.split(/\D+/).filter((group) => group !== '');
}

/**
 * A number and the extension after it: `+380441234567 ext. 12`, `...;ext=12`, `...x12`, `...#12`, `... (12)`, `.../12`. Null
 * when nothing of that kind follows digits; whether they are a number is not looked at.
 */
export function splitExtension(
  text: string,
): { readonly number: string; readonly extension: string; readonly slash: boolean } | null {
  const match = EXTENSION.exec(text);
  if (match === null) return null;
  const [, number = '', , named, bare, bracketed] = match;
  return { number: number.trim(), extension: named ?? bare ?? bracketed ?? '', slash: bare !== undefined };
}

/** Words that contact lists and CRMs put in front of an extension, in the languages of their users. */
const WORDS =
  'extension|extn?|ex|x|х|poste|durchwahl|dw|nst|app|int|interno|internal|inner|anexo|ramal|toestel|wewn?|linka|' +
  'extensi[oó]n|dahili|klappe|kl|ankn|mell[eé]k|tst|转|内線|' +
  'доб|добавочный|доп|внутр|внутренний|вн|вну|дод|додатковий';
const EXTENSION = new RegExp(
  `^(\\(? ?\\+?[\\d().\\- ]*\\d[)\\- ]*)(?:([;,]? ?(?:${WORDS})\\.? ?[:=.]? ?|,{2,} ?|[;,]? ?# ?)(\\d{1,7})#?|/ ?(\\d{1,6})|\\( ?(?:(?:${WORDS})\\.? ?)?(\\d{1,6}) ?\\))$`,
  'iu',
);
