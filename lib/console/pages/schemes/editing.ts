import { createContext, useContext, type Dispatch, type FocusEvent, type SetStateAction } from 'react';
import { useTranslation } from 'react-i18next';
import type { FieldFault } from '../../api/client.ts';
import { pathOf, pointerOf, type Path, type SchemeDocument } from './document.ts';
import { faultText } from './fault-words.ts';
import type { Fresh } from './fresh.ts';
import { PLACE } from './places.ts';
import type { SchemaNode } from './schema.ts';
import type { FieldTable } from './schema.ts';
import { labelOf } from './words.ts';

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
  /** Pointers of what a new scheme has yet to be given: that is no fault while nobody was there. */
  readonly awaited: ReadonlySet<string>;
  readonly setFresh: Dispatch<SetStateAction<Fresh | null>>;
  readonly isReadOnly: boolean;
  readonly macros: readonly MacroValue[];
  /** A path of the document here in the whole scheme's. */
  readonly wholePath: (path: Path) => Path;
  /** Brings the field at a path of the whole scheme into sight. */
  readonly reveal: (path: Path) => void;
}

export const EditingContext = createContext<Editing | null>(null);

/** Of whatever shows what is at the path: what leads there finds it. */
export function usePlace(): (path: Path) => { readonly [PLACE]: string } {
  const { wholePath } = useEditing();
  return (path) => ({ [PLACE]: pointerOf(wholePath(path)) });
}

/** For the card of an entry of a list, which is fresh from when it is added until the focus has left it. */
export function useFresh(): {
  readonly begin: (path: Path, entry: unknown) => void;
  readonly end: () => void;
  readonly leaving: (path: Path) => { readonly onBlur: (event: FocusEvent) => void };
} {
  const { setFresh, wholePath } = useEditing();
  return {
    begin: (path, entry) => {
      setFresh({ pointer: pointerOf(wholePath(path)), entry });
    },
    end: () => {
      setFresh(null);
    },
    leaving: (path) => ({
      onBlur: ({ currentTarget, relatedTarget }) => {
        if (currentTarget.contains(relatedTarget)) return;
        const pointer = pointerOf(wholePath(path));
        setFresh((fresh) => (fresh?.pointer === pointer ? null : fresh));
      },
    }),
  };
}

export function useEditing(): Editing {
  const editing = useContext(EditingContext);
  if (editing === null) throw new Error('there is no scheme to edit here');
  return editing;
}

/** What is wrong, in a sentence that calls fields by their labels; words in backticks stand for code. */
export function useFaultText(): (fault: FieldFault) => string {
  const { t } = useTranslation();
  const { schema, table } = useEditing();
  return (fault) => faultText(t, fault, schema, table);
}

/** What is wrong at the path and below it, as one text; null when nothing is. */
export function useFaultAt(): (path: Path) => string | null {
  const { faults, awaited, wholePath, schema, table } = useEditing();
  const textOf = useFaultText();
  return (path) => {
    if (awaited.has(pointerOf(wholePath(path)))) return null;
    const texts = faultsWithin(faults, path).map((fault) => {
      const own = pathOf(fault.pointer ?? '');
      const text = textOf(fault).replaceAll('`', '');
      return own.length === path.length ? text : `${labelOf(own, schema, table)}: ${text}`;
    });
    return texts.length === 0 ? null : texts.join('\n');
  };
}

export function faultsWithin(faults: readonly FieldFault[], path: Path): readonly FieldFault[] {
  const own = pointerOf(path);
  return faults.filter(({ pointer }) => pointer === own || pointer?.startsWith(`${own}/`) === true);
}
