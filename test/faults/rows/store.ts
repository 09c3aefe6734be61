import { setTimeout as delay } from 'node:timers/promises';
import type { RouterAddress } from '../../../lib/simulator/index.ts';
import { withPassword } from '../../../lib/store/postgres.ts';
import { Load } from '../load.ts';
import { TROUBLES, type Place, type Trouble } from '../places.ts';
import type { Router } from '../router.ts';
import type { Row } from '../row.ts';
import { answeredBy, call, WANTED, type Stage } from '../stage.ts';

/** The database stands still, is gone, full, read-only or locked, each with a router and calls of its own. */

const RATE = 50;
/** All routers have one core: with more of them calls wait for each other, and not for a database. */
const AT_ONCE = 2;
/** Of each of them: in short a router that starts has no core of its own. */
const SHORT_RATE = 10;
const LOOK_MS = 200;
/** The generator is the CRM too, which gets all events at once when the database is back; one in the way of calls holds them up for seconds. */
const MOST_LAG_MS = 250;
/** A question to PostgreSQL is given up after 10 s, and a router tries again each 5 s. */
const SETTLED_MS = 60_000;
/** Of ten minutes some ten thousand events wait. */
const TOLD_MS = 900_000;
/** Of records 64 MiB may wait, and of events as much; V8 takes as much again before it collects, and the calls have their own. docs/store.md says so. */
const MOST_GROWTH_KIB = 320 * 1024;
/** Calls, the CRM, the database, and some that have not been found out. */
const MOST_SOCKETS = 60;
/** Where times are judged: the slowest hundredth beside that of the calm. */
const MOST_RATIO = 2;
const MOST_MORE_MS = 20;
/** In short: half of the calls are decided faster, or than ten times half of them in the calm. A lock is waited for 2 s. */
const SHORT_MS = 1_000;
const SHORT_RATIO = 10;
/** Events that were written and have not arrived, and calls that have ended and were not closed. */
const LEFT =
  "(select count(*) from deliveries where state <> 'delivered') + (select count(*) from live_calls)";
/** What is lost is told so often. */
const TELL_SECONDS = 60;

/** What `/readyz` says of it. */
interface Store {
  readonly status: 'up' | 'down';
  readonly queued: number;
  readonly lost: number;
}

/** Calls of a router, or of what is in its place, and what was seen at the end of the fault. */
interface Played<T> {
  /** Before and after it. */
  readonly calm: Load;
  /** While what waited is written and told. */
  readonly after: Load;
  readonly during: Load;
  readonly worst: T;
}

async function play<T>(
  stage: Stage,
  address: RouterAddress,
  { trouble, place, seconds }: Case,
  look: () => Promise<T>,
): Promise<Played<T>> {
  const rate = stage.count(RATE, RATE, SHORT_RATE);
  const load = (seconds: number): Promise<Load> =>
    stage.load([address], {
      calls: rate * seconds,
      callsPerSecond: rate,
      batch: rate * seconds,
      repeatable: false,
      mostLagMs: Math.max(stage.mostLagMs, MOST_LAG_MS),
      script: () => call('told', stage.timed ? {} : { guardSeconds: 20 }),
      astray: answeredBy(WANTED),
    });
  const calmSeconds = stage.count(30, 10, 1);
  const before = trouble.fromTheStart === true ? null : await load(calmSeconds);
  if (before !== null) await place.harm();
  const during = await load(seconds);
  const worst = await look();
  await place.heal();
  const after = await load(calmSeconds);
  const calm = new Load();
  for (const part of [before, after]) if (part !== null) calm.add(part);
  return { calm, after, during, worst };
}

