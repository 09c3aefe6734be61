import { z } from 'zod';
import { freeHeader } from '../header.ts';
import type { Template } from '../macro.ts';
import { template } from '../template.ts';
import type { Auth, UnsignedRequest } from './auth.ts';

const settings = z.strictObject({
  type: z.literal('api-key'),
  header: freeHeader.default('X-API-Key'),
  key: template(),
});
type ApiKey = z.output<typeof settings>;

/** A key in a header of its own, as many hosted CRMs want it. */
export const apiKey = {
  settings,
  authorize({ header, key }: ApiKey, _: UnsignedRequest, fill: (template: Template) => string) {
    return { [header]: fill(key) };
  },
  templates: ({ key }: ApiKey) => [key],
} as const satisfies Auth<ApiKey>;
