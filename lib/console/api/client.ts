/** The wire to the router: JSON in, JSON out, and every failure as a `Problem`. */

/** A field that the router refused: `pointer` into the body (RFC 6901), or `parameter` of the query. */
export interface FieldFault {
  readonly detail: string;
  readonly pointer?: string;
  readonly parameter?: string;
}

/** An answer of 4xx or 5xx (RFC 9457). `status` 0: the router did not answer. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly FieldFault[];
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    detail: string,
    errors: readonly FieldFault[] = [],
    retryAfter: number | null = null,
  ) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.retryAfterSeconds = retryAfter;
  }
}

/** What is sent with everything that changes something; known after the login. */
let csrfToken: string | null = null;
let onLoggedOut: () => void = () => undefined;

export function keepCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Called when the router knows the session no more. */
export function whenLoggedOut(listener: () => void): void {
  onLoggedOut = listener;
}

type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>;

export interface Sent {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  /** Of the revision that is changed; `new`: there is none yet. */
  readonly etag?: string;
}

export interface Answered<T> {
  readonly value: T;
  readonly etag: string | null;
}

export function pathOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue;
    for (const one of [value].flat()) search.append(name, String(one));
  }
  const text = search.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

export async function read<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await exchange<T>(pathOf(path, query), { signal: signal ?? null })).value;
}

export async function readWithEtag<T>(path: string): Promise<Answered<T>> {
  return exchange<T>(pathOf(path), {});
}

export async function send<T>(path: string, { method, body, etag }: Sent): Promise<Answered<T>> {
  const headers: Record<string, string> = {};
  if (csrfToken !== null) headers['X-CSRF-Token'] = csrfToken;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (etag === 'new') headers['If-None-Match'] = '*';
  else if (etag !== undefined) headers['If-Match'] = etag;
  return exchange<T>(pathOf(path), {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function exchange<T>(url: string, init: RequestInit): Promise<Answered<T>> {
  const response = await fetch(url, { credentials: 'same-origin', ...init }).catch((cause: unknown) => {
    if (init.signal?.aborted === true) throw cause;
    throw new Problem(0, 'the router does not answer');
  });
  const text = await response.text();
  const json = text === '' ? null : parsed(text);
  if (!response.ok) throw problemOf(response, json);
  return { value: json as T, etag: response.headers.get('etag') };
}

function problemOf(response: Response, json: unknown): Problem {
  const { detail, title, errors } = (json ?? {}) as Partial<{
    detail: string;
    title: string;
    errors: FieldFault[];
  }>;
  const after = Number(response.headers.get('retry-after') ?? '');
  const problem = new Problem(
    response.status,
    detail ?? title ?? response.statusText,
    errors ?? [],
    after > 0 ? after : null,
  );
  if (problem.status === 401 && csrfToken !== null) {
    csrfToken = null;
    onLoggedOut();
  }
  return problem;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
