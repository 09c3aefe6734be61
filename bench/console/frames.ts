/** The Live page while hundreds of calls change: frames, and how busy its renderer is. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { ConsoleUnderTest } from '../../test/support/console.ts';
import { loadAverage } from '../child.ts';
import { median } from '../measure.ts';
import type { Stage } from '../stage.ts';
import type { Row } from './row.ts';

const LIVE = 500;
const RING_MS = 2_000;
const TALK_MS = 8_000;
const PER_SECOND = (LIVE * 1000) / (RING_MS + TALK_MS);
const WATCHED_MS = 10_000;
const FRAMES = 60;

/** A frame that came so late was seen: two of them were left out. */
const LATE_MS = 50;

const COUNT = `new Promise((resolve) => {
  const gaps = [];
  let before = performance.now();
  const end = before + ${WATCHED_MS};
  const frame = () => {
    const now = performance.now();
    gaps.push(now - before);
    before = now;
    if (now < end) requestAnimationFrame(frame); else resolve(gaps);
  };
  requestAnimationFrame(frame);
})`;

interface Watched {
  readonly perSecond: number;
  readonly longestMs: number;
  readonly late: number;
  readonly busyPercent: number;
  readonly calls: number;
}

export async function measureFrames(
  it: ConsoleUnderTest,
  options: BrowserContextOptions,
  { rounds, stage }: { readonly rounds: number; readonly stage: Stage },
): Promise<Row[]> {
  const page = await it.page({ ...options, viewport: { width: 1600, height: 900 } });
  const client = await page.context().newCDPSession(page);
  // Of its own processor time, however busy the machine is.
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  await page.goto(`${it.url}/live`);
  await page.locator('.recharts-surface').first().waitFor();
  const seconds = (RING_MS + TALK_MS + rounds * 3 * (WATCHED_MS + 1_000)) / 1000 + 5;
  const playing = stage.load({
    port: it.daemon.address.port,
    calls: Math.ceil(seconds * PER_SECOND),
    callsPerSecond: PER_SECOND,
    concurrency: Infinity,
    ringMs: RING_MS,
    talkMs: TALK_MS,
  });
  await delay(RING_MS + TALK_MS + 1_000);
  const watch = async (): Promise<Watched> => {
    const before = await busySeconds();
    const gaps = await page.evaluate<number[]>(COUNT);
    const busyPercent = ((await busySeconds()) - before) * (100_000 / WATCHED_MS);
    const live = await page.evaluate<number>(
      "fetch('/api/v1/live').then((reply) => reply.json()).then(({ counts }) => counts.live)",
    );
    return {
      perSecond: rateOf(gaps),
      longestMs: Math.max(...gaps),
      late: gaps.filter((gap) => gap > LATE_MS).length,
      busyPercent,
      calls: live,
    };
  };
  // What this machine draws at best, without a graphics card and beside the same calls.
  const floor = await page.context().newPage();
  await floor.setContent(STATIC);
  const still: Watched[] = [];
  const scrolled: Watched[] = [];
  const floorRates: number[] = [];
  for (let n = 0; n < rounds; n++) {
    await page.bringToFront();
    still.push(await watch());
    scrolled.push(await whileScrolled(page, watch));
    await floor.bringToFront();
    floorRates.push(rateOf(await whileScrolled(floor, () => floor.evaluate<number[]>(COUNT))));
  }
  await page.context().close();
  await playing;
  return [
    ...rowsOf('still', still),
    ...rowsOf('scrolled', scrolled),
    {
      ...{ what: 'frames, a page of plain text scrolled', unit: '/s', limit: null, note: 'the floor' },
      ...{ median: median(floorRates), worst: Math.min(...floorRates), load: loadAverage() },
    },
  ];
}

/** As long as the page, and nothing in it changes. */
const STATIC = `<body style="font: 14px sans-serif">${'<p>380441110001 15005550100 scheme0</p>'.repeat(500)}`;

async function whileScrolled<T>(page: Page, watch: () => Promise<T>): Promise<T> {
  await page.mouse.move(500, 750);
  const watching = watch();
  for (let ms = 0; ms < WATCHED_MS - 1_000; ms += 100) {
    await page.mouse.wheel(0, ms % 4_000 < 2_000 ? 120 : -120);
    await delay(100);
  }
  return watching;
}

function rateOf(gaps: readonly number[]): number {
  return (gaps.length * 1000) / gaps.reduce((sum, gap) => sum + gap, 0);
}

function rowsOf(how: string, list: readonly Watched[]): Row[] {
  const load = loadAverage();
  const rates = list.map(({ perSecond }) => perSecond);
  const longest = list.map(({ longestMs }) => longestMs);
  const busy = list.map(({ busyPercent }) => busyPercent);
  const calls = `${Math.round(median(list.map(({ calls }) => calls)))} calls`;
  return [
    {
      ...{ what: `frames, ${how}`, unit: '/s', median: median(rates), worst: Math.min(...rates), load },
      // A screen's 60 Hz are 59.9 here, and one frame in a second goes unseen.
      limit: { kind: 'at least', value: FRAMES - 1 },
      note: `${calls}, ${list.map(({ late }) => late).join('+')} over ${LATE_MS} ms`,
    },
    {
      ...{
        what: `longest frame, ${how}`,
        unit: 'ms',
        median: median(longest),
        worst: Math.max(...longest),
        load,
      },
      limit: null,
      note: '',
    },
    {
      ...{
        what: `renderer's main thread, ${how}`,
        unit: '%',
        median: median(busy),
        worst: Math.max(...busy),
        load,
      },
      limit: null,
      note: '',
    },
  ];
}
