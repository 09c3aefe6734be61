import { z } from 'zod';
import { described } from '../field.ts';
import { template } from '../template.ts';
import { AUTH_TYPE, type Auth, type UnsignedRequest } from './auth.ts';
import type { Template } from '../macro.ts';

const settings = z.strictObject(
  described(
    { type: z.literal('bearer'), token: template() },
    {
      type: AUTH_TYPE,
      token: { label: 'Token', doc: 'As a secret.', example: '{{secret.CRM_TOKEN}}' },
    },
  ),
);
type Bearer = z.output<typeof settings>;

/** RFC 6750, section 2.1. */
export const bearer = {
  settings,
  authorize({ token }: Bearer, _: UnsignedRequest, fill: (template: Template) => string) {
    return { Authorization: `Bearer ${fill(token)}` };
  },
  templates: ({ token }: Bearer) => [token],
} as const satisfies Auth<Bearer>;
