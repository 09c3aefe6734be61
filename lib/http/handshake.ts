import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, type Certificate, type DetailedPeerCertificate } from 'node:tls';
import { messageOf, RouterError } from '../errors.ts';
import type { Tls } from './tls.ts';

/** What a TLS handshake that failed was about, in words that say what to do. */

/** Certificates that did not verify, the other side's own first. */
const shown = new WeakMap<Duplex, DetailedPeerCertificate>();

/** Not in Node's types. */
interface Verifying {
  readonly ssl?: { verifyError?(): Error | null } | null;
}

/**
 * Before Node decides, as it lets go of the certificates of a connection that it ends. Not by getPeerX509Certificate: on Node 20
 * that takes them out of the connection, and the check of the name fails.
 */
export function watchHandshake<S extends Duplex>(socket: S): S {
  if (socket instanceof TLSSocket) {
    // The handshake is done, and nothing verified yet.
    socket.prependOnceListener('secure' as 'secureConnect', () => {
      const failed = (socket as Verifying).ssl?.verifyError?.() ?? null;
      if (failed !== null) shown.set(socket, socket.getPeerCertificate(true));
    });
  }
  return socket;
}

/** RFC 8446, 6.2, as OpenSSL calls them: alerts about the certificate of the client. */
const ABOUT_CERTIFICATE =
  /alert (?:certificate required|bad certificate|unsupported certificate|certificate revoked|certificate expired|certificate unknown|unknown ca|access denied|no certificate)/i;
/** `certificate_required` or `certificate_refused`, where an alert says so; null for any other failure. */
export function certificateFailure(error: unknown, tls: Tls | null): RouterError | null {
  const message = messageOf(error);
  return ABOUT_CERTIFICATE.test(message) ? aboutCertificate(plain(message), tls) : null;
}

/** nginx takes every handshake, and says in a page what it thinks of the certificate. */
const PAGE = /<title>400 (No required SSL certificate was sent|The SSL certificate error)<\/title>/;

export function certificateRefusalBy(status: number, body: string, tls: Tls | null): RouterError | null {
  return status === 400 && PAGE.test(body) ? aboutCertificate('HTTP 400', tls) : null;
}

function aboutCertificate(said: string, tls: Tls | null): RouterError {
  return tls?.identity == null
    ? new RouterError('certificate_required', `${said}: set webhook.tls.cert and webhook.tls.key`)
    : new RouterError('certificate_refused', said);
}

/** Why TLS to the CRM was not made, with the certificates that it showed where these were the matter. */
export function handshakeFailure(error: unknown, socket: Socket | undefined, tls: Tls | null): RouterError {
  const about = certificateFailure(error, tls);
  if (about !== null) return about;
  const leaf = socket === undefined ? undefined : shown.get(socket);
  const text = plain(messageOf(error));
  const more = leaf === undefined ? certificateHint(text, tls) : `; ${chainText(leaf)}`;
  // A certificate does not get better within the second in which a caller waits.
  const isLasting = leaf !== undefined || /certificate's altnames/.test(text);
  return new RouterError('tls_failed', `${text}${more}`, { isLasting });
}

/** Servers that end the connection, or have one alert for everything (TLS 1.2), do not say what they miss. */
function certificateHint(text: string, tls: Tls | null): string {
  if (/certificate's altnames|protocol version|unsupported protocol/.test(text)) return '';
  if (tls?.identity != null) return MAYBE_REFUSED;
  return text.endsWith('alert handshake failure')
    ? '; the CRM may want a client certificate (webhook.tls)'
    : '';
}

export const MAYBE_REFUSED = '; the CRM may not accept the client certificate';

/** Node 24 gives this advice (22.23 does not). It leads nowhere here: the router trusts what webhook.tls.ca says. */
const ADVICE_OF_NODE = /; if the root CA is installed locally, .*$/s;

/** `write EPROTO 80FC…:error:0A000410:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/…` -> `tlsv1 alert unknown ca` */
function plain(message: string): string {
  const said = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(message)?.[1]?.trim() ?? message;
  return said.replace(ADVICE_OF_NODE, '');
}

/** A chain longer than any that is in use; who sends more has it cut. */
const MAX_CHAIN = 6;

/** `the CRM sent "crm" (…); signed by "…"; to be trusted: …` */
function chainText(leaf: DetailedPeerCertificate): string {
  const chain = [leaf];
  // The last one is its own issuer.
  let next = leaf.issuerCertificate as Issuer;
  while (next !== undefined) {
    const { fingerprint256 } = next;
    if (chain.length === MAX_CHAIN || chain.some((one) => one.fingerprint256 === fingerprint256)) break;
    chain.push(next);
    next = next.issuerCertificate;
  }
  const top = chain[chain.length - 1] ?? leaf;
  const seen = chain.map(
    ({ subject, valid_from, valid_to }) =>
      `${nameOf(subject)}, valid ${dayOf(valid_from)} to ${dayOf(valid_to)}`,
  );
  const isRoot = JSON.stringify(top.subject) === JSON.stringify(top.issuer);
  const trust = isRoot
    ? `${nameOf(top.subject)}, SHA-256 ${top.fingerprint256}`
    : `${nameOf(top.issuer)}, which it did not send`;
  return `the CRM sent ${seen.join('; signed by ')}; to be trusted (webhook.tls.ca): ${trust}`;
}

type Issuer = DetailedPeerCertificate | undefined;

/** What a certificate says is anybody's text, and some say a thing twice. */
function nameOf(name: Certificate): string {
  const said = [name.CN ?? name.O ?? ''].flat().join(', ');
  return JSON.stringify(said.slice(0, 80));
}

function dayOf(date: string): string {
  const time = Date.parse(date);
  return Number.isNaN(time) ? 'an unknown date' : new Date(time).toISOString().slice(0, 10);
}
