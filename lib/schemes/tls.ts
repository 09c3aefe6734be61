import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { digest } from '../webhook/digest.ts';
import type { TlsChoice } from '../webhook/tls.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { unreadRequestsOf } from './unread.ts';

type Tls = NonNullable<Webhook['tls']>;

/** What `webhook.tls` comes to: its files are read, and proven to fit, when the schemes are loaded. */

const FILES = ['ca', 'cert', 'key'] as const;

export interface TlsSources {
  /** What the files are relative to. */
  readonly dir: string;
  /** Throws when the file can't be read. */
  readonly readText: (path: string) => string;
  /** Null: it is not set, or may not be used for this CRM. */
  readonly secret: (name: string) => string | null;
  readonly today: Date;
}

export interface TlsResult {
  /** Null where nothing is asked for, or something is wrong. */
  readonly tls: Tls | null;
  /** Each begins with the key that it is about: `key: ...`. */
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

/** The files that the questions of a document name that nobody has checked. */
export function tlsFilesOf(json: unknown): string[] {
  return unreadRequestsOf(json).flatMap(({ tls }) =>
    FILES.map((name) => (tls as Record<string, unknown> | null | undefined)?.[name]).filter(
      (file) => typeof file === 'string' && file !== '',
    ),
  ) as string[];
}

export function readTls(choice: TlsChoice | undefined, sources: TlsSources): TlsResult {
  if (choice === undefined) return { tls: null, faults: [], notes: [] };
  const faults: string[] = [];
  const notes: string[] = [];
  const { serverName = null, minVersion = null } = choice;
  const { dir, readText, today } = sources;
  const read = <T>(name: (typeof FILES)[number], parse: (text: string, path: string) => T): T | null => {
    const file = choice[name];
    if (file === undefined) return null;
    try {
      const path = resolve(dir, file);
      return parse(readText(path), path);
    } catch (error) {
      faults.push(`${name}: ${messageOf(error)}`);
      return null;
    }
  };
  const ca = read('ca', certificatesIn);
  const certificates = read('cert', certificatesIn);
  const key = read('key', (text, path) => keyIn(text, path, passphraseOf(choice, sources.secret)));
  let identity: Tls['identity'] = null;
  const [own] = certificates ?? [];
  if (certificates !== null && own !== undefined && key !== null) {
    const path = resolve(dir, choice.cert ?? '');
    const certificate = new X509Certificate(own);
    if (!certificate.checkPrivateKey(key))
      faults.push(`key: is not the key of the first certificate in ${path}`);
    notes.push(...validity(certificate, path, today).map((note) => `cert: ${note}`));
    identity = {
      cert: certificates.join('\n'),
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }
  if (faults.length > 0) return { tls: null, faults, notes };
  const rules = { ca: ca === null ? null : ca.join('\n'), identity, serverName, minVersion };
  const id = digest([rules.ca, identity?.cert ?? null, serverName, minVersion]);
  return { tls: { ...rules, id }, faults, notes };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM file and nothing else that it may hold. Throws when there is none, or a broken one. */
function certificatesIn(text: string, path: string): string[] {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error(`${path} holds no certificate in PEM`);
  for (const [index, pem] of found.entries()) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw new Error(`${path}: certificate ${index + 1} cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return found;
}

const KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[^]+?-----END \1-----/;

/** Opened at once: a wrong passphrase is a fault of the scheme. OpenSSL's message is left out: it may hold what it read. */
function keyIn(text: string, path: string, passphrase: string | null): KeyObject {
  const [pem = ''] = KEY.exec(text) ?? [];
  if (pem === '') throw new Error(`${path} holds no private key in PEM`);
  const isLocked = /BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(pem);
  if (isLocked && passphrase === null)
    throw new Error(`${path} is encrypted: expected its passphrase in webhook.tls.passphrase`);
  try {
    return createPrivateKey({ key: pem, ...(isLocked ? { passphrase: passphrase ?? '' } : {}) });
  } catch {
    throw new Error(
      isLocked ? `webhook.tls.passphrase does not open ${path}` : `${path}: its private key cannot be read`,
    );
  }
}

function passphraseOf({ passphrase }: TlsChoice, secret: TlsSources['secret']): string | null {
  if (passphrase === undefined) return null;
  const values = passphrase.parts.map((part) => {
    if (typeof part === 'string') return part;
    const value = secret(part.name);
    if (value === null)
      throw new Error(`{{secret.${part.name}}} of webhook.tls.passphrase is not set for this CRM`);
    return value;
  });
  return values.join('');
}

/** Certificates are renewed in the last weeks. */
const SOON_MS = 14 * 86_400_000;

/** A note, not a fault: schemes that were fine yesterday are not refused today. */
function validity({ validFrom, validTo }: X509Certificate, path: string, today: Date): string[] {
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  const left = to.getTime() - today.getTime();
  if (left < 0) return [`${path} expired on ${dayOf(to)}: the CRM will reject it`];
  if (from > today) return [`${path} is not valid before ${dayOf(from)}: the CRM will reject it`];
  return left < SOON_MS ? [`${path} expires on ${dayOf(to)}`] : [];
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
