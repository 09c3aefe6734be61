import type { Stage } from './stage.ts';

/** One family of faults, and what it must not do to a call. */
export interface Row {
  /** As in `-- --row NAME`. */
  readonly name: string;
  /** What goes wrong. */
  readonly fault: string;
  readonly target: string;
  /** Its own seconds, after which it has failed; 300. */
  readonly seconds?: number;
  readonly run: (stage: Stage) => Promise<Outcome>;
  /** Something simpler in the router's place, which has to fail: else the row tests nothing. */
  readonly control?: Control;
}

interface Control {
  readonly what: string;
  readonly run: (stage: Stage) => Promise<Outcome>;
}

export interface Outcome {
  /** What was measured, in words. */
  readonly figure: string;
  readonly reached: boolean;
}

/** `full` is what the targets speak of, `quick` a tenth or so of it, `short` what `npm test` has time for. */
export type Scale = 'full' | 'quick' | 'short';

/** The generator itself was late, so that nothing was measured. */
export class VoidRun extends Error {
  override readonly name = 'VoidRun';
}
