/** What calls pay for people who watch: the same load with nobody, with ten browsers, and with very many streams. */
import { chmod, writeFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type BrowserContextOptions } from 'playwright-core';
import { CHROMIUM, type ConsoleUnderTest } from '../../test/support/console.ts';
import { loadAverage, pinned, rssKib, SWITCH_CORE } from '../child.ts';
import { median } from '../measure.ts';
import type { Stage } from '../stage.ts';
import type { Row } from './row.ts';

const BROWSERS = 10;
/** So long it is looked at what a browser on the Live page asks for beside the stream. */
const LOOKED_MS = 20_000;
const STREAMS = 200;
/** Of them: they are open, and nobody reads. */
const ASLEEP = 50;
const COST_MS = 1;
const RATE = 100;
const RING_MS = 1_000;
const TALK_MS = 4_000;

export interface CostOptions {
  readonly rounds: number;
  readonly stage: Stage;
  readonly callsARound: number;
  readonly folder: string;
}

export async function measureCost(
  it: ConsoleUnderTest,
  options: BrowserContextOptions,
  { rounds, stage, callsARound, folder }: CostOptions,
): Promise<Row[]> {
  const load = async (calls = callsARound): Promise<number> => {
    const { p99Ms, ends } = await stage.load({
      ...{ port: it.daemon.address.port, calls, callsPerSecond: RATE, concurrency: Infinity },
      ...{ ringMs: RING_MS, talkMs: TALK_MS },
    });
    if (ends['answered'] !== calls) throw new Error(`not all were answered: ${JSON.stringify(ends)}`);
    return p99Ms;
  };
  await load(callsARound * 2);
  const asks = await askedByLive(it);
  const alone: number[] = [];
  const asked: number[] = [];
  const watched: number[] = [];
  const streamed: number[] = [];
  const grown: number[] = [];
  for (let n = 0; n < rounds; n++) {
    alone.push(await load());
    const ten = await withStreams(it, options, { readers: BROWSERS, asleep: 0, asks }, load);
    asked.push(ten.p99Ms);
    watched.push(await withBrowsers(it, options, folder, load));
    const many = { readers: STREAMS, asleep: ASLEEP, asks: [] };
    const { p99Ms, grownKib } = await withStreams(it, options, many, load);
    streamed.push(p99Ms);
    grown.push(grownKib / 1024);
  }
  const more = (list: readonly number[]): number[] => list.map((ms, n) => ms - (alone[n] ?? 0));
  const row = (what: string, list: readonly number[], limit: Row['limit'], note = ''): Row => {
    return {
      what,
      unit: 'ms',
      median: median(list),
      worst: Math.max(...list),
      limit,
      note,
      load: loadAverage(),
    };
  };
  const most = { kind: 'at most', value: COST_MS } as const;
  const each = (list: readonly number[]): string => list.map((ms) => ms.toFixed(1)).join(' ');
  return [
    row('p99 of decisions, nobody watches', alone, null, each(alone)),
    row(`p99 of decisions, what ${BROWSERS} browsers ask for`, asked, null, each(asked)),
    row(`what ${BROWSERS} browsers ask for costs at p99`, more(asked), most),
    row(`p99 of decisions, ${BROWSERS} browsers on this machine`, watched, null, each(watched)),
    row(`p99 of decisions, ${STREAMS} streams`, streamed, null, each(streamed)),
    row(`what ${STREAMS} streams cost at p99`, more(streamed), null, `${ASLEEP} of them are not read`),
    { ...row(`memory for ${STREAMS} streams`, grown, null), unit: 'MB' },
  ];
}

interface Asked {
  /** Path and query. */
  readonly path: string;
  /** Since the beginning. */
  readonly atMs: number;
}

