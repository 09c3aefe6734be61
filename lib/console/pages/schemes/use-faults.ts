import { useEffect, useState } from 'react';
import { Problem, type FieldFault } from '../../api/client.ts';
import { isAlike, type SchemeDocument } from './document.ts';
import { placed } from './places.ts';
import { faultsOf } from './queries.ts';

const PAUSE_MS = 400;

export interface Checked {
  readonly faults: readonly FieldFault[];
  /** False: they are of the document of before. */
  readonly isCurrent: boolean;
}

/** What the router finds wrong with the document, asked for when the typing pauses. Until it has answered the last ones stay. */
export function useFaults(name: string, document: SchemeDocument, isOn: boolean): Checked {
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const [checked, setChecked] = useState<SchemeDocument | null>(null);
  useEffect(() => {
    if (!isOn) return undefined;
    const abort = new AbortController();
    const found = (all: readonly FieldFault[]): void => {
      const placedAll = all.map((fault) => placed(fault, document));
      setFaults((before) => (isAlike(before, placedAll) ? before : placedAll));
      setChecked(document);
    };
    const timer = setTimeout(() => {
      faultsOf(name, document, abort.signal).then(found, (error: unknown) => {
        if (abort.signal.aborted) return;
        // A router that does not answer says nothing about the scheme; saving will tell.
        if (error instanceof Problem && error.status === 422) found(error.errors);
        else setChecked(document);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [name, document, isOn]);
  return { faults, isCurrent: checked === document };
}
