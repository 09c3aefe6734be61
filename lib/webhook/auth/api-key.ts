import { z } from 'zod';
import { described } from '../field.ts';
import { freeHeader } from '../header.ts';
import type { Template } from '../macro.ts';
import { template } from '../template.ts';
import { AUTH_TYPE, type Auth, type UnsignedRequest } from './auth.ts';

export const API_KEY_HEADER = 'X-API-Key';

const settings = z.strictObject(
  described(
    { type: z.literal('api-key'), header: freeHeader.default(API_KEY_HEADER), key: template() },
    {
      type: AUTH_TYPE,
      header: { label: 'Header', doc: 'The header that carries the key.', example: 'X-API-Key' },
      key: { label: 'Key', doc: 'The key, as a secret.', example: '{{secret.CRM_KEY}}' },
    },
  ),
);
type ApiKey = z.output<typeof settings>;

/** A key in a header of its own, as many hosted CRMs want it. */
export const apiKey = {
  settings,
  authorize({ header, key }: ApiKey, _: UnsignedRequest, fill: (template: Template) => string) {
    return { [header]: fill(key) };
  },
  templates: ({ key }: ApiKey) => [key],
} as const satisfies Auth<ApiKey>;
