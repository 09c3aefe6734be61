import { parseDocument } from './document.ts';
import type { Answer, Format, Places, Question } from './format.ts';
import { noted } from './json.ts';
import { isEmpty, isObject, property } from './path.ts';
import { excerpt, shown } from './seen.ts';
import { described, readTopLevel } from './toplevel.ts';

/**
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification): the parameters are `params`, by name. In replies the
 * version is not asked for: a server of version 1.0 differs in `"error": null` beside a result, which is read.
 */
export const jsonRpc = {
  submission: {
    shape: 'document',
    contentType: 'application/json',
    needsRpcMethod: true,
    encode: (payload: unknown, { rpcId, rpcMethod }: Question): string =>
      JSON.stringify({ jsonrpc: '2.0', method: rpcMethod, params: payload, id: rpcId }),
  },
  import: {
    read(body: string, places: Places, { rpcId }: Question): Answer {
      const parsed = parseDocument(body);
      if ('kind' in parsed) return parsed;
      const { document, notes } = parsed;
      if (Array.isArray(document)) {
        return invalid('the reply is a list, as for a JSON-RPC batch, but one question was sent');
      }
      if (!isObject(document))
        return invalid(`the reply is not a JSON-RPC object, it ${described(document)}`);
      // Own properties, so that "__proto__" in the reply cannot stand in for them.
      const error = property(document, 'error');
      const result = property(document, 'result');
      // Before the id: a server that could not read the question answers with an error and "id": null.
      if (!isEmpty(error)) return { kind: 'unavailable', reason: 'rpc_error', detail: describe(error) };
      if (result === undefined) return invalid(whyNoResult(document));
      const { fault, note } = checkId(property(document, 'id'), rpcId);
      if (fault !== undefined) return invalid(fault);
      const answer = readTopLevel(result, places, document, 'result');
      return noted(answer, note === undefined ? notes : [...notes, note]);
    },
  },
} as const satisfies Format;

function invalid(detail: string): Answer {
  return { kind: 'unavailable', reason: 'rpc_invalid', detail };
}

/** Servers give a number back as text, and text as a number. One request, one reply, one connection: none at all will do. */
function checkId(id: unknown, asked: Question['rpcId']): { fault?: string; note?: string } {
  if (asked === null) return {};
  if (id === undefined || id === null) {
    return { note: `the JSON-RPC reply has ${id === null ? 'the id null' : 'no id'}: read anyway` };
  }
  if ((typeof id === 'string' || typeof id === 'number') && String(id) === String(asked)) return {};
  const hint =
    typeof id === 'number' && typeof asked === 'string'
      ? ' (webhook.rpcId "number" is for servers that take integers only)'
      : '';
  return { fault: `the reply has the id ${shown(id)}, the question had ${shown(asked)}${hint}` };
}

function whyNoResult(document: object): string {
  // Odoo, https://github.com/odoo/odoo/pull/203270: a method that returns None makes a reply without result.
  const others = Object.keys(document).filter((key) => !['jsonrpc', 'id', 'error', 'result'].includes(key));
  const why =
    others.length === 0
      ? ' (Odoo sends no result when a method returns None: return False for "nobody")'
      : `: it ${described(document)}`;
  return `the reply has neither result nor error${why}`;
}

function describe(error: unknown): string {
  const code = property(error, 'code');
  const message = property(error, 'message');
  if (typeof message !== 'string') return `error ${shown(error)}`;
  // Odoo's message is "Odoo Server Error" for all of them, and this is what went wrong.
  const more = property(property(error, 'data'), 'message');
  const behind = typeof more === 'string' && more !== '' ? `: ${excerpt(more)}` : '';
  return `error ${typeof code === 'number' ? `${code} ` : ''}${excerpt(message)}${behind}`;
}
