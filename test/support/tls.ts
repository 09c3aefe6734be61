import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tls, TlsRules } from '../../lib/http/tls.ts';

/** Certificates of the tests: a root, an intermediate, the CRM `crm.test` and a client that it signed, and strangers. */

const FOLDER = join(import.meta.dirname, '../fixtures/tls');

export function pathOf(name: string): string {
  return join(FOLDER, name);
}

export function pem(name: string): string {
  return readFileSync(pathOf(name), 'latin1');
}

/** Rules as a scheme that has been loaded says them. */
export function speaking(rules: Partial<TlsRules>): Tls {
  const all = { ca: null, identity: null, serverName: null, minVersion: null, ...rules };
  return { ...all, id: JSON.stringify(all) };
}

export const trusting = (ca: string): Tls => speaking({ ca });

export const ROOT = pem('root.pem');
/** The CRM's, with the chain that a server is to send. */
export const CRM = { cert: pem('crm.pem') + pem('intermediate.pem'), key: pem('crm.key') };
/** What the CRM's server knows clients by, and what a client shows. */
export const CLIENT = { cert: pem('client.pem') + pem('intermediate.pem'), key: pem('client.key') };
