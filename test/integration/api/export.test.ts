import { expect } from 'chai';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallSummary } from '../../../lib/store/calls.ts';
import { openApi, type ApiUnderTest } from '../../support/api.ts';
import { callRecord } from '../../support/stored.ts';

/** More than the buffers of any system between the two hold. */
const PAGES = 40;
const ROWS = 500;
/** Whoever takes nothing has so many of them in buffers at most, of a megabyte each. */
const MOST_PAGES = 25;
const NAME = 'x'.repeat(2_000);
/** Turns of the event loop in which nothing was read any more. */
const QUIET = 200;

describe('api: export of calls', function () {
  this.timeout(60_000);
  let api: ApiUnderTest;
  let pages = 0;
  before(async () => {
    api = await openApi(
      {},
      {},
      {
        watched: (store) => {
          const calls = Object.create(store.calls) as typeof store.calls;
          let page: readonly CallSummary[] = [];
          calls.page = async (filter, options) => {
            if (page.length === 0) {
              store.record(callRecord({ callerName: NAME }));
              await store.flush();
              const [one] = (await store.calls.page(filter, options)).calls;
              page = Array.from({ length: ROWS }, () => one as CallSummary);
            }
            pages++;
            const number = Number(options?.cursor ?? 0) + 1;
            return { calls: page, next: number < PAGES ? String(number) : null };
          };
          return Object.create(store, { calls: { value: calls } }) as typeof store;
        },
      },
    );
    await api.app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => api.close());
  beforeEach(() => {
    pages = 0;
  });

  const open = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { port } = api.app.server.address() as AddressInfo;
      const headers = { authorization: `Bearer ${api.tokens.operator}` };
      const url = `http://127.0.0.1:${port}/api/v1/calls/export`;
      get(url, { headers, agent: false }, resolve).once('error', reject);
    });
  /** Until no further page is read. */
  const settled = async (): Promise<void> => {
    for (let quiet = 0, seen = -1; quiet < QUIET; quiet = seen === pages ? quiet + 1 : 0) {
      seen = pages;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  it('reads no further than its reader takes it, and then all of it', async () => {
    const response = await open();
    await settled();
    expect(pages).to.be.within(1, MOST_PAGES);
    let lines = 0;
    for await (const chunk of response) for (const byte of chunk as Buffer) if (byte === 10) lines++;
    expect([pages, lines]).to.deep.equal([PAGES, PAGES * ROWS + 1]);
  });

  it('ends with its reader', async () => {
    const response = await open();
    response.once('error', () => undefined);
    await settled();
    const before = pages;
    response.destroy();
    await settled();
    expect(pages - before).to.be.at.most(1);
  });
});
