import { printable } from '../redact/printable.ts';
import type { CommandContext } from './context.ts';

/** Where the width of the terminal is not known: a pipe, a file. */
const COLUMNS = 100;

/** A shell that exports COLUMNS says how wide a pipe is: `COLUMNS=400 esl-router config | grep gateway`. */
export function columnsOf({ stdout, env }: Pick<CommandContext, 'stdout' | 'env'>): number {
  const said = env['COLUMNS'] ?? '';
  return stdout.columns ?? (/^[1-9]\d{0,4}$/.test(said) ? Number(said) : COLUMNS);
}

const GAP = 2;
/** A narrower column would break every word. */
const NARROWEST = 8;

/** Columns as wide as their widest cell, in lines of at most `width`: the widest columns shrink, and their cells wrap. */
export function table(given: readonly (readonly string[])[], width = COLUMNS): string {
  // Before it is laid out: a line feed in a caller's number would begin a row of the caller's own.
  const rows = given.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  for (;;) {
    const over = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
    const widest = widths.indexOf(Math.max(...widths));
    const now = widths[widest] ?? 0;
    if (over <= 0 || now <= NARROWEST) break;
    const second = Math.max(NARROWEST, ...widths.filter((_, column) => column !== widest));
    widths[widest] = Math.max(NARROWEST, now - over, Math.min(second, now - 1));
  }
  return rows.flatMap((row) => linesOf(row, widths)).join('\n');
}

/**
 * A table for searching and copying: one line per row where that fits, as in a pipe. On a narrower terminal each row has a second
 * line, which holds the columns from `second` on.
 */
export function listing(rows: readonly (readonly string[])[], second: number, width = Infinity): string {
  const whole = table(rows, Infinity);
  if (whole.split('\n').every((line) => line.length <= width)) return whole;
  const linesFrom = (from: number, to?: number): string[] =>
    table(
      rows.map((row) => row.slice(from, to)),
      Infinity,
    ).split('\n');
  const below = linesFrom(second);
  return linesFrom(0, second)
    .flatMap((line, at) => [line, `  ${below[at] ?? ''}`])
    .join('\n');
}

function linesOf(row: readonly string[], widths: readonly number[]): string[] {
  const cells = row.map((cell, column) => folded(cell, widths[column] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    cells
      .map((lines, column) => padded(lines[at] ?? '', widths[column] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** Folded after a space, a comma or another sign where there is one in the line; else where the line is full. */
function folded(cell: string, width: number): string[] {
  const lines: string[] = [];
  let rest = cell;
  while (rest.length > width) {
    const [fitting = ''] = /^.*[ ,;:/_.-]/.exec(rest.slice(0, width)) ?? [];
    const cut = fitting.length > width / 3 ? fitting.length : width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  lines.push(rest);
  return lines;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** What terminals draw over two cells (East Asian Wide, emoji), and over none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NARROW = /^[ -~]*$/;

function cellsOf(character: string): number {
  return WIDE.test(character) ? 2 : /\p{M}/u.test(character) ? 0 : 1;
}

/** Cells of a terminal. */
function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  return Array.from(text).reduce((sum, character) => sum + cellsOf(character), 0);
}

/** One line of a terminal, whatever is in it: the rest is left out. */
export function clipped(line: string, width: number): string {
  const text = printable(line);
  if (widthOf(text) <= width) return text;
  let shown = '';
  let used = 0;
  for (const character of text) {
    used += cellsOf(character);
    if (used > width - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
