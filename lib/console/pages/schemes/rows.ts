import { isAlike, isObject } from './document.ts';

/** A table of names and values, as parameters and headers have one, while it is edited: with rows that no document could hold. */

export interface Row {
  /** Of the row on the screen, whatever it says. */
  readonly id: number;
  readonly name: string;
  /** A text, or what else the document has there, which stays. */
  readonly value: unknown;
}

export function rowsOf(value: unknown): Row[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, one], id) => ({ id, name, value: one }));
}

/** Undefined when there is none. A row without a name is not there yet; of two of a name the later one counts. */
export function objectOf(rows: readonly Row[]): Readonly<Record<string, unknown>> | undefined {
  const named = rows.filter(({ name }) => name !== '');
  return named.length === 0
    ? undefined
    : Object.fromEntries(named.map(({ name, value }) => [name, value] as const));
}

/** Whether the rows say what the document says. */
export function isSame(rows: readonly Row[], value: unknown): boolean {
  return isAlike(objectOf(rows) ?? {}, value ?? {});
}

export function withRow(rows: readonly Row[], name = '', value: unknown = ''): Row[] {
  return [...rows, { id: Math.max(-1, ...rows.map(({ id }) => id)) + 1, name, value }];
}

/** Names that stand in more than one row. */
export function twice(rows: readonly Row[]): ReadonlySet<string> {
  const names = rows.map(({ name }) => name).filter((name) => name !== '');
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}
