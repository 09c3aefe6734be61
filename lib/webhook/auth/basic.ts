import { z } from 'zod';
import { template } from '../template.ts';
import type { Auth, UnsignedRequest } from './auth.ts';
import type { Template } from '../macro.ts';

const settings = z.strictObject({ type: z.literal('basic'), user: template(), password: template() });
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
