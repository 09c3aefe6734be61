import type { Proxies } from './proxy.ts';
import type { Tls } from './tls.ts';

/** What goes out to a CRM and what comes back: plain values, without a socket. */

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: string;
  /** Names as they go on the wire; values are already safe for the wire (0x20 to 0x7E). */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 text; null sends no body and no Content-Length. */
  readonly body: string | null;
  /** Most redirects that are followed; with 0 one is an answer like any other. */
  readonly redirects: number;
  /** Without what a reply with a status of success counts as well: its body, whatever becomes of it, or one that is too long. */
  readonly unread?: 'nothing' | 'body' | 'long body';
  /** What it goes through, and so do the redirects that it leads to. */
  readonly proxies: Proxies;
  /** How TLS is spoken; null: the usual certificates are trusted, and we have none to show. */
  readonly tls: Tls | null;
  /** Who asks, as a digest: neither connections nor blame are shared by two accounts. */
  readonly account: string;
  /** The secrets within, as they were filled in: a reply that repeats one is not shown as it is. */
  readonly secrets: readonly string[];
  /** The same request as it may be shown: secrets replaced by `***`. */
  readonly shown: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
    /** The first proxy, without credentials; null where there is none. */
    readonly proxy: string | null;
  };
}

/**
 * Milliseconds since the request began; a phase that was not reached is absent. After a redirect those of the last
 * request.
 */
export interface HttpPhases {
  readonly dns?: number;
  readonly connect?: number;
  /** The proxy has connected us; `dns` and `connect` are then about the proxy. */
  readonly tunnel?: number;
  readonly tls?: number;
  readonly firstByte?: number;
  readonly total: number;
  /** Redirects that were followed, and the host (with its port) that the reply is from. */
  readonly redirects?: number;
  readonly host?: string;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, without a byte-order mark; its bytes were at most `maxBodyBytes` after decompression. */
  readonly body: string;
  readonly phases: HttpPhases;
  /** What was out of the ordinary about its coding or charset, in words; absent where no bytes were read. */
  readonly notes?: readonly string[];
  /** It comes from a file, and is not a reply to any question. */
  readonly canned?: true;
}
