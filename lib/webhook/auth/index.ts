import type { z } from 'zod';
import type { Template } from '../macro.ts';
import type { Auth, UnsignedRequest } from './auth.ts';
import { apiKey } from './api-key.ts';
import { basic } from './basic.ts';
import { bearer } from './bearer.ts';
import { hmac } from './hmac.ts';
import { none } from './none.ts';
import { oauth2 } from './oauth2.ts';

/** Every way to authenticate by its `type` in a scheme. A new one is a line here. */
const BY_TYPE = { none, basic, bearer, 'api-key': apiKey, hmac, oauth2 };

type Schema = (typeof BY_TYPE)[keyof typeof BY_TYPE]['settings'];

/** The schemas of `webhook.auth`, for z.discriminatedUnion by `type`. */
export const AUTHS = Object.values(BY_TYPE).map(({ settings }) => settings) as [Schema, ...Schema[]];

export type AuthSettings = z.output<Schema>;

/** The headers that authenticate a finished request; `fill` puts in the secrets. */
export function authorize(
  settings: AuthSettings,
  request: UnsignedRequest,
  fill: (template: Template) => string,
): Readonly<Record<string, string>> {
  return authOf(settings).authorize(settings, request, fill);
}

/** The templates in the settings. */
export function authTemplates(settings: AuthSettings): readonly Template[] {
  return authOf(settings).templates(settings);
}

function authOf(settings: AuthSettings): Auth<AuthSettings> {
  return BY_TYPE[settings.type];
}
