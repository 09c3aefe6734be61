import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseTemplate } from '../../../lib/webhook/macro.ts';
import { readTls, tlsFilesOf, type TlsResult } from '../../../lib/schemes/tls.ts';
import type { TlsChoice } from '../../../lib/webhook/tls.ts';
import { pathOf, pem, ROOT } from '../../support/tls.ts';

const FOLDER = pathOf('.');
const OWN = { cert: 'client.pem', key: 'client.key' };

function read(choice: TlsChoice, secrets: Record<string, string> = {}, today = '2027-01-01'): TlsResult {
  return readTls(choice, {
    dir: FOLDER,
    readText: (path) => readFileSync(path, 'latin1'),
    secret: (name) => secrets[name] ?? null,
    today: new Date(today),
  });
}

describe('webhook.tls when schemes are loaded', () => {
  it('is what its files hold', () => {
    const { tls, faults, notes } = read({ ...OWN, ca: 'root.pem', minVersion: 'TLSv1.3' });
    expect([faults, notes]).to.deep.equal([[], []]);
    expect(tls).to.include({ ca: ROOT.trim(), serverName: null, minVersion: 'TLSv1.3' });
    expect(tls?.identity?.cert).to.equal(pem('client.pem').trim());
    expect(createPrivateKey(tls?.identity?.key ?? '').equals(createPrivateKey(pem('client.key')))).to.equal(
      true,
    );
    expect(read({ ca: 'root.pem' }).tls?.identity).to.equal(null);
    expect(tlsFilesOf({ webhook: { tls: { ...OWN, ca: 7, serverName: 'a' } } })).to.deep.equal([
      'client.pem',
      'client.key',
    ]);
    expect(tlsFilesOf({ webhook: null })).to.deep.equal([]);
  });

  it('has an id of its own for each certificate, authority, name and version', () => {
    const choices: TlsChoice[] = [
      {},
      OWN,
      { cert: 'stranger.pem', key: 'stranger.key' },
      { ca: 'root.pem' },
      { serverName: 'crm.test' },
      { minVersion: 'TLSv1.3' },
    ];
    expect(new Set(choices.map((choice) => read(choice).tls?.id)).size).to.equal(choices.length);
    expect(read(OWN).tls?.id).to.equal(read(OWN).tls?.id);
  });

  it('what does not fit is a fault with its path, and no secret in it', () => {
    const fault = (choice: TlsChoice, secrets = {}): string => {
      const { tls, faults } = read(choice, secrets);
      expect(tls).to.equal(null);
      return faults.join('; ').replaceAll(`${FOLDER}/`, '').replaceAll(FOLDER, '');
    };
    const passphrase = parseTemplate('{{secret.KEY}}');
    const locked = { cert: 'client.pem', key: 'client-locked.key' };
    expect(fault({ cert: 'client.pem', key: 'stranger.key' })).to.equal(
      'key: is not the key of the first certificate in client.pem',
    );
    expect(fault({ cert: 'client.key', key: 'client.pem' })).to.equal(
      'cert: client.key holds no certificate in PEM; key: client.pem holds no private key in PEM',
    );
    expect(fault({ cert: 'gone.pem', key: 'client.key' })).to.match(/^cert: ENOENT/);
    expect(fault(locked)).to.equal(
      'key: client-locked.key is encrypted: expected its passphrase in webhook.tls.passphrase',
    );
    expect(fault({ ...locked, passphrase })).to.equal(
      'key: {{secret.KEY}} of webhook.tls.passphrase is not set for this CRM',
    );
    expect(fault({ ...locked, passphrase }, { KEY: 'hunter2' })).to.equal(
      'key: webhook.tls.passphrase does not open client-locked.key',
    );
  });

  it('notes a certificate that has expired or soon will', () => {
    const notes = (choice: TlsChoice, today?: string): string => read(choice, {}, today).notes.join('; ');
    expect(notes({ cert: 'past.pem', key: 'client.key' })).to.match(
      /^cert: .*past\.pem expired on 2021-01-01: the CRM will reject it$/,
    );
    expect(notes(OWN, '2020-01-01')).to.match(
      /client\.pem is not valid before 2026-11-26: the CRM will reject it$/,
    );
    expect(notes(OWN, '2126-10-30')).to.match(/client\.pem expires on 2126-11-02$/);
    expect(notes(OWN, '2126-10-01')).to.equal('');
  });
});
