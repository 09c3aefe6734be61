import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretFiles, secretsOf } from '../../../lib/schemes/secrets.ts';

describe('files of secrets', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'secrets-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('are each one secret of the folder, as systemd and Docker name them', async () => {
    await writeFile(join(dir, 'crm-token'), 'a\n');
    await writeFile(join(dir, 'db.key'), 'b');
    await writeFile(join(dir, '.hidden'), 'c');
    await writeFile(join(dir, 'no secret'), 'd');
    const files = await readSecretFiles({ ESL_ROUTER_SECRETS_DIR: dir });
    const { secrets, texts } = secretsOf(files, {});
    expect([secrets.read('CRM_TOKEN', 'h'), secrets.read('DB_KEY', 'h')]).to.deep.equal(['a', 'b']);
    expect([...texts].sort()).to.deep.equal(['a', 'b']);
    expect(files.notes.join()).to.include(join(dir, 'no secret'));
  });

  it('are faults where two are one secret, or the folder is not there', async () => {
    await writeFile(join(dir, 'crm-token'), 'a');
    await writeFile(join(dir, 'CRM_TOKEN'), 'b');
    const twice = await readSecretFiles({ ESL_ROUTER_SECRETS_DIR: dir });
    expect(() => secretsOf(twice, {})).to.throw('are both the secret CRM_TOKEN');
    const gone = await readSecretFiles({ ESL_ROUTER_SECRETS_DIR: join(dir, 'gone') });
    expect(() => secretsOf(gone, {})).to.throw(/ESL_ROUTER_SECRETS_DIR: .*gone: .*expected a folder/);
    const variable = { ESL_ROUTER_SECRETS_DIR: dir, ESL_ROUTER_SECRET_CRM_TOKEN: 'c' };
    await rm(join(dir, 'crm-token'));
    const both = await readSecretFiles(variable);
    expect(() => secretsOf(both, {})).to.throw('are both set');
  });

  it('that are pipes are read once, and keep their text', async () => {
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const env = { ESL_ROUTER_SECRET_A_FILE: pipe };
    const [first] = await Promise.all([readSecretFiles(env), writeFile(pipe, 'once')]);
    const again = await readSecretFiles(env, first);
    expect(secretsOf(again, {}).secrets.read('A', 'h')).to.equal('once');
  });
});