/** What the calls have to say against it. */
function faultsOfCalls(stage: Stage, { calm, during }: Played<unknown>): string[] {
  const faults: string[] = [];
  if (!calm.clean) faults.push(`without the fault ${calm.toString()}`);
  if (!during.clean) faults.push(`with it ${during.toString()}`);
  const [part, mostMs] = stage.timed
    ? ([0.99, calm.at(0.99) * MOST_RATIO + MOST_MORE_MS] as const)
    : ([0.5, Math.max(SHORT_MS, calm.at(0.5) * SHORT_RATIO)] as const);
  if (!(during.at(part) <= mostMs)) faults.push('calls are delayed');
  return faults;
}

function figureOf({ calm, after, during }: Played<unknown>): string {
  const served = during.calls - during.lost - during.astray;
  const ms = (load: Load): string => load.at(0.99).toFixed(0);
  return `${served} of ${during.calls} served, p99 ${ms(during)} ms (${ms(calm)} without, ${ms(after)} right after it; generator late by ${during.lagMs.toFixed(0)} ms)`;
}

async function ofRouter(stage: Stage, one: Case): Promise<Verdict> {
  const { place } = one;
  const told = new Set<string>();
  const crm = await stage.crm(({ url, body }) => {
    if (!url.startsWith('/events')) return { status: 200, body: `{"destination":"${WANTED}"}` };
    told.add((JSON.parse(body.toString('utf8')) as { uuid: string }).uuid);
    return { status: 200, body: '' };
  });
  const router = await stage.router({
    schemes: [
      {
        name: 'told',
        webhook: { url: `${crm.url}/route`, timeoutSeconds: stage.timed ? 4 : 8 },
        events: [{ on: ['ended'], webhook: { url: `${crm.url}/events` } }],
      },
    ],
    settings: { STORE_URL: place.url, STORE_PASSWORD: place.password, HEALTH_PORT: '0' },
  });
  const ready = await readyz(router);
  const beganKib = router.rssKib;
  const played = await play(stage, router.address, one, async () => {
    return { ...(await ready()), grownKib: router.rssKib - beganKib, sockets: router.sockets };
  });
  const { calm, during, worst } = played;
  const total = calm.calls + during.calls;
  let lost = 0;
  let written = 0;
  await settled(stage, SETTLED_MS, async () => {
    const { store } = await ready();
    ({ lost } = store);
    written = store.status === 'up' && store.queued === 0 ? await place.ask('select count(*) from calls') : 0;
    return written + lost >= total;
  });
  let left = NaN;
  let ends = NaN;
  await settled(stage, stage.timed ? TOLD_MS : SETTLED_MS, async () => {
    ends = await place.ask('select count(*) from deliveries');
    left = await place.ask(LEFT);
    // Events have a queue of their own, which may be written after the records.
    return left === 0 && (ends === total || lostEvents(router));
  });
  const warned = router.daemon.lines.filter(({ message }) => message.startsWith('store: records are lost'));
  const mostWarned = Math.min(lost, 1 + Math.ceil(one.seconds / TELL_SECONDS));
  const { http, store, grownKib, sockets } = worst;
  const faults = faultsOfCalls(stage, played);
  const check = (isSo: boolean, fault: string): void => {
    if (!isSo) faults.push(fault);
  };
  check(written + lost === total, 'records are missing');
  check(left === 0 && told.size === ends, `${left} events or calls are left`);
  check(ends === total || lostEvents(router), 'events are missing');
  // In short a question to one that stands still has not been given up yet.
  check(http === 200 && (store.status === 'down' || (!stage.timed && store.queued > 0)), `readyz ${http}`);
  check(warned.length <= mostWarned && (warned.length > 0 || lost === 0), `${warned.length} warnings`);
  check(grownKib <= MOST_GROWTH_KIB, 'memory grows');
  check(sockets <= MOST_SOCKETS || !stage.timed, 'sockets are left behind');
  return {
    figure: `${figureOf(played)}, ${store.queued} queued, ${lost} lost, ${written} written`,
    details: `then ${store.status}, ${Math.round(grownKib / 1024)} MiB more, ${sockets} sockets, ${warned.length} warnings; ${told.size} of ${total} ends told`,
    faults,
  };
}

