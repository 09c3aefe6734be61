import type { Clock } from '../clock.ts';
import type { Config, SettingValue } from '../config/config.ts';
import type { LiveCalls } from '../call/live.ts';
import type { Logger } from '../log.ts';
import type { Exposition } from '../metrics/metrics.ts';
import type { SchemeDesk, SecretRule } from '../schemes/desk.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import type { ShownDocument } from '../schemes/wide.ts';
import type { StoredCall } from '../store/calls.ts';
import type { Store } from '../store/store.ts';
import type { Passwords } from './guard/password.ts';
import type { Attempts } from './guard/attempts.ts';

/** What the API gets from the router: it reads calls and never touches one. */
export interface ApiOptions {
  readonly config: Config;
  readonly settings: readonly SettingValue[];
  readonly store: ApiStore;
  readonly schemes: () => SchemesInUse;
  /** What a file of a scheme holds now. Throws RouterError `config_invalid` where that can't be shown. */
  readonly readSchemeFile: (file: string) => Promise<ShownDocument>;
  /** Changes schemes of the store. */
  readonly desk: SchemeDesk;
  readonly trial: Trial;
  readonly dialplan: DialplanDesk;
  readonly live: LiveCalls;
  readonly breakers: Breakers;
  /** As `/readyz` says it. */
  readonly readiness: () => object & { readonly status: string };
  readonly metrics: Exposition;
  /** Whether an address may read the metrics without a token. */
  readonly mayRead: (address: string) => boolean;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  /** Per address; 1,200 by default. */
  readonly requestsPerMinute?: number;
}

export type ApiStore = Pick<
  Store,
  | 'accounts'
  | 'audit'
  | 'together'
  | 'problems'
  | 'deliveries'
  | 'calls'
  | 'figures'
  | 'shadows'
  | 'canaries'
  | 'state'
>;

interface SchemesInUse {
  readonly set: SchemeSet;
  /** The file of each scheme that has one. */
  readonly files: ReadonlyMap<string, string>;
}

/** Calls tried without a call. What is wrong with the request is thrown as RouterError `config_invalid`. */
export interface Trial {
  /** Resolves to the record of the call, and what it would do. */
  tryCall(question: TryQuestion): Promise<object>;
  /** A question of a recorded call, changed by hand and sent to the CRM, after the recorded replies to those before it. */
  sendAgain(call: StoredCall, change: ChangedQuestion): Promise<object>;
  /** Recorded calls decided again with this document in place of the scheme of its name. */
  changes(name: string, document: string, calls: AsyncIterable<StoredCall>): Promise<object>;
  /** One of them decided again by the schemes in use. */
  again(call: StoredCall): Promise<object>;
  /** What the macros of a recorded call are, by their names. */
  macros(call: StoredCall): Readonly<Record<string, string>>;
}

export interface TryQuestion {
  /** Instead of the scheme that would be chosen for the call. */
  readonly scheme: string | null;
  /** JSON of a scheme that is not saved, used instead of the one of that name. */
  readonly document: string | null;
  readonly secrets: SecretRule;
  readonly call: { readonly recorded: StoredCall } | DescribedCall;
  /** Null: the CRM is asked. */
  readonly reply: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null;
  /** Is called when all is checked, before anybody is asked; nobody is if it rejects. */
  readonly before: (asked: Unsaved | null) => Promise<void>;
}

/** A scheme that is tried and not saved: without this nobody would know where the router was sent. */
interface Unsaved {
  readonly name: string;
  /** The origins of its requests. */
  readonly to: readonly string[];
}

interface ChangedQuestion {
  /** Its `attempt` in the record. */
  readonly question: number;
  readonly url?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The shipped dialplan for this router. Null in the question: as the router thinks best. */
export type DialplanDesk = (question: {
  readonly host: string | null;
  readonly scheme: string | null;
  readonly did: string | null;
}) => Promise<DialplanView>;

/** `GET /dialplan`. */
export interface DialplanView {
  /** Of the socket application: `127.0.0.1:8084`. */
  readonly address: string;
  /** The router listens on all addresses: FreeSWITCH may need another one. */
  readonly everywhere: boolean;
  /** From where it takes calls. */
  readonly allow: readonly string[];
  readonly guardSeconds: number;
  /** Paths are below FreeSWITCH's `conf`. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export type DescribedCall = Readonly<{
  caller: string;
  did: string;
  callerName?: string;
  context?: string;
  path?: string;
  withheld?: boolean;
  var?: readonly string[];
}>;

/** The circuit breakers of `lib/upstream`. */
interface Breakers {
  breakers(): readonly { readonly name: string; readonly state: BreakerShape; readonly holdsBack: boolean }[];
  /** Null returns it to automatic. */
  force(name: string, open: boolean | null): void;
}

type BreakerShape =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half-open'; readonly sinceMs: number }
  | { readonly kind: 'forced'; readonly open: boolean };

/** What else the routes share. */
export interface ApiContext extends ApiOptions {
  readonly passwords: Passwords;
  readonly attempts: Attempts;
}
