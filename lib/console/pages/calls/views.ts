import { columnsOf, type Column } from './columns.ts';
import { filterOf, isLast } from './filter.ts';

/** Filters and columns under a name, kept in this browser. A link shows another person the same filters. */

export interface View {
  readonly name: string;
  readonly search: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
}

export function viewOf(
  name: string,
  search: Readonly<Record<string, string | undefined>>,
  columns: readonly Column[],
): View {
  const { last } = search;
  return { name, search: { ...filterOf(search), ...(isLast(last) ? { last } : {}) }, columns };
}

/** What another version of this page may have kept there is left out. */
export function viewsIn(text: string): View[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return [];
  }
  return (Array.isArray(given) ? given : []).flatMap((one: unknown) => {
    const { name, search, columns } = (one ?? {}) as Partial<Record<string, unknown>>;
    if (typeof name !== 'string' || typeof search !== 'object' || search === null) return [];
    const words = Array.isArray(columns) ? columns.filter((word) => typeof word === 'string') : [];
    const texts = Object.entries(search).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    return [viewOf(name, Object.fromEntries(texts), columnsOf(words))];
  });
}
