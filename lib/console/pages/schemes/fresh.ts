import type { FieldFault } from '../../api/client.ts';
import { isAlike, pathOf, valueAt, type SchemeDocument } from './document.ts';

/** What has just been added to a list of the form: that it is empty is no fault before somebody was there and went on. */

export interface Fresh {
  /** Of the whole scheme. */
  readonly pointer: string;
  /** As it was added. */
  readonly entry: unknown;
}

/** A fault of what nobody has filled in yet. What was typed is judged at once. */
export function isUntouched(
  { pointer = '' }: FieldFault,
  fresh: Fresh | null,
  document: SchemeDocument,
): boolean {
  if (fresh === null || (pointer !== fresh.pointer && !pointer.startsWith(`${fresh.pointer}/`))) return false;
  const rest = pathOf(pointer.slice(fresh.pointer.length));
  return isAlike(valueAt(document, pathOf(pointer)), valueAt(fresh.entry, rest));
}
