import type { Writable } from 'node:stream';
import { printableJson, printableLines } from '../redact/printable.ts';
import { createRedactor, type Redactor } from '../redact/redactor.ts';
import type { CommandContext } from './context.ts';

/** All output of a command: without secrets, and without control characters for the terminal. */

const PLAIN = createRedactor({});

/** Lines, each of which may be several. */
export function print(stream: Writable, lines: readonly string[], redactor: Redactor = PLAIN): void {
  stream.write(`${printableLines(redactor.text(lines.join('\n')))}\n`);
}

export function printJson(stream: Writable, value: unknown, redactor: Redactor = PLAIN): void {
  stream.write(`${printableJson(redactor.value(value), 2)}\n`);
}

/** Colours only at a terminal, and only if not turned off (https://no-color.org). */
export function coloured({ stdout, env }: Pick<CommandContext, 'stdout' | 'env'>): boolean {
  return stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
