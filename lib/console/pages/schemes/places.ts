import type { FieldFault } from '../../api/client.ts';
import { pointerOf, valueAt, type Path, type SchemeDocument } from './document.ts';
import { FIELDS, pathOfField, type Group } from './fields.ts';
import { nodeAt, type SchemaNode } from './schema.ts';

/** Where in the form something is: what is wrong leads there. */

/** The attribute of whatever shows a part of the document: its JSON pointer. */
export const PLACE = 'data-place';

const SECRET = /\{\{secret\.([A-Z0-9_]+)\}\}/;
const UNSET = /^\{\{secret\.([A-Z0-9_]+)\}\}: ESL_ROUTER_SECRET_\1 is not set/;

/** One that names a secret alone is a fault of the field that holds it. */
export function placed(fault: FieldFault, document: SchemeDocument): FieldFault {
  const { pointer, detail } = fault;
  if (pointer !== undefined && pointer !== '') return fault;
  const [macro] = SECRET.exec(detail) ?? [];
  const path = macro === undefined ? null : pathToText(document, macro);
  return path === null ? fault : { ...fault, pointer: pointerOf(path) };
}

/** The secret that the router does not have, if that is what is wrong. */
export function unsetSecret({ detail }: FieldFault): string | null {
  return UNSET.exec(detail)?.[1] ?? null;
}

/** The first text that holds it. */
export function pathToText(value: unknown, text: string, path: Path = []): Path | null {
  if (typeof value === 'string') return value.includes(text) ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inside] of Object.entries(value)) {
    const found = pathToText(inside, text, [...path, key]);
    if (found !== null) return found;
  }
  return null;
}

/** The fold that it is in; null: it is in none. */
export function groupOf(path: Path): Group | null {
  const alike = (one: Path): boolean => one.every((key, at) => (path[at] ?? key) === key);
  return FIELDS.find((field) => alike(pathOfField(field)))?.group ?? null;
}

/** A field of an object that may be left out is required only once the object is there. */
export function isRequired(schema: SchemaNode, document: SchemeDocument, path: Path): boolean {
  const above = path.slice(0, -1);
  const holder = nodeAt(schema, above) ?? schema;
  if (holder.required?.includes(path.at(-1) ?? '') !== true) return false;
  return above.length === 0 || valueAt(document, above) !== undefined || isRequired(schema, document, above);
}

/** Brings it into sight and puts the focus there; what shows it may be a part of what holds it. False: nothing does. */
export function goToPlace(path: Path): boolean {
  for (let length = path.length; length > 0; length--) {
    const place = CSS.escape(pointerOf(path.slice(0, length)));
    const element =
      document.querySelector<HTMLElement>(`[${PLACE}="${place}"]`) ??
      document.querySelector<HTMLElement>(`[${PLACE}^="${place}/"]`);
    if (element === null) continue;
    for (let fold = element.closest('details'); fold !== null;) {
      fold.open = true;
      fold = fold.parentElement?.closest('details') ?? null;
    }
    const [first] = [...element.querySelectorAll<HTMLElement>('input, textarea, button')].filter((one) =>
      one.checkVisibility(),
    );
    element.scrollIntoView({ block: 'center' });
    (first ?? element).focus({ preventScroll: true });
    return true;
  }
  return false;
}
