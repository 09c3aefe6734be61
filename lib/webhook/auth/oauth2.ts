import { z } from 'zod';
import { messageOf } from '../../errors.ts';
import { described } from '../field.ts';
import { parseTemplate, type Template } from '../macro.ts';
import { template } from '../template.ts';
import { compileUrl } from '../url.ts';
import { AUTH_TYPE, type Auth, type UnsignedRequest } from './auth.ts';

/** No call is known when a token is fetched: it serves many. */
const credential = () =>
  template().refine(
    ({ parts }) => parts.every((part) => typeof part === 'string' || part.kind === 'secret'),
    { error: 'only {{secret.NAME}} is allowed here: the token serves many calls' },
  );

const tokenUrl = template().superRefine((url, context) => {
  const fault = faultOf(url);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
});

/** RFC 6749, 3.2: no fragment; a query is kept. */
function faultOf(url: Template): string | null {
  if (url.parts.length !== 1 || typeof url.parts[0] !== 'string')
    return 'expected an http or https URL without macros';
  const { source } = url;
  if (!URL.canParse(source)) return 'expected an http or https URL';
  const { protocol, username, password, hash } = new URL(source);
  if (!/^https?:$/.test(protocol)) return 'expected an http or https URL';
  if (username !== '' || password !== '') return 'no user or password here: use clientId and clientSecret';
  if (hash !== '') return '"#" is not allowed here';
  try {
    compileUrl(url);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** RFC 6749, appendix A: printable ASCII. */
const printable = z.string().regex(/^[\x20-\x7e]+$/, 'expected printable ASCII');

const settings = z.strictObject(
  described(
    {
      type: z.literal('oauth2'),
      tokenUrl,
      clientId: credential(),
      clientSecret: credential().optional(),
      refreshToken: credential().optional(),
      scope: printable.optional(),
      audience: printable.optional(),
      redirectUri: printable.optional(),
      style: z.enum(['body', 'basic', 'json']).default('body'),
    },
    {
      type: AUTH_TYPE,
      tokenUrl: {
        label: 'Token endpoint',
        doc: 'Where access tokens are fetched. Redirects are not followed.',
        example: 'https://accounts.example.com/oauth2/token',
      },
      clientId: { label: 'Client id', doc: 'Of the application.', example: 'esl-router' },
      clientSecret: {
        label: 'Client secret',
        doc: 'As a secret. A public client has none.',
        example: '{{secret.CRM_CLIENT_SECRET}}',
      },
      refreshToken: {
        label: 'Refresh token',
        doc: 'As a secret in a file (ESL_ROUTER_SECRET_NAME_FILE): a new one is written back to it. Without this the grant is client credentials.',
        example: '{{secret.CRM_REFRESH_TOKEN}}',
      },
      scope: { label: 'Scope', doc: 'The scope that is requested.', example: 'contacts.read' },
      audience: {
        label: 'Audience',
        doc: 'If the endpoint wants one.',
        example: 'https://api.example.com',
      },
      redirectUri: {
        label: 'Redirect URI',
        doc: 'Of the application, if the endpoint wants it for a refresh (Kommo).',
        example: 'https://example.com/callback',
      },
      style: {
        label: 'Style',
        doc: 'How the client authenticates: "body" in the form, "basic" in the Authorization header, "json" in one JSON object.',
        example: 'basic',
      },
    },
  ),
);
export type OAuth2 = z.output<typeof settings>;

const TOKEN = parseTemplate('{{token}}');

/** RFC 6749: the access token is fetched beside the call, and goes as RFC 6750, 2.1 says, or where the scheme puts {{token}}. */
export const oauth2 = {
  settings,
  authorize(_settings: OAuth2, _: UnsignedRequest, fill: (template: Template) => string) {
    return { Authorization: `Bearer ${fill(TOKEN)}` };
  },
  templates: ({ clientId, clientSecret, refreshToken }: OAuth2) =>
    [clientId, clientSecret, refreshToken].filter((one) => one !== undefined),
} as const satisfies Auth<OAuth2>;
