import { forAnyHost } from '../http/tls.ts';
import { withoutSecrets } from './macro.ts';
import { mapTemplates, type Webhook } from './webhook.ts';

/**
 * The same question to another URL, by itself: its reply names the destination, whatever would follow from that of the CRM. Nothing
 * that proves who we are goes along: no authentication, no client certificate, no headers of the scheme, and a secret within the
 * parameters or the body is left empty.
 */
export function backupOf(webhook: Webhook, url: Webhook['url']): Webhook {
  const { parameters, body, then, tls } = webhook;
  return {
    ...webhook,
    url,
    then: [],
    profile: null,
    when: then.length === 0 ? webhook.when : {},
    auth: { type: 'none' },
    headers: {},
    tls: tls === null ? null : forAnyHost(tls),
    ...(parameters === undefined
      ? {}
      : {
          parameters: Object.fromEntries(
            Object.entries(parameters).map(([name, text]) => [name, withoutSecrets(text)]),
          ),
        }),
    ...(body === undefined ? {} : { body: mapTemplates(body, withoutSecrets) }),
  };
}
