import { z } from 'zod';
import { described } from '../field.ts';
import { AUTH_TYPE, type Auth } from './auth.ts';

const settings = z.strictObject(described({ type: z.literal('none') }, { type: AUTH_TYPE }));

export const none = {
  settings,
  authorize: () => ({}),
  templates: () => [],
} as const satisfies Auth<z.output<typeof settings>>;
