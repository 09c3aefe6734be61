import { expect } from 'chai';
import { RouterError } from '../../lib/errors.ts';
import type { HttpRequest, HttpResponse } from '../../lib/http/message.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import { firingAt, NO_PROMTOOL, promtoolInstalled } from '../support/promtool.ts';
import { sumOf } from '../support/scrape.ts';
import { VirtualRouter } from '../support/virtual-router.ts';

/** Alerts, over what is scraped of a router to which the thing happens: read by Prometheus' own tool, in no time. */

const MINUTE = 60;
const SALES: SchemeDocument = {
  name: 'sales',
  webhook: { url: 'https://crm.example.com/route', retries: 0 },
};

function found(): HttpResponse {
  return { status: 200, headers: {}, body: '{"destination":"201"}', phases: { total: 1 } };
}

/** OAuth 2, whose token endpoint is down. */
const TOKEN_URL = 'https://login.example.com/token';
const AUTH = {
  type: 'oauth2',
  tokenUrl: TOKEN_URL,
  clientId: 'router',
  clientSecret: '{{secret.CRM}}',
} as const;
const WITH_TOKEN: SchemeDocument = { ...SALES, webhook: { ...SALES.webhook, auth: AUTH } };
const withoutToken = ({ url }: HttpRequest): HttpResponse => {
  if (url === TOKEN_URL) throw new RouterError('connect_failed', 'ECONNREFUSED');
  return found();
};

