import { cpus } from 'node:os';
import type { Result } from './runner.ts';

function verdict({ reached, controlFailed }: Result): string {
  if (reached === null) return 'VOID';
  if (controlFailed === false) return 'WORTHLESS';
  return reached ? 'reached' : 'MISSED';
}

/** Whether the row says what it has to say. */
export function passed(result: Result): boolean {
  return verdict(result) === 'reached';
}

/** The line of a row that has been played. */
export function toLine(result: Result): string {
  const { row, figure, control, tookMs } = result;
  const head = `${verdict(result).padEnd(9)} ${row.padEnd(14)} ${(tookMs / 1000).toFixed(0).padStart(4)} s  ${figure}`;
  return control === null ? head : `${head}\n${' '.repeat(33)}control ${control}`;
}

/** The table, as it is printed at the end and copied into documents. */
export function toTable(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.fault,
    result.target,
    result.figure,
    verdict(result),
    result.control === null ? '' : `${result.controlFailed === true ? 'fails' : 'PASSES'}: ${result.control}`,
  ]);
  const text = [['fault', 'to reach', 'figure', '', 'control'], ['---', '---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
  return `${process.version}, ${cpus()[0]?.model ?? ''}, ${cpus().length} cores\n\n${text}\n`;
}

/** What `--json FILE` holds. */
export function toJson(results: readonly Result[]): string {
  const list = results.map(({ row, figure, target, reached, control, controlFailed, tookMs }) => {
    return { row, figure, target, reached, control, controlFailed, seconds: Math.round(tookMs / 1000) };
  });
  return `${JSON.stringify(list, null, 2)}\n`;
}
