import { useEffect, useState } from 'react';
import { Problem, type FieldFault } from '../../api/client.ts';
import { isAlike, type SchemeDocument } from './document.ts';
import { faultsOf } from './queries.ts';

const PAUSE_MS = 400;

interface Checked {
  readonly document: SchemeDocument;
  readonly faults: readonly FieldFault[];
}

/** What the router finds wrong with the document, asked for when the typing pauses. Until it has answered the last ones stay. */
export function useFaults(name: string, document: SchemeDocument, isOn: boolean): readonly FieldFault[] {
  const [checked, setChecked] = useState<Checked | null>(null);
  useEffect(() => {
    if (!isOn) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      faultsOf(name, document, abort.signal).then(
        (faults) => {
          setChecked((before) =>
            before !== null && isAlike(before.faults, faults) ? before : { document, faults },
          );
        },
        (error: unknown) => {
          // A router that does not answer says nothing about the scheme; saving will tell.
          if (error instanceof Problem && error.status === 422)
            setChecked({ document, faults: error.errors });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [name, document, isOn]);
  return checked?.faults ?? [];
}
