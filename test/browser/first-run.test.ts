import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { CallScript } from '../../lib/simulator/index.ts';
import { browserInstalled, NO_BROWSER, openConsole, type ConsoleUnderTest } from '../support/console.ts';

/** An empty router, a person who has never seen one, and the first call. */

const callee: NonNullable<CallScript['callee']> = () => {
  return { kind: 'answer', afterMs: 20, talkMs: 20, hangup: 'caller' };
};

describe('console: first steps', function () {
  this.timeout(240_000);
  let it_: ConsoleUnderTest;

  before(async function () {
    if (!browserInstalled()) {
      process.stderr.write(`${NO_BROWSER}\n`);
      this.skip();
    }
    it_ = await openConsole({ users: ['admin', 'viewer'], settings: { DOMAIN: '', GATEWAY: '' } });
  });

  after(async () => {
    await (it_ as ConsoleUnderTest | undefined)?.close();
  });

  it('leads whoever may edit there, and nobody else', async () => {
    const page = await it_.pageAs('viewer', '/');
    await page.waitForURL(/\/live$/);
    expect(page.complaints).to.deep.equal([]);
  });

  it('leads from nothing to the first call, by the keyboard alone', async () => {
    const page = await it_.pageAs('admin', '/');
    await page.waitForURL(/\/start$/);

    await typed(page, 'URL', `${it_.crm.url}/route`);
    await page.keyboard.press('Enter');
    await page.waitForURL(/step=try/);

    await typed(page, 'Caller', '+380441112233');
    await typed(page, 'Called number', '15005550100');
    await page.keyboard.press('Enter');
    // Request, reply and reading, side by side.
    await page.getByText(`POST ${it_.crm.url}/route`).waitFor();
    await page.getByText('"destination": "201"').waitFor();
    await page.getByText('Where it rings is the next step').waitFor();
    // What it came to stands above how.
    const placeOf = async (text: string): Promise<number> =>
      (await page.getByText(text).first().boundingBox())?.y ?? Number.NaN;
    expect(await placeOf('Where it rings is the next step')).to.be.below(
      await placeOf('"destination": "201"'),
    );
    await pressed(page, 'Continue');
    await page.waitForURL(/step=rings/);

    await page.getByText('it needs a domain').waitFor();
    await typed(page, 'Domain', 'pbx.test');
    await page.getByText('user/201@pbx.test').waitFor();

    // Nothing of it is lost.
    await page.reload();
    expect(await page.getByRole('combobox', { name: 'Domain' }).inputValue()).to.equal('pbx.test');
    await page.goBack();
    await page.getByText('"destination": "201"').waitFor();
    await page.goForward();

    await pressed(page, 'Save and continue');
    await page.waitForURL(/step=dialplan/);
    const dialplan = page.getByRole('region', { name: 'dialplan/esl-router.xml' });
    await dialplan
      .getByText(`esl_router_hosts=${it_.daemon.address.host}:${it_.daemon.address.port}`)
      .waitFor();
    const numbers = await page.getByRole('region', { name: 'dialplan/public/00_esl-router.xml' }).innerText();
    expect(numbers)
      .to.include('15005550100')
      .and.include(':' + `${it_.daemon.address.port}/main"`);
    await pressed(page, 'Done, wait for a call');

    await page.getByText('Waiting for the first call').waitFor();
    await it_.freeswitch.call({ caller: '380441112233', did: '15005550100', path: 'main', callee });
    await page.getByText('The first call has arrived.').waitFor();
    await page.getByText('Answered').first().waitFor();
    await page.getByRole('link', { name: 'The call in full' }).click();
    await page.waitForURL(/\/calls\/[0-9a-f-]+$/);
    expect(page.complaints).to.deep.equal([]);
  });

  it('says at the field what is wrong, and does not go on', async () => {
    const page = await it_.pageAs('admin', '/start');
    await typed(page, 'URL', 'crm.example.com');
    await page.keyboard.press('Enter');
    await page.getByLabel('URL').and(page.locator('[aria-invalid=true]')).waitFor();
    expect(page.url()).not.to.include('step=try');
  });

  it('knows of the schemes that are there, and makes none of their names', async () => {
    const page = await it_.pageAs('admin', '/start');
    const there = page.getByRole('alert').filter({ hasText: 'There are schemes already' });
    await there.getByRole('link', { name: 'main' }).waitFor();
    await typed(page, 'URL', `${it_.crm.url}/route`);
    await page.keyboard.press('Enter');
    await page.getByText('A scheme has this name already').waitFor();
    await page.getByLabel('Name of the scheme').fill('second');
    await page.keyboard.press('Enter');
    await page.waitForURL(/step=try/);
    expect(page.complaints).to.deep.equal([]);
  });
});

describe('console: the link of the first user', function () {
  this.timeout(240_000);
  let it_: ConsoleUnderTest;

  before(async function () {
    if (!browserInstalled()) {
      process.stderr.write(`${NO_BROWSER}\n`);
      this.skip();
    }
    it_ = await openConsole({ users: [] });
  });

  after(async () => {
    await (it_ as ConsoleUnderTest | undefined)?.close();
  });

  it('makes an admin, who is led to the first steps, once', async () => {
    const { message } = await it_.daemon.until((line) => line.message.includes('/setup?code='));
    const [link = ''] = /http\S+\/setup\?code=[\w-]+/.exec(message) ?? [];
    const page = await it_.page();
    await page.goto(link);
    await page.getByRole('heading', { name: 'The first user' }).waitFor();
    await page.getByLabel('Name').fill('anna');
    await page.locator('input[type=password]').fill('correct horse battery');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/start$/);

    const other = await it_.page();
    await other.goto(link);
    await other.getByText('This link does not work any more').waitFor();
    await other.getByRole('button', { name: 'Log in' }).waitFor();
    expect([...page.complaints, ...other.complaints]).to.deep.equal([]);
  });
});

/** With the keyboard alone: the field is where the focus can be brought. */
async function typed(page: Page, label: string, text: string): Promise<void> {
  await page
    .getByLabel(label, { exact: true })
    .or(page.getByLabel(`${label} *`, { exact: true }))
    .first()
    .focus();
  await page.keyboard.type(text);
}

async function pressed(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
}
