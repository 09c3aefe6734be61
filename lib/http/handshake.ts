import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { messageOf, RouterError } from '../errors.ts';
import type { Tls } from './tls.ts';

/** What a TLS handshake that failed was about, in words that say what to do. */

/** Certificates that the other side showed, its own first. */
const shown = new WeakMap<Socket, X509Certificate>();

/** Before Node decides: it lets go of the certificates of a connection that it ends. */
export function watchHandshake<S extends Socket>(socket: S): S {
  if (socket instanceof TLSSocket) {
    // Not in Node's types: the handshake is done, and nothing verified yet.
    socket.prependOnceListener('secure' as 'secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate !== undefined) shown.set(socket, certificate);
    });
  }
  return socket;
}

/** RFC 8446, 6.2, as OpenSSL calls them: alerts about the certificate of the client. */
const ABOUT_CERTIFICATE =
  /alert (?:certificate required|bad certificate|unsupported certificate|certificate revoked|certificate expired|certificate unknown|unknown ca|access denied|no certificate)/i;
const HANDSHAKE_FAILURE = /alert handshake failure/i;
/** A server that has no cipher or version in common says so at once; one that has shown its certificates wants ours. */
const ALERT_BYTES = 100;

/** `certificate_required` or `certificate_refused`, where an alert says so; null for any other failure. */
export function certificateFailure(
  error: unknown,
  socket: Socket | undefined,
  tls: Tls | null,
): RouterError | null {
  const message = messageOf(error);
  const byAlert = ABOUT_CERTIFICATE.test(message);
  const late = HANDSHAKE_FAILURE.test(message) && (socket?.bytesRead ?? 0) > ALERT_BYTES;
  if (!byAlert && !late) return null;
  return aboutCertificate(plain(message), tls);
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
  const about = certificateFailure(error, socket, tls);
  if (about !== null) return about;
  const leaf = socket === undefined ? undefined : shown.get(socket);
  const text = plain(messageOf(error));
  if (leaf !== undefined) return new RouterError('tls_failed', `${text}; ${chainText(leaf)}`);
  const hint = tls?.identity == null ? '' : '; the CRM may not accept the client certificate';
  return new RouterError('tls_failed', `${text}${hint}`);
}

/** `write EPROTO 80FC…:error:0A000410:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/…` -> `tlsv1 alert unknown ca` */
function plain(message: string): string {
  return /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(message)?.[1]?.trim() ?? message;
}

/** A chain longer than any that is in use; who sends more has it cut. */
const MAX_CHAIN = 6;

/** `the CRM showed "crm.test" (…), signed by "…"; it would have to be trusted: …` */
function chainText(leaf: X509Certificate): string {
  const chain: X509Certificate[] = [];
  for (
    let next: X509Certificate | undefined = leaf;
    next !== undefined &&
    chain.length < MAX_CHAIN &&
    !chain.some((one) => one.fingerprint256 === next?.fingerprint256);
    next = next.issuerCertificate
  )
    chain.push(next);
  const top = chain[chain.length - 1] ?? leaf;
  const seen = chain.map(
    ({ subject, validFrom, validTo }) => `${nameOf(subject)}, valid ${dayOf(validFrom)} to ${dayOf(validTo)}`,
  );
  const trust =
    top.subject === top.issuer
      ? `${nameOf(top.subject)}, SHA-256 ${top.fingerprint256}`
      : `${nameOf(top.issuer)}, which it did not send`;
  return `the CRM sent ${seen.join('; signed by ')}; to be trusted (webhook.tls.ca): ${trust}`;
}

/** What a certificate says is anybody's text. */
function nameOf(distinguished: string): string {
  const common = /(?:^|\n)CN=([^\n]*)/.exec(distinguished)?.[1] ?? distinguished.replaceAll('\n', ', ');
  return JSON.stringify(common.slice(0, 80));
}

function dayOf(date: string): string {
  const time = Date.parse(date);
  return Number.isNaN(time) ? 'an unknown day' : new Date(time).toISOString().slice(0, 10);
}
