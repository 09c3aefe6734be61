/** What goes out to a CRM and what comes back: plain values, without a socket. */

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: string;
  /** Names as they go on the wire; values are already safe for the wire (0x20 to 0x7E). */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 text; null sends no body and no Content-Length. */
  readonly body: string | null;
  /** The same request as it may be shown: secrets replaced by `***`. */
  readonly shown: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  };
}

/** Milliseconds since the request began; a phase that was not reached is absent. */
export interface HttpPhases {
  readonly dns?: number;
  readonly connect?: number;
  readonly tls?: number;
  readonly firstByte?: number;
  readonly total: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The decompressed body as UTF-8 text, at most `maxBodyBytes` long. */
  readonly body: string;
  readonly phases: HttpPhases;
}
