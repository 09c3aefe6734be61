import { createHash } from 'node:crypto';
import type { Call } from '../call/channel.ts';
import type { CanaryRecord } from '../call/record.ts';
import { numberForms } from '../scheme/match.ts';
import type { Scheme } from '../scheme/scheme.ts';

/**
 * On which side of a scheme's canary a caller is; null where it has none. It depends on his number alone, and on the scheme, so that not
 * the same people try every new thing. A larger share keeps all who were in the smaller one.
 */
export function canaryOf({ name, canary, numbering }: Scheme, call: Call): CanaryRecord | null {
  if (canary === undefined) return null;
  const { scheme, percent } = canary;
  const { e164, digits } = numberForms(call.withheld ? '' : call.caller, numbering);
  const number = e164 ?? digits;
  const isIn = number !== '' && shareOf(name, number) < percent;
  return { of: name, scheme, percent, side: isIn ? 'canary' : 'rest' };
}

/** 0 to 100, evenly over all numbers. */
function shareOf(scheme: string, number: string): number {
  const hash = createHash('sha256').update(`${scheme}\n${number}`).digest();
  return (hash.readUInt32BE(0) / 2 ** 32) * 100;
}
