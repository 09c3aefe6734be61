import { expect } from 'chai';
import { SimulatedFreeSwitch } from '../../lib/simulator/index.ts';
import { browserInstalled, NO_BROWSER, openConsole, type ConsoleUnderTest } from '../support/console.ts';

/** What one sees of calls while they are there, and what becomes of the page when its router or its session is gone. */

/** One of each kind: with a stream, by pages, of several parts, a list. */
const PAGES = ['/live', '/calls', '/status', '/problems'];

describe('console: live, and in trouble', function () {
  this.timeout(240_000);
  let it_: ConsoleUnderTest;
  let answer: () => void = () => undefined;

  before(async function () {
    if (!browserInstalled()) {
      process.stderr.write(`${NO_BROWSER}\n`);
      this.skip();
    }
    it_ = await openConsole({
      users: ['admin', 'viewer'],
      schemes: [{ name: 'sales', webhook: { url: 'CRM_URL/route', timeoutSeconds: 30, maxInFlight: 200 } }],
      settings: { DEFAULT_SCHEME: 'sales' },
      crm: async () => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return { status: 200, body: '{"destination":"201"}' };
      },
    });
  });

  after(async () => {
    await (it_ as ConsoleUnderTest | undefined)?.close();
  });

  it('shows a call while the CRM is asked and while they talk, and counts it when it is over', async () => {
    const page = await it_.pageAs('admin', '/live');
    // A switch of its own: the call lasts until it goes.
    const freeswitch = new SimulatedFreeSwitch({ routers: [it_.daemon.address], users: () => 'registered' });
    const call = freeswitch.call({
      caller: '380441110001',
      callerName: 'Olena',
      did: '15005550100',
      guardSeconds: 60,
      callee: () => ({ kind: 'answer', afterMs: 20, talkMs: 3_600_000, hangup: 'caller' }),
    });
    await page.getByRole('row', { name: /Asking the CRM.*380441110001/ }).waitFor();
    answer();
    await page.getByRole('row', { name: /Talking.*380441110001.*201/ }).waitFor();
    await freeswitch.close();
    await call.catch(() => undefined);
    await page.getByText('No calls at the moment').waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('draws those rows alone that are on the screen, however many calls there are', async () => {
    const page = await it_.pageAs('admin', '/live');
    const freeswitch = new SimulatedFreeSwitch({ routers: [it_.daemon.address], users: () => 'registered' });
    const calls = Array.from({ length: 100 }, (_, n) =>
      freeswitch.call({
        caller: String(380_441_200_000 + n),
        did: '15005550100',
        guardSeconds: 60,
        callee: () => ({ kind: 'ring' }),
      }),
    );
    const table = page.locator('table[aria-rowcount]');
    await page.locator('table[aria-rowcount="101"]').waitFor();
    const rows = table.locator('tbody tr[aria-rowindex]');
    await rows.first().waitFor();
    expect(await rows.count()).to.be.within(5, 40);
    await page.evaluate("document.querySelector('table[aria-rowcount]').parentElement.scrollTo(0, 1e6)");
    await table.locator('tr[aria-rowindex="101"]').waitFor();
    expect(await rows.count()).to.be.within(5, 40);
    await freeswitch.close();
    await Promise.allSettled(calls);
    expect(page.complaints).to.deep.equal([]);
  });

  it('masks numbers for a viewer, and hides what he may not do', async () => {
    const page = await it_.pageAs('viewer', '/live');
    await page.getByText('questions that timed out or failed are not counted').waitFor();
    expect(await page.getByRole('link', { name: 'People' }).count()).to.equal(0);
    await page.getByRole('link', { name: 'Reasons' }).click();
    await page.getByRole('heading', { name: 'Reasons' }).waitFor();
    await page.goto(`${it_.url}/status`);
    await page.locator('#content h1').waitFor();
    expect(await page.getByText('listen.port').count()).to.equal(0);
  });

  it('asks for the login on top of the page when the session has ended, and goes on there', async () => {
    const page = await it_.pageAs('admin', '/problems');
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Deliveries' }).click();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.locator('input[type=password]').fill('correct horse battery');
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
    await page.getByText('No event is parked').waitFor();
  });

  it('says on every page that the store does not answer, and shows it when it does again', async () => {
    const page = await it_.pageAs('admin', '/live');
    const detail = 'the store does not answer; calls go on without it';
    for (const path of PAGES) {
      await page.route(/\/api\/v1\/(?!session|openapi|schema)/, (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'Service unavailable', status: 503, detail }),
        }),
      );
      await page.goto(`${it_.url}${path}`);
      await page
        .getByRole('alert')
        .filter({ hasText: detail })
        .first()
        .waitFor()
        .catch((error: unknown) => {
          throw new Error(`${path} says nothing`, { cause: error });
        });
      await page.unroute(/\/api\/v1\/(?!session|openapi|schema)/);
      // Each part of the page asks for itself.
      const again = page.getByRole('button', { name: 'Try again' });
      while ((await again.count()) > 0)
        await again
          .first()
          .click()
          .catch(() => undefined);
      await page.getByRole('alert').filter({ hasText: detail }).first().waitFor({ state: 'detached' });
    }
  });
});
