import type { Reason } from '../../errors.ts';

/**
 * A format of request or reply bodies. A new one is one file beside this and one line in index.ts: the scheme
 * validator and the command line read that table.
 */
export interface Format {
  /** How parameters are sent; absent when the format can only be read. */
  readonly submission?: Submission;
  /** How a destination is read out of a reply; absent when the format can only be sent. */
  readonly import?: Import;
}

export interface Submission {
  /** `pairs` go where `parametersIn` says, by the scheme's method; a `document` is a body and always a POST. */
  readonly shape: 'pairs' | 'document';
  readonly contentType: string;
  /** A remote method must be named (`webhook.rpcMethod`). */
  readonly needsRpcMethod: boolean;
  /** `payload` is a flat object of texts for `pairs`, any JSON for a `document`. */
  encode(payload: unknown, question: Question): string;
}

export interface Import {
  /** Pure and total: a reply that can't be read is an `unavailable` answer, never a throw. */
  read(body: string, places: Places, question: Question): Answer;
}

/** Where a reply says what: names as `webhook.responseName` takes them. */
export interface Places {
  /** The first that holds something is the destination. */
  readonly responseName: readonly string[];
  /** When it holds something the CRM has failed. */
  readonly errorName?: string | undefined;
}

export interface Question {
  /** The JSON-RPC id of the request; null when it was not sent as JSON-RPC. */
  readonly rpcId: string | number | null;
  readonly rpcMethod: string | undefined;
}

export interface Beside {
  readonly timeout?: unknown;
  readonly callerName?: unknown;
}

/** What the CRM said, before anybody judged whether it may be dialled. */
export type Answer = {
  /** Anything out of the ordinary, in words. */
  readonly notes?: readonly string[];
} & (
  | {
      readonly kind: 'found';
      /** A JSON value that holds something: see `isEmpty`. A number that JavaScript would round is its text. */
      readonly value: unknown;
      /** The name it was found under; `body` or `result` when the whole of it is the value. */
      readonly name: string;
      /** The whole reply, for `{{reply.path}}`. */
      readonly document: unknown;
      /** `timeout` and `callerName` of the reply's own top level, as they are there. */
      readonly beside?: Beside;
      /** A text may hold a list: lines, or values divided by `,` or `;`. */
      readonly lists?: boolean;
    }
  | { readonly kind: 'none'; readonly reason: Reason; readonly detail: string }
  | { readonly kind: 'unavailable'; readonly reason: Reason; readonly detail: string }
);
