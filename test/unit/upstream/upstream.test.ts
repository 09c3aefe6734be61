import { expect } from 'chai';
import { Cancellation } from '../../../lib/cancel.ts';
import { RouterError, type Reason } from '../../../lib/errors.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import { NO_PROXIES } from '../../../lib/http/proxy.ts';
import { Upstream, type Sending } from '../../../lib/upstream/upstream.ts';
import { ManualClock } from '../../support/manual-clock.ts';

type Reply = number | Reason | HttpResponse | Promise<HttpResponse>;

const REQUEST = {
  method: 'POST',
  url: 'http://crm.example/',
  headers: {},
  body: '',
  account: 'a',
  proxies: NO_PROXIES,
} as unknown as HttpRequest;

const by = (account: string): HttpRequest => ({ ...REQUEST, account });

function response(status: number, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, body: '', phases: { total: 1 } };
}

/** An upstream whose CRM says `replies` in turn, the last of them for ever. */
function upstream(...replies: Reply[]) {
  const clock = new ManualClock();
  let sent = 0;
  const changes: string[] = [];
  const isRetry: boolean[] = [];
  const made = new Upstream({
    clock,
    random: () => 0.5,
    onBreaker: (_webhook, { kind }, failure) => changes.push(`${kind} ${failure?.reason ?? ''}`),
    send: async (_request, options) => {
      isRetry.push(options.isRetry === true);
      const reply = replies[Math.min(sent++, replies.length - 1)] ?? 200;
      if (typeof reply === 'string') throw new RouterError(reply);
      return typeof reply === 'number' ? response(reply) : reply;
    },
  });
  const retried: string[] = [];
  const sending = (changes: Partial<Sending> = {}, policy: Partial<Sending['policy']> = {}): Sending => ({
    scheme: 'sales',
    bulkhead: 'sales http://crm.example/',
    name: 'http://crm.example/',
    policy: {
      retries: 1,
      retryStatuses: [],
      maxInFlight: 100,
      maxPerSecond: null,
      timeoutSeconds: 4,
      ...policy,
    },
    deadlineMs: clock.now() + 4_000,
    signal: new Cancellation(),
    onRetry: ({ reason }) => retried.push(reason),
    ...changes,
  });
  /** Status, or code of the error; time stands still but for the pauses before retries. */
  const ask = async (options: Sending = sending(), request = REQUEST): Promise<number | string> => {
    const asked = made.send(request, options).then(({ status }) => status, codeOf);
    return settle(asked, clock);
  };
  const stateOf = (name: string): string | undefined =>
    made.breakers().find((breaker) => breaker.name === name)?.state.kind;
  return { upstream: made, clock, retried, isRetry, changes, sending, ask, stateOf, sent: () => sent };
}

/** Of what a request failed with. */
function codeOf(error: unknown): string {
  return error instanceof RouterError ? error.code : 'another';
}

/** Lets time go on for as long as the promise waits for it. */
async function settle<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  const pending = Symbol('pending');
  const turn = (): Promise<symbol> => new Promise((resolve) => setImmediate(resolve, pending));
  for (let n = 0; n < 100; n++) {
    if ((await Promise.race([promise.catch(() => null), turn()])) !== pending) break;
    if (clock.timers > 0) clock.advance(50);
  }
  return promise;
}