describe('alerts', function () {
  this.timeout(60_000);
  if (!promtoolInstalled()) {
    it(NO_PROMTOOL, function () {
      this.skip();
    });
    return;
  }

  it('say nothing of a router that works', async () => {
    const router = await new VirtualRouter([SALES], found).start();
    await router.live(30 * MINUTE, { sales: 5 });
    expect(await firingAt(router.scraped, [5 * MINUTE, 29 * MINUTE])).to.deep.equal([[], []]);
  });

  for (const [reason, alert] of [
    ['switch_lost', 'EslRouterLosesSwitch'],
    ['router_stalled', 'EslRouterLosesSwitch'],
    ['guard_too_short', 'EslRouterLosesSwitch'],
    ['internal', 'EslRouterLosesSwitch'],
    ['over_capacity', 'EslRouterCallsTurnedAway'],
    ['overloaded', 'EslRouterCallsTurnedAway'],
    ['peer_not_allowed', 'EslRouterCallsTurnedAway'],
  ] as const)
    it(`${alert} fires when 200 calls end with ${reason} at once, which never did before`, async () => {
      const router = await new VirtualRouter([SALES], found).start();
      await router.live(10 * MINUTE, { sales: 5 });
      router.lose(200, reason);
      await router.live(2 * MINUTE, { sales: 5 });
      expect(await firingAt(router.scraped, [10 * MINUTE - 15, 11 * MINUTE])).to.deep.equal([
        [],
        [`${alert} ${reason}`],
      ]);
    });

  describe('EslRouterCircuitBreakerOpen', () => {
    const NIGHT: SchemeDocument = {
      name: 'night',
      webhook: { url: 'https://night.example.com/', retries: 0 },
    };
    const HELD = 'EslRouterCircuitBreakerOpen sales';
    let isDown = true;
    const answer = ({ url }: HttpRequest): HttpResponse => {
      if (isDown && url.startsWith('https://crm.')) return { ...found(), status: 500 };
      return found();
    };
    const breakersIn = (alerts: readonly string[] = []): string[] =>
      alerts.filter((alert) => alert.startsWith('EslRouterCircuitBreakerOpen'));
    beforeEach(() => {
      isDown = true;
    });

    for (const scrapeSeconds of [15, 60])
      for (const every of [1, 10])
        it(`fires while calls that come every ${every} s are held back; scraped every ${scrapeSeconds} s`, async () => {
          const router = await new VirtualRouter([SALES], answer, scrapeSeconds).start();
          await router.live(20 * MINUTE, { sales: every });
          const [early, ...late] = await firingAt(router.scraped, [60, 6 * MINUTE, 14 * MINUTE, 19 * MINUTE]);
          expect(breakersIn(early)).to.deep.equal([]);
          for (const alerts of late) expect(breakersIn(alerts)).to.deep.equal([HELD]);
        });

    for (const others of [{}, { night: 2 }])
      it(`is silent when the last of its calls is long over, with ${'night' in others ? 'calls' : 'none'} to another CRM`, async () => {
        const router = await new VirtualRouter([SALES, NIGHT], answer).start();
        await router.live(10 * MINUTE, { sales: 2, night: 2 });
        await router.live(60 * MINUTE, others);
        const at = [9, 14, 40, 69].map((minute) => minute * MINUTE);
        const [early, ...late] = await firingAt(router.scraped, at);
        expect(breakersIn(early)).to.deep.equal([HELD]);
        for (const alerts of late) expect(breakersIn(alerts)).to.deep.equal([]);
        const last = router.scraped.pages.at(-1);
        expect(last && sumOf(last, 'esl_router_circuit_breaker_open')).to.equal(0);
      });

    it('leaves it to EslRouterCrmFails where calls come so rarely that each is asked about', async () => {
      const router = await new VirtualRouter([SALES], answer).start();
      await router.live(60 * MINUTE, { sales: 40 });
      const [late] = await firingAt(router.scraped, [59 * MINUTE]);
      expect(late).to.deep.equal(['EslRouterCrmFails sales']);
    });

    it('is silent about an outage of half a minute', async () => {
      const router = await new VirtualRouter([SALES], answer).start();
      isDown = false;
      await router.live(5 * MINUTE, { sales: 2 });
      isDown = true;
      await router.live(30, { sales: 2 });
      isDown = false;
      await router.live(10 * MINUTE, { sales: 2 });
      const all = await firingAt(
        router.scraped,
        Array.from({ length: 56 }, (_, n) => 5 * MINUTE + n * 15),
      );
      expect(all.flatMap((alerts) => breakersIn(alerts))).to.deep.equal([]);
    });

    it('fires for one that was forced open, as soon as calls come', async () => {
      isDown = false;
      const router = await new VirtualRouter([SALES], answer).start();
      await router.place('sales');
      router.upstream.force('https://crm.example.com', true);
      await router.live(10 * MINUTE);
      await router.live(10 * MINUTE, { sales: 30 });
      const [idle, busy] = await firingAt(router.scraped, [10 * MINUTE, 19 * MINUTE]);
      expect([breakersIn(idle), breakersIn(busy)]).to.deep.equal([[], [HELD]]);
    });
  });

  it('EslRouterCrmFails fires from the start where no call gets an access token', async () => {
    const router = await new VirtualRouter([WITH_TOKEN], withoutToken).start();
    await router.live(12 * MINUTE, { sales: 5 });
    expect(await firingAt(router.scraped, [2 * MINUTE, 11 * MINUTE])).to.deep.equal([
      [],
      ['EslRouterCrmFails sales'],
    ]);
  });
});

describe('a CRM that cannot even be asked', () => {
  it('has its calls counted as questions that failed, and why', async () => {
    const router = await new VirtualRouter([WITH_TOKEN], withoutToken).start();
    await router.live(100, { sales: 5 });
    const page = router.scraped.pages.at(-1);
    if (page === undefined) throw new Error('nothing was scraped');
    expect(sumOf(page, 'esl_router_webhook_requests_total', { scheme: 'sales' })).to.equal(18);
    expect(sumOf(page, 'esl_router_webhook_failures_total', { scheme: 'sales' })).to.equal(18);
    expect(sumOf(page, 'esl_router_webhook_failures_total', { reason: 'token_held' })).to.be.greaterThan(9);
  });
});
