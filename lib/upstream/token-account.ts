import type { HttpRequest, HttpResponse } from '../http/message.ts';

/** Who asks a token endpoint for what. */
export interface TokenAccount {
  /** A digest: who has the same one shares the token. */
  readonly key: string;
  /** The token endpoint, as it may be shown. */
  readonly name: string;
  /** Null for client credentials. */
  readonly refreshToken: string | null;
  /** Where a new refresh token is kept; null: nowhere. */
  readonly file: string | null;
  readonly request: (refreshToken: string | null) => HttpRequest;
  /** Throws RouterError `token_refused` or `token_failed`. */
  readonly read: (response: HttpResponse) => Granted;
}

/** A token, as the endpoint gave it. */
export interface Granted {
  readonly token: string;
  /** Null: the endpoint did not say. */
  readonly seconds: number | null;
  readonly refreshToken: string | null;
}

/** The files that refresh tokens are kept in. */
export interface TokenFiles {
  readonly read: (path: string) => Promise<string>;
  /** Whole, or not at all. */
  readonly write: (path: string, text: string) => Promise<void>;
}