describe('the upstream', () => {
  describe('retries', () => {
    for (const reason of ['dns_failed', 'connect_failed', 'tls_failed'] as const) {
      it(`once after ${reason}: nothing was sent`, async () => {
        const { ask, sent, retried } = upstream(reason, 200);
        expect(await ask()).to.equal(200);
        expect(sent()).to.equal(2);
        expect(retried).to.deep.equal([reason]);
      });
    }

    for (const reason of [
      'connection_lost',
      'http_malformed',
      'webhook_timeout',
      'body_too_large',
    ] as const) {
      it(`never after ${reason}: the CRM may have routed`, async () => {
        const { ask, sent } = upstream(reason, 200);
        expect(await ask()).to.equal(reason);
        expect(sent()).to.equal(1);
      });
    }

    it('after a kept-alive connection that closed as the question went out, and not with retries: 0', async () => {
      const { ask, sent, retried } = upstream('connection_gone', 200);
      expect(await ask()).to.equal(200);
      expect([sent(), retried]).to.deep.equal([2, ['connection_gone']]);
      const none = upstream('connection_gone');
      expect(await none.ask(none.sending({}, { retries: 0 }))).to.equal('connection_gone');
      expect(none.sent()).to.equal(1);
      // And it is not an outage: a CRM that restarts closes many at once.
      for (let n = 0; n < 30; n++) await none.ask(none.sending({}, { retries: 0 }));
      expect(none.changes).to.deep.equal([]);
    });

    it('after 502, 503 and 504 where the scheme says so, and gives the last reply', async () => {
      const { ask, sent, sending, retried } = upstream(502, 503);
      expect(await ask(sending({}, { retryStatuses: [502], retries: 5 }))).to.equal(503);
      expect(sent()).to.equal(2);
      expect(retried).to.deep.equal(['http_status']);
      const without = upstream(502, 200);
      expect(await without.ask()).to.equal(502);
    });

    it('as often as the scheme says', async () => {
      const { ask, sent, sending } = upstream('connect_failed');
      expect(await ask(sending({}, { retries: 3 }))).to.equal('connect_failed');
      expect(sent()).to.equal(4);
      const none = upstream('connect_failed');
      await none.ask(none.sending({}, { retries: 0 }));
      expect(none.sent()).to.equal(1);
    });

    it('not when there is no time left for it', async () => {
      const { ask, sent, sending, clock } = upstream('connect_failed', 200);
      expect(await ask(sending({ deadlineMs: clock.now() + 100 }))).to.equal('connect_failed');
      expect(sent()).to.equal(1);
    });

    it('end with the caller', async () => {
      const { upstream: made, sending, clock, sent } = upstream('connect_failed', 200);
      const caller = new Cancellation();
      const asked = made.send(REQUEST, sending({ signal: caller })).catch((error: unknown) => error);
      await new Promise((resolve) => setImmediate(resolve));
      expect(clock.timers).to.equal(1);
      const reason = new RouterError('caller_hung_up');
      caller.abort(reason);
      expect(await asked).to.equal(reason);
      expect([sent(), clock.timers]).to.deep.equal([1, 0]);
    });

    it('are a tenth of the requests at most, so that an outage is not doubled', async () => {
      const { ask, sent, upstream: made } = upstream('connect_failed');
      await ask();
      made.force('http://crm.example', false);
      for (let n = 1; n < 300; n++) await ask();
      expect(sent()).to.be.within(335, 345);
    });
  });

  describe('breaker', () => {
    it('opens on five observed failures, retries included, and then nothing is sent', async () => {
      const { ask, sent, stateOf } = upstream('connect_failed');
      expect(await ask()).to.equal('connect_failed');
      expect(await ask()).to.equal('connect_failed');
      expect(await ask(), 'the failure itself is told, not the breaker').to.equal('connect_failed');
      expect(sent()).to.equal(5);
      expect(await ask()).to.equal('breaker_open');
      expect(sent()).to.equal(5);
      expect(stateOf('http://crm.example'), 'of the host').to.equal('open');
      expect(stateOf('http://crm.example/'), 'of the webhook').to.equal('closed');
    });

    it('takes 5xx and no reply in time for an outage', async () => {
      for (const failure of [500, 503, 'webhook_timeout', 'connection_lost', 'reply_abusive'] as const) {
        const { ask } = upstream(failure);
        for (let n = 0; n < 5; n++) expect(await ask()).to.equal(failure);
        expect(await ask(), String(failure)).to.equal('breaker_open');
      }
    });

    it('takes no failure for an outage while the router itself was stalled, even where time was left after it', async () => {
      for (const reason of ['webhook_timeout', 'connection_lost', 'connect_failed', 'tls_failed'] as const) {
        for (const [stallMs, expected] of [
          [350, reason],
          [120, 'breaker_open'],
        ] as const) {
          let fail: (error: Error) => void = () => undefined;
          const clock = new ManualClock();
          const made = new Upstream({
            clock,
            random: () => 0.5,
            send: () => new Promise((_, reject) => (fail = reject)),
          });
          const { sending } = upstream();
          const ask = async (): Promise<string> => {
            const options = sending({ deadlineMs: clock.now() + 4000 }, { retries: 0 });
            const asked = made.send(REQUEST, options).then(() => 'replied', codeOf);
            await new Promise(setImmediate);
            clock.stall(stallMs);
            clock.advance(10);
            fail(new RouterError(reason));
            return await asked;
          };
          for (let n = 0; n < 6; n++) await ask();
          expect(await ask(), `${reason} after ${stallMs} ms`).to.equal(expected);
          expect(clock.timers, 'nothing ticks while nobody asks').to.equal(0);
        }
      }
    });

    it('takes no answer in time for none where the CRM had less than half of the time of its scheme', async () => {
      const { ask, sending, clock } = upstream('webhook_timeout');
      for (let n = 0; n < 30; n++)
        expect(await ask(sending({ deadlineMs: clock.now() + 1_999 }))).to.equal('webhook_timeout');
      for (let n = 0; n < 5; n++)
        expect(await ask(sending({ deadlineMs: clock.now() + 2_000 }))).to.equal('webhook_timeout');
      expect(await ask()).to.equal('breaker_open');
    });

    it('counts the time in the queue for none that the CRM had', async () => {
      for (const [limitMs, expected] of [
        [2_149, 'webhook_timeout'],
        [2_150, 'breaker_open'],
      ] as const) {
        const clock = new ManualClock();
        let first = true;
        const made = new Upstream({
          clock,
          random: () => 0.5,
          send: async () => {
            first = !first;
            if (first) throw new RouterError('webhook_timeout');
            await new Promise<void>((resolve) => clock.after(150, resolve));
            throw new RouterError('request_invalid');
          },
        });
        const { sending } = upstream();
        const ask = async (): Promise<string> => {
          const options = { ...sending({}, { maxInFlight: 1 }), deadlineMs: clock.now() + limitMs };
          return made.send(REQUEST, options).then(String, codeOf);
        };
        let codes: string[] = [];
        for (let n = 0; n < 6; n++) {
          const asked = Promise.all([ask(), ask()]);
          await new Promise(setImmediate);
          clock.advance(150);
          codes = await asked;
        }
        expect(codes.at(-1)).to.equal(expected);
      }
    });

    it('learns from a failure that needs no time, however little there was', async () => {
      const { ask, sending, clock } = upstream(500);
      for (let n = 0; n < 5; n++) await ask(sending({ deadlineMs: clock.now() + 100 }));
      expect(await ask()).to.equal('breaker_open');
    });

    it('takes 4xx, what the router refused itself, and its own standstill, for none', async () => {
      for (const answer of [400, 401, 404, 422, 'request_invalid', 'router_stalled'] as const) {
        const { ask } = upstream(answer);
        for (let n = 0; n < 30; n++) expect(await ask()).to.equal(answer);
      }
    });

    it('tells what it has seen last, for whoever is woken by it', async () => {
      const { ask, changes } = upstream('connect_failed');
      for (let n = 0; n < 5; n++) await ask();
      expect(changes).to.deep.equal(['open connect_failed']);
      const failing = upstream(500);
      for (let n = 0; n < 5; n++) await failing.ask();
      expect(failing.changes).to.deep.equal(['open http_status']);
    });

    it('is one for each account: a tenant whose CRM fails leaves the others alone', async () => {
      for (const reason of [
        'webhook_timeout',
        'connection_lost',
        'tls_failed',
        'http_malformed',
        500,
      ] as const) {
        const { ask, sending } = upstream(reason);
        for (let n = 0; n < 5; n++) await ask(sending({}, { retries: 0 }));
        expect(await ask(sending())).to.equal('breaker_open');
        expect(await ask(sending({ scheme: 'other' })), 'the same account').to.equal('breaker_open');
        expect(await ask(sending(), by('b')), String(reason)).to.equal(reason);
      }
    });

    it('is one for all accounts of a host where no connection is made', async () => {
      for (const reason of ['connect_failed', 'dns_failed'] as const) {
        const { ask, sending, changes } = upstream(reason);
        for (let n = 0; n < 5; n++) await ask(sending({}, { retries: 0 }), by(`t${n}`));
        expect(await ask(sending(), by('b')), reason).to.equal('breaker_open');
        expect(changes).to.deep.equal([`open ${reason}`]);
        const other = { ...REQUEST, url: 'http://other.example/' };
        expect(await ask(sending(), other)).to.equal(reason);
      }
    });

    it('closes for all accounts as soon as a connection is made, though one of them is not answered', async () => {
      const clock = new ManualClock();
      const { sending } = upstream();
      const made = new Upstream({
        clock,
        random: () => 0.5,
        send: ({ account }, { onConnected }) => {
          if (account === 'down') return Promise.reject(new RouterError('connect_failed'));
          onConnected?.();
          if (account === 'slow') return Promise.reject(new RouterError('webhook_timeout'));
          return Promise.resolve(response(200));
        },
      });
      const ask = (account: string) =>
        made
          .send(by(account), sending({ deadlineMs: clock.now() + 4_000 }, { retries: 0 }))
          .then(({ status }) => status, codeOf);
      for (let n = 0; n < 5; n++) await ask('down');
      expect(await ask('quick')).to.equal('breaker_open');
      clock.advance(10_500);
      expect(await ask('slow'), 'it finds out').to.equal('webhook_timeout');
      expect(await ask('quick')).to.equal(200);
    });

    it('blames no host where this machine has no descriptors, ports or memory left', async () => {
      for (const want of ['connect EMFILE 192.0.2.1:443 - Local', 'connect EADDRNOTAVAIL 192.0.2.1:443']) {
        const clock = new ManualClock();
        const send = async () => Promise.reject(new RouterError('connect_failed', want));
        const made = new Upstream({ clock, random: () => 0.5, send });
        const { sending } = upstream();
        for (let n = 0; n < 30; n++) {
          const asked = made.send(REQUEST, sending({}, { retries: 0 })).catch((error: unknown) => error);
          expect(await asked).to.include({ code: 'connect_failed' });
        }
      }
    });

    it('closes by one probe', async () => {
      const { ask, clock, sent } = upstream(500, 500, 500, 500, 500, 200);
      for (let n = 0; n < 5; n++) await ask();
      clock.advance(10_499);
      expect(await ask()).to.equal('breaker_open');
      clock.advance(1);
      expect(await ask()).to.equal(200);
      expect(await ask()).to.equal(200);
      expect(sent()).to.equal(7);
    });
  });

  describe('pauses', () => {
    it('as long as 429 and 503 ask for, without a retry and without an outage', async () => {
      for (const status of [429, 503]) {
        const limited = response(status, { 'retry-after': '20' });
        const { ask, sending, clock, sent, stateOf } = upstream(limited, 200);
        expect(await ask(sending({}, { retryStatuses: [503], retries: 5 }))).to.equal(status);
        expect(await ask()).to.equal('webhook_paused');
        expect(sent()).to.equal(1);
        expect(stateOf('http://crm.example/')).to.equal('closed');
        clock.advance(20_000);
        expect(await ask()).to.equal(200);
      }
    });

    it('of one account: the limit of a tenant is not that of the others', async () => {
      const limited = response(429, { 'retry-after': '60' });
      const { ask, sending } = upstream(limited, 200);
      expect(await ask(sending(), by('a'))).to.equal(429);
      expect(await ask(sending(), by('b'))).to.equal(200);
      expect(await ask(sending({ scheme: 'other' }), by('a'))).to.equal('webhook_paused');
    });

    it('for those too who wait for a place meanwhile', async () => {
      let answer: (response: HttpResponse) => void = () => undefined;
      const first = new Promise<HttpResponse>((resolve) => (answer = resolve));
      const { upstream: made, sending, sent } = upstream(first, 200);
      const policy = { maxInFlight: 1 };
      const asked = [0, 1].map(async () =>
        made.send(REQUEST, sending({}, policy)).then(({ status }) => status, codeOf),
      );
      await new Promise(setImmediate);
      answer(response(429, { 'retry-after': '20' }));
      expect(await Promise.all(asked)).to.deep.equal([429, 'webhook_paused']);
      expect(sent()).to.equal(1);
    });

    it('as long as the longest of them asks for', async () => {
      const { upstream: made, sending, ask } = upstream(response(429, { 'retry-after': '20' }), 429, 200);
      await Promise.all([made.send(REQUEST, sending()), made.send(REQUEST, sending())]);
      expect(await ask()).to.equal('webhook_paused');
    });

    it('for a minute at most', async () => {
      const { ask, clock } = upstream(response(429, { 'retry-after': '86400' }), 200);
      await ask();
      clock.advance(59_999);
      expect(await ask()).to.equal('webhook_paused');
      clock.advance(1);
      expect(await ask()).to.equal(200);
    });

    it('not where no time is asked for; five times 429 is not an outage', async () => {
      const { ask, sent } = upstream(429);
      for (let n = 0; n < 8; n++) expect(await ask()).to.equal(429);
      expect(sent()).to.equal(8);
    });
  });

  it('tells a retry from the question itself: it goes over a new connection', async () => {
    const { ask, sending, isRetry } = upstream('connection_gone', 'connection_gone', 200);
    expect(await ask(sending({}, { retries: 2 }))).to.equal(200);
    expect(isRetry).to.deep.equal([false, true, true]);
  });

  it('that is forced open holds back accounts that come later too, until it may judge for itself', async () => {
    const { ask, sending, sent, upstream: made } = upstream(200, 200);
    const { name } = sending();
    made.force(name, true);
    expect(await ask(sending(), by('a'))).to.equal('breaker_open');
    expect(await ask(sending(), by('b'))).to.equal('breaker_open');
    expect(sent()).to.equal(0);
    made.force(name, null);
    expect(await ask(sending(), by('c'))).to.equal(200);
  });

  it('has a retry budget for each account', async () => {
    const { ask, sending, upstream: made, retried } = upstream('connect_failed');
    await ask(sending(), by('a'));
    made.force('http://crm.example', false);
    for (let n = 0; n < 50; n++) await ask(sending(), by('a'));
    const spent = retried.length;
    for (let n = 0; n < 5; n++) await ask(sending(), by('b'));
    expect(retried.length - spent).to.equal(5);
  });

  it('forgets what nobody has asked for ten minutes, and never what is in use', async () => {
    const hanging = new Promise<HttpResponse>(() => undefined);
    const { upstream: made, sending, ask, clock } = upstream(hanging, 200);
    void made.send(REQUEST, sending({ bulkhead: 'hanging' }));
    const used = (n: number): Promise<number | string> =>
      ask(sending({ bulkhead: `s${n}`, name: `http://crm.example/${n}` }), {
        ...by(`a${n}`),
        url: `http://crm${n}.example/`,
      });
    for (let n = 0; n < 200; n++) await used(n);
    expect([made.breakers().length, made.bulkheads]).to.deep.equal([402, 201]);
    made.force('http://crm.example/7', true);
    clock.advance(600_000);
    for (let n = 0; n < 110; n++) await used(0);
    // One of each, the one that an operator holds, and the one with a request in flight.
    expect(made.breakers().map(({ name }) => name)).to.have.members([
      'http://crm0.example',
      'http://crm.example/0',
      'http://crm.example/7',
    ]);
    expect(made.bulkheads).to.equal(2);
  });

  describe('bulkheads', () => {
    it('give way to the fallback after 200 ms, and are not an outage', async () => {
      const hanging = new Promise<HttpResponse>(() => undefined);
      const { upstream: made, sending, ask, clock, sent, stateOf } = upstream(hanging);
      const policy = { maxInFlight: 2 };
      for (let n = 0; n < 2; n++) void made.send(REQUEST, sending({}, policy));
      const began = clock.now();
      expect(await ask(sending({}, policy))).to.equal('bulkhead_full');
      expect(clock.now() - began).to.be.within(200, 250);
      expect(sent()).to.equal(2);
      expect(stateOf('http://crm.example/')).to.equal('closed');
    });

    it('are one for each scheme, and one for each backup of it', async () => {
      const hanging = new Promise<HttpResponse>(() => undefined);
      const { upstream: made, sending, ask } = upstream(hanging, 200);
      const policy = { maxInFlight: 1 };
      void made.send(REQUEST, sending({}, policy));
      expect(await ask(sending({ bulkhead: 'support' }, policy))).to.equal(200);
      expect(await ask(sending({ bulkhead: 'backup' }, policy))).to.equal(200);
      expect(await ask(sending({}, policy))).to.equal('bulkhead_full');
    });

    it('give their place back however a request ends', async () => {
      const { ask, sending } = upstream(200, 'connection_lost', 'request_invalid', 500, 200);
      const policy = { maxInFlight: 1 };
      for (const expected of [200, 'connection_lost', 'request_invalid', 500, 200]) {
        expect(await ask(sending({}, policy))).to.equal(expected);
      }
    });
  });
});
