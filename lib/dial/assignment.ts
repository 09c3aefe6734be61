import { RouterError } from '../errors.ts';

const VALUE = /^[A-Za-z0-9_.@:,+ %()*#;-]*$/;

/**
 * Channel variables as `uuid_setvar_multi` and `multiset` take them: `a=1;b=2`, or `^^|a=1;2|b=3` where a value has the
 * separator in it, as the ringing tones of the United Kingdom and Australia do (switch_utils.c, switch_separate_string).
 * @throws RouterError `esl_unsafe_value`
 */
export function serializeAssignments(variables: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(variables).map(([name, value]) => {
    if (!VALUE.test(value)) throw new RouterError('esl_unsafe_value', `the value of ${name} may not be sent`);
    return `${name}=${value}`;
  });
  return pairs.some((pair) => pair.includes(';')) ? `^^|${pairs.join('|')}` : pairs.join(';');
}
