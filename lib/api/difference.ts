/** How two JSON documents differ, by JSON pointer (RFC 6901). */
export interface Difference {
  readonly pointer: string;
  /** Absent: it is not there. */
  readonly from?: unknown;
  readonly to?: unknown;
}

export function differences(from: unknown, to: unknown, pointer = ''): Difference[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  if (!isBranch(from) || !isBranch(to) || Array.isArray(from) !== Array.isArray(to)) {
    return [{ pointer, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  }
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key) => {
    const part = key.replaceAll('~', '~0').replaceAll('/', '~1');
    return differences(valueOf(from, key), valueOf(to, key), `${pointer}/${part}`);
  });
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function valueOf(of: object, key: string): unknown {
  return Object.hasOwn(of, key) ? (of as Record<string, unknown>)[key] : undefined;
}
