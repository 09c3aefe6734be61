/** The JSON of a scheme as the editor changes it: by path, each change a new document. What nobody touches stays as it is. */

export type SchemeDocument = Readonly<Record<string, unknown>>;
export type Path = readonly string[];

/** One place where two documents are not alike; absent where it is not there. */
export interface Difference {
  readonly path: Path;
  readonly from?: unknown;
  readonly to?: unknown;
}

export function isObject(value: unknown): value is SchemeDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined where there is nothing. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as SchemeDocument)[key];
  }
  return value;
}

/** Undefined takes it out, and the objects with it that are empty then. What stands in the way of the path is replaced. */
export function withValue(document: SchemeDocument, path: Path, value: unknown): SchemeDocument {
  const [key, ...rest] = path;
  if (key === undefined) return isObject(value) ? value : document;
  if (value === undefined && !Object.hasOwn(document, key)) return document;
  const within = valueAt(document, [key]);
  const inner = rest.length === 0 ? value : withValue(isObject(within) ? within : {}, rest, value);
  const isGone = inner === undefined || (value === undefined && isObject(inner) && isEmpty(inner));
  if (!isGone) return { ...document, [key]: inner };
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));
}

/** Objects are looked into; a list counts as one value. */
export function differencesBetween(from: unknown, to: unknown, path: Path = []): Difference[] {
  if (isAlike(from, to)) return [];
  if (!isObject(from) || !isObject(to)) {
    return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  }
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key) =>
    differencesBetween(valueAt(from, [key]), valueAt(to, [key]), [...path, key]),
  );
}

/** The order of keys does not count. */
export function isAlike(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => isAlike(value, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isAlike(one[key], other[key]))
  );
}

/** RFC 6901. */
export function pointerOf(path: Path): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function pathOf(pointer: string): Path {
  const [, ...keys] = pointer.split('/');
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
