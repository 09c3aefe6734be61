import { expect } from 'chai';
import type { HttpResponse } from '../../lib/http/message.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import { firingAt, NO_PROMTOOL, promtoolInstalled } from '../support/promtool.ts';
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
});
