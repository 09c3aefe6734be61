import { Cancellation, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import type { HttpClient } from '../http/client.ts';
import { Replaced } from './replaced.ts';
import type { Granted, TokenAccount, TokenFiles } from './token-account.ts';

/** Access tokens: fetched beside the calls, once for all schemes of an account, and renewed before they end. */

/** What happened at a token endpoint, for the operator. */
export type TokenEvent = { readonly tokenUrl: string } & (
  | { readonly kind: 'failed'; readonly reason: Reason; readonly detail: string }
  | { readonly kind: 'works' }
  /** A refresh token that is lost when the process ends. */
  | { readonly kind: 'unsaved'; readonly detail: string }
);

export interface TokensOptions {
  readonly send: HttpClient['send'];
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly files: TokenFiles;
  /** Hides secrets of a text. */
  readonly redact: (text: string, secrets: readonly string[]) => string;
  readonly onEvent: (event: TokenEvent) => void;
  /** All that no line may hold now: tokens in use, and those replaced of late. */
  readonly onTokens: (texts: readonly string[]) => void;
}

interface Current {
  readonly token: string;
  readonly expiresAtMs: number;
  readonly renewAtMs: number;
}

interface Entry {
  account: TokenAccount;
  /** Some scheme in use needs it: it is renewed without a call. */
  isWanted: boolean;
  current: Current | null;
  /** As the endpoint gave it last. */
  refreshToken: string | null;
  /** The file holds the newest refresh token: another router may have put it there. */
  isInFile: boolean;
  /** Why it is not, as it was told last. */
  unsaved: string | null;
  underWay: { readonly done: Promise<Current>; readonly sinceMs: number } | null;
  writing: Promise<void>;
  failures: number;
  failure: RouterError | null;
  heldUntilMs: number;
  mayReplaceAtMs: number;
  cancelTimer: () => void;
}

/** An endpoint has so long, whatever time a single call has. */
const FETCH_MS = 8_000;
/** A call that finds an endpoint silent for this long does not wait for it as well. */
const PATIENCE_MS = 2_000;
/** Where the endpoint does not say: most give an hour, and a 401 renews before that. */
const USUAL_SECONDS = 3_600;
/** The share of its life after which it is renewed. Two routers do so at two moments. */
const RENEW_FROM = 0.75;
const RENEW_SPREAD = 0.1;
/** By the timer: a token that lives shorter is fetched by the calls that need it. */
const SHORTEST_RENEWAL_MS = 30_000;
/** The clocks of two machines, and the way there. */
const MARGIN_SHARE = 0.05;
const MOST_MARGIN_MS = 10_000;
const FIRST_HOLD_MS = 1_000;
const MOST_HOLD_MS = 60_000;
/** A CRM that answers 401 to every token does not make the router fetch one for each call. */
const REPLACE_EVERY_MS = 30_000;
/** Another router that has just renewed writes its token within that time. */
const REREAD_MS = 300;
/** Of what an endpoint says. */
const MAX_DETAIL = 400;

export class Tokens {
  readonly #options: TokensOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #hidden: Replaced;
  #closed = false;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#hidden = new Replaced(options.clock, options.onTokens);
  }

  /** The accounts of the schemes in use: their tokens are there before the first call needs one. */
  keep(accounts: readonly TokenAccount[]): void {
    if (this.#closed) return;
    const wanted = new Map(accounts.map((account) => [account.key, account]));
    for (const [key, entry] of this.#entries) {
      entry.isWanted = wanted.has(key);
      if (entry.isWanted) continue;
      entry.cancelTimer();
      if (entry.underWay === null) this.#entries.delete(key);
    }
    for (const account of wanted.values()) {
      const entry = this.#entry(account);
      entry.account = account;
      entry.isWanted = true;
      // A secret may have been put right.
      entry.heldUntilMs = 0;
      entry.failures = 0;
      if (entry.failure !== null) {
        entry.refreshToken = account.refreshToken;
        entry.isInFile = account.file !== null;
      }
      if (this.#valid(entry) === null) this.#begin(entry);
    }
  }

  /**
   * The token of now; waits only where there is none. Throws RouterError `token_refused`, `token_failed`, `token_unreachable` or
   * `token_held`, and what `signal` was aborted with.
   */
  async token(account: TokenAccount, signal: CancelSignal): Promise<string> {
    const entry = this.#entry(account);
    const current = this.#valid(entry);
    if (current !== null) {
      if (this.#options.clock.now() >= current.renewAtMs) this.#begin(entry);
      return current.token;
    }
    return (await this.#awaited(entry, signal)).token;
  }

  /** Another one than `refused`, which the CRM did not take; null: there is none, as that one has just been fetched. */
  async replace(account: TokenAccount, refused: string, signal: CancelSignal): Promise<string | null> {
    const { clock } = this.#options;
    const entry = this.#entry(account);
    const current = this.#valid(entry);
    if (current !== null && current.token !== refused) return current.token;
    if (entry.underWay === null) {
      if (clock.now() < entry.mayReplaceAtMs) return null;
      entry.mayReplaceAtMs = clock.now() + REPLACE_EVERY_MS;
    }
    const { token } = await this.#awaited(entry, signal);
    return token === refused ? null : token;
  }

  /** Resolves when nothing is under way: a refresh token that is cut off on its way to us, or into its file, is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#entries.values()];
    for (const { cancelTimer } of entries) cancelTimer();
    await Promise.allSettled(entries.flatMap(({ underWay }) => underWay?.done ?? []));
    await Promise.all(entries.map(({ writing }) => writing));
  }

  #entry(account: TokenAccount): Entry {
    let entry = this.#entries.get(account.key);
    if (entry === undefined) {
      entry = {
        account,
        isWanted: false,
        current: null,
        refreshToken: account.refreshToken,
        isInFile: account.file !== null,
        unsaved: null,
        underWay: null,
        writing: Promise.resolve(),
        failures: 0,
        failure: null,
        heldUntilMs: 0,
        mayReplaceAtMs: 0,
        cancelTimer: () => undefined,
      };
      this.#entries.set(account.key, entry);
    }
    return entry;
  }

  #valid({ current }: Entry): Current | null {
    return current !== null && this.#options.clock.now() < current.expiresAtMs ? current : null;
  }

  async #awaited(entry: Entry, signal: CancelSignal): Promise<Current> {
    const { clock } = this.#options;
    if (signal.aborted) throw signal.reason;
    const { failure, failures, underWay: found, account } = entry;
    // Whether it is back is found out without a call.
    if (found === null ? clock.now() < entry.heldUntilMs : failures > 0)
      throw new RouterError(
        'token_held',
        failure === null ? undefined : `${failure.code}: ${failure.message}`,
      );
    if (found !== null && clock.now() - found.sinceMs >= PATIENCE_MS)
      throw new RouterError('token_unreachable', `${account.name} has not answered so far`);
    const underWay = found ?? this.#begin(entry);
    if (underWay === null) throw new RouterError('token_held');
    return untilAborted(underWay.done, signal);
  }

  /** One at a time for an account. Null: not now. */
  #begin(entry: Entry): Entry['underWay'] {
    const { clock } = this.#options;
    if (entry.underWay !== null) return entry.underWay;
    if (this.#closed || clock.now() < entry.heldUntilMs) return null;
    const cancellation = new Cancellation();
    const cancelDeadline = clock.after(
      FETCH_MS,
      () => {
        cancellation.abort(
          new RouterError('token_unreachable', `${entry.account.name}: no reply within ${FETCH_MS / 1000} s`),
        );
      },
      { keepsAlive: false },
    );
    const done = this.#obtain(entry, cancellation).finally(() => {
      cancelDeadline();
      entry.underWay = null;
      this.#schedule(entry);
    });
    // Nobody may wait for it.
    done.catch(() => undefined);
    entry.underWay = { done, sinceMs: clock.now() };
    return entry.underWay;
  }

  async #obtain(entry: Entry, signal: CancelSignal): Promise<Current> {
    const { clock } = this.#options;
    await entry.writing;
    const used = await this.#newest(entry);
    try {
      try {
        return this.#take(entry, await this.#ask(entry, used, signal), used);
      } catch (error) {
        // Another router may have renewed at the same moment: the token of its reply is in the file soon.
        if (!(error instanceof RouterError) || error.code !== 'token_refused' || used === null) throw error;
        if (entry.account.file === null || !entry.isInFile) throw error;
        await new Promise<void>((resolve) => clock.after(REREAD_MS, resolve));
        const other = await this.#newest(entry);
        if (other === used) throw error;
        return this.#take(entry, await this.#ask(entry, other, signal), other);
      }
    } catch (error) {
      throw this.#failed(entry, error);
    }
  }

  /** The refresh token to go by. */
  async #newest({ account, isInFile, refreshToken }: Entry): Promise<string | null> {
    if (account.file === null || !isInFile) return refreshToken;
    const text = await this.#options.files.read(account.file).catch(() => '');
    return text.trim() === '' ? refreshToken : text.trim();
  }

  async #ask({ account }: Entry, refreshToken: string | null, signal: CancelSignal): Promise<Granted> {
    const { send, redact } = this.#options;
    if (refreshToken !== null) this.#hidden.add([refreshToken]);
    const request = account.request(refreshToken);
    try {
      return account.read(await send(request, { signal }));
    } catch (thrown) {
      const error = thrown instanceof RouterError ? thrown : new RouterError('internal', messageOf(thrown));
      const detail = redact(error.message, request.secrets).slice(0, MAX_DETAIL);
      if (OWN.has(error.code)) throw new RouterError(error.code, detail);
      throw new RouterError(
        UNREACHABLE.has(error.code) ? 'token_unreachable' : 'token_failed',
        `${account.name}: ${error.code}: ${detail}`,
      );
    }
  }

  #take(entry: Entry, { token, seconds, refreshToken }: Granted, used: string | null): Current {
    const { clock, random, onEvent } = this.#options;
    const lifeMs = (seconds ?? USUAL_SECONDS) * 1000;
    const now = clock.now();
    const replaced = entry.current?.token;
    entry.current = {
      token,
      // Without a word about its end it is used until the CRM refuses it.
      expiresAtMs:
        seconds === null ? Infinity : now + lifeMs - Math.min(MOST_MARGIN_MS, lifeMs * MARGIN_SHARE),
      renewAtMs: now + lifeMs * (RENEW_FROM + random() * RENEW_SPREAD),
    };
    if (entry.failure !== null) onEvent({ kind: 'works', tokenUrl: entry.account.name });
    Object.assign(entry, { failures: 0, failure: null, heldUntilMs: 0 });
    if (used !== null) entry.refreshToken = used;
    if (replaced !== undefined && replaced !== token) this.#hidden.retire(replaced);
    this.#hidden.add([token]);
    if (refreshToken !== null && refreshToken !== used) this.#rotate(entry, refreshToken, used);
    return entry.current;
  }

  #rotate(entry: Entry, refreshToken: string, used: string | null): void {
    const { files, onEvent, redact } = this.#options;
    const { file, name } = entry.account;
    entry.refreshToken = refreshToken;
    if (used !== null) this.#hidden.retire(used);
    this.#hidden.add([refreshToken]);
    const unsaved = (detail: string): void => {
      entry.isInFile = false;
      // Some endpoints replace it every few minutes.
      if (entry.unsaved === detail) return;
      entry.unsaved = detail;
      onEvent({ kind: 'unsaved', tokenUrl: name, detail });
    };
    if (used === null) return;
    if (file === null) {
      unsaved('it does not come from a file (ESL_ROUTER_SECRET_..._FILE)');
      return;
    }
    entry.writing = files.write(file, refreshToken).then(
      () => {
        entry.isInFile = true;
        entry.unsaved = null;
      },
      (error: unknown) => {
        unsaved(redact(messageOf(error), [refreshToken]));
      },
    );
  }

  #failed(entry: Entry, thrown: unknown): RouterError {
    const { clock, random, onEvent } = this.#options;
    const error = thrown instanceof RouterError ? thrown : new RouterError('internal', messageOf(thrown));
    if (this.#closed) return error;
    entry.failures++;
    // What is refused is refused again: often enough it locks an account.
    const holdMs =
      error.code === 'token_refused'
        ? MOST_HOLD_MS
        : Math.min(MOST_HOLD_MS, FIRST_HOLD_MS * 2 ** Math.min(entry.failures - 1, 10));
    entry.heldUntilMs = clock.now() + holdMs * (0.75 + random() / 2);
    const isNews = entry.failure?.code !== error.code || entry.failure.message !== error.message;
    entry.failure = error;
    if (isNews)
      onEvent({ kind: 'failed', tokenUrl: entry.account.name, reason: error.code, detail: error.message });
    return error;
  }

  /** Wakes for the next renewal, or for the next try. */
  #schedule(entry: Entry): void {
    entry.cancelTimer();
    if (this.#closed || !entry.isWanted) return;
    const { clock } = this.#options;
    const dueMs = entry.failure === null ? (entry.current?.renewAtMs ?? 0) : entry.heldUntilMs;
    const leastMs = entry.failure === null ? SHORTEST_RENEWAL_MS : 0;
    const waitMs = Math.max(leastMs, dueMs - clock.now()) + 1;
    const wake = (): void => {
      // Node counts from the beginning of a turn, and so wakes too early when the turn was long.
      if (this.#begin(entry) === null) this.#schedule(entry);
    };
    entry.cancelTimer = clock.after(waitMs, wake, { keepsAlive: false });
  }
}

const OWN: ReadonlySet<Reason> = new Set(['token_refused', 'token_failed', 'token_unreachable', 'internal']);
const UNREACHABLE: ReadonlySet<Reason> = new Set([
  'dns_failed',
  'connect_failed',
  'proxy_unreachable',
  'proxy_refused',
  'address_denied',
  'tls_failed',
  'certificate_required',
  'certificate_refused',
  'connection_gone',
  'connection_lost',
  'webhook_timeout',
]);

function untilAborted<T>(promise: Promise<T>, signal: CancelSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever it was aborted with, as everywhere
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
