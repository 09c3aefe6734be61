/** Text of others, cut into what is shown alike. */

export interface Mark {
  readonly from: number;
  /** Behind the last one. */
  readonly to: number;
  readonly tone: 'good' | 'bad' | 'odd';
  /** Why it is marked. */
  readonly label: string;
}

export interface Piece {
  readonly text: string;
  readonly mark: Mark | null;
  /** It stands for a character that nobody would see, or that turns the text around. */
  readonly isUnseen: boolean;
}

/** Controls but tab and line feed, marks of direction, what has no width, halves of pairs. */

const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The first `limit` characters; marks that overlap are shown by the first of them. */
export function piecesOf(text: string, marks: readonly Mark[], limit: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const end = Math.min(text.length, limit);
  const add = (to: number, mark: Mark | null): void => {
    if (to > at) pieces.push(...seen(text.slice(at, Math.min(to, end)), mark));
    at = Math.max(at, Math.min(to, end));
  };
  for (const mark of [...marks].sort((a, b) => a.from - b.from)) {
    if (mark.from < at || mark.from >= end) continue;
    add(mark.from, null);
    // A mark of nothing, where something is missing, takes the character that stands there.
    add(Math.max(mark.to, mark.from + 1), mark);
  }
  add(end, null);
  return pieces;
}

function seen(text: string, mark: Mark | null): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: character, index } of text.matchAll(UNSEEN)) {
    if (index > at) pieces.push({ text: text.slice(at, index), mark, isUnseen: false });
    pieces.push({ text: codeOf(character), mark, isUnseen: true });
    at = index + character.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), mark, isUnseen: false });
  return pieces;
}

function codeOf(character: string): string {
  const code = character.charCodeAt(0);
  if (character === '\r') return '␍';
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
