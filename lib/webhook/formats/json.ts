import { parseDocument } from './document.ts';
import type { Answer, Format, Places } from './format.ts';
import { readTopLevel } from './toplevel.ts';

/** One JSON object of the parameters; the destination is in the reply under a name, or is the reply. */
export const json = {
  submission: {
    shape: 'document',
    contentType: 'application/json',
    needsRpcMethod: false,
    encode: (payload: unknown): string => JSON.stringify(payload),
  },
  import: {
    read(body: string, places: Places): Answer {
      const parsed = parseDocument(body);
      if ('kind' in parsed) return parsed;
      return noted(readTopLevel(parsed.document, places, parsed.document, 'body'), parsed.notes);
    },
  },
} as const satisfies Format;

/** The answer with more notes, which go before its own. */
export function noted(answer: Answer, notes: readonly string[]): Answer {
  return notes.length === 0 ? answer : { ...answer, notes: [...notes, ...(answer.notes ?? [])] };
}
