import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../lib/clock.ts';
import { RouterError } from '../../../lib/errors.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import type { TokenAccount } from '../../../lib/upstream/token-account.ts';
import { Tokens } from '../../../lib/upstream/tokens.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ACCOUNT: TokenAccount = {
  key: 'a',
  name: 'https://login.test/token',
  refreshToken: null,
  file: null,
  request: () => ({ secrets: [] }) as unknown as HttpRequest,
  read: () => ({ token: 'access-1', seconds: 3600, refreshToken: null }),
};

describe('access tokens', () => {
  it('are asked for again when the endpoint comes back, though timers fire too early', async () => {
    const manual = new ManualClock();
    // Node counts a timer from the beginning of a turn: behind a long one it fires before its time.
    const early: Clock = {
      now: () => manual.now(),
      date: () => manual.date(),
      after: (ms, callback) => manual.after(Math.max(1, ms - 5), callback),
    };
    const events: string[] = [];
    let works = false;
    const tokens = new Tokens({
      send: () =>
        works
          ? Promise.resolve({ status: 200 } as HttpResponse)
          : Promise.reject(new RouterError('connect_failed', 'nobody there')),
      clock: early,
      random: () => 0.5,
      files: { read: () => Promise.resolve(''), write: () => Promise.resolve() },
      redact: (text) => text,
      onEvent: ({ kind }) => events.push(kind),
      onTokens: () => undefined,
    });
    tokens.keep([ACCOUNT]);
    for (let i = 0; i < 20; i++) await turn();
    expect(events).to.deep.equal(['failed']);
    works = true;
    for (let ms = 0; ms < 1_500; ms++) {
      manual.advance(1);
      await turn();
    }
    expect(events).to.deep.equal(['failed', 'works']);
    expect(await tokens.token(ACCOUNT, new AbortController().signal)).to.equal('access-1');
    await tokens.close();
  });
});
