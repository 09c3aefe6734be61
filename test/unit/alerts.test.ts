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
