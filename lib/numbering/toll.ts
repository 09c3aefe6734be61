import { plansBehind } from './plan.ts';
import type { Reading } from './reading.ts';

export type Surcharge = 'premium' | 'satellite';

/**
 * International premium rate (979), and networks of no country: Inmarsat (870), the Global Mobile Satellite System (881),
 * and the International Networks (882, 883), where Thuraya and the networks of ships and aircraft have their numbers.
 * Source: ITU, List of Recommendation E.164 Assigned Country Codes. 878 (personal numbers) is neither.
 */
const SATELLITE = /^(?:870|88[123])$/;
const PREMIUM = '979';

/**
 * Of every reading that the digits can have, so that no way of writing hides it. Where the plan does not have the number, those
 * that begin like it count: a carrier may dial on when it has enough digits, and wait for more when it has not. A number that
 * the plan has is checked against such readings alone as are numbers of a plan too, or a digit from one after a prefix.
 */
export function surchargeOf(readings: readonly Reading[], chosen: Reading | null): Surcharge | null {
  const certain = chosen?.valid === true;
  for (const { callingCode: code, national, valid, bare } of readings) {
    if (!valid && certain && bare) continue;
    if (SATELLITE.test(code)) return 'satellite';
    if (code === PREMIUM) return 'premium';
    const premium = plansBehind(code).some((plan) =>
      valid ? plan.typeOf(national) === 'PREMIUM_RATE' : plan.isPremium(national, certain ? 1 : Infinity),
    );
    if (premium) return 'premium';
  }
  return null;
}
