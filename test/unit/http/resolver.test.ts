import { expect } from 'chai';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RouterError } from '../../../lib/errors.ts';
import { createResolver, type Resolver, type ResolverOptions } from '../../../lib/http/resolver.ts';
import { DnsServer, type DnsReply } from '../../support/dns.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { eventually } from '../../support/wait.ts';

const NAME = 'crm.example.com';
const HANG: DnsReply = { hang: true };
const missing = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));

describe('resolver', () => {
  let server: DnsServer;
  let clock: ManualClock;
  let folder: string;
  let hostsFile: string;
  let resolver: Resolver;
  const opened: Resolver[] = [];

  const open = (options: Partial<ResolverOptions> = {}): Resolver => {
    const one = createResolver({ servers: [server.address], hostsFile, clock, lookup: missing, ...options });
    opened.push(one);
    return one;
  };

  beforeEach(async () => {
    server = await DnsServer.start();
    clock = new ManualClock();
    folder = mkdtempSync(join(tmpdir(), 'esl-router-'));
    hostsFile = join(folder, 'hosts');
    resolver = open();
  });

  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function failure(resolving: Promise<unknown>): Promise<string> {
    const error: unknown = await resolving.then(
      (addresses) => addresses,
      (reason: unknown) => reason,
    );
    if (!(error instanceof RouterError)) throw new Error(`no RouterError: ${String(error)}`);
    expect(error.code).to.equal('dns_failed');
    expect(error).to.not.have.property('cause');
    return error.message;
  }

  const asked = (): number => server.questions.length;
  /** Known from now on, for a second. */
  async function know(addresses: readonly string[] = ['192.0.2.1']): Promise<void> {
    server.reply = () => ({ addresses, ttl: 1 });
    await resolver.resolve(NAME);
  }

  describe('without DNS', () => {
    it('localhost and the names below it are loopback, whatever anybody says', async () => {
      writeFileSync(hostsFile, '192.0.2.9 localhost crm.localhost\n');
      for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'crm.localhost']) {
        expect(await resolver.resolve(name), name).to.deep.equal(['127.0.0.1', '::1']);
      }
      expect(asked()).to.equal(0);
    });

    it('no name below "invalid" exists', async () => {
      expect(
        await failure(open({ lookup: () => Promise.resolve(['192.0.2.1']) }).resolve('crm.invalid')),
      ).to.equal('ENOTFOUND crm.invalid');
      expect(asked()).to.equal(0);
    });

    it('the hosts file, with its comments, aliases, letters and repetitions', async () => {
      writeFileSync(
        hostsFile,
        [
          '# 192.0.2.8 crm.example.com',
          '192.0.2.1\tCRM.example.com  crm # office',
          '',
          '2001:db8::1 crm.example.com.',
          'not-an-address crm.example.com',
          '192.0.2.2 notlocalhost',
        ].join('\n'),
      );
      expect(await resolver.resolve('crm.Example.com.')).to.deep.equal(['192.0.2.1', '2001:db8::1']);
      expect(await resolver.resolve('crm')).to.deep.equal(['192.0.2.1']);
      expect(await resolver.resolve('notlocalhost')).to.deep.equal(['192.0.2.2']);
      expect(asked()).to.equal(0);
      await failure(resolver.resolve('office'));
      expect(asked()).to.be.above(0);
    });

    it('the hosts file as it is now: written, changed and gone', async () => {
      server.reply = () => ({ addresses: ['192.0.2.7'] });
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.7']);
      writeFileSync(hostsFile, `192.0.2.1 ${NAME}`);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
      writeFileSync(hostsFile, `192.0.2.2 ${NAME}`);
      utimesSync(hostsFile, 1, 1);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.2']);
      rmSync(hostsFile);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.7']);
    });
  });

  describe('answers', () => {
    it('IPv4 first, then IPv6', async () => {
      server.reply = () => ({ addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] });
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1', '192.0.2.2', '2001:db8::1']);
      expect([...server.questions].sort()).to.deep.equal([`A ${NAME}`, `AAAA ${NAME}`]);
    });

    it('of one family only', async () => {
      server.reply = () => ({ addresses: ['2001:db8::1'] });
      expect(await resolver.resolve(NAME)).to.deep.equal(['2001:db8::1']);
    });

    it('when the other family is never answered', async () => {
      server.reply = (_, family) => (family === 'A' ? { addresses: ['192.0.2.1'] } : HANG);
      const answer = resolver.resolve(NAME);
      await eventually('both questions', () => asked() === 2);
      // The first answer sets the timer for the second.
      await eventually('the timer', () => clock.timers === 2);
      clock.advance(50);
      expect(await answer).to.deep.equal(['192.0.2.1']);
      clock.advance(2950);
      await eventually('the end', () => clock.timers === 0);
    });

    for (const [late, reply] of [
      ['late', { addresses: ['192.0.2.1', '2001:db8::1'], ttl: 300 }],
      ['never there', { addresses: ['192.0.2.1'], ttl: 300 }],
    ] as const) {
      it(`a half serves who waits and is not kept: the other family is ${late}`, async () => {
        let answerLate: () => void = () => undefined;
        server.reply = (_, family) =>
          family === 'A'
            ? reply
            : {
                later: (send) =>
                  (answerLate = () => {
                    send(reply);
                  }),
              };
        const answer = resolver.resolve(NAME);
        await eventually('the timer', () => clock.timers === 2);
        clock.advance(50);
        expect(await answer).to.deep.equal(['192.0.2.1']);
        // Whoever comes meanwhile waits for nothing, and asks nothing.
        expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
        expect(asked()).to.equal(2);
        answerLate();
        await eventually('the whole answer', () => clock.timers === 0);
        expect(await resolver.resolve(NAME)).to.deep.equal(reply.addresses);
        clock.advance(299_999);
        expect(await resolver.resolve(NAME)).to.deep.equal(reply.addresses);
        expect(asked()).to.equal(2);
      });
    }

    it('IPv6 alone waits for IPv4, as most machines cannot connect to it: a lost packet is asked for again', async () => {
      let packets = 0;
      server.reply = (_, family) => {
        if (family === 'AAAA') return { addresses: ['2001:db8::1'], ttl: 300 };
        return ++packets === 1 ? HANG : { addresses: ['192.0.2.1'], ttl: 300 };
      };
      const startedAt = performance.now();
      const answer = resolver.resolve(NAME);
      await eventually('the timer', () => clock.timers === 2);
      clock.advance(1499);
      expect(await answer).to.deep.equal(['192.0.2.1', '2001:db8::1']);
      expect(performance.now() - startedAt).to.be.above(350);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1', '2001:db8::1']);
      expect(asked()).to.equal(3);
    });

    it('IPv6 alone is given out after 1.5 s, and is not kept', async () => {
      server.reply = (_, family) => (family === 'AAAA' ? { addresses: ['2001:db8::1'], ttl: 300 } : HANG);
      const answer = resolver.resolve(NAME);
      await eventually('the timer', () => clock.timers === 2);
      clock.advance(1500);
      expect(await answer).to.deep.equal(['2001:db8::1']);
      server.reply = () => ({ addresses: ['192.0.2.1'], ttl: 300 });
      await eventually('the whole answer', () => clock.timers === 0);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1', '2001:db8::1']);
    });

    for (const family of ['A', 'AAAA'] as const) {
      it(`a half is kept for 10 s when DNS fails for ${family}`, async () => {
        const half = ['192.0.2.1', '2001:db8::1'];
        server.reply = (_, asking) => (asking === family ? { code: 2 } : { addresses: half, ttl: 300 });
        const [known] = await resolver.resolve(NAME);
        expect(known).to.equal(family === 'A' ? '2001:db8::1' : '192.0.2.1');
        server.reply = () => ({ addresses: half, ttl: 300 });
        clock.advance(9_999);
        expect(await resolver.resolve(NAME)).to.deep.equal([known]);
        clock.advance(1);
        expect(await resolver.resolve(NAME)).to.deep.equal(half);
      });
    }

    for (const [ttl, seconds] of [
      [0, 1],
      [7, 7],
      [86_400, 300],
    ] as const) {
      it(`are kept for ${seconds} s when DNS says ${ttl}`, async () => {
        server.reply = () => ({ addresses: ['192.0.2.1'], ttl });
        await resolver.resolve(NAME);
        const once = asked();
        server.reply = () => ({ addresses: ['192.0.2.2'] });
        clock.advance(seconds * 1000 - 1);
        expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
        expect(asked()).to.equal(once);
        clock.advance(1);
        expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.2']);
      });
    }

    it('are asked for once, however many wait', async () => {
      server.reply = () => ({ addresses: ['192.0.2.1'] });
      const names = [NAME, NAME, 'CRM.example.com', `${NAME}.`];
      const answers = await Promise.all(names.map((name) => resolver.resolve(name)));
      expect(answers).to.deep.equal(names.map(() => ['192.0.2.1']));
      expect(asked()).to.equal(2);
    });

    it('of 256 names are kept', async () => {
      server.reply = () => ({ addresses: ['192.0.2.1'] });
      for (let i = 0; i <= 256; i++) await resolver.resolve(`n${i}.example.com`);
      const before = asked();
      await resolver.resolve('n256.example.com');
      await resolver.resolve('n1.example.com');
      expect(asked()).to.equal(before);
      await resolver.resolve('n0.example.com');
      expect(asked()).to.equal(before + 2);
    });
  });

  describe('when DNS fails', () => {
    for (const [title, reply] of [
      ['SERVFAIL', { code: 2 }],
      ['REFUSED', { code: 5 }],
    ] as const) {
      it(`${title}: the last known addresses, for an hour`, async () => {
        await know();
        server.reply = () => reply;
        clock.advance(3_599_999);
        expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
        clock.advance(20_000);
        expect(await failure(resolver.resolve(NAME))).to.match(/query/);
      });

      it(`${title} of a name that is not known`, async () => {
        server.reply = () => reply;
        expect(await failure(resolver.resolve(NAME))).to.match(/query/);
        server.reply = () => ({ addresses: ['192.0.2.1'] });
        expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
      });
    }

    it('it is asked again after 10 s, and not before', async () => {
      await know();
      server.reply = () => ({ code: 2 });
      clock.advance(1000);
      await resolver.resolve(NAME);
      const failed = asked();
      server.reply = () => ({ addresses: ['192.0.2.2'] });
      clock.advance(9_999);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
      expect(asked()).to.equal(failed);
      clock.advance(1);
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.2']);
    });

    it('silence: the last known addresses after 200 ms, and a late answer is taken', async () => {
      await know();
      server.reply = () => HANG;
      clock.advance(1000);
      const before = asked();
      const answer = resolver.resolve(NAME);
      await eventually('the question', () => asked() > before);
      clock.advance(200);
      expect(await answer).to.deep.equal(['192.0.2.1']);
      // It goes on, and c-ares asks again after a second.
      server.reply = () => ({ addresses: ['192.0.2.2'], ttl: 60 });
      const late = resolver.resolve(NAME);
      expect(await late).to.deep.equal(['192.0.2.2']);
    });

    it('silence about a name that is not known: 3 s, and nothing is left', async () => {
      server.reply = () => HANG;
      const answer = resolver.resolve(NAME);
      await eventually('both questions', () => asked() === 2);
      clock.advance(3000);
      await failure(answer);
      expect(clock.timers).to.equal(0);
    });

    it('close() ends what is under way', async () => {
      server.reply = () => HANG;
      const answer = resolver.resolve(NAME);
      await eventually('both questions', () => asked() === 2);
      resolver.close();
      await failure(answer);
      expect(clock.timers).to.equal(0);
    });

    it('one name that hangs holds up no other', async () => {
      server.reply = (name) => (name === NAME ? HANG : { addresses: ['192.0.2.1'] });
      const hung = Array.from({ length: 8 }, () => failure(resolver.resolve(NAME)));
      expect(await resolver.resolve('other.example.com')).to.deep.equal(['192.0.2.1']);
      resolver.close();
      await Promise.all(hung);
    });
  });

  describe('when DNS does not know the name', () => {
    for (const [title, reply] of [
      ['NXDOMAIN', { code: 3 }],
      ['no address', { addresses: [] }],
    ] as const) {
      it(`${title}: the system is asked, and its answer kept for 30 s`, async () => {
        const names: string[] = [];
        server.reply = () => reply;
        resolver = open({
          lookup: (name) => {
            names.push(name);
            return Promise.resolve([`192.0.2.${names.length}`]);
          },
        });
        expect(await resolver.resolve('crm')).to.deep.equal(['192.0.2.1']);
        clock.advance(29_999);
        expect(await resolver.resolve('crm')).to.deep.equal(['192.0.2.1']);
        clock.advance(1);
        expect(await resolver.resolve('crm')).to.deep.equal(['192.0.2.2']);
        expect(names).to.deep.equal(['crm', 'crm']);
      });
    }

    it('NXDOMAIN for one family speaks for both', async () => {
      server.reply = (_, family) => (family === 'A' ? { code: 3 } : { code: 2 });
      resolver = open({ lookup: () => Promise.resolve(['192.0.2.5']) });
      expect(await resolver.resolve('crm')).to.deep.equal(['192.0.2.5']);
    });

    it('the system is not asked when DNS fails', async () => {
      server.reply = (_, family) => (family === 'A' ? { addresses: [] } : { code: 2 });
      resolver = open({ lookup: () => Promise.resolve(['192.0.2.5']) });
      await failure(resolver.resolve('crm'));
    });

    it('a name that is gone is forgotten', async () => {
      await know();
      clock.advance(1000);
      server.reply = () => ({ code: 3 });
      expect(await failure(resolver.resolve(NAME))).to.equal('getaddrinfo ENOTFOUND');
      server.reply = () => ({ code: 2 });
      await failure(resolver.resolve(NAME));
    });

    it('the system failing is not proof: the last known addresses', async () => {
      await know();
      clock.advance(1000);
      server.reply = () => ({ code: 3 });
      const again = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
      let error: Error = again;
      resolver = open({ lookup: () => (error === again ? Promise.reject(error) : missing()) });
      await know();
      clock.advance(1000);
      server.reply = () => ({ code: 3 });
      expect(await resolver.resolve(NAME)).to.deep.equal(['192.0.2.1']);
      error = new Error();
      clock.advance(10_000);
      await failure(resolver.resolve(NAME));
    });

    it('two are asked of the system at a time, 64 wait, and the others fail', async () => {
      const running = new Map<string, () => void>();
      resolver = open({
        lookup: (name) =>
          new Promise((resolve) => {
            running.set(name, () => {
              running.delete(name);
              resolve(['192.0.2.1']);
            });
          }),
      });
      const settled: string[] = [];
      const names = Array.from({ length: 67 }, (_, index) => `host${index}`);
      const answers = names.map(async (name) => {
        const outcome = await resolver.resolve(name).then(
          () => 'found',
          () => 'failed',
        );
        settled.push(outcome);
      });
      await eventually('the one too many', () => settled.length === 1);
      expect(settled).to.deep.equal(['failed']);
      expect(running.size).to.equal(2);
      for (let done = 1; done < names.length; done++) {
        const [finish] = running.values();
        finish?.();
        await eventually('the next', () => settled.length === done + 1);
        expect(running.size).to.be.at.most(2);
      }
      await Promise.all(answers);
      expect(settled.filter((outcome) => outcome === 'found')).to.have.length(66);
    });
  });

  it('asks getaddrinfo by default', async () => {
    const own = createResolver({ servers: [server.address], hostsFile, clock });
    opened.push(own);
    // It reads this one without asking anybody.
    expect(await own.resolve('127.1')).to.deep.equal(['127.0.0.1']);
    expect(asked()).to.equal(2);
  });
});
