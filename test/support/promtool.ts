import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queries, askedOf } from './promql.ts';
import type { Page } from './scrape.ts';

/** Prometheus' own tool reads the alerts as Prometheus does, over what was scraped. */

export const NO_PROMTOOL = 'needs promtool, which comes with Prometheus';
const RULES = join(import.meta.dirname, '../../conf/prometheus/alerts.yml');
const INSTANCE = { instance: 'router:8094', job: 'esl-router' };

export function promtoolInstalled(): boolean {
  return spawnSync('promtool', ['--version']).status === 0;
}

export interface Scraped {
  readonly everySeconds: number;
  /** The first is of second 0. */
  readonly pages: readonly Page[];
}

/** Of each of these seconds the alerts that fire, with the labels that say of what: `EslRouterCrmFails sales`. */
export async function firingAt(
  { everySeconds, pages }: Scraped,
  seconds: readonly number[],
): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-alerts-'));
  try {
    // JSON is YAML. None is expected, and the tool says what there was.
    const expected = { expr: 'ALERTS{alertstate="firing"}', exp_samples: [] };
    const test = {
      rule_files: [RULES],
      evaluation_interval: '15s',
      tests: [
        {
          interval: `${everySeconds}s`,
          input_series: await seriesOf(pages),
          promql_expr_test: seconds.map((second) => ({ ...expected, eval_time: `${second}s` })),
        },
      ],
    };
    const file = join(folder, 'test.yml');
    writeFileSync(file, JSON.stringify(test));
    const run = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const text = `${run.stdout}\n${run.stderr}`;
    const got = new Map(
      [...text.matchAll(/time: (\w+),\s+exp: nil\s+got: (.*)/g)].map(([, time = '', alerts = '']) => [
        secondsOf(time),
        [...alerts.matchAll(/\{(.*?)\} 1E\+00/g)].map(([, labels = '']) => namedOf(labels)),
      ]),
    );
    if (run.status !== (got.size === 0 ? 0 : 1)) throw new Error(text);
    return seconds.map((second) => got.get(second) ?? []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each series that some alert asks for, by what it was at each scrape. */
async function seriesOf(pages: readonly Page[]): Promise<{ series: string; values: string }[]> {
  const { rules } = await queries();
  const asked = new Set(rules.flatMap(askedOf).map(({ metric }) => metric));
  const series = new Map<string, string[]>([[`up${labelsOf({})}`, pages.map(() => '1')]]);
  for (const [at, { samples }] of pages.entries())
    for (const { name, labels, value } of samples) {
      if (!asked.has(name)) continue;
      const key = `${name}${labelsOf(labels)}`;
      const values = series.get(key) ?? pages.map(() => '_');
      values[at] = String(value);
      series.set(key, values);
    }
  return [...series].map(([series, values]) => ({ series, values: values.join(' ') }));
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries({ ...INSTANCE, ...labels });
  return `{${all.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
}

/** `10m30s` */
function secondsOf(time: string): number {
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
  return [...time.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  );
}

function namedOf(labels: string): string {
  const all = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]);
  const of = (name: string): string => all.find(([one]) => one === name)?.[1] ?? '';
  return [of('alertname'), of('scheme'), of('webhook'), of('reason')].filter((text) => text !== '').join(' ');
}
