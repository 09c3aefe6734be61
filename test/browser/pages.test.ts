import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { serious } from '../support/axe.ts';
import { browserInstalled, NO_BROWSER, openConsole, type ConsoleUnderTest } from '../support/console.ts';

/** What holds on every page: nothing that axe calls serious, no sideways scrolling, no other host, and no word of a caller or a CRM that is not text. */

const PAGES = [
  '/live',
  '/calls',
  '/reasons',
  '/schemes',
  '/schemes/sales',
  '/schemes/fresh?preset=generic-json',
  '/problems',
  '/deliveries',
  '/status',
  '/people',
  '/audit',
  '/start?step=crm',
  '/start?step=try',
  '/start?step=rings',
  '/start?step=dialplan',
  '/start?step=call',
];

const HOSTILE = '<img src=x onerror=window.harmed=1>\u202e"\'</script><script>window.harmed=1</script>';
const LONG = `${HOSTILE}${'W'.repeat(60_000)}`;

describe('console: every page', function () {
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
        {
          name: 'sales',
          title: HOSTILE,
          webhook: { url: 'CRM_URL/route', timeoutSeconds: 5 },
          match: { did: '1*' },
        },
        { name: 'owners', webhook: { url: 'CRM_URL/owners', timeoutSeconds: 5 } },
      ],
      crm: ({ url }) =>
        url === '/owners'
          ? { status: 200, body: JSON.stringify({ destination: LONG }) }
          : { status: 200, body: '{"destination":"201"}' },
    });
    const callee = () => ({ kind: 'answer', afterMs: 20, talkMs: 20, hangup: 'caller' }) as const;
    await it_.freeswitch.call({
      caller: '380441110001',
      callerName: HOSTILE,
      did: '15005550100',
      path: 'sales',
      callee,
    });
    await it_.freeswitch.call({
      caller: '380441110002',
      callerName: HOSTILE,
      did: '25005550100',
      path: 'owners',
      callee,
    });
  });

  after(async () => {
    await (it_ as ConsoleUnderTest | undefined)?.close();
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has nothing that axe calls serious, fits, and shows what callers and CRMs say as text: ${scheme}`, async () => {
      const page = await it_.pageAs('admin', '/live', { colorScheme: scheme, reducedMotion: 'reduce' });
      await withFirstSteps(page, it_.crm.url);
      const wrong: string[] = [];
      for (const path of PAGES) {
        await open(page, `${it_.url}${path}`);
        wrong.push(...(await serious(page)).map((text) => `${path} ${text}`));
        expect(await page.evaluate('window.harmed'), path).to.equal(undefined);
        if (scheme === 'light') wrong.push(...(await tooWide(page)).map((text) => `${path} ${text}`));
      }
      expect(wrong).to.deep.equal([]);
      expect(page.complaints).to.deep.equal([]);
    });
  }

  it('shows what callers and CRMs say as text to a viewer', async () => {
    const page = await it_.pageAs('viewer', '/calls');
    for (const path of ['/live', '/calls', '/schemes']) {
      await open(page, `${it_.url}${path}`);
      expect(await page.evaluate('window.harmed'), path).to.equal(undefined);
    }
    expect(page.complaints).to.deep.equal([]);
  });

  it('asks who comes, and says what was wrong', async () => {
    const page = await it_.page();
    await page.goto(`${it_.url}/calls`);
    await page.getByLabel('Name').fill('admin');
    await page.locator('input[type=password]').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('Wrong name or password').waitFor();
    expect(await page.locator('nav').count()).to.equal(0);
  });
});

/** Somebody has come to the last of the first steps, in this tab. */
async function withFirstSteps(page: Page, crm: string): Promise<void> {
  const draft = {
    document: { name: 'first', domain: 'pbx.test', webhook: { url: `${crm}/route`, timeoutSeconds: 4 } },
    call: { caller: '380441110001', did: '15005550100' },
    reached: 'call',
  };
  await page.evaluate(`sessionStorage.setItem('esl-router.start', ${JSON.stringify(JSON.stringify(draft))})`);
}

/** The page at this address; the try of the first steps with what came of it. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await settled(page);
  if (!url.includes('step=')) return;
  const step = new URL(url).searchParams.get('step') ?? '';
  await page.locator(`[aria-labelledby=step-${step}][aria-current=step]`).waitFor();
  if (step !== 'try') return;
  await page.getByRole('textbox', { name: 'Called number' }).press('Enter');
  await page.getByText('"destination"').first().waitFor();
}

/** At which widths the page can be scrolled sideways, once it has had the time to follow the window. */
async function tooWide(page: Page): Promise<string[]> {
  const wide: string[] = [];
  for (const width of [2560, 380, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate<number>(`new Promise((resolve) => {
      const until = performance.now() + 5_000;
      const look = () => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const over = innerWidth === ${width} ? scrollWidth - clientWidth : NaN;
        if (over <= 0 || performance.now() > until) resolve(over);
        else requestAnimationFrame(look);
      };
      look();
    })`);
    if (!(over <= 0)) wide.push(`is ${over} px too wide for ${width} px`);
  }
  return wide;
}

/** The page has its heading and waits for nothing. */
async function settled(page: Page): Promise<void> {
  await page.locator('#content h1').first().waitFor();
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
}
