import { z } from 'zod';
import { template } from '../template.ts';
import type { Auth, UnsignedRequest } from './auth.ts';
import type { Template } from '../macro.ts';

const settings = z.strictObject({ type: z.literal('bearer'), token: template() });
type Bearer = z.output<typeof settings>;

/** RFC 6750, section 2.1. */
export const bearer = {
  settings,
  authorize({ token }: Bearer, _: UnsignedRequest, fill: (template: Template) => string) {
    return { Authorization: `Bearer ${fill(token)}` };
  },
  templates: ({ token }: Bearer) => [token],
} as const satisfies Auth<Bearer>;
