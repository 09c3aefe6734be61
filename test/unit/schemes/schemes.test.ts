import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCall } from '../../../lib/call/channel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { loadSecrets, type Secrets } from '../../../lib/config/secret.ts';
import { loadSchemes } from '../../../lib/schemes/folder.ts';
import { chooseScheme, type LoadResult, type SchemeSet } from '../../../lib/schemes/schemes.ts';

const URL = 'https://crm.example.com/';
const NO_SECRETS: Secrets = { has: () => false, read: () => '' };

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

  async function load(env: Record<string, string> = {}, secrets: Secrets = NO_SECRETS): Promise<LoadResult> {
    const config = loadConfig({
      file: null,
      env: { ESL_ROUTER_SCHEMES_DIR: dir, ESL_ROUTER_GATEWAY: 'trunk', ...env },
      argv: {},
      readSecretFile: () => '',
    });
    if (!config.ok) throw new Error(config.faults.join('\n'));
    return loadSchemes(config.config, secrets);
  }

  async function faults(env: Record<string, string> = {}): Promise<string[]> {
    const result = await load(env);
    return result.ok ? [] : result.faults.map((fault) => fault.replace(`${dir}/`, ''));
  }

  async function notes(env: Record<string, string>): Promise<readonly string[]> {
    const result = await load(env);
    return result.ok ? result.notes : [];
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
    expect(found).to.match(/^b\.json: line 1, column 9: expected a value, found the end of the file$/m);
    expect(found).to.match(/^c\.json: fallback\.onError\.0: there is no scheme "gone"$/m);
    expect(found).to.match(/^d\.json: name: "c" is also the name of .*c\.json$/m);
    expect(found).to.match(
      /^e\.json: \{\{secret\.KEY\}\}: ESL_ROUTER_SECRET_KEY is not set, nor is its _FILE, and there is no file for it in ESL_ROUTER_SECRETS_DIR$/m,
    );
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

  it('says that a default scheme takes the place of its own', async () => {
    put('1.json', { name: 'rest', webhook: { url: URL } });
    const environment = { ESL_ROUTER_WEBHOOK_URL: URL };
    const silent =
      'ESL_ROUTER_WEBHOOK_URL: is not the default, as defaultScheme is "rest": leave one of them out';
    expect(await notes({ ...environment, ESL_ROUTER_DEFAULT_SCHEME: 'rest' })).to.include(silent);
    expect((await notes(environment)).join()).not.to.include('not asked');
    expect((await notes({ ESL_ROUTER_WEBHOOK_AUTH: '{"type":"none"}' })).join()).to.include(
      'ESL_ROUTER_WEBHOOK_AUTH: has no effect, as ESL_ROUTER_WEBHOOK_URL is not set',
    );
    put('1.json', { name: 'default', webhook: { url: URL } });
    expect(await faults(environment)).to.deep.equal([
      'environment: ESL_ROUTER_WEBHOOK_URL: "default" is also the name of 1.json',
    ]);
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

  describe('webhook.tls.ca', () => {
    const CERTIFICATE = readFileSync(
      new globalThis.URL('../../fixtures/tls/cert.pem', import.meta.url),
      'utf8',
    ).trim();
    const scheme = (ca: string): object => ({ name: 'a', webhook: { url: URL, tls: { ca } } });

    async function caOf(): Promise<string | null> {
      return (await setOf()).schemes.get('a')?.webhook.tls?.ca ?? null;
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

    it('is read again with the schemes', async () => {
      put('ca.pem', CERTIFICATE);
      put('a.json', scheme('ca.pem'));
      await caOf();
      put('ca.pem', `${CERTIFICATE}\n${CERTIFICATE}`);
      expect(await caOf()).to.have.length(CERTIFICATE.length * 2 + 1);
    });

    for (const [title, text, fault] of [
      ['is not there', null, /^a\.json: webhook\.tls\.ca: .*ca\.pem: there is no such file \(ENOENT\)$/],
      [
        'holds no certificate',
        'office',
        /^a\.json: webhook\.tls\.ca: .*ca\.pem holds no certificate in PEM$/,
      ],
      [
        'holds a broken one',
        `${CERTIFICATE}\n${CERTIFICATE.replace('MII', 'AAA')}`,
        /^a\.json: webhook\.tls\.ca: .*ca\.pem: certificate 2 cannot be read: ./,
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
    expect(notes).to.match(/webhook\.method: "GET" has no effect, submission "json" is always sent by POST/);
    expect(notes).to.match(/gateway: set neither here .* phone numbers are refused/);
  });

  it('says of kept answers that no second question is like the first', async () => {
    const keeping = { url: URL, cacheSeconds: 60, lastGoodSeconds: 60 };
    put('a.json', {
      name: 'a',
      webhook: { ...keeping, parameters: { id: '{{uuid}}', at: '{{timestamp}}' } },
    });
    put('b.json', { name: 'b', webhook: keeping });
    const result = await load({ ESL_ROUTER_GATEWAY: 'crm' });
    expect(result.ok && result.notes.map((note) => note.replace(`${dir}/`, ''))).to.deep.equal([
      'a.json: webhook.cacheSeconds: no answer is ever reused, because {{uuid}} differs in every call',
      'a.json: webhook.lastGoodSeconds: no answer is ever reused, because {{uuid}} differs in every call',
    ]);
  });

  it('warns of what looks like a secret in a URL, without repeating it', async () => {
    const urls = {
      a: 'https://crm.example/rest/1/x7k2m9q4w8e5r1t3/crm.lead.list',
      b: 'https://crm.example/hook?caller={{caller}}&api_key=s3cr3t',
      c: 'https://crm.example/rest/1/{{secret.TOKEN}}/contact-lookup-for-calls?key={{secret.TOKEN}}&token=',
    };
    for (const [name, url] of Object.entries(urls)) put(`${name}.json`, { name, webhook: { url } });
    const result = await load({}, { has: (name) => name === 'TOKEN', read: () => '' });
    const notes = result.ok ? result.notes.filter((note) => note.includes('looks like a secret')) : [];
    expect(notes.map((note) => note.replace(`${dir}/`, '').replace(/ looks.*/, ''))).to.deep.equal([
      'a.json: webhook.url: part 3 of the path',
      'b.json: webhook.url: the parameter api_key',
    ]);
  });

  it('says of a scheme that cannot widen what the configuration allows', async () => {
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

  describe('settings of how replies are read', () => {
    const read = async (scheme: object): Promise<LoadResult> => {
      put('a.json', { name: 'a', ...scheme });
      return load({ ESL_ROUTER_DOMAIN: 'pbx.test' });
    };
    const webhook = (more: object) => ({ webhook: { url: URL, ...more } });
    const country = { numbering: { country: 'UA' } };

    for (const [title, scheme, fault] of [
      [
        'unmapped without a map',
        webhook({ unmapped: 'pass' }),
        /webhook\.unmapped: .*there is no webhook\.map$/,
      ],
      [
        'errorName of plain text',
        webhook({ import: 'http', errorName: 'e' }),
        /webhook\.errorName: .*import is "http"$/,
      ],
      [
        'rpcId without JSON-RPC',
        webhook({ rpcId: 'number' }),
        /webhook\.rpcId: .*"json-rpc", and it is "json"$/,
      ],
      ['targets alone, and none', webhook({ expect: ['target'] }), /webhook\.expect: .*no "targets"$/],
      [
        'a range the wrong way round',
        { ...webhook({}), numbering: { extensionDigits: [4, 3] } },
        /numbering\.extensionDigits: expected the fewest digits first$/,
      ],
      [
        'a word that means nothing readable',
        webhook({ map: { 17: '201/202' } }),
        /webhook\.map\.17: it holds two/,
      ],
      [
        'a word that means what is not expected',
        webhook({ map: { 17: '380441234567' }, expect: ['extension'] }),
        /webhook\.map\.17: "380441234567" is a number, and webhook\.expect takes extension only$/,
      ],
      [
        'an error under the name of the destination',
        webhook({ errorName: 'destination' }),
        /webhook\.errorName: .*responseName/,
      ],
      [
        'a status that is an answer',
        webhook({ noRouteStatuses: [200] }),
        /webhook\.noRouteStatuses: 200 is an answer/,
      ],
      [
        'a status that means nobody and another try',
        webhook({ noRouteStatuses: [503], retryStatuses: [503] }),
        /webhook\.noRouteStatuses: 503 is in webhook\.retryStatuses too$/,
      ],
      [
        'a target that is an emergency number',
        { ...webhook({}), targets: { sos: { transfer: { extension: '112' } } } },
        /targets\.sos: 112 is an emergency number/,
      ],
      [
        'a transfer to an emergency number',
        { ...webhook({}), fallback: { onError: [{ transfer: { extension: '112' } }] } },
        /fallback\.onError\.0: 112 is an emergency number/,
      ],
      [
        'a fallback that rings nobody',
        { ...webhook({}), fallback: { onError: [{ dial: '201, 202' }] } },
        /fallback\.onError\.0\.dial: "201, 202" is refused: it holds two extensions, 201 and 202: send a list$/,
      ],
    ] as const) {
      it(`check refuses ${title}`, async () => {
        const result = await read(scheme);
        expect(result.ok ? [] : result.faults.map((text) => text.replace(`${dir}/`, ''))).to.have.length(1);
        expect(result.ok ? '' : result.faults[0]).to.match(fault);
      });
    }

    for (const [title, scheme, note] of [
      [
        'a hand-over to itself',
        { ...webhook({}), fallback: { onNoRoute: [{ scheme: 'a' }] } },
        /fallback\.onNoRoute\.0: hands the call to the same scheme, and is left out$/,
      ],
      [
        'a country where no number is expected',
        { ...webhook({ expect: ['login'] }), ...country },
        /numbering\.country: "UA" is used only for the caller's number, as webhook\.expect takes login only$/,
      ],
      [
        'bareDigits without a country',
        { ...webhook({}), numbering: { bareDigits: 'national' } },
        /numbering\.bareDigits: "national" has no effect without numbering\.country$/,
      ],
      [
        'extensions of the dialplan where none is expected',
        { ...webhook({ expect: ['login'] }), extensions: 'dialplan' },
        /extensions: "dialplan" has no effect, as webhook\.expect takes login only$/,
      ],
      [
        'targets that no reply can name',
        {
          ...webhook({ expect: ['login'] }),
          targets: { support: { transfer: { extension: '*98' } } },
        },
        /targets: no reply can name one, as webhook\.expect takes login only$/,
      ],
    ] as const) {
      it(`check notes ${title}`, async () => {
        const result = await read(scheme);
        const notes = result.ok ? result.notes.filter((text) => !text.includes('gateway')) : result.faults;
        expect(notes).to.have.length(1);
        expect(notes[0]).to.match(note);
      });
    }

    it("reads fallback steps as they stand: they are not the CRM's words", async () => {
      const scheme = { ...webhook({ map: { 17: '201' }, expect: ['extension'] }) };
      const result = await read({ ...scheme, fallback: { onNoRoute: [{ dial: ['202', 'anna'] }] } });
      expect(result.ok || result.faults).to.equal(true);
    });
  });

  describe('match', () => {
    const notesOn = async (
      matches: Readonly<Record<string, unknown>>,
      env: Record<string, string> = {},
    ): Promise<string[]> => {
      for (const [name, match] of Object.entries(matches))
        put(`${name}.json`, { name, webhook: { url: URL }, match, numbering: { country: 'UA' } });
      const result = await load(env);
      return result.ok ? result.notes.map((note) => note.replaceAll(`${dir}/`, '')) : ['faults'];
    };

    it('numbers are one however they are written, and a scheme of no country reads no national ones', async () => {
      put('1.json', { name: 'plain', webhook: { url: URL }, match: { did: '0441234567' } });
      put('2.json', {
        name: 'kyiv',
        webhook: { url: URL },
        match: { did: '(044) 123*' },
        numbering: { country: 'UA' },
      });
      const set = await setOf();
      for (const [did, chosen] of [
        ['+380441234567', 'kyiv by its match'],
        ['00380 44 123-45-67', 'kyiv by its match'],
        ['044 123 45 99', 'kyiv by its match'],
        ['0441234567', 'plain by its match'],
        ['+380501234567', 'none'],
      ] as const)
        expect(choice(set, { 'Caller-Destination-Number': did }), did).to.equal(chosen);
    });

    for (const [title, match, note] of [
      [
        'nothing but separators',
        { did: ['1500*', ' - '] },
        /^a\.json: match\.did\.1: " - " is nothing but separators/,
      ],
      [
        'a regular expression',
        { did: '^1500\\d+$' },
        /^a\.json: match\.did: "\^1500\\\\d\+\$" has "\^" in it, and no/,
      ],
      [
        'another one',
        { caller: '380[0-9]*' },
        /^a\.json: match\.caller: .* has "\[" in it.*not a regular expression$/,
      ],
      [
        'several in one text',
        { did: '1500,1501' },
        /has "," in it, and no number has: write several as a list/,
      ],
      ['a + within', { did: '1500+' }, /has "\+" in it/],
      [
        'an emergency number',
        { did: ['1500*', '1-1-2'] },
        /^a\.json: match\.did\.1: "1-1-2" is an emergency number/,
      ],
      [
        'a space behind a context',
        { context: 'public ' },
        /^a\.json: match\.context: "public " ends in a space/,
      ],
    ] as const) {
      it(`check names ${title}`, async () => {
        const notes = await notesOn({ a: match });
        expect(notes).to.have.length(1);
        expect(notes[0]).to.match(note);
      });
    }

    for (const [title, match] of [
      [
        'numbers and globs',
        { did: ['1500*', '+38 (044) ???-??-??', '*67', '*', '+*', '00*'], caller: '050 1*' },
      ],
      ['names', { did: ['sales', 'john.doe', 'a+b', 'x,y', '$cash'], caller: 'anonymous' }],
      ['contexts', { context: ['public', 'sales office', 'from-*', 'a.b|c'] }],
      ['an emergency number as a caller, and one that is longer', { did: '1120', caller: '112' }],
      ['no part', {}],
    ] as const) {
      it(`check has nothing to say about ${title}`, async () => {
        expect(await notesOn({ a: match })).to.deep.equal([]);
      });
    }

    it('check says which scheme an earlier one hides, and which pattern', async () => {
      const notes = await notesOn({
        a: { did: '+380 44*' },
        b: { did: '044 1234567', context: 'public' },
        c: { did: ['044 7654321', '050*'], caller: '2??' },
        d: { did: '044*' },
        e: { context: 'public', caller: '2??' },
        f: { did: '1500*', context: 'public', caller: '201' },
      });
      const by = (scheme: string): string =>
        `never chooses this scheme: ${scheme} (${scheme}.json) comes first and matches all these calls`;
      expect(notes).to.deep.equal([
        `b.json: match: ${by('a')}`,
        `c.json: match.did.0: "044 7654321" ${by('a')}`,
        `f.json: match: ${by('e')}`,
      ]);
    });

    it('check compares no schemes of different countries', async () => {
      put('a.json', { name: 'a', webhook: { url: URL }, match: { did: '380*' } });
      expect(await notesOn({ b: { did: '380441234567' } })).to.deep.equal([]);
    });
  });

  it('gives a scheme a revision that changes with its text', async () => {
    put('a.json', { name: 'a', webhook: { url: URL } });
    const before = (await setOf()).schemes.get('a')?.revision;
    put('a.json', { name: 'a', webhook: { url: `${URL}x` } });
    const after = (await setOf()).schemes.get('a')?.revision;
    expect(before).to.match(/^[0-9a-f]{12}$/);
    expect(after).not.to.equal(before);
  });

  describe('what loads can be sent', () => {
    const LIST = 'network.deny has 10.0.0.0/8';
    const rows: readonly [string, object, string | RegExp, Record<string, string>?][] = [
      [
        'an address that clouds use for themselves',
        { webhook: { url: 'http://169.254.169.254/latest' } },
        /^webhook\.url: no request may go there: 169\.254\.169\.254\/32 is always denied/,
      ],
      [
        'the same in other words',
        { webhook: { url: 'http://[::ffff:a9fe:a9fe]/' } },
        /^webhook\.url: no request may go there/,
      ],
      ['this host by no address', { webhook: { url: 'http://0:9/' } }, /0\.0\.0\.0\/8/],
      [
        'a denied address',
        { webhook: { url: 'https://10.1.2.3/' } },
        `webhook.url: no request may go there: ${LIST}`,
        { NETWORK_DENY: '10.0.0.0/8' },
      ],
      [
        'a denied address of a backup',
        { fallback: { onError: [{ dial: '201' }, { webhook: 'https://10.1.2.3/x' }] } },
        `fallback.onError.1.webhook: no request may go there: ${LIST}`,
        { NETWORK_DENY: '10.0.0.0/8' },
      ],
      [
        'loopback by name where it is denied',
        { webhook: { url: 'http://crm.localhost/' } },
        /network\.private is false/,
        { NETWORK_PRIVATE: 'false' },
      ],
      [
        "FreeSWITCH's event socket, on whatever host",
        { webhook: { url: 'http://fs.example.com:8021/' } },
        "webhook.url: no request may go there: port 8021 is FreeSWITCH's event socket (network.switchPorts)",
      ],
      [
        "the router's own port",
        { webhook: { url: 'http://localhost:8084/' } },
        "webhook.url: no request may go there: port 8084 here is the router's own",
      ],
      [
        "the router's health port",
        { webhook: { url: 'http://127.0.0.1:8085/' } },
        /port 8085 here/,
        { HEALTH_PORT: '8085' },
      ],
      [
        'a template that is not a dial string',
        {},
        'dial.number (ESL_ROUTER_DIAL_NUMBER): expected a single endpoint such as sofia/gateway/{gateway}/{number}',
        { DIAL_NUMBER: 'gateway-{gateway}-{number}' },
      ],
      [
        'a template with a placeholder too many',
        {},
        'dial.user (ESL_ROUTER_DIAL_USER): {host} is unknown here',
        { DIAL_USER: 'user/{user}@{domain}{host}' },
      ],
      [
        'a domain that cannot be dialled',
        {},
        /^domain \(ESL_ROUTER_DOMAIN\): may not be sent to FreeSWITCH: domain/,
        { DOMAIN: '2001:db8::1' },
      ],
      [
        'one of the domains',
        {},
        /^domains \(ESL_ROUTER_DOMAINS\): may not be sent/,
        { DOMAINS: 'pbx.example,2001:db8::1' },
      ],
      [
        'a domain that is read from the call, without a list',
        {},
        'domain (ESL_ROUTER_DOMAIN): is read from the call, and "domains" (ESL_ROUTER_DOMAINS) does not list what is allowed',
        { DOMAIN: 'var:domain_name' },
      ],
      [
        'a context that is read from the call, without a list',
        {},
        'extensionContext (ESL_ROUTER_EXTENSION_CONTEXT): is read from the call, and "domains" (ESL_ROUTER_DOMAINS) does not list what is allowed',
        { EXTENSION_CONTEXT: 'var:domain_name' },
      ],
      [
        'the same of a target',
        { targets: { desk: { transfer: { extension: '900', context: 'var:domain_name' } } } },
        'targets.desk.context: is read from the call, and "domains" (ESL_ROUTER_DOMAINS) does not list what is allowed',
      ],
      [
        'the same of a step',
        { fallback: { onBusy: [{ transfer: { extension: '900', context: 'var:domain_name' } }] } },
        'fallback.onBusy.0.context: is read from the call, and "domains" (ESL_ROUTER_DOMAINS) does not list what is allowed',
      ],
      [
        'a SIP host that cannot be dialled',
        {},
        /^sipHosts \(ESL_ROUTER_SIP_HOSTS\): may not be sent/,
        { SIP_HOSTS: 'fe80::a' },
      ],
    ];
    for (const [title, scheme, fault, env = {}] of rows) {
      it(`check refuses ${title}`, async () => {
        put('a.json', { name: 'a', webhook: { url: URL }, ...scheme });
        const settings = Object.entries(env).map(([name, value]) => [`ESL_ROUTER_${name}`, value]);
        const found = await faults(Object.fromEntries(settings) as Record<string, string>);
        const [text = ''] = found.map((line) => line.replace(/^a\.json: /, ''));
        if (typeof fault === 'string') expect(text).to.equal(fault);
        else expect(text).to.match(fault);
      });
    }

    it('check knows where a secret may go, and what it can be', async () => {
      const env = {
        ESL_ROUTER_SECRET_BOUND: 'bound to another',
        ESL_ROUTER_SECRET_DOTS: '..',
        ESL_ROUTER_SECRET_LINES: 'two\nlines',
      };
      const secrets = loadSecrets({ env, readFile: () => '', hosts: { BOUND: ['crm.example.net'] } });
      const found = async (webhook: object, rest: object = {}): Promise<string[]> => {
        put('a.json', { name: 'a', webhook: { url: URL, ...webhook }, ...rest });
        const result = await load({}, secrets);
        return result.ok ? [] : result.faults.map((fault) => fault.replace(/^.*a\.json: /, ''));
      };
      const bound = ['webhook.url: the secret BOUND may not be sent to crm.example.com'];
      expect(await found({ headers: { 'X-Key': '{{secret.BOUND}}' } })).to.deep.equal(bound);
      expect(await found({ auth: { type: 'bearer', token: '{{secret.BOUND}}' } })).to.deep.equal(bound);
      expect(await found({ body: { a: ['{{secret.BOUND}}'] } })).to.deep.equal(bound);
      expect(await found({ url: 'https://crm.example.net/{{secret.BOUND}}' })).to.deep.equal([]);
      expect(
        await found({}, { fallback: { onError: [{ webhook: 'https://b.example/{{secret.BOUND}}' }] } }),
      ).to.deep.equal(['fallback.onError.0.webhook: the secret BOUND may not be sent to b.example']);
      expect(await found({ url: `${URL}{{secret.DOTS}}/x` })).to.deep.equal([
        'webhook.url: a value makes a segment of the URL path "." or ".."',
      ]);
      const lines = [
        '{{secret.LINES}}: has characters that a header cannot hold: only printable ASCII is allowed',
      ];
      expect(await found({ headers: { 'X-Key': '{{secret.LINES}}' } })).to.deep.equal(lines);
      expect(await found({ auth: { type: 'api-key', key: '{{secret.LINES}}' } })).to.deep.equal(lines);
      expect(await found({ auth: { type: 'hmac', secret: '{{secret.LINES}}' } })).to.deep.equal([]);
    });
  });
});
