/** From the navigation to a page with its content, with an empty cache and with a full one. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { ConsoleUnderTest } from '../../test/support/console.ts';
import { loadAverage } from '../child.ts';
import { median } from '../measure.ts';
import type { Row } from './row.ts';

const VIEW_MS = 1_000;
const SCRIPTS_KB = 250;
/** Of this address, in a minute; the router allows 1,200. */
const ALLOWED = 1_000;

/** Each page, and what of it is there when its content is. */
const pagesOf = (call: string): readonly (readonly [string, string])[] => [
  ['/live', '.recharts-surface'],
  ['/calls', '[data-index] time'],
  [`/calls?call=${call}`, '[data-row]'],
  [`/calls/${call}`, '[data-row]'],
  ['/schemes', 'tbody tr'],
  ['/schemes/scheme0', 'input'],
  ['/problems', '#content time'],
  ['/deliveries', 'tbody tr'],
  ['/status', 'tbody tr'],
  ['/people', 'tbody tr'],
  ['/audit', '#content time'],
  ['/reasons', '#content h2'],
  ['/start', '#content h2'],
];

/** When it is there, the frame after that: what is in the document then is on the screen. */
const WATCH = (wanted: string): string => `
  window.viewed = new Promise((resolve) => {
    const look = () => {
      const isThere = document.querySelector('#content h1') !== null &&
      document.querySelector('[aria-busy=true]') === null && document.querySelector(${JSON.stringify(wanted)}) !== null;
    requestAnimationFrame(isThere ? () => { resolve(window.viewedAt = performance.now()); } : look);
    };
    look();
  });`;

interface View {
  readonly ms: number;
  readonly requests: number;
  readonly bytes: number;
  readonly scripts: number;
  readonly scriptBytes: number;
}

const READ = `(() => {
  const all = performance.getEntriesByType('resource').filter(({ responseEnd }) => responseEnd <= window.viewedAt);
  const api = all.filter(({ name }) => name.includes('/api/'));
  const scripts = all.filter(({ name }) => name.endsWith('.js'));
  const sum = (list) => list.reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0);
  return { ms: window.viewedAt, requests: api.length, bytes: sum(api), scripts: scripts.length, scriptBytes: sum(scripts) };
})()`;

export async function measureViews(
  it: ConsoleUnderTest,
  options: BrowserContextOptions,
  { rounds, call }: { readonly rounds: number; readonly call: string },
): Promise<Row[]> {
  let asked: number[] = [];
  const view = async (page: Page, path: string): Promise<View> => {
    await page.goto(`${it.url}${path}`);
    await page.evaluate('window.viewed');
    return page.evaluate<View>(READ);
  };
  const rows: Row[] = [];
  const scripts: { readonly name: string; readonly bytes: number }[] = [];
  for (const [path, wanted] of pagesOf(call)) {
    const cold: View[] = [];
    const warm: View[] = [];
    for (let n = 0; n < rounds; n++) {
      const page = await it.page(options);
      page.on('request', () => asked.push(Date.now()));
      await page.addInitScript(WATCH(wanted));
      cold.push(await view(page, path));
      warm.push(await view(page, path));
      await page.context().close();
      asked = asked.filter((at) => at > Date.now() - 60_000);
      if (asked.length > ALLOWED) await delay(60_000 - (Date.now() - (asked.at(-ALLOWED + 300) ?? 0)));
    }
    const name = path.replace(call, 'ID');
    rows.push(rowOf(`view ${name}, first`, cold), rowOf(`view ${name}, again`, warm));
    scripts.push({ name, bytes: cold[0]?.scriptBytes ?? 0 });
  }
  const [most] = scripts.toSorted((one, other) => other.bytes - one.bytes);
  // What a page shows later, its charts, comes later: the limit is of what everybody waits for.
  const largest = scriptsRow('scripts of the largest first view', most?.bytes ?? 0, most?.name ?? '');
  return [...rows, { ...largest, limit: null }];
}

/** Before anybody has logged in. */
export async function measureScripts(it: ConsoleUnderTest): Promise<Row> {
  const page = await it.page();
  await page.goto(`${it.url}/live`);
  await page.locator('input[type=password]').waitFor();
  await page.evaluate('window.viewedAt = performance.now()');
  const { scripts, scriptBytes } = await page.evaluate<View>(READ);
  await page.context().close();
  return scriptsRow('scripts before the login', scriptBytes, `${scripts} scripts`);
}

function scriptsRow(what: string, bytes: number, note: string): Row {
  const figures = { median: bytes / 1000, worst: bytes / 1000 };
  const limit = { kind: 'at most', value: SCRIPTS_KB } as const;
  return { what, unit: 'KB', ...figures, limit, note, load: loadAverage() };
}

function rowOf(what: string, views: readonly View[]): Row {
  const times = views.map(({ ms }) => ms);
  const view = views[0];
  const note =
    view === undefined
      ? ''
      : `${view.requests} requests ${kb(view.bytes)}, ${view.scripts} scripts ${kb(view.scriptBytes)}`;
  const figures = { median: median(times), worst: Math.max(...times) };
  const limit = { kind: 'at most', value: VIEW_MS } as const;
  return { what, unit: 'ms', ...figures, limit, note, load: loadAverage() };
}

const kb = (bytes: number): string => `${(bytes / 1000).toFixed(0)} KB`;
