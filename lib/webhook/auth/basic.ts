import { z } from 'zod';
import { described } from '../field.ts';
import { template } from '../template.ts';
import { AUTH_TYPE, type Auth, type UnsignedRequest } from './auth.ts';
import type { Template } from '../macro.ts';

/** RFC 7617, section 2: the first colon ends the user. */
const user = template().refine(
  ({ parts }) => !parts.some((part) => typeof part === 'string' && part.includes(':')),
  {
    error: 'no colon is allowed in the user of basic authentication',
  },
);
const settings = z.strictObject(
  described(
    { type: z.literal('basic'), user, password: template() },
    {
      type: AUTH_TYPE,
      user: { label: 'User', doc: 'Without a colon.', example: 'esl-router' },
      password: { label: 'Password', doc: 'As a secret.', example: '{{secret.CRM_PASSWORD}}' },
    },
  ),
);
type Basic = z.output<typeof settings>;

/** RFC 7617, in UTF-8 as its section 2.1 recommends. */
export const basic = {
  settings,
  authorize({ user, password }: Basic, _: UnsignedRequest, fill: (template: Template) => string) {
    const credentials = Buffer.from(`${fill(user)}:${fill(password)}`, 'utf8').toString('base64');
    return { Authorization: `Basic ${credentials}` };
  },
  templates: ({ user, password }: Basic) => [user, password],
} as const satisfies Auth<Basic>;
