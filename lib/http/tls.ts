import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/** How TLS is spoken to one CRM. The certificate of the other side is always verified. */
interface TlsIdentity {
  /** PEM: our certificate, and those above it that the CRM may not have. */
  readonly cert: string;
  /** PEM, unlocked. */
  readonly key: string;
}

export interface TlsRules {
  /** PEM of certificates that are trusted beside the usual ones. */
  readonly ca: string | null;
  /** What proves to the CRM who we are. */
  readonly identity: TlsIdentity | null;
  /** The name that is asked for and verified instead of the URL's host. */
  readonly serverName: string | null;
  readonly minVersion: TlsVersion | null;
}

export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** Rules with a digest of all that they are: connections by two of them are not mixed. */
export interface Tls extends TlsRules {
  readonly id: string;
}

/** What is true of any host: without what proves who we are, and without the name of one server. */
export function forAnyHost(tls: Tls): Tls {
  const { identity, serverName } = tls;
  if (identity === null && serverName === null) return tls;
  return { ...tls, identity: null, serverName: null, id: `${tls.id} elsewhere` };
}

export function contextOf({
  ca,
  identity,
  minVersion,
}: Pick<TlsRules, 'ca' | 'identity' | 'minVersion'>): SecureContext {
  const secureContext = createSecureContext({
    minVersion: minVersion ?? 'TLSv1.2',
    // TLS 1.2 lets a server ask for handshake after handshake.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(identity === null ? {} : { cert: identity.cert, key: identity.key }),
  });
  // Beside the usual ones, and not instead of them; parsing those again would take 20 ms and a megabyte.
  if (ca !== null) (secureContext.context as Authorities).addCACert(ca);
  return secureContext;
}

/** Not in Node's types; there since Node 0.3. */
interface Authorities {
  addCACert(pem: string): void;
}
