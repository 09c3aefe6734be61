import { inSlices } from '../clock.ts';
import { readingJson } from '../config/json.ts';
import type { Fault } from '../scheme/fault.ts';

/** Schemes made outside files: documents of the store, beside those of the folder. */

/** One that is to be in use. */
export interface StoredScheme {
  readonly name: string;
  /** 1, 2, 3 of this name. */
  readonly revision: number;
  /** JSON. */
  readonly document: string;
  /** `shadow`: as if its document said so itself, in `mode`. */
  readonly state: 'live' | 'shadow';
}

export interface StoredSchemes {
  readonly schemes: readonly StoredScheme[];
  /** False: the database has not answered yet, and may hold schemes that files name. */
  readonly isKnown: boolean;
}

export const NONE_STORED: StoredSchemes = { schemes: [], isKnown: true };

/** What became of a stored scheme when the schemes were loaded. */
export type StoredUse = Pick<StoredScheme, 'name' | 'revision'> &
  (
    | { readonly use: 'live' | 'shadow' }
    /** A file has the same name, and counts. */
    | { readonly use: 'hidden'; readonly by: string }
    /** It is not, or no longer, valid: the others go on without it. */
    | { readonly use: 'left_out'; readonly faults: readonly Fault[] }
  );

/** A document, and where it was read. */
interface Source {
  readonly name: string;
  readonly json: unknown;
}

/** What a load finds in the store. */
interface Found {
  readonly sources: readonly (Source & {
    readonly text: string;
    readonly stored: Pick<StoredScheme, 'name' | 'revision'>;
  })[];
  readonly uses: readonly StoredUse[];
  readonly notes: readonly string[];
}

/** Documents of the store as sources. Those whose name is taken, or that are not JSON, are left out. */
export async function storedSources(
  { schemes, isKnown }: StoredSchemes,
  others: readonly Source[],
): Promise<Found> {
  const taken = new Map(others.map(({ name, json }) => [nameIn(json), name]));
  const sources: Found['sources'][number][] = [];
  const uses: StoredUse[] = [];
  const notes: string[] = [];
  if (!isKnown) notes.push('the store cannot be read yet: its schemes are loaded as soon as it can');
  for (const { name, revision, document, state } of schemes) {
    const place = placeOf(name, revision);
    const by = taken.get(name);
    if (by !== undefined) {
      uses.push({ name, revision, use: 'hidden', by });
      notes.push(`${by}: the store has a scheme "${name}" too (revision ${revision}): the file is used`);
      continue;
    }
    const read = await inSlices(readingJson(document));
    const fault: Fault | null = !read.ok
      ? { path: '', message: read.fault }
      : nameIn(read.value) === name
        ? null
        : { path: 'name', message: `expected ${JSON.stringify(name)}, the name that it is stored under` };
    if (fault !== null || !read.ok) {
      uses.push({ name, revision, use: 'left_out', faults: fault === null ? [] : [fault] });
      continue;
    }
    const json = state === 'shadow' ? { ...(read.value as object), mode: 'shadow' } : read.value;
    sources.push({ name: place, text: document, json, stored: { name, revision } });
  }
  return { sources, uses, notes };
}

/** The name in its faults. */
function placeOf(name: string, revision: number): string {
  return `store: ${name} (revision ${revision})`;
}

/** A line for each fault that keeps a stored scheme out. */
export function leftOutLines(uses: readonly StoredUse[]): string[] {
  return uses.flatMap((use) =>
    use.use === 'left_out'
      ? use.faults.map(({ path, message }) =>
          [placeOf(use.name, use.revision), path, message].filter((part) => part !== '').join(': '),
        )
      : [],
  );
}

/** `fallback.onError.0: there is no ...`, taken apart. */
export function faultOf(text: string): Fault {
  const [, path = '', message = text] = /^([A-Za-z][\w-]*(?:\.[^\s:]+)*): ([^]*)$/.exec(text) ?? [];
  return { path, message };
}

function nameIn(json: unknown): string {
  const { name } = (json ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : '';
}
