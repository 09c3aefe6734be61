import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCall } from '../../../lib/call/channel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { loadSchemes } from '../../../lib/schemes/folder.ts';
import { chooseScheme, type LoadResult, type SchemeSet } from '../../../lib/schemes/schemes.ts';

const URL = 'https://crm.example.com/';

describe('schemes', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'esl-router-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function put(file: string, json: unknown): void {
    writeFileSync(join(dir, file), typeof json === 'string' ? json : JSON.stringify(json));
  }

  async function load(
    env: Record<string, string> = {},
    secrets: readonly string[] = [],
  ): Promise<LoadResult> {
    const config = loadConfig({
      file: null,
      env: { ESL_ROUTER_SCHEMES_DIR: dir, ESL_ROUTER_GATEWAY: 'trunk', ...env },
      argv: {},
      readSecretFile: () => '',
    });
    if (!config.ok) throw new Error(config.faults.join('\n'));
    return loadSchemes(config.config, { has: (name) => secrets.includes(name), read: () => '' });
  }

  async function faults(env: Record<string, string> = {}): Promise<string[]> {
    const result = await load(env);
    return result.ok ? [] : result.faults.map((fault) => fault.replace(`${dir}/`, ''));
  }

  async function setOf(env: Record<string, string> = {}): Promise<SchemeSet> {
    const result = await load(env);
    if (!result.ok) throw new Error(result.faults.join('\n'));
    return result.set;
  }

  function choice(set: SchemeSet, headers: Record<string, string> = {}): string {
    const call = parseCall(
      new Map(
        Object.entries({
          'Caller-Destination-Number': '15005550100',
          'Caller-Context': 'public',
          ...headers,
        }),
      ),
      { didFrom: ['destination_number'], variables: [] },
    );
    const chosen = chooseScheme(set, call);
    if (chosen.kind === 'scheme') return `${chosen.scheme.name} by ${chosen.chosenBy}`;
    return chosen.kind === 'unknown' ? `unknown ${chosen.name}` : 'none';
  }

  it('starts without any scheme, and says so', async () => {
    const result = await load();
    expect(result).to.deep.include({ ok: true });
    expect(result.ok && result.notes).to.deep.equal([
      'there is no scheme: every call is given back to the dialplan',
    ]);
    expect((await load({ ESL_ROUTER_SCHEMES_DIR: join(dir, 'gone') })).ok).to.equal(true);
  });

  it('tells every fault of every file, with file and path', async () => {
    put('a.json', { name: 'a', webhook: { url: 'no', method: 'PATCH' } });
    put('b.json', '{"name":');
    put('c.json', { name: 'c', webhook: { url: URL }, fallback: { onError: [{ scheme: 'gone' }] } });
    put('d.json', { name: 'c', webhook: { url: URL } });
    put('e.json', { name: 'e', webhook: { url: URL, headers: { 'X-Key': '{{secret.KEY}}' } } });
    put('f.json', { name: 'f', webhook: { url: URL }, fallback: { onBusy: [{ dial: ['201', 'no way!'] }] } });
    put('g.json', { name: 'g', webhook: { url: URL }, domain: 'var:domain_name' });
    const found = (await faults()).join('\n');
    expect(found).to.match(/^a\.json: webhook\.url: expected an http or https URL$/m);
    expect(found).to.match(/^a\.json: webhook\.method: /m);
    expect(found).to.match(/^b\.json: .*JSON/m);
    expect(found).to.match(/^c\.json: fallback\.onError\.0: there is no scheme "gone"$/m);
    expect(found).to.match(/^d\.json: name: "c" is the name of .*c\.json too$/m);
    expect(found).to.match(/^e\.json: \{\{secret\.KEY\}\}: ESL_ROUTER_SECRET_KEY is not set$/m);
    expect(found).to.match(/^f\.json: fallback\.onBusy\.0\.dial: "no way!" is refused/m);
    expect(found).to.match(/^g\.json: domain: .*ESL_ROUTER_DOMAINS/m);
    expect((await faults()).length).to.equal(8);
  });

  it('makes a whole default scheme of environment variables', async () => {
    const set = await setOf({
      ESL_ROUTER_WEBHOOK_URL: `${URL}owner`,
      ESL_ROUTER_WEBHOOK_METHOD: 'PUT',
      ESL_ROUTER_WEBHOOK_SUBMISSION: 'http',
      ESL_ROUTER_WEBHOOK_IMPORT: 'json-rpc',
      ESL_ROUTER_WEBHOOK_RESPONSE_NAME: 'a,b.c',
      ESL_ROUTER_WEBHOOK_PARAMETERS: '{"phone":"{{caller}}"}',
      ESL_ROUTER_WEBHOOK_TIMEOUT: '2.5',
      ESL_ROUTER_FORWARDING_TIMEOUT: '17',
    });
    expect(set.default?.forwardingTimeoutSeconds).to.equal(17);
    expect(set.default?.webhook).to.deep.include({
      method: 'PUT',
      submission: 'http',
      import: 'json-rpc',
      responseName: ['a', 'b.c'],
      timeoutSeconds: 2.5,
    });
    expect(set.default?.webhook.url.source).to.equal(`${URL}owner`);
    expect(set.default?.webhook.parameters?.['phone']?.source).to.equal('{{caller}}');
    const rpc = { ESL_ROUTER_WEBHOOK_SUBMISSION: 'json-rpc', ESL_ROUTER_WEBHOOK_RPC_METHOD: 'call.route' };
    expect((await setOf({ ESL_ROUTER_WEBHOOK_URL: URL, ...rpc })).default?.webhook.rpcMethod).to.equal(
      'call.route',
    );
  });

  it('names the variable that is at fault', async () => {
    const env = { ESL_ROUTER_WEBHOOK_URL: 'nowhere', ESL_ROUTER_WEBHOOK_METHOD: 'PATCH' };
    const found = (await faults(env)).join('\n');
    expect(found).to.match(/^environment: ESL_ROUTER_WEBHOOK_URL: expected an http/m);
    expect(found).to.match(/^environment: ESL_ROUTER_WEBHOOK_METHOD: /m);
  });

  it('says which default scheme is missing', async () => {
    expect(await faults({ ESL_ROUTER_DEFAULT_SCHEME: 'gone' })).to.deep.equal([
      'defaultScheme (ESL_ROUTER_DEFAULT_SCHEME): there is no scheme "gone"',
    ]);
  });

  it('chooses by variable, then path, then match in the order of file names, then default', async () => {
    put('1.json', { name: 'wide', webhook: { url: URL }, match: { did: '1500*' } });
    put('2.json', { name: 'narrow', webhook: { url: URL }, match: { did: '15005550100' } });
    put('3.json', {
      name: 'inner',
      webhook: { url: URL },
      match: { context: ['default', 'internal'], caller: '2??' },
    });
    put('4.json', { name: 'rest', webhook: { url: URL } });
    const set = await setOf({ ESL_ROUTER_DEFAULT_SCHEME: 'rest' });
    const both = { variable_esl_router_scheme: 'narrow', variable_socket_path: 'inner' };
    expect(choice(set, both)).to.equal('narrow by the variable esl_router_scheme');
    expect(choice(set, { variable_socket_path: 'inner' })).to.equal(
      'inner by the path of the socket address',
    );
    expect(choice(set)).to.equal('wide by its match');
    const inner = { 'Caller-Destination-Number': '900', 'Caller-Context': 'internal' };
    expect(choice(set, { ...inner, 'Caller-Caller-ID-Number': '201' })).to.equal('inner by its match');
    expect(choice(set, { ...inner, 'Caller-Caller-ID-Number': '2011' })).to.equal('rest by default');
    expect(choice(set, { variable_socket_path: 'gone' })).to.equal('unknown gone');
    expect(choice(await setOf(), { 'Caller-Destination-Number': '900' })).to.equal('none');
  });

  describe('webhook.ca', () => {
    const CERTIFICATE = readFileSync(
      new globalThis.URL('../../fixtures/tls/cert.pem', import.meta.url),
      'utf8',
    ).trim();
    const scheme = (ca: string): object => ({ name: 'a', webhook: { url: URL, ca } });

    async function caOf(): Promise<string | null | undefined> {
      return (await setOf()).schemes.get('a')?.webhook.ca;
    }

    it('is read from a file, relative to the folder of the schemes or absolute', async () => {
      mkdirSync(join(dir, 'ca'));
      put('ca/office.pem', CERTIFICATE);
      for (const path of ['ca/office.pem', join(dir, 'ca', 'office.pem')]) {
        put('a.json', scheme(path));
        expect(await caOf()).to.equal(CERTIFICATE);
      }
      put('a.json', { name: 'a', webhook: { url: URL } });
      expect(await caOf()).to.equal(null);
    });

    it('takes all certificates of the file, and nothing else of it', async () => {
      const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----';
      put('ca.pem', `# office\n${CERTIFICATE}\n${key}\r\n${CERTIFICATE}\n`);
      put('a.json', scheme('ca.pem'));
      expect(await caOf()).to.equal(`${CERTIFICATE}\n${CERTIFICATE}`);
    });

    it('is read anew with the schemes', async () => {
      put('ca.pem', CERTIFICATE);
      put('a.json', scheme('ca.pem'));
      await caOf();
      put('ca.pem', `${CERTIFICATE}\n${CERTIFICATE}`);
      expect(await caOf()).to.have.length(CERTIFICATE.length * 2 + 1);
    });

    for (const [title, text, fault] of [
      ['is not there', null, /^a\.json: webhook\.ca: ENOENT: .*ca\.pem/],
      ['holds no certificate', 'office', /^a\.json: webhook\.ca: .*ca\.pem holds no certificate in PEM$/],
      [
        'holds a broken one',
        `${CERTIFICATE}\n${CERTIFICATE.replace('MII', 'AAA')}`,
        /^a\.json: webhook\.ca: .*ca\.pem: certificate 2 can not be read: ./,
      ],
    ] as const) {
      it(`a file that ${title} is a fault`, async () => {
        if (text !== null) put('ca.pem', text);
        put('a.json', scheme('ca.pem'));
        const [found = '', ...others] = await faults();
        expect(found).to.match(fault);
        expect(others).to.deep.equal([]);
      });
    }
  });

  it('says what has no effect', async () => {
    put('a.json', { name: 'a', webhook: { url: URL, method: 'GET' } });
    const result = await load({ ESL_ROUTER_GATEWAY: '' });
    const notes = result.ok ? result.notes.join('\n') : '';
    expect(notes).to.match(/webhook\.method: "GET" has no effect, submission "json" always goes by POST/);
    expect(notes).to.match(/gateway: none here .* phone numbers are refused/);
  });

  it('warns of what looks like a secret in a URL, without repeating it', async () => {
    const urls = {
      a: 'https://crm.example/rest/1/x7k2m9q4w8e5r1t3/crm.lead.list',
      b: 'https://crm.example/hook?caller={{caller}}&api_key=s3cr3t',
      c: 'https://crm.example/rest/1/{{secret.TOKEN}}/contact-lookup-for-calls?key={{secret.TOKEN}}&token=',
    };
    for (const [name, url] of Object.entries(urls)) put(`${name}.json`, { name, webhook: { url } });
    const result = await load({}, ['TOKEN']);
    const notes = result.ok ? result.notes.filter((note) => note.includes('looks like a secret')) : [];
    expect(notes.map((note) => note.replace(`${dir}/`, '').replace(/ looks.*/, ''))).to.deep.equal([
      'a.json: webhook.url: part 3 of the path',
      'b.json: webhook.url: the parameter api_key',
    ]);
  });

  it('says of a scheme that can not widen what the configuration allows', async () => {
    const numbers = { premium: true, satellite: true };
    put('a.json', { name: 'a', webhook: { url: URL }, maxDurationSeconds: 600, numbers });
    const notesWith = async (env: Record<string, string>): Promise<string[]> => {
      const result = await load({ ESL_ROUTER_GATEWAY: 'crm', ...env });
      return result.ok ? result.notes.map((note) => note.replace(/^.*a\.json: /, '')) : ['faults'];
    };
    const env = { ESL_ROUTER_NUMBERS_PREMIUM: 'true', ESL_ROUTER_MAX_DURATION: '300' };
    expect(await notesWith(env)).to.deep.equal([
      'numbers.satellite: true has no effect while ESL_ROUTER_NUMBERS_SATELLITE is false',
      'maxDurationSeconds: has no effect, ESL_ROUTER_MAX_DURATION is 300 for all schemes',
    ]);
    expect(await notesWith({ ...env, ESL_ROUTER_NUMBERS_SATELLITE: 'true', ESL_ROUTER_MAX_DURATION: '900' }))
      .to.be.empty;
  });

  it('gives a scheme a revision that changes with its text', async () => {
    put('a.json', { name: 'a', webhook: { url: URL } });
    const before = (await setOf()).schemes.get('a')?.revision;
    put('a.json', { name: 'a', webhook: { url: `${URL}x` } });
    const after = (await setOf()).schemes.get('a')?.revision;
    expect(before).to.match(/^[0-9a-f]{12}$/);
    expect(after).not.to.equal(before);
  });
});
