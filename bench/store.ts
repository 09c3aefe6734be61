/** `npm run bench -- store [sqlite|postgres] [--records 1000000]`: pages and stories out of a store with so many records, on both databases. */
import pg from 'pg';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../lib/call/record.ts';
import { systemClock } from '../lib/clock.ts';
import { rowOf, type CallFilter, type PageOptions } from '../lib/store/calls.ts';
import { Store } from '../lib/store/store.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../test/support/postgres.ts';
import { callRecord, listeningLog, STORE } from '../test/support/stored.ts';

const PAGE_MS = 100;
const WHY_MS = 200;
const BATCH = 500;
const DAYS = 300;
const END = Date.UTC(2026, 9, 1);
const RUNS = 7;

interface Row {
  readonly database: string;
  readonly question: string;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly limitMs: number;
  readonly found: number;
}

export async function benchStore(
  records: number,
  only: string | undefined,
  say: (text: string) => void,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-bench-store-'));
  try {
    if (only !== 'postgres')
      rows.push(...(await measured('sqlite', { url: `sqlite:${join(folder, 'store.db')}` }, records, say)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (only === 'sqlite') return rows;
  if (!postgresInstalled()) {
    say(NO_POSTGRES);
    return rows;
  }
  // As Debian installs it, with memory for such a table.
  const postgres = await Postgres.start(['shared_buffers=512MB', 'max_wal_size=4GB']);
  try {
    rows.push(...(await measured('postgres', { url: postgres.urlWithPassword() }, records, say)));
  } finally {
    await postgres.remove();
  }
  return rows;
}

async function measured(
  database: string,
  place: { readonly url: string },
  records: number,
  say: (text: string) => void,
): Promise<Row[]> {
  const config = { store: { ...STORE, ...place }, tenants: 'one' as const };
  const store = await Store.open({ config, log: listeningLog(), clock: systemClock, version: 'bench' });
  if (store === null) throw new Error('the store is off');
  await store.ready();
  try {
    const startedAt = performance.now();
    const samples = await fill(store, records, say);
    const seconds = (performance.now() - startedAt) / 1000;
    if (database === 'postgres') await analyze(place.url);
    const megabytes = (await store.upkeep.bytes()) / 1024 / 1024;
    say(
      `${database}: ${records} records in ${seconds.toFixed(0)} s, ${(records / seconds).toFixed(0)}/s, ${megabytes.toFixed(0)} MB`,
    );
    const rows: Row[] = [];
    for (const [question, filter, options] of questions(samples)) {
      rows.push(
        await row(
          database,
          question,
          PAGE_MS,
          async () => (await store.calls.page(filter, options)).calls.length,
        ),
      );
    }
    for (const [question, ask] of stories(store, samples))
      rows.push(await row(database, question, WHY_MS, ask));
    return rows;
  } finally {
    await store.close();
  }
}

/** As its autovacuum does within a minute: a table that was filled just now has no statistics. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('analyze');
  await client.end();
}

async function row(
  database: string,
  question: string,
  limitMs: number,
  ask: () => Promise<number>,
): Promise<Row> {
  const times: number[] = [];
  let found = 0;
  for (let n = 0; n < RUNS; n++) {
    const startedAt = performance.now();
    found = await ask();
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return { database, question, medianMs: times[RUNS >> 1] ?? 0, worstMs: times.at(-1) ?? 0, limitMs, found };
}

type Samples = readonly CallRecord[];

/** When the calls were: a year's worth, unless something else is told. */
interface Span {
  readonly end: number;
  readonly days: number;
}
const YEAR: Span = { end: END, days: DAYS };

export async function fill(
  store: Store,
  records: number,
  say: (text: string) => void,
  span = YEAR,
): Promise<Samples> {
  const samples: CallRecord[] = [];
  for (let n = 0; n < records; n += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, records - n) }, (_, i) =>
      bornAt(n + i, records, span),
    );
    if (n % (BATCH * 200) === 0) samples.push(batch[0] as CallRecord);
    await store.calls.insert(batch.map((record) => rowOf(record, 'default')));
    if ((n / BATCH) % 400 === 399) say(`  ${n + BATCH} records`);
  }
  return samples;
}