/** Whether it has said that some were. */
function lostEvents({ daemon }: Router): boolean {
  return daemon.lines.some(({ message }) => message.startsWith('events: events are lost'));
}

async function readyz({ daemon }: Router): Promise<() => Promise<{ http: number; store: Store }>> {
  const { port } = await daemon.until(({ message }) => message === 'health');
  return async () => {
    const response = await fetch(`http://127.0.0.1:${String(port)}/readyz`);
    const { store } = (await response.json()) as { store: Store };
    return { http: response.status, store };
  };
}

/** Until it is so, or has had the time for it. */
async function settled(stage: Stage, mostMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!(await isSo()) && performance.now() < deadline)
    await delay(LOOK_MS, undefined, { signal: stage.signal });
}

async function ofControl(stage: Stage, one: Case): Promise<Verdict> {
  const { url, password } = one.place;
  const env = { STORE_URL: url.startsWith('postgres:') ? withPassword(url, password) : url };
  const address = await stage.control('./controls/record-first.ts', env);
  const played = await play(stage, address, one, () => Promise.resolve());
  return { figure: figureOf(played), details: '', faults: faultsOfCalls(stage, played) };
}

interface Case {
  readonly trouble: Trouble;
  readonly place: Place;
  /** So long it lasts. */
  readonly seconds: number;
}

interface Verdict {
  readonly figure: string;
  /** Too much for the table. */
  readonly details: string;
  /** By which it has failed. */
  readonly faults: readonly string[];
}

/** One after the other would take an hour. */
async function all(
  stage: Stage,
  seconds: number,
  judge: (stage: Stage, one: Case) => Promise<Verdict>,
): Promise<ReadonlyMap<string, Verdict | null>> {
  const verdicts = new Map<string, Verdict | null>();
  const troubles = TROUBLES.filter(({ slowToHeal }) => stage.timed || slowToHeal !== true);
  const atOnce = stage.timed ? AT_ONCE : troubles.length;
  for (let first = 0; first < troubles.length; first += atOnce) {
    await Promise.all(
      troubles.slice(first, first + atOnce).map(async (trouble) => {
        const place = await trouble.open();
        if (place !== null) stage.atEnd(place.close);
        const verdict = place === null ? null : await judge(stage, { trouble, place, seconds });
        stage.say(`  ${trouble.name}: ${wholeOf(verdict)}`);
        verdicts.set(trouble.name, verdict);
      }),
    );
  }
  return verdicts;
}

function wholeOf(verdict: Verdict | null): string {
  return verdict === null ? 'not played' : [verdict.figure, verdict.details, ...verdict.faults].join('; ');
}

function shown(verdicts: ReadonlyMap<string, Verdict | null>): string {
  return [...verdicts]
    .map(([name, verdict]) => {
      if (verdict === null) return `${name}: not played on this machine`;
      return `${name}: ${[verdict.figure, ...verdict.faults].join('; ')}`;
    })
    .join('; ');
}

export const store: Row = {
  name: 'store',
  fault:
    'a database that stands still, is gone, half open, full, read-only or locked for 10 minutes at 50 calls/s',
  target: '0 calls lost, none delayed; every record written afterwards, or counted',
  seconds: 4800,
  run: async (stage) => {
    const verdicts = await all(stage, stage.count(600, 60, 2), ofRouter);
    return {
      figure: shown(verdicts),
      reached: [...verdicts.values()].every((verdict) => verdict === null || verdict.faults.length === 0),
    };
  },
  control: {
    what: 'a controller that writes its record first',
    // It has to fail by each of them.
    run: async (stage) => {
      const verdicts = await all(stage, stage.count(60, 20, 2), ofControl);
      return {
        figure: shown(verdicts),
        reached: [...verdicts.values()].some((verdict) => verdict?.faults.length === 0),
      };
    },
  },
};
