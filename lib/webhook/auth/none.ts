import { z } from 'zod';
import type { Auth } from './auth.ts';

const settings = z.strictObject({ type: z.literal('none') });

export const none = {
  settings,
  authorize: () => ({}),
  templates: () => [],
} as const satisfies Auth<z.output<typeof settings>>;
