import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { browserInstalled, NO_BROWSER, openConsole, type ConsoleUnderTest } from '../support/console.ts';
import { serious } from '../support/axe.ts';

/** Calls as a person finds, opens and compares them. */

const HOSTILE = '<img src=x onerror=window.harmed=1>\u202e';

describe('console: calls', function () {
  this.timeout(240_000);
  let it_: ConsoleUnderTest;

  before(async function () {
    if (!browserInstalled()) {
      process.stderr.write(`${NO_BROWSER}\n`);
      this.skip();
    }
    it_ = await openConsole({
      users: ['admin', 'viewer'],
      schemes: [
        { name: 'sales', webhook: { url: 'CRM_URL/route', timeoutSeconds: 5 } },
        {
          name: 'broken',
          webhook: { url: 'CRM_URL/broken', timeoutSeconds: 5 },
          fallback: { onError: [{ dial: '900' }] },
        },
        { name: 'owners', webhook: { url: 'CRM_URL/owners', map: { '17': '201' }, timeoutSeconds: 5 } },
      ],
      crm: ({ url, body }) =>
        body.includes('changed by hand')
          ? { status: 200, body: '{"destination":"203"}' }
          : url === '/broken'
            ? { status: 200, body: `{"destination": ${HOSTILE}` }
            : url === '/owners'
              ? { status: 200, body: '{"destination":99}' }
              : { status: 200, body: '{"note":"first","destination":"201"}' },
    });
    for (const path of ['owners', 'sales', 'broken', 'sales']) await place(path);
  });

  const place = (path: string) =>
    it_.freeswitch.call({
      caller: path === 'broken' ? '380441110009' : '380441110001',
      callerName: HOSTILE,
      did: '15005550100',
      path,
      guardSeconds: 30,
      callee: () => ({ kind: 'answer', afterMs: 20, talkMs: 20, hangup: 'caller' }),
    });

  after(async () => {
    await (it_ as ConsoleUnderTest | undefined)?.close();
  });

  const opened = async (
    role: 'admin' | 'viewer',
    path = '/calls',
    options = {},
  ): ReturnType<ConsoleUnderTest['pageAs']> => {
    const page = await it_.pageAs(role, path, { viewport: { width: 1600, height: 900 }, ...options });
    await rows(page).nth(3).waitFor();
    return page;
  };
  const rows = (page: Page) => page.locator('[role=row][data-index]');
  const shown = (page: Page) => page.getByRole('region', { name: 'Call', exact: true });

  it('opens one by the keyboard alone, goes to the next, and closes it', async () => {
    const page = await opened('admin');
    for (const key of ['j', 'Enter']) await page.keyboard.press(key);
    await shown(page).getByText('Where the time went').waitFor();
    const first = page.url();
    await page.keyboard.press('j');
    await page.waitForURL((url) => url.href !== first);
    await shown(page).getByText('the reply is not JSON').first().waitFor();
    await shown(page).getByText('fallback: 900 answered', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await shown(page).waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.tagName')).to.equal('INPUT');
    expect(page.complaints).to.deep.equal([]);
  });

  it('tells the reason in a sentence, with its code behind it', async () => {
    const page = await opened('admin');
    await rows(page).getByText('the reply is not JSON').waitFor();
    await rows(page).getByTitle('body_not_json').waitFor();
  });

  it('has nothing of the list above a call that stands in its place', async () => {
    const page = await opened('admin', '/calls', { viewport: { width: 380, height: 800 } });
    const columns = page.getByRole('button', { name: 'Columns' });
    await columns.waitFor();
    await rows(page).nth(0).click();
    await shown(page).getByText('Where the time went').waitFor();
    expect(await columns.count()).to.equal(0);
    await shown(page).getByRole('button', { name: 'Close' }).click();
    await columns.waitFor();
  });

  it('finds by what a reply said, and the address says so', async () => {
    const page = await opened('admin');
    await page.getByLabel('Text', { exact: true }).fill('first');
    await page.waitForURL(/text=first/);
    await rows(page).nth(2).waitFor({ state: 'detached' });
    expect(await rows(page).count()).to.equal(2);
  });

  it('takes a reason from the list behind the button, and a result where there is no room for its field', async () => {
    const page = await opened('admin');
    const choose = async (field: string, word: string): Promise<void> => {
      await page.getByRole('button', { name: /^More/ }).click();
      await page.getByRole('dialog').getByLabel(field, { exact: true }).first().click();
      await page.getByRole('option', { name: word, exact: true }).click();
    };
    await choose('Reason', 'unmapped');
    await page.waitForURL(/reason=unmapped/);
    await rows(page).nth(1).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 380, height: 900 });
    await choose('Result', 'Nobody');
    await page.waitForURL(/result=no_route/);
    expect(page.complaints).to.deep.equal([]);
  });

  it('says which filters are set where there is no room for their fields, and takes one away', async () => {
    const page = await opened('admin');
    await page.goto(`${it_.url}/calls?result=error,no_route&reason=unmapped&tail=on`);
    await rows(page).first().click();
    // The word that the map does not have.
    await shown(page).getByText('99', { exact: true }).first().waitFor();
    await page.setViewportSize({ width: 1280, height: 900 });
    const chips = page.getByRole('group', { name: 'Filters that are set' });
    await chips.getByText('Result:').nth(1).waitFor();
    await chips.getByRole('button', { name: 'Remove Reason: unmapped' }).press('Enter');
    await rows(page).nth(1).waitFor();
    expect(new URL(page.url()).search).to.not.include('unmapped');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/values')) asked.push(request.url());
    });
    await page.goto(`${it_.url}/problems`);
    await page.getByRole('link', { name: '99 × 1' }).waitFor();
    await page.getByText('the reply is not JSON').waitFor();
    expect(asked).to.have.length(1);
    expect(page.complaints).to.deep.equal([]);
  });

  it('shows the value that was read, the place of a fault, and the budget, and nothing of it is markup', async () => {
    const page = await opened('admin');
    await rows(page).nth(0).click();
    await shown(page).locator('mark').first().waitFor();
    expect(await shown(page).locator('mark').allTextContents()).to.deep.equal(['"201"', '"201"']);
    await shown(page).getByText('budget 5 s').waitFor();
    await rows(page).nth(1).click();
    await shown(page).getByText('the reply is not JSON').first().waitFor();
    expect(await shown(page).locator('mark').allTextContents()).to.deep.equal(['<', '<']);
    await shown(page).getByText('U+202E').first().waitFor();
    expect(await page.evaluate('window.harmed')).to.equal(undefined);
    expect(page.complaints).to.deep.equal([]);
  });

  it('decides again, and reads a changed reply, without a call', async () => {
    const page = await opened('admin');
    await rows(page).nth(0).click();
    await page.getByRole('button', { name: 'Decide again with the current schemes' }).click();
    // Where it is seen, although the button is the last thing on the screen.
    await page.getByText('It would go the same way').waitFor();
    await page.evaluate('new Promise(requestAnimationFrame)');
    const said = await page.getByText('It would go the same way').boundingBox();
    const pane = await shown(page).boundingBox();
    expect((said?.y ?? Infinity) + (said?.height ?? 0)).to.be.at.most((pane?.y ?? 0) + (pane?.height ?? 0));
    await page.getByRole('button', { name: 'Change the reply' }).click();
    await page.getByLabel('Body', { exact: true }).fill('{"destination":"202"}');
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.getByText('dial 202').first().waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('changes a recorded question and sends it to the CRM again', async () => {
    const page = await opened('admin');
    await rows(page).nth(0).click();
    await page.getByRole('button', { name: 'Change and send again' }).press('Enter');
    await page.getByRole('textbox', { name: 'Body of the question' }).fill('{"note":"changed by hand"}');
    await page.getByRole('button', { name: 'Send to the CRM' }).press('Enter');
    await page.getByText('dial 203').first().waitFor();
    await page.getByRole('textbox', { name: 'URL, by POST' }).fill('http://169.254.169.254/latest');
    await page.getByRole('button', { name: 'Send to the CRM' }).press('Enter');
    await page.getByText("the webhook's address is not allowed").first().waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('puts two calls side by side', async () => {
    const page = await opened('admin');
    await rows(page).nth(0).click();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('link', { name: 'With the previous call of this caller' }).click();
    await page.getByText(/\d+ differences?/).waitFor();
    expect(await page.getByText('Where the time went').count()).to.equal(2);
    const [, other = ''] = /with=([0-9a-f]+)/.exec(page.url()) ?? [];
    await page.goBack();
    // One of the last calls, and one of which the link is at hand.
    const recent = page.getByRole('group', { name: 'With one of the last calls' });
    await page.getByRole('button', { name: 'Compare' }).click();
    await recent.getByRole('link', { name: '380441110009 → 15005550100, Error' }).press('Enter');
    await page.getByText(/\d+ differences?/).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByLabel('Link or trace of another call').fill(`${it_.url}/calls/${other}`);
    await page.getByRole('link', { name: 'Side by side' }).press('Enter');
    await page.waitForURL(new RegExp(`with=${other}`));
  });

  it('shows a viewer no number, and no field to look for one', async () => {
    const page = await opened('viewer');
    await rows(page).nth(0).click();
    await shown(page).getByText('Where the time went').waitFor();
    expect(await page.locator('body').textContent()).to.not.match(/380441110001|15005550100/);
    expect(await page.getByLabel('Number', { exact: true }).count()).to.equal(0);
    expect(await page.getByText('Once more').count()).to.equal(0);
    expect(page.complaints).to.deep.equal([]);
  });

  it('counts the calls that have ended since, and shows them on a press', async () => {
    const page = await opened('admin');
    await place('sales');
    await page.getByRole('button', { name: '1 new call' }).press('Enter');
    await rows(page).nth(4).waitFor();
    // Somebody reads with live tail on: the rows stay where they are.
    await page.getByRole('switch', { name: 'Live tail' }).press('Space');
    await rows(page).nth(0).click();
    await place('sales');
    await page.getByRole('button', { name: '1 new call' }).waitFor();
    expect(await rows(page).count()).to.equal(5);
    await page.getByRole('button', { name: '1 new call' }).press('Enter');
    await rows(page).nth(5).waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe calls serious, ${colorScheme}`, async () => {
      const page = await opened('admin', '/calls', { colorScheme, reducedMotion: 'reduce' });
      for (const n of [0, 3]) {
        await rows(page).nth(n).click();
        await shown(page).getByText('Where the time went').waitFor();
        expect(await serious(page)).to.deep.equal([]);
      }
    });
  }
});
