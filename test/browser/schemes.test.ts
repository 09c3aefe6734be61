import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { browserInstalled, NO_BROWSER, openConsole, type ConsoleUnderTest } from '../support/console.ts';

/** Schemes in the console: made, changed, tried, and changed by two at once. */

describe('console: schemes', function () {
  this.timeout(240_000);
  let it_: ConsoleUnderTest;

  before(async function () {
    if (!browserInstalled()) {
      process.stderr.write(`${NO_BROWSER}\n`);
      this.skip();
    }
    it_ = await openConsole({
      users: ['admin', 'editor', 'viewer'],
      schemes: [
        { name: 'locked', title: 'In a file', webhook: { url: 'CRM_URL/route' } },
        {
          ...{ name: 'watched', webhook: { url: 'CRM_URL/route' } },
          ...{ shadow: 'beside', canary: { scheme: 'part', percent: 100 } },
        },
        { name: 'beside', mode: 'shadow', webhook: { url: 'CRM_URL/beside' } },
        {
          name: 'long',
          webhook: {
            url: 'CRM_URL/route',
            map: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`w${n}`, '201'])),
          },
        },
        { name: 'part', shadow: 'beside', webhook: { url: 'CRM_URL/route' } },
      ],
      crm: ({ url }) =>
        url === '/beside'
          ? { status: 200, body: '{"destination":"301"}' }
          : { status: 200, body: '{"destination":"201"}' },
    });
  });

  after(async () => {
    await (it_ as ConsoleUnderTest | undefined)?.close();
  });

  const make = async (page: Page, name: string): Promise<void> => {
    await page.goto(`${it_.url}/schemes`);
    await page.getByRole('button', { name: 'New scheme' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill(name);
    await page.getByRole('radio', { name: 'empty' }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await field(page, 'URL').fill(`${it_.crm.url}/route`);
    await save(page, name);
  };

  it('leads a newcomer from a name and a URL to a live scheme, and says what it came to', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await page.getByRole('button', { name: 'New scheme' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('made');
    await page.getByRole('button', { name: 'Continue' }).click();
    const toDo = page.getByRole('region', { name: 'What is left to do' });
    await toDo.getByText('1 of 4 done').waitFor();
    // Nobody was there: what is still empty is no fault.
    expect(await page.locator('[aria-invalid=true]').count()).to.equal(0);
    // A button that is off says why, and leads to what it lacks.
    const trial = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Try it' }) });
    const tryIt = page.getByRole('button', { name: 'Try', exact: true });
    expect(await tryIt.isDisabled()).to.equal(true);
    await trial.getByText('Missing: Called number').waitFor();
    await trial.getByRole('button', { name: 'URL' }).click();
    expect(await focused(page)).to.equal('/webhook/url');
    await page.keyboard.type('ftp:');
    await page.locator('[aria-invalid=true]').waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(`${it_.crm.url}/route`);
    await toDo.getByText('2 of 4 done').waitFor();
    await toDo.getByRole('button', { name: 'Try it: ask the CRM about a number' }).click();
    await trial.getByLabel('Caller').fill('380441234567');
    await trial.getByLabel('Called number').fill('15005550100');
    await tryIt.click();
    // One sentence; how it came to it is folded.
    await trial
      .getByRole('status')
      .getByText(/^Rings 201 at pbx.example, 25\ss.$/)
      .waitFor();
    expect(await trial.getByText('{"destination":"201"}').isVisible()).to.equal(false);
    await trial.getByText('Question, reply and dial string').click();
    await trial.getByText('{"destination":"201"}').waitFor();
    expect(it_.crm.requests.at(-1)?.headers['x-esl-router-dry-run']).to.equal('1');
    await toDo.getByText('3 of 4 done').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    expect(await page.getByRole('radio', { name: 'Live' }).isChecked()).to.equal(true);
    await dialogButton(page, 'Save').click();
    await page.getByText('made is saved. From now on it decides the calls that reach it.').waitFor();
    await toDo.getByText('4 of 4 done').waitFor();
    const reach = page.getByRole('note', { name: 'Which calls reach it' });
    await reach.getByText('Only calls that name this scheme reach it').waitFor();
    await reach.getByText(`${it_.daemon.address.host}:${it_.daemon.address.port}/made`).waitFor();
    // In a fold that is closed.
    await reach.getByRole('button', { name: 'Called number' }).click();
    await page.waitForFunction(`document.activeElement.closest('[data-place="/match/did"]') !== null`);
    expect(page.complaints).to.deep.equal([]);
  });

  it('says what is wrong beside its field, while it is typed', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await make(page, 'faulty');
    await field(page, 'Max time waiting').fill('99');
    await page.getByText('expected at most 30').first().waitFor();
    await field(page, 'Max time waiting').fill('5');
    await page.getByText('expected at most 30').first().waitFor({ state: 'detached' });
  });

  it('leads from a secret that the router lacks to its field, keeps it as a draft, and makes it live later', async () => {
    const page = await it_.pageAs('admin', '/schemes/signed?preset=generic-json');
    const bar = page.getByRole('region', { name: 'Save' });
    await bar.getByRole('button', { name: '1 fault' }).click();
    expect(await focused(page)).to.equal('/webhook/auth/secret');
    await page.getByText('The router has no secret CRM. Set ESL_ROUTER_SECRET_CRM').first().waitFor();
    await bar.getByRole('button', { name: 'Save' }).click();
    expect(await page.getByRole('radio', { name: 'Draft' }).isChecked()).to.equal(true);
    await page.getByRole('radio', { name: 'Live' }).check();
    await page.getByText('As it is, it can only be kept as a draft.').waitFor();
    expect(await dialogButton(page, 'Save').isDisabled()).to.equal(true);
    await page.getByRole('radio', { name: 'Draft' }).check();
    await dialogButton(page, 'Save').click();
    const reach = page.getByRole('note', { name: 'Which calls reach it' });
    await reach.getByText('No call uses this scheme: it is a draft.').waitFor();
    await page.getByRole('combobox', { name: 'Authentication' }).click();
    await page.getByRole('option', { name: 'none', exact: true }).click();
    await bar.getByText('One change is not saved.').waitFor();
    await reach.getByRole('button', { name: 'Make it live' }).click();
    await dialogButton(page, 'Save').click();
    await reach.getByText('Only calls that name this scheme reach it').waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('keeps form and JSON alike', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await make(page, 'both');
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await field(page, 'Title').fill('formed');
    await page.locator('.cm-content').getByText('"formed"').dblclick();
    await page.keyboard.type('typed');
    await page.locator('input[value="typed"]').waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('shows the second of two editors what the first one changed, and saves both', async () => {
    const one = await it_.pageAs('editor', '/schemes');
    await make(one, 'shared');
    const other = await it_.pageAs('admin', '/schemes/shared');
    await field(one, 'Title').fill('by the editor');
    await field(one, 'Max time waiting').fill('2');
    await field(other, 'Title').fill('by the admin');
    await field(other, 'Timeout of the call').fill('20');
    await save(one, 'shared');
    await other.getByRole('button', { name: 'Save', exact: true }).click();
    await dialogButton(other, 'Save').click();
    await other.getByText('editor has changed it too').waitFor();
    await other.getByRole('radio', { name: 'Title: Theirs' }).check();
    await dialogButton(other, 'Merge, then save again').click();
    expect(await field(other, 'Title').inputValue()).to.equal('by the editor');
    expect(await field(other, 'Timeout of the call').inputValue()).to.equal('20');
    expect(await field(other, 'Max time waiting').inputValue()).to.equal('2');
    await save(other, 'shared');
    await one.getByText('admin saved revision 3').waitFor();
    expect(await field(one, 'Timeout of the call').inputValue()).to.equal('20');
  });

  it('asks before changes are lost', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await make(page, 'left');
    await field(page, 'Title').fill('not saved');
    await page.getByRole('link', { name: 'Problems' }).click();
    await page.getByText('Leave without saving?').waitFor();
    await dialogButton(page, 'Stay').click();
    expect(await field(page, 'Title').inputValue()).to.equal('not saved');
    await page.getByRole('link', { name: 'Problems' }).click();
    await dialogButton(page, 'Leave').click();
    await page.getByRole('heading', { name: 'Problems' }).waitFor();
  });

  it('moves a step by the keyboard', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await make(page, 'steps');
    for (const step of ['Hang up', 'Dial']) {
      await page.getByRole('button', { name: 'No answer: Add a step' }).press('Enter');
      await page.getByRole('menuitem', { name: step, exact: true }).press('Enter');
    }
    const first = page.getByRole('group', { name: 'No answer, 1' });
    await first.getByText('Dial').waitFor();
    await first.getByRole('button', { name: 'Down' }).press('Enter');
    await first.getByText('Hang up').waitFor();
    await page.getByText('Never reached').waitFor();
    // On a telephone too, what has the focus is never behind the bar of Save.
    await page.setViewportSize({ width: 380, height: 640 });
    await page.getByRole('region', { name: 'Save' }).getByText('1 fault').waitFor();
    await field(page, 'Name').focus();
    for (let tab = 0; tab < 60; tab++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(BEHIND_THE_BAR), `after ${tab + 1} tabs`).to.equal('');
    }
  });

  it('moves a step by the mouse', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await make(page, 'dragged');
    for (const step of ['Hang up', 'Dial']) {
      await page.getByRole('button', { name: 'Busy: Add a step' }).click();
      await page.getByRole('menuitem', { name: step, exact: true }).click();
    }
    const [first, second] = [1, 2].map((n) => page.getByRole('group', { name: `Busy, ${n}`, exact: true }));
    if (first === undefined || second === undefined) throw new Error('there are no steps');
    await first.getByText('Dial').waitFor();
    // Both wait until the page stands still: faults of the new steps come a moment later, and push them down.
    await second.getByTitle('Drag').hover();
    await page.mouse.down();
    await page.mouse.move(0, 0, { steps: 2 });
    await first.getByTitle('Drag').hover();
    await page.mouse.up();
    await first.getByText('Hang up').waitFor();
    await second.getByText('Dial').waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('has fields for further questions, conditions, targets and events, in step with the JSON', async () => {
    const page = await it_.pageAs('editor', '/schemes');
    await make(page, 'rare');
    for (const group of ['The question', 'Reading the reply', 'Where it is dialled', 'Events to the CRM']) {
      await page.getByRole('button', { name: group }).first().click();
    }
    await page.getByRole('button', { name: 'Events: Add events' }).click();
    await page.getByRole('menuitem', { name: 'hubspot' }).click();
    const entry = page.getByRole('group', { name: 'Events, 1', exact: true });
    await entry.getByRole('textbox', { name: 'URL' }).first().fill('nowhere');
    await entry.getByText('expected an http or https URL').first().waitFor();
    await page.getByRole('button', { name: 'Further questions: Add a question' }).click();
    const further = page.getByRole('group', { name: 'Further questions, 1', exact: true });
    await further.getByRole('textbox', { name: 'URL' }).first().fill('https://crm.test/{{reply.id}}');
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await page.getByText('"https://crm.test/{{reply.id}}"').waitFor();
    await page.getByText('"nowhere"').waitFor();
    expect(page.complaints).to.deep.equal([]);
  });

  it('lets a viewer read, and a file be changed by nobody', async () => {
    const viewer = await it_.pageAs('viewer', '/schemes/made');
    expect(await field(viewer, 'URL').isEditable()).to.equal(false);
    for (const button of ['Save', 'Delete', 'Try', 'Add a step']) {
      expect(await viewer.getByRole('button', { name: button, exact: true }).count(), button).to.equal(0);
    }
    const admin = await it_.pageAs('admin', '/schemes/locked');
    await admin.getByText('This scheme is locked').waitFor();
    expect(await field(admin, 'URL').isEditable()).to.equal(false);
    expect(await admin.getByRole('button', { name: 'Save', exact: true }).count()).to.equal(0);
    // It does not look like a field either; a note of one's own beside the scheme does.
    const border = (name: string): Promise<unknown> =>
      admin.evaluate(
        `getComputedStyle([...document.querySelectorAll('label')].find((one) => one.textContent.startsWith('${name}')).control).borderTopColor`,
      );
    for (const name of ['URL', 'HTTP request method', 'Timeout of the call'])
      expect(await border(name), name).to.equal('rgba(0, 0, 0, 0)');
    expect(await border('Guard of the dialplan')).to.not.equal('rgba(0, 0, 0, 0)');
    // A map that no page could show is counted.
    await admin.goto(`${it_.url}/schemes/long`);
    await admin.getByText('4500 more words are in the file').waitFor();
  });

  it('offers no method where the question is JSON, and says why', async () => {
    const page = await it_.pageAs('editor', '/schemes/posted?preset=json');
    const method = page.getByRole('combobox', { name: 'HTTP request method' });
    await page.getByText('JSON and JSON-RPC always go by POST.').waitFor();
    await method.click();
    expect(await page.getByRole('option').count()).to.equal(0);
    await page.getByRole('combobox', { name: 'Data submission type' }).click();
    await page.getByRole('option', { name: 'HTTP', exact: true }).click();
    await method.click();
    await page.getByRole('option', { name: 'GET' }).waitFor();
  });

  it('finds no fault with a new step before somebody was there', async () => {
    const page = await it_.pageAs('editor', '/schemes/stepped?preset=json');
    await field(page, 'URL').fill(`${it_.crm.url}/route`);
    await page.getByRole('button', { name: 'Busy: Add a step' }).press('Enter');
    const checked = page.waitForResponse(
      (response) => response.request().postData()?.includes('onBusy') ?? false,
    );
    await page.getByRole('menuitem', { name: 'Dial', exact: true }).press('Enter');
    await checked;
    const step = page.getByRole('group', { name: 'Busy, 1', exact: true });
    const faults = page.getByRole('region', { name: 'Save' }).getByText(/fault/);
    await step.locator('input:focus').first().waitFor();
    expect(await faults.count()).to.equal(0);
    await field(page, 'Title').focus();
    await faults.waitFor();
  });

  it('compares a shadow with what was, and both sides of a canary', async () => {
    await it_.freeswitch.call({
      ...{ caller: '380441110001', did: '15005550100', path: 'watched', guardSeconds: 30 },
      callee: () => ({ kind: 'answer', afterMs: 20, talkMs: 20, hangup: 'caller' }),
    });
    const page = await it_.pageAs('editor', '/schemes/watched');
    await page.getByRole('tab', { name: 'Shadow' }).click();
    const canary = page.getByRole('region', { name: 'part has a share of the calls of watched' });
    await canary.getByRole('row', { name: /^part Routed 1 \(100 %\) 1 / }).waitFor();
    await page.getByRole('link', { name: 'beside', exact: true }).click();
    await page.waitForURL(/\/schemes\/beside/);
    await page.getByRole('tab', { name: 'Shadow' }).click();
    await page.getByText('1 call compared, 1 would have gone elsewhere.').waitFor();
    await page.getByRole('row', { name: /dial 201.*dial 301/ }).waitFor();
    expect(page.complaints).to.deep.equal([]);
  });
});

/** What has the focus and can't be seen for the bar; nothing when it can. */
const BEHIND_THE_BAR = `(() => {
  const bar = document.querySelector('.save-bar');
  const { activeElement: on } = document;
  const { top, bottom, height } = on.getBoundingClientRect();
  // Behind the last one comes the browser itself.
  if (on === document.body) return '';
  const isBehind = !bar.contains(on) && height > 0 && bottom > bar.getBoundingClientRect().top + 1;
  return isBehind || (top < 47 && on.closest('main') !== null && height < 400) ? on.outerHTML.slice(0, 200) : '';
})()`;

/** Where in the scheme the focus is, as its JSON pointer. */
async function focused(page: Page): Promise<unknown> {
  await page.waitForFunction('document.activeElement.closest("[data-place]") !== null');
  return page.evaluate('document.activeElement.closest("[data-place]").dataset.place');
}

function field(page: Page, name: string) {
  return page.getByRole('textbox', { name }).first();
}

function dialogButton(page: Page, name: string) {
  return page.getByRole('dialog').getByRole('button', { name, exact: true });
}

async function save(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await dialogButton(page, 'Save').click();
  await page.getByText(`${name} is saved.`).first().waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}
