import { expect } from 'chai';
import { compileNetwork, zoneOf, type NetworkRules, type Own } from '../../../lib/http/network.ts';

const RULES: NetworkRules = { deny: [], allow: [], private: true, switchPorts: [8021] };
const refusing = (rules: Partial<NetworkRules> = {}, own?: Own) =>
  compileNetwork({ ...RULES, ...rules }, own);
const network = (rules: Partial<NetworkRules> = {}): ((address: string) => boolean) => {
  const refusal = refusing(rules);
  return (address) => refusal(address, 443) === null;
};
/** As a request's URL has it: the URL parser knows every notation. */
const hostOf = (host: string): string => new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '');

describe('network', () => {
  const byDefault = network();

  it('lets everything through that is not denied, and nothing that is not an address', () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '203.0.113.7', '2001:db8::1', '::1', 'fd00::1']) {
      expect(byDefault(address), address).to.equal(true);
    }
    for (const text of ['', 'crm.example.com', '1.2.3', '1.2.3.4.5']) expect(byDefault(text)).to.equal(false);
  });

  for (const host of [
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '169.254.43518',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[::169.254.169.254]',
    '[64:ff9b::169.254.169.254]',
    '[64:ff9b:1::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[::ffff:0:169.254.169.254]',
    '[fe80::1]',
    '[febf::1]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '100.100.100.200',
    '168.63.129.16',
    '169.254.170.2',
    '169.254.170.23',
    '[fd00:ec2::23]',
    '169.254.0.23',
    '169.254.42.42',
    '[fd00:42::42]',
    '[fe80::a9fe:a9fe]',
    '192.0.0.192',
    '0',
    '0.1.2.3',
    '[::]',
    '224.0.0.1',
    '255.255.255.255',
    '[ff02::1]',
  ]) {
    it(`denies ${host}, whatever network.deny says`, () => {
      expect(byDefault(hostOf(host))).to.equal(false);
      expect(network({ deny: ['10.0.0.0/8'], allow: ['0.0.0.0/0', '::/0'] })(hostOf(host))).to.equal(false);
    });
  }

  it('denies no neighbour of what it denies', () => {
    for (const address of [
      '169.253.255.255',
      '169.255.0.0',
      '100.100.100.201',
      '223.255.255.255',
      '1.0.0.0',
      'fec0::1',
      'fd00:ec2::255',
      '::2:0:0:1',
      '2003:a9fe:a9fe::1',
      '64:ff9b::203.0.113.7',
      '2002:cb00:7107::1',
    ]) {
      expect(byDefault(address), address).to.equal(true);
    }
  });

  it('reads an address with its zone', () => {
    expect(byDefault('fe80::1%eth0')).to.equal(false);
  });

  it('private: false denies loopback and private networks, in every notation', () => {
    const publicOnly = network({ private: false });
    for (const host of [
      '127.0.0.1',
      '0x7f.1',
      '2130706433',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '100.64.0.1',
      '[::1]',
      '[fc00::1]',
      '[fdff::1]',
      '[fec0::1]',
      '[::ffff:10.0.0.1]',
      '[64:ff9b::7f00:1]',
      '[2002:c0a8:101::]',
    ]) {
      expect(publicOnly(hostOf(host)), host).to.equal(false);
    }
    for (const address of ['172.15.255.255', '172.32.0.0', '100.128.0.0', '11.0.0.0', '2001:db8::1']) {
      expect(publicOnly(address), address).to.equal(true);
    }
  });

  it('the longest prefix wins, of two equal ones the denied', () => {
    const rules = network({
      deny: ['10.0.0.0/8', '10.1.2.3', '192.0.2.0/24', '2001:db8::/32'],
      allow: ['10.1.0.0/16', '192.0.2.0/24', '2001:db8:1::/48'],
    });
    expect(
      ['10.2.0.1', '10.1.0.1', '10.1.2.3', '192.0.2.1', '2001:db8::1', '2001:db8:1::1'].map((address) =>
        rules(address),
      ),
    ).to.deep.equal([false, true, false, false, false, true]);
  });

  it('what a cloud tells its machines is opened by its very address only', () => {
    expect(network({ allow: ['169.254.0.0/16'] })('169.254.1.1')).to.equal(true);
    expect(network({ allow: ['169.254.0.0/16'] })('169.254.169.254')).to.equal(false);
    expect(network({ allow: ['169.254.169.254'] })('169.254.169.254')).to.equal(true);
    expect(network({ allow: ['169.254.169.254/32'] })('169.254.169.253')).to.equal(false);
    expect(network({ allow: ['fd00:ec2::254'] })('fd00:ec2::254')).to.equal(true);
    // Whoever has the list that was the default of before in his file denies it as before.
    const before = { deny: ['169.254.0.0/16', '169.254.169.254'], allow: ['169.254.169.254'] };
    expect(network(before)('169.254.169.254')).to.equal(false);
  });

  it("FreeSWITCH's event socket is on no host a webhook", () => {
    for (const address of ['127.0.0.1', '10.0.0.5', '203.0.113.7', '::1']) {
      expect(refusing()(address, 8021)).to.equal(
        "port 8021 is FreeSWITCH's event socket (network.switchPorts)",
      );
      expect(refusing({ allow: [address] })(address, 8021)).to.match(/8021/);
      expect(refusing({ switchPorts: [8022] })(address, 8021)).to.equal(null);
      expect(refusing({ switchPorts: [8022] })(address, 8022)).to.match(/8022/);
      expect(refusing()(address, 8022)).to.equal(null);
    }
  });

  it("the router's own ports are none on this machine, by any of its addresses", () => {
    const ports = new Set([8084]);
    const own = { ports, addresses: () => ['10.0.0.5', 'fd12::5'] };
    const refusal = refusing({ allow: ['127.0.0.1'] }, own);
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '10.0.0.5', 'fd12::5', '::ffff:10.0.0.5']) {
      expect(refusal(address, 8084), address).to.equal("port 8084 here is the router's own");
      expect(refusal(address, 8085), address).to.equal(null);
    }
    expect(refusal('10.0.0.6', 8084)).to.equal(null);
    ports.add(8085);
    expect(refusal('127.0.0.1', 8085)).to.match(/8085/);
  });

  it('a redirect never leads further inside', () => {
    const refusal = refusing({ allow: ['10.0.0.0/8', '127.0.0.0/8'] });
    const addresses = { public: '203.0.113.7', private: '10.0.0.5', loopback: '127.0.0.1' } as const;
    const allowed = Object.entries(addresses).map(([to, address]) => [
      to,
      (['public', 'private', 'loopback'] as const).filter((from) => refusal(address, 443, from) === null),
    ]);
    expect(Object.fromEntries(allowed)).to.deep.equal({
      public: ['public', 'private', 'loopback'],
      private: ['private', 'loopback'],
      loopback: ['loopback'],
    });
    expect(refusal('10.0.0.5', 443, 'public')).to.equal(
      'a redirect never leads from a public address to a private one',
    );
  });

  it('how far inside an address is, in every notation', () => {
    const zones = {
      loopback: [
        '127.0.0.1',
        '127.255.0.9',
        '0x7f.1',
        '[::1]',
        '0',
        '[::]',
        '[::ffff:127.0.0.1]',
        '[64:ff9b::7f00:1]',
      ],
      private: [
        '10.0.0.1',
        '172.31.0.1',
        '192.168.1.1',
        '100.64.0.1',
        '169.254.1.1',
        '[fd00::1]',
        '[fe80::1]',
        '[::ffff:10.0.0.1]',
        '[2002:a00:1::]',
      ],
      public: ['203.0.113.7', '172.32.0.1', '[2001:db8::1]', '[64:ff9b::203.0.113.7]'],
    };
    for (const [zone, hosts] of Object.entries(zones)) {
      for (const host of hosts) expect(zoneOf(hostOf(host)), host).to.equal(zone);
    }
  });

  it('an allowed network is an exception to private: false, an equal one too', () => {
    const rules = network({ private: false, allow: ['10.0.0.0/8', '127.0.0.2'] });
    expect(['10.9.9.9', '127.0.0.2', '127.0.0.1'].map((address) => rules(address))).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it('everything denied but one host', () => {
    const rules = network({ deny: ['0.0.0.0/0', '::/0'], allow: ['203.0.113.7', '2001:db8::7'] });
    expect(['203.0.113.7', '203.0.113.8', '2001:db8::7', '2001:db8::8'].map(rules)).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
  });

  it('a prefix that ends within a byte, and a mapped one', () => {
    const rules = network({ deny: ['10.0.16.0/20', '::ffff:192.0.2.0/120'] });
    expect(['10.0.15.255', '10.0.16.0', '10.0.31.255', '10.0.32.0'].map(rules)).to.deep.equal([
      true,
      false,
      false,
      true,
    ]);
    expect(['192.0.2.9', '192.0.3.9'].map(rules)).to.deep.equal([false, true]);
  });

  it('an address that carries another is denied by either of them', () => {
    expect(network({ deny: ['64:ff9b::/96'] })('64:ff9b::203.0.113.7')).to.equal(false);
    expect(network({ deny: ['203.0.113.7'], allow: ['64:ff9b::/96'] })('64:ff9b::203.0.113.7')).to.equal(
      false,
    );
  });
});
