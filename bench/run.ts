/** `npm run bench [-- --quick] [--full] [--json FILE]`: the daemon against a floor and against modesl. `-- store` and `-- console`: see store.ts and console/run.ts. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadAverage, pin, PINNED, stopAll, SWITCH_CORE } from './child.ts';
import { CONTROLLERS, type ControllerName } from './controller.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../test/support/postgres.ts';
import { Bench, type Figures, type Sizes, type StoreName } from './measure.ts';
import { medians, targetsOf, toText, type Results, type Round } from './report.ts';
import { Stage } from './stage.ts';
import { benchStore, storeTable } from './store.ts';
import { consoleTable, isReached } from './console/row.ts';
import { benchConsole } from './console/run.ts';

const DEFAULT: Sizes = {
  rounds: 5,
  warmUpCalls: 10_000,
  steadyCalls: 1000,
  fullSpeedCalls: 3000,
  waitingCalls: 2000,
  growthCalls: 100_000,
  stalledCalls: 1500,
};

/** Without the 100,000 calls, which take most of the time. */
const QUICK: Sizes = {
  ...DEFAULT,
  rounds: 3,
  warmUpCalls: 6000,
  steadyCalls: 500,
  fullSpeedCalls: 2000,
  growthCalls: 0,
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    full: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const chosen = options.quick ? QUICK : DEFAULT;
const sizes: Sizes = { ...chosen, rounds: Number(options.rounds ?? chosen.rounds) };

const folder = mkdtempSync(join(tmpdir(), 'esl-router-bench-'));
const schemesDir = join(folder, 'schemes');
mkdirSync(schemesDir);

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function cleanUp(): void {
  stopAll();
  rmSync(folder, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    cleanUp();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}

async function run(stores: ReadonlyMap<StoreName, string>): Promise<Results> {
  const stage = await Stage.open(options.full);
  const bench = new Bench(stage, { sizes, schemesDir, stores });
  const rounds: Round[] = [];
  for (let n = 0; n < sizes.rounds; n++) {
    const round: Partial<Record<ControllerName, Figures>> = {};
    // Each of them is first in its turn: what comes first on a warm machine is no better off.
    const order = CONTROLLERS.map((_, place) => CONTROLLERS[(place + n) % CONTROLLERS.length]!);
    for (const name of order) {
      const figures = await bench.round(name);
      round[name] = figures;
      say(
        `run ${n + 1}/${sizes.rounds} ${name}: ${figures.cpuMicros.toFixed(0)} us a call, p99 ${figures.p99Ms.toFixed(2)} ms, ` +
          `${figures.callsPerSecond.toFixed(0)} calls/s, ${figures.waitingKib.toFixed(1)} KiB waiting; load ${loadAverage()}`,
      );
    }
    const stores = await bench.stores();
    for (const [store, figures] of stores) {
      say(
        `run ${n + 1}/${sizes.rounds} store ${store}: ${figures.cpuMicros.toFixed(0)} us a call, p99 ${figures.p99Ms.toFixed(2)} ms; load ${loadAverage()}`,
      );
    }
    rounds.push({ ...(round as Record<ControllerName, Figures>), stores });
  }
  const stall = await bench.stall();
  say(`stall: ${JSON.stringify(stall)}`);
  const growth = sizes.growthCalls > 0 ? await bench.growth() : null;
  await stage.close();
  return { rounds, stall, growth };
}

if (positionals[0] === 'store') {
  const rows = await benchStore(Number(options.records ?? 1_000_000), positionals[1], say);
  process.stdout.write(`${storeTable(rows)}\n`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
  cleanUp();
  process.exit(rows.some(({ worstMs, limitMs }) => worstMs > limitMs) ? 1 : 0);
}
if (positionals[0] === 'console') {
  const rows = await benchConsole(
    {
      records: Number(options.records ?? 100_000),
      database: positionals[1] ?? 'sqlite',
      rounds: sizes.rounds,
      only: options.only,
    },
    say,
  );
  process.stdout.write(`${consoleTable(rows)}\n`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
  cleanUp();
  process.exit(rows.every(isReached) ? 0 : 1);
}
const postgres = postgresInstalled() ? await Postgres.start() : null;
try {
  if (postgres === null) say(NO_POSTGRES);
  // The controller is alone on its core, in whatever database it writes.
  else if (postgres.pid !== undefined) pin(SWITCH_CORE, postgres.pid);
  if (!PINNED) say('no second core or no taskset: the processes are not pinned, and disturb each other');
  const results = await run(
    new Map([
      ['sqlite', `sqlite:${join(folder, 'store.db')}`],
      ...(postgres === null ? [] : ([['postgres', postgres.urlWithPassword()]] as const)),
    ]),
  );
  process.stdout.write(`${toText(results)}\n`);
  if (options.json !== undefined) {
    const document = {
      node: process.version,
      date: new Date().toISOString(),
      pinned: PINNED,
      sizes,
      medians: medians(results.rounds),
      targets: targetsOf(results),
      ...results,
    };
    writeFileSync(options.json, `${JSON.stringify(document, null, 2)}\n`);
  }
} finally {
  cleanUp();
  await postgres?.remove();
}
