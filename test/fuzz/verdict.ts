/** Whether a number that was written down came out as it was meant. */
import { byRuleThree, validReadings } from './oracle.ts';
import type { Example } from './plan.ts';
import type { Reader, Seen } from './seen.ts';
import { digitsOf } from './spelling.ts';

export const FINE = [
  'read',
  'read, the other named',
  'the other read, this named',
  'extension',
  'refused',
] as const;
type Fine = (typeof FINE)[number];

type Fault =
  | 'another number, which is a valid reading, and the one that was meant is not named'
  | 'another number, which is not a valid reading'
  | 'not the reading that rule 3 takes'
  | 'right, and the other valid reading is not named'
  | 'right, and a number is named that is no other reading'
  | 'a number is named beside one that has a plus'
  | 'the trace does not hold the number that is named'
  | 'another extension'
  | 'an extension, though a plus stands in front'
  | 'a login'
  | 'a target'
  | 'an exception';
export type Verdict = Fine | Fault;

export function isFine(verdict: Verdict): verdict is Fine {
  return (FINE as readonly string[]).includes(verdict);
}

const EXTENSION_DIGITS = 6;

export function judge(example: Example, text: string, reader: Reader, seen: Seen): Verdict {
  switch (seen.kind) {
    case 'refused':
      return 'refused';
    case 'thrown':
      return 'an exception';
    case 'login':
      return 'a login';
    case 'target':
      return 'a target';
    case 'extension':
      if (text.includes('+')) return 'an extension, though a plus stands in front';
      return seen.digits === digitsOf(text) && seen.digits.length <= EXTENSION_DIGITS
        ? 'extension'
        : 'another extension';
    case 'number':
      return judgeNumber(example.digits, text, reader, seen);
  }
}

function judgeNumber(
  meant: string,
  text: string,
  reader: Reader,
  { digits, other, how }: Extract<Seen, { kind: 'number' }>,
): Verdict {
  if (text.includes('+')) {
    if (digits !== meant) return 'another number, which is not a valid reading';
    return other === null ? 'read' : 'a number is named beside one that has a plus';
  }
  if (other !== null && !how.includes(other)) return 'the trace does not hold the number that is named';

  const written = digitsOf(text);
  const rule = isBare(text) ? byRuleThree(written, reader) : null;
  if (digits === meant && other === null && (rule === null || rule.other === null)) return 'read';

  const readings = validReadings(written, reader);
  if (digits !== meant) {
    if (!readings.has(digits)) return 'another number, which is not a valid reading';
    if (other !== meant)
      return 'another number, which is a valid reading, and the one that was meant is not named';
  }
  if (rule !== null && rule.taken !== digits) return 'not the reading that rule 3 takes';
  if (digits !== meant) return 'the other read, this named';
  if (other === null) return 'right, and the other valid reading is not named';
  return other !== digits && readings.has(other)
    ? 'read, the other named'
    : 'right, and a number is named that is no other reading';
}

function isBare(text: string): boolean {
  return /^\d+(?:\.0)?$/.test(text);
}
