import type { z } from 'zod';
import type { Field } from '../field.ts';
import type { Template } from '../macro.ts';

/**
 * A way to authenticate to a CRM. A new one is one file beside this and one line in index.ts: the scheme
 * validator and the command line read that table.
 */
export interface Auth<Settings extends { readonly type: string }> {
  /** Validates the settings below `webhook.auth`; secrets are in them as `{{secret.NAME}}`. */
  readonly settings: z.ZodType<Settings>;
  /** Headers to add to the finished request. */
  authorize(
    settings: Settings,
    request: UnsignedRequest,
    fill: (template: Template) => string,
  ): Readonly<Record<string, string>>;
  /** The templates in the settings, so that the macros in them are known. */
  templates(settings: Settings): readonly Template[];
}

/** All that a signature can cover. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Headers that say something about the call, in small letters and in order; null when nothing outside the body does. */
  readonly outside: readonly string[] | null;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** The description of `type`, in each. */
export const AUTH_TYPE = { label: 'Type', doc: 'Which kind.' } as const satisfies Field;
