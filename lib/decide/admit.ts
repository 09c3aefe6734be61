import type { Call } from '../call/channel.ts';
import type { Result } from '../call/record.ts';
import type { Config } from '../config/config.ts';
import type { Reason } from '../errors.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { chooseScheme, type SchemeSet } from '../schemes/schemes.ts';

/** What happens to a call before anybody is asked: a scheme serves it, or the dialplan gets it back. */
export type AdmitResult =
  | {
      readonly kind: 'admitted';
      readonly scheme: Scheme;
      /** `its match`, as the record says it. */
      readonly chosenBy: string;
    }
  | {
      readonly kind: 'given_back';
      readonly result: Result;
      readonly reason: Reason;
      /** For the record, where the reason's sentence does not say all. */
      readonly note: string | null;
    };

export interface AdmitOptions {
  readonly config: Pick<Config, 'bypass' | 'maxHops'>;
  readonly schemes: SchemeSet;
  /** The scheme that a person has named instead of a choice; the checks before the choice still apply. */
  readonly named?: Scheme | null;
}

/** The same for a call and for `try`. */
export function admit(call: Call, { config, schemes, named = null }: AdmitOptions): AdmitResult {
  const called = [call.did, call.destinationNumber].map((number) => number.replace(/^\+/, ''));
  if (called.some((number) => config.bypass.called.includes(number))) {
    return { kind: 'given_back', result: 'no_route', reason: 'emergency_called', note: null };
  }
  // Hanging up would break the loop for sure, but would drop callers whom the dialplan can still serve: it sees the reason.
  if (call.hops > config.maxHops) {
    return { kind: 'given_back', result: 'refused', reason: 'hop_limit', note: null };
  }
  if (named !== null) return { kind: 'admitted', scheme: named, chosenBy: 'the command line' };
  const choice = chooseScheme(schemes, call);
  switch (choice.kind) {
    case 'scheme':
      return { kind: 'admitted', scheme: choice.scheme, chosenBy: choice.chosenBy };
    case 'unknown': {
      const note = `there is no scheme "${choice.name}", which ${choice.chosenBy} names`;
      return { kind: 'given_back', result: 'error', reason: 'scheme_unknown', note };
    }
    case 'none':
      return { kind: 'given_back', result: 'no_route', reason: 'no_scheme', note: null };
  }
}
