import type { Answer, Format, Question } from './format.ts';
import { excerpt } from './http.ts';
import { parseDocument } from './json.ts';
import { isEmpty, pick } from './path.ts';

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
    read(body: string, names: readonly string[], { rpcId }: Question): Answer {
      const parsed = parseDocument(body);
      if ('kind' in parsed) return parsed;
      const { document } = parsed;
      if (typeof document !== 'object' || document === null || Array.isArray(document)) {
        return invalid('the reply is not one JSON-RPC object');
      }
      // Own properties, so that "__proto__" in the reply can not stand in for them.
      const { error, result, id } = { ...document } as Record<string, unknown>;
      // Before the id: a server that could not read the question answers with an error and "id": null.
      if (error !== undefined && error !== null) {
        return { kind: 'unavailable', reason: 'rpc_error', detail: describe(error) };
      }
      if (result === undefined) return invalid('the reply has neither result nor error');
      if (rpcId !== null && id !== rpcId) {
        return invalid(
          `the reply has the id ${id === undefined ? 'none' : excerpt(JSON.stringify(id))}, the question had ${rpcId}`,
        );
      }
      if (isEmpty(result)) {
        return { kind: 'none', reason: 'empty_value', detail: `result is ${JSON.stringify(result)}` };
      }
      if (typeof result === 'string' || typeof result === 'number') {
        return { kind: 'found', value: result, name: 'result', document };
      }
      return pick(result, names, document, 'result');
    },
  },
} as const satisfies Format;

function invalid(detail: string): Answer {
  return { kind: 'unavailable', reason: 'rpc_invalid', detail };
}

function describe(error: unknown): string {
  const { code, message } = { ...(error as object) } as Record<string, unknown>;
  if (typeof message !== 'string') return `error ${excerpt(JSON.stringify(error))}`;
  return `error ${typeof code === 'number' ? `${code} ` : ''}${excerpt(message)}`;
}
