/** From the change of a filter to the rows of that filter on the screen. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { CallRecord } from '../../lib/call/record.ts';
import type { ConsoleUnderTest } from '../../test/support/console.ts';
import { loadAverage } from '../child.ts';
import { median } from '../measure.ts';
import type { Row } from './row.ts';

const FILTER_MS = 200;
/** The first rows are compared, by the moments of their calls. */
const COMPARED = 10;

/** The clock runs from the event of the page itself, and until the frame after the one in which the rows are there. */
const PROBE = `
  for (const type of ['input', 'click']) {
    addEventListener(type, () => { window.changedAt = performance.now(); }, true);
  }
  window.untilShown = (wanted) => new Promise((resolve) => {
    const look = () => {
      const rows = [...document.querySelectorAll('[data-index]')]
        .sort((a, b) => a.dataset.index - b.dataset.index)
        .slice(0, ${COMPARED}).map((row) => row.querySelector('time')?.dateTime).join();
      const isThere = rows === wanted && document.querySelector('[role=grid][aria-busy=true]') === null;
      requestAnimationFrame(isThere ? () => { resolve(performance.now() - window.changedAt); } : look);
    };
    look();
  });`;

interface Change {
  readonly what: string;
  /** What the API is asked. */
  readonly query: string;
  /** Up to the last event, which is what the clock starts from. */
  readonly prepare?: (page: Page) => Promise<void>;
  readonly change: (page: Page) => Promise<void>;
}

export async function measureFilters(
  it: ConsoleUnderTest,
  options: BrowserContextOptions,
  { rounds, sample }: { readonly rounds: number; readonly sample: CallRecord },
): Promise<Row[]> {
  const page = await it.page({ ...options, viewport: { width: 1600, height: 900 } });
  await page.addInitScript(PROBE);
  await page.goto(`${it.url}/calls`);
  await page.locator('[data-index] time').first().waitFor();
  const wanted = async (query: string): Promise<string> => {
    const reply = await page.request.get(`${it.url}/api/v1/calls?limit=${COMPARED}&${query}`);
    const { calls } = (await reply.json()) as { calls: { startedAt: string }[] };
    return calls.map(({ startedAt }) => startedAt).join();
  };
  const timed = async (query: string, change: () => Promise<void>): Promise<number> => {
    const shown = page.evaluate<number>(`window.untilShown(${JSON.stringify(await wanted(query))})`);
    await change();
    return shown;
  };
  const times = new Map<string, number[]>();
  const cleared: number[] = [];
  for (let n = 0; n < rounds; n++) {
    for (const { what, query, prepare, change } of changesOf(sample)) {
      await prepare?.(page);
      const ms = await timed(query, () => change(page));
      times.set(what, [...(times.get(what) ?? []), ms]);
      await page.keyboard.press('Escape');
      cleared.push(await timed('', () => page.getByRole('button', { name: 'Clear' }).click()));
    }
  }
  await page.context().close();
  return [...times, ['all filters cleared', cleared] as const].map(([what, list]) => ({
    what: `filter ${what}`,
    unit: 'ms',
    median: median(list),
    worst: Math.max(...list),
    limit: { kind: 'at most', value: FILTER_MS },
    note: `${list.length} times`,
    load: loadAverage(),
  }));
}

function changesOf({ call, scheme }: CallRecord): readonly Change[] {
  const { caller = '', did = '', uuid = '' } = call ?? {};
  const more = (page: Page) => page.getByRole('button', { name: /^More/ }).click();
  const list = (what: string, label: string, word: string, query: string): Change => ({
    what,
    query,
    prepare: (page) => page.getByLabel(label, { exact: true }).first().click(),
    change: (page) => page.getByRole('option', { name: word, exact: true }).click(),
  });
  const typed = (label: string, text: string, name: string): Change => ({
    what: `${name} ${text}`,
    query: `${name}=${encodeURIComponent(text)}`,
    change: (page) => page.getByLabel(label, { exact: true }).fill(text),
  });
  const hidden = (change: Change): Change => ({
    ...change,
    prepare: async (page) => {
      await more(page);
      await change.prepare?.(page);
    },
  });
  const name = scheme?.name ?? 'scheme0';
  return [
    list('result=error', 'Result', 'Error', 'result=error'),
    list('result=no_route', 'Result', 'Nobody', 'result=no_route'),
    list('a scheme', 'Scheme', name, `scheme=${name}`),
    typed('Text', 'olena', 'text'),
    typed('Text', 'zebra', 'text'),
    typed('Text', 'nothing-has-this', 'text'),
    typed('Number', caller, 'number'),
    hidden(typed('Caller', caller, 'caller')),
    hidden(typed('Called number', did, 'did')),
    hidden(typed('Destination', '340', 'destination')),
    hidden(typed('UUID of the A leg', uuid, 'uuid')),
    hidden(list('a reason', 'Reason', 'http_status', 'reason=http_status')),
  ];
}
