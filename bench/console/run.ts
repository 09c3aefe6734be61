/** `npm run bench -- console [sqlite|postgres] [--records 100000] [--rounds 5] [--only views,filters,frames,calls]`: the console on a full store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../../lib/call/record.ts';
import { browserInstalled, NO_BROWSER, openConsole } from '../../test/support/console.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../../test/support/postgres.ts';
import { CONTROLLER_CORE } from '../child.ts';
import { Stage } from '../stage.ts';
import { measureCost } from './cost.ts';
import { fillStore } from './fill.ts';
import { measureFilters } from './filters.ts';
import { measureFrames } from './frames.ts';
import type { Row } from './row.ts';
import { measureScripts, measureViews } from './views.ts';

const PARTS = ['views', 'filters', 'frames', 'calls'] as const;
const CALLS_A_ROUND = 2_000;

export interface ConsoleBench {
  readonly records: number;
  readonly database: string;
  readonly rounds: number;
  /** Names of parts, divided by commas; all where it is empty. */
  readonly only: string;
}

export async function benchConsole(
  { records, database, rounds, only }: ConsoleBench,
  say: (text: string) => void,
): Promise<readonly Row[]> {
  if (!browserInstalled()) throw new Error(NO_BROWSER);
  if (database === 'postgres' && !postgresInstalled()) throw new Error(NO_POSTGRES);
  const parts = new Set(only === '' ? PARTS : only.split(','));
  const postgres = database === 'postgres' ? await Postgres.start(['shared_buffers=512MB']) : null;
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-bench-console-'));
  const stage = await Stage.open(false);
  try {
    let samples: readonly CallRecord[] = [];
    const it = await openConsole({
      users: ['admin'],
      schemes: Array.from({ length: 12 }, (_, n) => ({
        name: `scheme${n}`,
        webhook: { url: stage.crmUrl, timeoutSeconds: 10, maxInFlight: 10_000 },
      })),
      settings: { DEFAULT_SCHEME: 'scheme0', MAX_CALLS: '5000', LOG_LEVEL: 'info' },
      storeUrl: postgres?.urlWithPassword() ?? `sqlite:${join(folder, 'console.db')}`,
      core: CONTROLLER_CORE,
      fill: async (store) => {
        samples = await fillStore(store, records, say);
      },
    });
    try {
      const [sample] = samples;
      if (sample === undefined) throw new Error('a store without calls');
      const first = await it.pageAs('admin', '/live');
      const options = { storageState: await first.context().storageState() };
      await first.context().close();
      const rows: Row[] = [];
      const measured = async (part: string, measure: () => Promise<Row[]>): Promise<void> => {
        if (!parts.has(part)) return;
        say(`${part} ...`);
        rows.push(...(await measure()));
      };
      await measured('views', async () => [
        await measureScripts(it),
        ...(await measureViews(it, options, { rounds, call: sample.id })),
      ]);
      await measured('filters', () => measureFilters(it, options, { rounds, sample }));
      await measured('frames', () => measureFrames(it, options, { rounds, stage }));
      const cost = { rounds, stage, callsARound: CALLS_A_ROUND, folder };
      await measured('calls', () => measureCost(it, options, cost));
      return rows;
    } catch (error) {
      // Calls of a load that went wrong may keep the daemon from its end.
      say(String(error));
      throw error;
    } finally {
      // The figures are worth more than an orderly end.
      await it.close().catch((error: unknown) => {
        say(String(error));
      });
    }
  } finally {
    await stage.close();
    await postgres?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
