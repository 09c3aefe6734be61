import type { Random } from '../../lib/simulator/random.ts';

/** What somebody may write who wants to be more than a value. */
const SPLINTERS = [
  '\r\n',
  '\n\n',
  '\n\napi reloadxml\n\n',
  '\r\nX-Evil: 1',
  '\0',
  '${system(id)}',
  '$${domain}',
  '%24%7Bsystem(id)%7D',
  '%0d%0a',
  '{',
  '}',
  '[',
  ']',
  '<',
  '>',
  ',',
  '|',
  '{v=x}',
  '[v=x]',
  '%[v=x]',
  ':_:',
  '^^',
  '^^;v=x;',
  ',loopback/app=system:id',
  'loopback/app=system:id',
  '@evil.example',
  ';fs_path=sip:evil.example',
  '^evil',
  'mod_event_socket',
  'unload mod_event_socket',
  'reload',
  "'",
  '"',
  '\\',
  "\\'",
  '`id`',
  'user/',
  'sofia/external/',
  'error/USER_BUSY',
  'sip:',
  'tel:',
  '..',
  '__proto__',
  '\u0661\u0662\u0663',
  '\uff11\uff12',
  '\u2028',
  '\u202e',
  '\u0130',
  '\ud800',
  'ARRAY::a|:b',
  '_undef_',
  'content-length: 0',
];
const HONEST = ['201', '380441234567', 'bob', 'x', '9', ' ', '-', '+', '0'];

export function pick<T>(choices: readonly T[], random: Random): T {
  return choices[random.below(choices.length)] as T;
}

/** Never honest alone: at least one splinter. */
export function hostile(random: Random): string {
  const parts = [pick(SPLINTERS, random)];
  while (random.chance(0.6) && parts.length < 6) {
    const part = pick(random.chance(0.5) ? HONEST : SPLINTERS, random);
    if (random.chance(0.5)) parts.push(part);
    else parts.unshift(part);
  }
  return parts.join('');
}
