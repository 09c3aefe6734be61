import { SCENES, schemesFor } from '../../lib/commands/demo-scenes.ts';
import { browserInstalled, NO_BROWSER, openConsole } from './console.ts';

/** docs/console-*.png: the console with the calls of `esl-router demo`. `npm run docs:screens` takes them again. */

if (!browserInstalled()) throw new Error(NO_BROWSER);
const house = await openConsole({
  users: ['admin'],
  // As people have it: the pictures show where a file is.
  settings: { SCHEMES_DIR: 'schemes' },
  schemes: schemesFor('CRM_URL'),
  crm: ({ body }) =>
    SCENES.find(({ caller, hidden }) => body.includes(`"${hidden === true ? '' : caller}"`))?.reply ?? {
      status: 404,
      body: '{}',
    },
});
try {
  for (let round = 0; round < 2; round++) {
    for (const { caller, name, callee, scheme = 'sales', hidden = false, hangupAfterMs } of SCENES) {
      await house.freeswitch.call({
        ...{
          caller,
          callerName: name,
          did: '15005550100',
          guardSeconds: 30,
          path: scheme,
          privacy: hidden,
          callee,
        },
        ...(hangupAfterMs === undefined ? {} : { hangupAfterMs, hangupAt: 'connected' }),
      });
    }
  }
  // One that is there while the picture is taken.
  const talking = house.freeswitch.call({
    ...{ caller: '380441110001', callerName: 'Olena', did: '15005550100', guardSeconds: 30, path: 'sales' },
    callee: () => ({ kind: 'answer', afterMs: 300, talkMs: 15_000, hangup: 'caller' }),
  });
  const viewport = { width: 1280, height: 800 };
  const page = await house.pageAs('admin', '/live', { viewport });
  const settled = async (): Promise<void> => {
    await page.locator('#content h1').first().waitFor();
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  };
  const take = async (name: string): Promise<void> => {
    await settled();
    await page.screenshot({ path: `docs/console-${name}.png` });
  };
  await page.getByRole('row', { name: /Talking/ }).waitFor();
  await take('live');
  await page.goto(`${house.url}/calls?number=380441110005`);
  await settled();
  await page.getByText('380441110005').first().click();
  await page.getByText('380440000001').first().waitFor();
  await take('call');
  await page.goto(`${house.url}/schemes/sales`);
  await take('scheme');
  await talking;
} finally {
  await house.close();
}
