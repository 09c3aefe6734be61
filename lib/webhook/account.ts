import { authTemplates } from './auth/index.ts';
import { digest } from './digest.ts';
import type { MacroContext, Template } from './macro.ts';
import { settingsIn } from './proxy.ts';
import { templatesOfWebhook, type Webhook } from './webhook.ts';

/** Names of headers that hold a key where no `auth` is set: a variable there is a tenant's, elsewhere it is about the call. */
const TELLING = /auth|cookie|credential|key|password|secret|tenant|token/i;

/** Channel variables that no two calls share. */
export const CALL_VARIABLES = new Set([
  'uuid',
  'call_uuid',
  'channel_uuid',
  'origination_uuid',
  'sip_call_id',
]);

/**
 * The digest of who asks: the URL as the scheme has it, the texts that are the same for all its calls, the secrets, and
 * what this call has where keys stand. CRMs limit, refuse and fail by these, not by the call; and no connection is shared
 * by two accounts. The scheme's patience is part of it: what takes longer than a tenth of a second is no outage for those
 * who wait for four; and so are the proxy and the client certificate, by which it is refused. Schemes that share a profile are one
 * asker, whatever they ask. A digest, as it stays in memory for as long as a CRM is asked, and no secret may be read there.
 */
export function accountOf(webhook: Webhook, { call, secret }: MacroContext): string {
  let asker = askers.get(webhook);
  if (asker === undefined) askers.set(webhook, (asker = askerOf(webhook)));
  const values = asker.proving.map(({ kind, name, host }) =>
    kind === 'secret' ? secret(name, host) : (call.variables.get(name) ?? ''),
  );
  const { last } = asker;
  if (last !== null && values.every((value, i) => value === last.values[i])) return last.account;
  const account = digest([asker.words, values]);
  asker.last = { values, account };
  return account;
}

interface Asker {
  readonly words: string;
  /** What tells one account from another in the same words. */
  readonly proving: readonly Proving[];
  /** A digest takes 5 us, and the next call is mostly of the same account. */
  last: { readonly values: readonly string[]; readonly account: string } | null;
}

interface Proving {
  readonly kind: 'secret' | 'var';
  readonly name: string;
  /** Whom a secret is told; by default the CRM. */
  readonly host?: string;
}

const askers = new WeakMap<Webhook, Asker>();

function askerOf(webhook: Webhook): Asker {
  const { method, timeoutSeconds, auth, headers, profile, tls } = webhook;
  const keys = Object.entries(headers).filter(([name]) => TELLING.test(name));
  const credentials = new Set<Template>([...authTemplates(auth), ...keys.map(([, text]) => text)]);
  // A refresh token is replaced by itself, and the account stays the same one.
  const passing = auth.type === 'oauth2' ? auth.refreshToken : undefined;
  const templates = templatesOfWebhook(webhook).filter((one) => one !== passing);
  const proxies = settingsIn(webhook.proxies);
  const through = [
    tls?.id ?? null,
    proxies.map(({ name, user, password }) => [name, user.source, password.source]),
  ];
  const inProfile = [
    profile?.name,
    profile?.digest,
    keys.map(([name, { source }]) => [name, source]),
    through,
  ];
  const alone = [
    ...[method, timeoutSeconds, auth, Object.keys(headers), templates.map(({ source }) => source)],
    through,
  ];
  const words = profile === null ? alone : inProfile;
  const tokenHost = auth.type === 'oauth2' ? new URL(auth.tokenUrl.source).hostname : undefined;
  const ofToken = new Set<Template>(tokenHost === undefined ? [] : authTemplates(auth));
  const proving = templates.flatMap((template) => {
    const parts = provingIn(template.parts, credentials.has(template));
    return tokenHost !== undefined && ofToken.has(template)
      ? parts.map((part) => ({ ...part, host: tokenHost }))
      : parts;
  });
  const ofProxies = proxies.flatMap(({ host, user, password }) =>
    provingIn([...user.parts, ...password.parts], true).map((part) => ({ ...part, host })),
  );
  return { words: JSON.stringify(words), proving: [...proving, ...ofProxies], last: null };
}

/** How a question stands among others: whose breaker is named, whose limits it is under. */
export interface Standing {
  readonly name: string;
  readonly bulkhead: string;
  readonly policy: Webhook;
}

const standings = new WeakMap<Webhook, Standing>();

/** By its profile where there is one, else by its scheme and its URL. */
export function standingOf(webhook: Webhook, scheme: string): Standing {
  const known = standings.get(webhook);
  if (known !== undefined) return known;
  const { profile, url } = webhook;
  const standing =
    profile === null
      ? { name: url.source, bulkhead: `${scheme} ${url.source}`, policy: webhook }
      : {
          name: `crm ${profile.name}`,
          bulkhead: `crm ${profile.name}`,
          policy: { ...webhook, timeoutSeconds: profile.patienceSeconds },
        };
  standings.set(webhook, standing);
  return standing;
}

/** Other macros differ from call to call. Where keys stand a variable is a tenant's. */
function provingIn(parts: Template['parts'], inCredentials: boolean): Proving[] {
  return parts.flatMap((part): Proving[] => {
    if (typeof part === 'string') return [];
    const { kind, name } = part;
    if (kind === 'secret') return [{ kind, name }];
    return kind === 'var' && inCredentials && !CALL_VARIABLES.has(name) ? [{ kind, name }] : [];
  });
}
