import type { Call } from '../call/channel.ts';
import type { CanaryRecord, Result } from '../call/record.ts';
import type { Config } from '../config/config.ts';
import type { Reason } from '../errors.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { chooseScheme, type SchemeSet } from '../schemes/schemes.ts';
import { canaryOf } from './canary.ts';

/** What happens to a call before anybody is asked: a scheme serves it, or the dialplan gets it back. */
export type AdmitResult = {
  /** Schemes that are asked alongside the call, and decide nothing of it. */
  readonly shadows: readonly Scheme[];
} & (
  | {
      readonly kind: 'admitted';
      readonly scheme: Scheme;
      /** `its match`, as the record says it. */
      readonly chosenBy: string;
      readonly canary: CanaryRecord | null;
    }
  | {
      readonly kind: 'given_back';
      readonly result: Result;
      readonly reason: Reason;
      /** For the record, where the reason's sentence does not say all. */
      readonly note: string | null;
    }
);

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
    return givenBack('no_route', 'emergency_called');
  }
  // Hanging up would break the loop for sure, but would drop callers whom the dialplan can still serve: it sees the reason.
  if (call.hops > config.maxHops) return givenBack('refused', 'hop_limit');
  if (named !== null) {
    return { kind: 'admitted', scheme: named, chosenBy: 'the command line', canary: null, shadows: [] };
  }
  const choice = chooseScheme(schemes, call);
  const { passedBy } = choice;
  switch (choice.kind) {
    case 'scheme': {
      const { scheme, canary, ...chosen } = onItsSide(choice, call, schemes);
      const own = scheme.shadow === undefined ? undefined : schemes.schemes.get(scheme.shadow);
      const shadows = new Set([passedBy, own].filter((one) => one !== null && one !== undefined));
      return { kind: 'admitted', ...chosen, scheme, canary, shadows: [...shadows] };
    }
    case 'unknown':
      return givenBack(
        'error',
        'scheme_unknown',
        `there is no scheme "${choice.name}", which ${choice.chosenBy} names`,
      );
    case 'none':
      return passedBy === null
        ? givenBack('no_route', 'no_scheme')
        : { ...givenBack('no_route', 'scheme_shadow'), shadows: [passedBy] };
  }
}

/** The scheme that was chosen, or the one that has the caller's share of it. */
function onItsSide(
  { scheme, chosenBy }: { readonly scheme: Scheme; readonly chosenBy: string },
  call: Call,
  { schemes }: SchemeSet,
): { scheme: Scheme; chosenBy: string; canary: CanaryRecord | null } {
  const canary = canaryOf(scheme, call);
  const other = canary?.side === 'canary' ? schemes.get(canary.scheme) : undefined;
  if (other === undefined) return { scheme, chosenBy, canary: canary && { ...canary, side: 'rest' } };
  return { scheme: other, chosenBy: `the canary of ${scheme.name}`, canary };
}

function givenBack(result: Result, reason: Reason, note: string | null = null): AdmitResult {
  return { kind: 'given_back', result, reason, note, shadows: [] };
}
