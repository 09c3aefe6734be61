import { z } from 'zod';
import { TLS_VERSIONS } from '../http/tls.ts';
import { TLS_FIELDS } from './description.ts';
import { described } from './field.ts';
import { template } from './template.ts';

/** `webhook.tls`: which certificates are trusted, and which one shows the CRM who we are. */

const file = z.string().min(1);
/** What SNI can carry (RFC 6066, 3): a name, no address. */
const hostName = z
  .string()
  .max(253)
  .regex(
    /^(?=.*[a-z])[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/i,
    'expected a host name such as crm.example.com',
  );
const passphrase = template().refine(
  ({ parts }) =>
    parts.length > 0 && parts.every((part) => typeof part === 'string' || part.kind === 'secret'),
  { error: 'expected text or {{secret.NAME}}' },
);

export const tlsChoice = z
  .strictObject(
    described(
      {
        cert: file.optional(),
        key: file.optional(),
        ca: file.optional(),
        passphrase: passphrase.optional(),
        serverName: hostName.optional(),
        minVersion: z.enum(TLS_VERSIONS).optional(),
      },
      TLS_FIELDS,
    ),
  )
  .superRefine(({ cert, key, passphrase }, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (cert !== undefined && key === undefined) fault('key', 'is required with webhook.tls.cert');
    if (key !== undefined && cert === undefined) fault('cert', 'is required with webhook.tls.key');
    if (passphrase !== undefined && key === undefined)
      fault('passphrase', 'opens webhook.tls.key, and there is none');
  });

export type TlsChoice = z.output<typeof tlsChoice>;
