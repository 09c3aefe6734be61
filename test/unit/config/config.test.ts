import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { loadConfig, type ConfigSources } from '../../../lib/config/config.ts';
import { defaultConfiguration } from '../../support/settings.ts';

function load(sources: Partial<ConfigSources> & { text?: string }) {
  const { text = '{}', ...rest } = sources;
  return loadConfig({
    file: { name: 'esl-router.json', text },
    env: {},
    argv: {},
    readSecretFile: () => {
      throw new Error('no such file');
    },
    ...rest,
  });
}

function configOf(sources: Parameters<typeof load>[0]) {
  const result = load(sources);
  if (!result.ok) throw new Error(result.faults.join('\n'));
  return result;
}

function faultsOf(sources: Parameters<typeof load>[0]): readonly string[] {
  const result = load(sources);
  return result.ok ? [] : result.faults;
}

describe('config', () => {
  it('takes an object with thousands of keys', () => {
    const hosts = Object.fromEntries(Array.from({ length: 4_500 }, (_, n) => [`S${n}`, ['crm.example']]));
    const { config } = configOf({ text: JSON.stringify({ secrets: { hosts } }) });
    expect(config.secrets.hosts).to.deep.equal(hosts);
  });

  it('has a default for every setting, and loads them from conf/esl-router.json unchanged', () => {
    const file = readFileSync('conf/esl-router.json', 'utf8');
    expect(JSON.parse(file)).to.deep.equal(JSON.parse(defaultConfiguration()));
    expect(configOf({ text: file }).config).to.deep.equal(configOf({}).config);
  });

  it('lets the environment overrule the file, and the command line both', () => {
    const text = '{"listen":{"port":8001},"gateway":["a"]}';
    const env = { ESL_ROUTER_LISTEN_PORT: '8002', ESL_ROUTER_SCHEMES_DIR: 'x' };
    const { config, settings } = configOf({ text, env, argv: { 'schemes.dir': 'y' } });
    expect(config.listen.port).to.equal(8002);
    expect(config.gateway).to.deep.equal(['a']);
    expect(config.schemes.dir).to.equal('y');
    const origins = Object.fromEntries(settings.map(({ name, origin }) => [name, origin]));
    expect(origins).to.include({
      'listen.port': 'environment',
      gateway: 'file',
      'schemes.dir': 'command line',
      domain: 'default',
    });
  });

  it('reads lists, objects and truth values from variables', () => {
    const { config } = configOf({
      env: {
        ESL_ROUTER_GATEWAY: ' first, second ',
        ESL_ROUTER_ALLOW: '10.0.0.0/8,::1',
        ESL_ROUTER_GATEWAYS: '{"first":{"callerId":"did","diversion":true}}',
        ESL_ROUTER_SCHEMES_WATCH: 'false',
        ESL_ROUTER_WEBHOOK_TIMEOUT: '0.5',
      },
    });
    expect(config.gateway).to.deep.equal(['first', 'second']);
    expect(config.listen.allow).to.deep.equal(['10.0.0.0/8', '::1']);
    expect(config.gateways).to.deep.equal({ first: { callerId: 'did', diversion: true } });
    expect(config.schemes.watch).to.equal(false);
    expect(config.webhook.timeout).to.equal(0.5);
  });

  it('tells every fault at once, with the place and what was expected', () => {
    const faults = faultsOf({
      text: '{"listen":{"prot":1},"log":{"level":"loud"}}',
      env: {
        ESL_ROUTER_LISTEN_PORT: '80abc',
        ESL_ROUTER_MAX_CALLS: '0x50',
        ESL_ROUTER_SCHEMES_WATCH: 'yes',
        ESL_ROUTER_ALLOW: '10.0.0.0/33',
        ESL_ROUTER_GATEWAYS: '{"first":{"callerID":"did"}}',
      },
    });
    expect(faults).to.have.length(7);
    const text = faults.join('\n');
    expect(text).to.match(
      /ESL_ROUTER_LISTEN_PORT: listen\.port: expected a whole number from 0 to 65535, got "80abc"/,
    );
    expect(text).to.match(/ESL_ROUTER_MAX_CALLS: .*got "0x50"/);
    expect(text).to.match(/ESL_ROUTER_SCHEMES_WATCH: schemes\.watch: expected true or false, got "yes"/);
    expect(text).to.match(/ESL_ROUTER_ALLOW: listen\.allow: expected a list of IP addresses/);
    expect(text).to.match(/ESL_ROUTER_GATEWAYS: gateways: expected a JSON object/);
    expect(text).to.match(/esl-router\.json: log\.level: expected one of error, warn, info, debug/);
    expect(faults).to.include(
      'esl-router.json: listen.prot: there is no such setting (did you mean "listen.port"?)',
    );
  });

  it('reads where requests may go', () => {
    const { network } = configOf({}).config;
    expect(network).to.deep.equal({ deny: [], allow: [], private: true, switchPorts: [8021] });
    const env = {
      ESL_ROUTER_NETWORK_DENY: '203.0.113.0/24, 2001:db8::/32',
      ESL_ROUTER_NETWORK_ALLOW: '203.0.113.7',
      ESL_ROUTER_NETWORK_PRIVATE: 'false',
      ESL_ROUTER_NETWORK_SWITCH_PORTS: '8021, 18021',
    };
    expect(configOf({ env }).config.network).to.deep.equal({
      deny: ['203.0.113.0/24', '2001:db8::/32'],
      allow: ['203.0.113.7'],
      private: false,
      switchPorts: [8021, 18021],
    });
    for (const [name, value] of [
      ['DENY', 'crm.example.com'],
      ['DENY', '10.0.0.0/33'],
      ['ALLOW', '10.0.0'],
      ['PRIVATE', 'no'],
    ] as const) {
      const variable = `ESL_ROUTER_NETWORK_${name}`;
      expect(faultsOf({ env: { [variable]: value } }).join()).to.match(
        new RegExp(`^${variable}: network\\.`),
      );
    }
  });

  it('takes caps and limits only as they are meant', () => {
    const faulty = (name: string, value: string): number =>
      faultsOf({ env: { [`ESL_ROUTER_${name}`]: value } }).length;
    for (const limits of [
      '{"38x":{"calls":1}}',
      '{"380":1}',
      '{"380":{"calls":0}}',
      '{"380":{"callsPerMinute":"9"}}',
      '{"380":{"perMinute":9}}',
      '[]',
    ]) {
      expect(faulty('NUMBERS_LIMITS', limits), limits).to.equal(1);
    }
    expect(faulty('NUMBERS_LIMITS', '{"+380":{"calls":1,"callsPerMinute":9},"1":{}}')).to.equal(0);
    for (const seconds of ['9', '86401', '1h', '10.5'])
      expect(faulty('MAX_DURATION', seconds), seconds).to.equal(1);
    for (const seconds of ['0', '10', '86400']) expect(faulty('MAX_DURATION', seconds), seconds).to.equal(0);
    expect(faulty('MAX_HOPS', '0')).to.equal(1);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(configOf({ env: { ESL_ROUTER_LISTEN_HOST: '' } }).config.listen.host).to.equal('127.0.0.1');
  });

  it('reads a variable from the file that its _FILE names', () => {
    const { config } = configOf({
      env: { ESL_ROUTER_WEBHOOK_URL_FILE: '/run/url' },
      readSecretFile: (path) => `https://crm.example.com${path}\n`,
    });
    expect(config.webhook.url).to.equal('https://crm.example.com/run/url');
    expect(faultsOf({ env: { ESL_ROUTER_DOMAIN_FILE: '/gone' } })).to.deep.equal([
      'ESL_ROUTER_DOMAIN_FILE: cannot read /gone: no such file',
    ]);
    expect(
      faultsOf({ env: { ESL_ROUTER_WEBHOOK_URL_FILE: '/empty' }, readSecretFile: () => ' \n' }),
    ).to.deep.equal(['ESL_ROUTER_WEBHOOK_URL_FILE: /empty is empty']);
    const both = { ESL_ROUTER_DOMAIN: 'a.example', ESL_ROUTER_DOMAIN_FILE: '/x' };
    expect(faultsOf({ env: both, readSecretFile: () => 'b.example' })).to.deep.equal([
      'ESL_ROUTER_DOMAIN and ESL_ROUTER_DOMAIN_FILE are both set: set only one of them',
    ]);
  });

  it('says which variables it does not know', () => {
    const { notes } = configOf({ env: { ESL_ROUTER_WEBHOK_URL: 'x', ESL_ROUTER_SECRET_A: 'y', HOME: '/' } });
    expect(notes).to.deep.equal([
      'ESL_ROUTER_WEBHOK_URL is set, and there is no such setting (did you mean "ESL_ROUTER_WEBHOOK_URL"?)',
    ]);
  });

  it('names the file that is not JSON', () => {
    expect(faultsOf({ text: '{' })[0]).to.match(
      /^esl-router\.json: line 1, column 2: expected a key in double quotes/,
    );
    expect(faultsOf({ text: '[]' })).to.deep.equal(['esl-router.json: expected a JSON object of settings']);
  });

  it('cannot be changed once it is loaded', () => {
    const { config } = configOf({});
    expect(() => {
      (config.listen.allow as string[]).push('0.0.0.0/0');
    }).to.throw(TypeError);
  });
});
