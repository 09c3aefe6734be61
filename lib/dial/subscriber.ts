import { toE164, type Numbering } from '../numbering/number.ts';

/**
 * Whether two spellings are one subscriber: as the scheme's numbering reads them, or the same digits. Nine equal digits at the end are
 * not enough: `0501234567` in Ukraine and `+1 250 123 4567` have them.
 */
export function sameSubscriber(one: string, other: string, numbering: Numbering): boolean {
  const [a, b] = [one, other].map((number) => toE164(number, numbering));
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  return one !== '' && digits(one) === digits(other);
}

function digits(number: string): string {
  return number.replace(/[\s().-]/g, '').replace(/^(?:\+|00)/, '');
}
