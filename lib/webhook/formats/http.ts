import { parseDocument } from './document.ts';
import type { Answer, Format } from './format.ts';
import { excerpt, foreign } from './seen.ts';

/** A destination is never longer: the longest that the grammar of destinations takes is a SIP URI. */
const MAX_CHARACTERS = 128;

/** Parameters as a form or a query; the reply's whole body is the destination. */
export const http = {
  submission: {
    shape: 'pairs',
    contentType: 'application/x-www-form-urlencoded',
    needsRpcMethod: false,
    /** WHATWG URL, application/x-www-form-urlencoded serializing: a space becomes `+`. */
    encode(payload: unknown): string {
      return new URLSearchParams(payload as Record<string, string>).toString();
    },
  },
  import: {
    read(body: string): Answer {
      // trim() takes the byte-order mark too: ECMAScript counts U+FEFF as white space.
      const text = body.trim();
      if (text === '') return { kind: 'none', reason: 'empty_body', detail: 'the body is empty' };
      const look = foreign(text) ?? (isJson(text) ? 'is JSON (webhook.import "json" reads it)' : null);
      if (look !== null) return notText(`the reply ${look}: ${excerpt(text)}`);
      if (text.length > MAX_CHARACTERS) {
        return notText(
          `the reply has ${text.length} characters, at most ${MAX_CHARACTERS}: ${excerpt(text)}`,
        );
      }
      return { kind: 'found', value: text, name: 'body', document: text, lists: true };
    },
  },
} as const satisfies Format;

/** No destination begins with a brace, a bracket or a quote; what does and is not JSON is refused as what it is. */
function isJson(text: string): boolean {
  return /^[{["]/.test(text) && 'document' in parseDocument(text);
}

function notText(detail: string): Answer {
  return { kind: 'unavailable', reason: 'body_not_text', detail };
}
