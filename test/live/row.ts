import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import type { Numbers } from './number.ts';
import type { Stage } from './stage.ts';

/** A scheme without what all rows have alike. */
type SchemePart = Omit<SchemeDocument, 'name' | 'webhook'> & { readonly webhook?: object };

type Settings = Readonly<Record<string, string>>;

export type Action = readonly [application: string, data: string];

/** One thing that the live test proves, on calls of its own. */
export interface Row {
  /** As in `-- --only NAME`; also the name of its scheme and the path of its webhook. */
  readonly name: string;
  /** What is proven, for the line that is printed. */
  readonly title: string;
  /** What differs from a scheme that asks by JSON and goes back to the dialplan when there is nobody. */
  readonly scheme?: SchemePart | ((callees: Numbers, webhook: string) => SchemePart);
  /** Dialplan actions in front of the context "esl_router": an IVR. */
  readonly before?: readonly Action[];
  /** Its number is one of this domain's, as FusionPBX has it, instead. */
  readonly fusion?: string;
  /** In place of that context: a dialplan of the row's own. */
  readonly dialplan?: readonly Action[];
  /** Seconds of the dialplan's guard, when not its own default. */
  readonly guard?: number;
  /** Routers of this row alone, that it may hang and kill: how many, and how many addresses of nobody before them. */
  readonly own?: { readonly routers: number; readonly absent?: number };
  /** Of those routers, beside what all have; `folder` is gone after the run. */
  readonly settings?: Settings | ((folder: string) => Settings);
  /** No other row is played meanwhile: its load would be measured in them. */
  readonly alone?: true;
  /** Seconds after which the row has failed. */
  readonly seconds?: number;
  /** Resolves to the figures; a throw is a failure. */
  readonly run: (stage: Stage) => Promise<string>;
}

export function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/** What must be there by the row's own making. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`${what} is missing`);
  return value;
}

export function between(what: string, value: number, low: number, high: number): void {
  const shown = value.toFixed(2);
  check(value >= low && value <= high, `${what}: ${shown}, and ${low} to ${high} was expected`);
}
