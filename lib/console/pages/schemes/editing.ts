import { createContext, useContext } from 'react';
import type { FieldFault } from '../../api/client.ts';
import { pathOf, pointerOf, type Path, type SchemeDocument } from './document.ts';
import type { SchemaNode } from './schema.ts';
import type { FieldTable } from './schema.ts';

/** What every input of the form shares. */

interface MacroValue {
  /** `caller_e164`; `sip.X-Name` and the like where the name is the reader's own. */
  readonly name: string;
  /** For the chosen call; null: there is none, or it can't be told. */
  readonly value: string | null;
}

export interface Editing {
  readonly document: SchemeDocument;
  readonly set: (path: Path, value: unknown) => void;
  readonly schema: SchemaNode;
  readonly table: FieldTable;
  /** With pointers into the document. */
  readonly faults: readonly FieldFault[];
  readonly isReadOnly: boolean;
  readonly macros: readonly MacroValue[];
}

export const EditingContext = createContext<Editing | null>(null);

export function useEditing(): Editing {
  const editing = useContext(EditingContext);
  if (editing === null) throw new Error('there is no scheme to edit here');
  return editing;
}

/** Those at the path and below it, as one text; null when there are none. */
export function faultAt(faults: readonly FieldFault[], path: Path): string | null {
  const texts = faultsWithin(faults, path).map(({ pointer, detail }) => {
    const rest = pathOf(pointer ?? '').slice(path.length);
    return rest.length === 0 ? detail : `${rest.join('.')}: ${detail}`;
  });
  return texts.length === 0 ? null : texts.join('\n');
}

export function faultsWithin(faults: readonly FieldFault[], path: Path): readonly FieldFault[] {
  const own = pointerOf(path);
  return faults.filter(({ pointer }) => pointer === own || pointer?.startsWith(`${own}/`) === true);
}