/** Numbers of a fixed sequence that look like chance. */
function chance(n: number, salt: number): number {
  const mixed = Math.imul(n + 1, 2_654_435_761) ^ Math.imul(salt + 17, 40_503);
  return ((Math.imul(mixed ^ (mixed >>> 15), 2_246_822_519) ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
}

const NAMES = ['Olena', 'Ivan', 'Petro', 'Maria', 'Oksana', 'Andriy', 'Iryna', 'Dmytro', 'Natalia', 'Yuriy'];
const FAILURES = [
  'webhook_timeout',
  'http_status',
  'destination_invalid',
  'connect_failed',
  'body_not_json',
] as const;

/** A year of a company: common and rare callers, schemes of which one was retired, failures that come in bursts. */
function bornAt(n: number, records: number, { end, days }: Span): CallRecord {
  const at = new Date(end - days * 86_400_000 + Math.floor((n / records) * days * 86_400_000));
  const early = n < records * 0.4;
  const draw = chance(n, 1);
  const failed = draw > 0.94;
  const missed = !failed && draw > 0.75;
  const nobody = !failed && !missed && draw > 0.7;
  const caller = `38044${String(Math.floor(chance(n, 2) ** 3 * 200_000) + 1_000_000)}`;
  const scheme = early && chance(n, 3) > 0.8 ? 'retired' : `scheme${Math.floor(chance(n, 4) ** 2 * 12)}`;
  return callRecord({
    at,
    caller,
    callerName: `${NAMES[Math.floor(chance(n, 5) * NAMES.length)] ?? ''} ${caller.slice(-4)}`,
    did: `1500555${String(Math.floor(chance(n, 6) * 60) + 1000)}`,
    scheme,
    // Of the retired scheme nobody was ever busy.
    ...(failed
      ? { result: 'error', reason: FAILURES[Math.floor(chance(n, 7) * FAILURES.length)] ?? 'internal' }
      : missed
        ? { result: 'no_answer', reason: scheme !== 'retired' && chance(n, 8) > 0.6 ? 'busy' : 'no_answer' }
        : nobody
          ? { result: 'no_route', reason: 'empty_value' }
          : {}),
    destination: String(Math.floor(chance(n, 9) ** 2 * 250) + 100),
    notes: chance(n, 10) > 0.9999 ? ['the zebra crossed the line'] : [],
    reply: `{"destination":"101","owner":{"id":${n},"name":"Agent ${n % 250}"},"deal":"D-${n % 5000}"}`,
  });
}

function questions(samples: Samples): [string, CallFilter, PageOptions?][] {
  const middle = samples[samples.length >> 1];
  const at = (days: number): Date => new Date(END - days * 86_400_000);
  return [
    ['the newest', {}],
    ['a page of 500', {}, { limit: 500 }],
    ['one caller', { caller: middle?.call?.caller ?? '' }],
    ['any number', { number: middle?.call?.caller ?? '' }],
    ['a called number', { did: '15005551030' }],
    ['a destination', { destination: '101' }],
    ['a rare destination', { destination: '340' }],
    ['a common scheme', { scheme: ['scheme0'] }],
    ['a scheme that is used no more', { scheme: ['retired'] }],
    ['no such scheme', { scheme: ['nothing'] }],
    ['a common result', { result: ['routed'] }],
    ['two results', { result: ['error', 'no_answer'] }],
    ['a rare reason', { reason: ['connect_failed'] }],
    ['a common reason', { reason: ['no_answer'] }],
    ['scheme and result', { scheme: ['scheme5'], result: ['error'] }],
    ['what never came together', { scheme: ['retired'], reason: ['busy'] }],
    ['common, and never together', { result: ['routed'], reason: ['no_answer'] }],
    ['retired and routed', { scheme: ['retired'], result: ['routed'] }],
    ['caller and result', { caller: middle?.call?.caller ?? '', result: ['error'] }],
    ['an hour long ago', { since: at(200), until: at(200 - 1 / 24) }],
    ['errors of a day long ago', { since: at(201), until: at(200), result: ['error'] }],
    ['a month, one scheme', { since: at(120), until: at(90), scheme: ['scheme3'] }],
    ['a month without the retired scheme', { since: at(30), scheme: ['retired'] }],
    ['a common word', { text: 'olena' }],
    ['a rare word', { text: 'zebra' }],
    ['two words', { text: 'agent d-77' }],
    ['common words and a rare reason', { text: 'olena pbx', reason: ['body_not_json'] }],
    ['a page deep inside', { result: ['routed'] }, { cursor: cursorAt(at(150)) }],
    [
      'all at once',
      {
        caller: middle?.call?.caller ?? '',
        scheme: ['scheme0'],
        result: ['routed'],
        text: 'olena',
        since: at(250),
      },
    ],
  ];
}

/** As the page before it would have ended. */
function cursorAt(moment: Date): string {
  return String((moment.getTime() - Date.UTC(2020, 0, 1)) * 8192);
}

function stories(store: Store, samples: Samples): [string, () => Promise<number>][] {
  const middle = samples[samples.length >> 1];
  const first = async (filter: CallFilter): Promise<number> => {
    const { calls } = await store.calls.page(filter, { limit: 1 });
    const found = await store.calls.find(calls[0]?.id ?? '');
    return found === null ? 0 : 1;
  };
  return [
    ['why: by trace', async () => ((await store.calls.find(middle?.id ?? '')) === null ? 0 : 1)],
    ['why: by uuid', () => first({ uuid: middle?.call?.uuid ?? '' })],
    ['why: by caller', () => first({ caller: middle?.call?.caller ?? '' })],
  ];
}

export function storeTable(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ database, question, medianMs, worstMs, limitMs, found }) =>
      `${database.padEnd(9)} ${question.padEnd(36)} ${String(found).padStart(4)} found ${medianMs.toFixed(1).padStart(8)} ms, at most ${worstMs.toFixed(1).padStart(8)} ms  ${worstMs <= limitMs ? 'ok' : `OVER ${limitMs} ms`}`,
  );
  const over = rows.filter(({ worstMs, limitMs }) => worstMs > limitMs).length;
  return [...lines, `${rows.length} questions, ${over} over their limit`].join('\n');
}
