import type { Answer, Format } from './format.ts';
import { excerpt } from './http.ts';
import { isEmpty, pick } from './path.ts';

/**
 * JSON.parse takes a million levels and JSON.stringify then overflows the stack, in the record of the call.
 * Replies of real CRMs stay below ten.
 */
const MAX_DEPTH = 64;

/** One JSON object of the parameters; the destination stands in the reply under a name. */
export const json = {
  submission: {
    shape: 'document',
    contentType: 'application/json',
    needsRpcMethod: false,
    encode: (payload: unknown): string => JSON.stringify(payload),
  },
  import: {
    read(body: string, names: readonly string[]): Answer {
      const parsed = parseDocument(body);
      if ('kind' in parsed) return parsed;
      const { document } = parsed;
      if (isEmpty(document)) {
        return { kind: 'none', reason: 'empty_value', detail: `the reply is ${JSON.stringify(document)}` };
      }
      return pick(document, names, document);
    },
  },
} as const satisfies Format;

/** The JSON of a reply, or the answer that says why there is none. A byte-order mark is skipped. */
export function parseDocument(body: string): { readonly document: unknown } | Answer {
  const text = body.trim();
  if (text === '') return { kind: 'none', reason: 'empty_body', detail: 'the body is empty' };
  if (isDeeperThan(MAX_DEPTH, text)) return notJson(`the reply is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return { document: JSON.parse(text) as unknown };
  } catch {
    const what = text.startsWith('<') ? 'is HTML' : 'is not JSON';
    return notJson(`the reply ${what}: ${excerpt(text)}`);
  }
}

function notJson(detail: string): Answer {
  return { kind: 'unavailable', reason: 'body_not_json', detail };
}

/** Counts brackets outside of strings, without recursion and before anything is built. */
function isDeeperThan(limit: number, text: string): boolean {
  // Each level takes an opening and a closing bracket.
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      if (++depth > limit) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}
