/** The change that a line of the audit log has, field by field. */

interface AuditedField {
  readonly field: string;
  /** Null: the log does not say what it was. */
  readonly from: string | null;
  readonly to: string;
}

/** Of these a list of two is what it was and what it is; other lists are lists. */
const BOTH: ReadonlySet<string> = new Set(['revision', 'state', 'role', 'disabled']);

/** A scheme has the numbers of its revisions. */
export function auditedFields(change: unknown): AuditedField[] {
  if (typeof change !== 'object' || change === null) return [];
  const { from, to, ...rest } = change as Readonly<Record<string, unknown>>;
  const isRevision = typeof from === 'number' && typeof to === 'number';
  const fields = isRevision ? { revision: [from === 0 ? '' : from, to], ...rest } : change;
  return Object.entries(fields).map(([field, value]: [string, unknown]) =>
    Array.isArray(value) && value.length === 2 && BOTH.has(field)
      ? { field, from: textOf(value[0]), to: textOf(value[1]) }
      : { field, from: null, to: textOf(value) },
  );
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  if (value === '' || value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