async function askedByLive(it: ConsoleUnderTest): Promise<readonly Asked[]> {
  const page = await it.pageAs('admin', '/live');
  try {
    await page.locator('.recharts-surface').first().waitFor();
    const asked: Asked[] = [];
    const began = performance.now();
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      if (pathname.startsWith('/api/') && !pathname.endsWith('/events'))
        asked.push({ path: pathname + search, atMs: performance.now() - began });
    });
    await delay(LOOKED_MS);
    if (asked.length === 0) throw new Error('the Live page asked for nothing');
    return asked;
  } finally {
    await page.context().close();
  }
}

/** Other machines have the browsers; here they share a core with the switch and the CRM, so this says more of the machine than of the router. */
async function withBrowsers(
  it: ConsoleUnderTest,
  options: BrowserContextOptions,
  folder: string,
  load: () => Promise<number>,
): Promise<number> {
  const patient = join(folder, 'patient-chromium');
  await writeFile(patient, `#!/bin/sh\nexec nice -n 19 ${pinned(SWITCH_CORE, [CHROMIUM]).join(' ')} "$@"\n`);
  await chmod(patient, 0o755);
  const browser = await chromium.launch({
    executablePath: patient,
    args: ['--no-sandbox'],
    timeout: 120_000,
  });
  try {
    for (let n = 0; n < BROWSERS; n++) {
      const page = await (await browser.newContext(options)).newPage();
      page.setDefaultTimeout(120_000);
      await page.goto(`${it.url}/live`);
      await page.locator('.recharts-surface').first().waitFor();
    }
    return await load();
  } finally {
    await browser.close();
  }
}

async function withStreams(
  it: ConsoleUnderTest,
  { storageState }: BrowserContextOptions,
  {
    readers,
    asleep,
    asks,
  }: { readonly readers: number; readonly asleep: number; readonly asks: readonly Asked[] },
  load: () => Promise<number>,
): Promise<{ p99Ms: number; grownKib: number }> {
  const state = typeof storageState === 'object' ? storageState : { cookies: [] };
  const cookie = state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const pid = it.daemon.child.pid ?? 0;
  const before = rssKib(pid);
  const agent = new Agent({ maxSockets: Infinity });
  const streams = await Promise.all(
    Array.from({ length: readers }, () => {
      return new Promise<IncomingMessage>((resolve, reject) => {
        get(`${it.url}/api/v1/live/events`, { agent, headers: { cookie } }, (response) => {
          response.on('error', () => undefined);
          if (response.statusCode === 200) resolve(response);
          else reject(new Error(`a stream got ${String(response.statusCode)}`));
        }).on('error', reject);
      });
    }),
  );
  const refused = new Set<string>();
  const ask = (path: string): void => {
    const request = get(it.url + path, { agent, headers: { cookie } }, (answer) => {
      if (answer.statusCode !== 200) refused.add(`${path} ${String(answer.statusCode)}`);
      answer.resume();
    });
    request.on('error', ({ message }) => refused.add(`${path} ${message}`));
  };
  const asking = new AbortController();
  const { signal } = asking;
  /** Again and again what the page asked for, from another moment on than its neighbours: ten people have not opened theirs together. */
  const watch = async (n: number): Promise<void> => {
    const began = performance.now();
    for (let roundMs = (-n * LOOKED_MS) / readers; !signal.aborted; roundMs += LOOKED_MS) {
      for (const { path, atMs } of asks.filter(({ atMs }) => roundMs + atMs >= 0)) {
        await delay(Math.max(0, began + roundMs + atMs - performance.now()), undefined, { signal });
        ask(path);
      }
    }
  };
  const watching = asks.length === 0 ? [] : streams.map((_, n) => watch(n).catch(() => undefined));
  try {
    for (const [n, stream] of streams.entries()) {
      if (n < asleep) stream.pause();
      else stream.resume();
    }
    const p99Ms = await load();
    if (refused.size > 0) throw new Error(`not answered: ${[...refused].join(', ')}`);
    return { p99Ms, grownKib: rssKib(pid) - before };
  } finally {
    asking.abort();
    await Promise.all(watching);
    for (const stream of streams) stream.destroy();
    agent.destroy();
    await delay(1_000);
  }
}
