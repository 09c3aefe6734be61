/** What the benchmark tells its switch process to play, and what it hears back. */

/** One load: every call is bridged, answered and hung up by its caller. */
export interface LoadOrder {
  readonly port: number;
  readonly calls: number;
  /** A steady rate, whether or not earlier calls have ended; Infinity leaves it to `concurrency`. */
  readonly callsPerSecond: number;
  /** Most calls at once. */
  readonly concurrency: number;
  /** FreeSWITCH's events in full length, 10 KB each, instead of the lean ones. */
  readonly fullEvents: boolean;
  /** Answered at once, and over as soon, where nothing is said. */
  readonly ringMs?: number;
  readonly talkMs?: number;
}

export interface LoadResult {
  readonly calls: number;
  /** How they ended, by the simulator's names. */
  readonly ends: Readonly<Record<string, number>>;
  /** By the simulator's judge: their caller heard nothing sensible for longer than was promised. */
  readonly lost: number;
  /** Connected, and never spoken to. */
  readonly hanging: number;
  readonly violations: number;
  /** The first loss or violation, in words. */
  readonly example: string | null;
  readonly durationMs: number;
  /** From the connect reply to the bridge command. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the switch process a call, microseconds: where it exceeds the controller's, it is the bottleneck. */
  readonly switchCpuMicros: number;
}

export type SwitchOrder =
  | ({ readonly kind: 'load' } & LoadOrder)
  /** Ends every call that still runs. */
  | { readonly kind: 'release' };

export type SwitchReport =
  | { readonly kind: 'ready' }
  /** So many calls have ended. */
  | { readonly kind: 'progress'; readonly ended: number }
  | { readonly kind: 'result'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly error: string };

/** To the CRM process; it answers `count` with the number of requests since it was told what to do with them. */
export type CrmOrder = { readonly kind: 'answer' | 'hang' } | { readonly kind: 'count' };
export type CrmReport =
  { readonly kind: 'ready'; readonly url: string } | { readonly kind: 'asked'; readonly count: number };
