import type { Clock } from '../clock.ts';
import type { Config, SettingValue } from '../config/config.ts';
import type { LiveCalls } from '../call/live.ts';
import type { Logger } from '../log.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import type { Store } from '../store/store.ts';
import type { Passwords } from './guard/password.ts';
import type { Attempts } from './guard/attempts.ts';

/** What the API is handed of the router: it reads calls and never touches one. */
export interface ApiOptions {
  readonly config: Config;
  readonly settings: readonly SettingValue[];
  readonly store: ApiStore;
  readonly schemes: () => SchemesInUse;
  readonly live: LiveCalls;
  readonly breakers: Breakers;
  /** As `/readyz` says it. */
  readonly readiness: () => object & { readonly status: string };
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  /** Of one address; 1,200 by default. */
  readonly requestsPerMinute?: number;
}

export type ApiStore = Pick<Store, 'accounts' | 'audit' | 'problems' | 'calls' | 'state'>;

export interface SchemesInUse {
  readonly set: SchemeSet;
  /** The file of each scheme that has one. */
  readonly files: ReadonlyMap<string, string>;
}

/** The circuit breakers of `lib/upstream`. */
export interface Breakers {
  breakers(): readonly { readonly name: string; readonly state: BreakerShape }[];
  /** Null lets it judge for itself again. */
  force(name: string, open: boolean | null): void;
}

type BreakerShape =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half-open'; readonly sinceMs: number }
  | { readonly kind: 'forced'; readonly open: boolean };

/** What the routes share beside that. */
export interface ApiContext extends ApiOptions {
  readonly passwords: Passwords;
  readonly attempts: Attempts;
}
