import type { FieldFault } from '../../api/client.ts';
import { isAlike, pointerOf, valueAt, type Path, type SchemeDocument } from './document.ts';
import { pathToText } from './places.ts';
import { nodeAt, type SchemaNode } from './schema.ts';

/** What a new scheme still needs before calls use it, each ticked off by what is so, or by hand where nobody but a person can tell. */

export interface ToDo {
  readonly id: string;
  /** What the preset says of it; null: the words are the page's own. */
  readonly text: string | null;
  /** Where it is done; null: elsewhere. */
  readonly path: Path | null;
  /** `by_hand`: only a person knows. */
  readonly done: boolean | 'by_hand';
}

interface Known {
  /** Of the preset. */
  readonly lines: readonly string[];
  /** What it began as. */
  readonly first: SchemeDocument;
  readonly document: SchemeDocument;
  readonly schema: SchemaNode;
  /** Null: not known yet. */
  readonly faults: readonly FieldFault[] | null;
  /** The document as it stands was tried, and somebody rings, or nobody on purpose. */
  readonly isTried: boolean;
  readonly isLive: boolean;
}

const URL_PATH: Path = ['webhook', 'url'];
const LINE = /^(\S+): ([^]*)$/;
const SECRETS = /ESL_ROUTER_SECRET_([A-Z0-9_]+?)(?:_FILE)?\b/g;

export function toDosOf(known: Known): readonly ToDo[] {
  const { lines, faults, isTried, isLive } = known;
  const isWrong = (path: Path): boolean =>
    faults === null || faults.some(({ pointer }) => pointer?.startsWith(pointerOf(path)) === true);
  const own = lines.map((line): ToDo => {
    const path = pathIn(line, known);
    const of = { id: line, text: path === null ? line : (LINE.exec(line)?.[2] ?? line), path };
    const secrets = [...(line.split(': ')[0] ?? '').matchAll(SECRETS)].map(([, name = '']) => name);
    if (secrets.length > 0) return { ...of, ...secretsDone(secrets, known), text: line };
    if (path === null) return { ...of, done: 'by_hand' };
    const isChanged = !isAlike(valueAt(known.first, path), valueAt(known.document, path));
    if (isChanged) return { ...of, done: !isWrong(path) };
    // What the preset has there may be right as it is.
    return { ...of, done: isAlike(path, URL_PATH) ? false : 'by_hand' };
  });
  const hasUrl = own.some(({ path }) => path !== null && isAlike(path, URL_PATH));
  const url = valueAt(known.document, URL_PATH);
  return [
    { id: 'name', text: null, path: ['name'], done: !isWrong(['name']) },
    ...(hasUrl
      ? []
      : [
          {
            id: 'url',
            text: null,
            path: URL_PATH,
            done: url !== '' && url !== undefined && !isWrong(URL_PATH),
          },
        ]),
    ...own,
    { id: 'try', text: null, path: null, done: isTried },
    { id: 'live', text: null, path: null, done: isLive },
  ];
}

function pathIn(line: string, { schema }: Known): Path | null {
  const path = LINE.exec(line)?.[1]?.split('.') ?? [];
  return path.length > 1 && nodeAt(schema, path) !== null ? path : null;
}

/** The router tells of a secret that it lacks only when the rest of the document is in order. */
function secretsDone(secrets: readonly string[], { document, faults }: Known): Pick<ToDo, 'path' | 'done'> {
  const places = secrets.flatMap((name) => {
    const path = pathToText(document, `{{secret.${name}}}`);
    return path === null ? [] : [path];
  });
  const [path = null] = places;
  return { path, done: path === null || faults?.length === 0 };
}
