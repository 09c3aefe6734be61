import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Certificates of the tests: a root, an intermediate, the CRM `crm.test` and a client that it signed, and strangers. */

const FOLDER = join(import.meta.dirname, '../fixtures/tls');

function pathOf(name: string): string {
  return join(FOLDER, name);
}

function pem(name: string): string {
  return readFileSync(pathOf(name), 'latin1');
}

export const ROOT = pem('root.pem');
/** The CRM's, with the chain that a server is to send. */
export const CRM = { cert: pem('crm.pem') + pem('intermediate.pem'), key: pem('crm.key') };
