import { expect } from 'chai';
import { Cancellation } from '../../../lib/cancel.ts';
import type { Clock } from '../../../lib/clock.ts';
import { RouterError, type Reason } from '../../../lib/errors.ts';
import type { HttpResponse } from '../../../lib/http/message.ts';
import { NO_PROXIES } from '../../../lib/http/proxy.ts';
import type { TokenAccount } from '../../../lib/upstream/token-account.ts';
import { Tokens, type TokenEvent } from '../../../lib/upstream/tokens.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** When tokens are renewed, and what is hidden: hours, by a clock that is moved. */

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const signal = new Cancellation();

describe('access tokens', () => {
  let clock: ManualClock;
  let tokens: Tokens;
  let asked: number;
  let failing: boolean;
  let reason: Reason;
  let seconds: number | null;
  let hidden: readonly string[];
  let events: TokenEvent[];

  const account: TokenAccount = {
    key: 'one',
    name: 'https://crm.example.com/token',
    refreshToken: null,
    file: null,
    request: () => ({
      method: 'POST',
      url: 'https://crm.example.com/token',
      headers: {},
      body: '',
      redirects: 0,
      proxies: NO_PROXIES,
      tls: null,
      account: 'one',
      secrets: [],
      shown: { url: '', headers: {}, body: '', proxy: null },
    }),
    read: () => ({ token: `token-${asked}`, seconds, refreshToken: null }),
  };
  const later = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let i = 0; i < 5; i++) await turn();
  };
  const now = (): Promise<string> => tokens.token(account, signal);

  beforeEach(() => {
    clock = new ManualClock();
    asked = 0;
    failing = false;
    reason = 'connect_failed';
    seconds = 3600;
    hidden = [];
    events = [];
    tokens = new Tokens({
      send: () => {
        asked++;
        return failing
          ? Promise.reject(new RouterError(reason))
          : Promise.resolve({ status: 200 } as HttpResponse);
      },
      clock,
      random: () => 0,
      files: { read: () => Promise.resolve(''), write: () => Promise.resolve() },
      redact: (text) => text,
      onEvent: (event) => void events.push(event),
      onTokens: (texts) => (hidden = texts),
    });
  });

  afterEach(async () => {
    await tokens.close();
    expect(clock.timers).to.equal(0);
  });

  it('are renewed after three quarters of their life, without a call', async () => {
    tokens.keep([account]);
    await later(0);
    await later(2_699_000);
    expect([asked, await now()]).to.deep.equal([1, 'token-1']);
    await later(2_000);
    expect([asked, await now()]).to.deep.equal([2, 'token-2']);
  });

  it('are renewed no more when no scheme needs them', async () => {
    tokens.keep([account]);
    await later(0);
    tokens.keep([]);
    await later(10_000_000);
    expect([asked, clock.timers]).to.deep.equal([1, 0]);
  });

  it('are used to their end while the endpoint is down, and it is asked less and less', async () => {
    tokens.keep([account]);
    await later(0);
    failing = true;
    await later(2_701_000);
    expect(await now()).to.equal('token-1');
    for (let i = 0; i < 600; i++) await later(1000);
    expect(asked).to.be.within(12, 25);
    expect(events.map(({ kind }) => kind)).to.deep.equal(['failed']);
    for (let i = 0; i < 300; i++) await later(1000);
    const error = await now().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'token_held' });
    failing = false;
    await later(75_000);
    expect(await now()).to.equal(`token-${asked}`);
    expect(events.map(({ kind }) => kind)).to.deep.equal(['failed', 'works']);
  });

  it('a refresh token that is replaced each time, and can not be kept, is said once', async () => {
    const rotating: TokenAccount = {
      ...account,
      refreshToken: 'refresh-0',
      read: () => ({ token: `token-${asked}`, seconds: 1, refreshToken: `refresh-${asked}` }),
    };
    for (let n = 0; n < 3; n++) {
      await tokens.token(rotating, signal);
      await later(2_000);
    }
    expect(asked).to.equal(3);
    expect(events.map(({ kind }) => kind)).to.deep.equal(['unsaved']);
  });

  it('a proxy that refuses the way to the endpoint is no bad reply of the endpoint', async () => {
    reason = 'proxy_refused';
    failing = true;
    const error: unknown = await now().catch((thrown: unknown) => thrown);
    expect((error as RouterError).code).to.equal('token_unreachable');
  });

  it('without an end are used until they are refused', async () => {
    seconds = null;
    await now();
    await later(2_600_000);
    expect(await now()).to.equal('token-1');
    expect(await tokens.replace(account, 'token-1', signal)).to.equal('token-2');
    expect(await tokens.replace(account, 'token-1', signal)).to.equal('token-2');
    expect(await tokens.replace(account, 'token-2', signal)).to.equal(null);
  });

  it('that were replaced long ago are not looked for any more, and never more than some', async () => {
    tokens.keep([account]);
    await later(0);
    await later(2_701_000);
    expect(hidden).to.deep.equal(['token-1', 'token-2']);
    await later(2_701_000);
    expect(hidden).to.deep.equal(['token-2', 'token-3']);
    seconds = 1;
    for (let i = 0; i < 200; i++) {
      await later(1000);
      await later(0);
      await now().catch(() => undefined);
    }
    expect(hidden.length).to.be.below(60);
  });

  it('are asked for again when the endpoint comes back, though timers fire too early', async () => {
    const manual = new ManualClock();
    // Node counts a timer from the beginning of a turn: behind a long one it fires before its time.
    const early: Clock = {
      now: () => manual.now(),
      date: () => manual.date(),
      after: (ms, callback) => manual.after(Math.max(1, ms - 5), callback),
    };
    const kinds: string[] = [];
    let works = false;
    tokens = new Tokens({
      send: () =>
        works
          ? Promise.resolve({ status: 200 } as HttpResponse)
          : Promise.reject(new RouterError('connect_failed', 'nobody there')),
      clock: early,
      random: () => 0.5,
      files: { read: () => Promise.resolve(''), write: () => Promise.resolve() },
      redact: (text) => text,
      onEvent: ({ kind }) => kinds.push(kind),
      onTokens: () => undefined,
    });
    tokens.keep([account]);
    for (let i = 0; i < 20; i++) await turn();
    expect(kinds).to.deep.equal(['failed']);
    works = true;
    for (let ms = 0; ms < 1_500; ms++) {
      manual.advance(1);
      await turn();
    }
    expect(kinds).to.deep.equal(['failed', 'works']);
    expect(await tokens.token(account, signal)).to.equal('token-0');
  });
});
