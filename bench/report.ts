/** Medians, paired ratios, and how they stand against what is to be reached. */
import { cpus } from 'node:os';
import { CONTROLLERS, type ControllerName } from './controller.ts';
import {
  median,
  STEADY_RATE,
  type Figures,
  type Growth,
  type Speed,
  type Stall,
  type StoreName,
} from './measure.ts';

export interface Round extends Readonly<Record<ControllerName, Figures>> {
  /** The daemon again, with each of these. */
  readonly stores: ReadonlyMap<StoreName, Speed>;
}

export interface Results {
  readonly rounds: readonly Round[];
  readonly stall: Stall;
  /** Null in a quick run. */
  readonly growth: Growth | null;
}

export interface Target {
  readonly name: string;
  readonly value: number | null;
  readonly limit: number;
  readonly unit: string;
  readonly reached: boolean | null;
}

const FIGURES: readonly { key: keyof Figures; label: string; digits: number }[] = [
  { key: 'callsPerSecond', label: 'calls/s at full speed', digits: 0 },
  { key: 'cpuMicros', label: 'CPU a call, full speed, us', digits: 0 },
  { key: 'steadyCpuMicros', label: `CPU a call, ${STEADY_RATE} calls/s, us`, digits: 0 },
  { key: 'p50Ms', label: 'connect reply to bridge, p50, ms', digits: 2 },
  { key: 'p99Ms', label: 'connect reply to bridge, p99, ms', digits: 2 },
  { key: 'waitingKib', label: 'RSS of a waiting call, KiB', digits: 1 },
];

/** Paired: the ratio within each round, and then the median, so that a busy machine weighs on both sides. */
function paired(rounds: readonly Round[], of: (round: Round) => number): number {
  return median(rounds.map(of));
}

const ratio = (rounds: readonly Round[], key: keyof Figures, to: ControllerName): number =>
  paired(rounds, (round) => round.daemon[key] / round[to][key]);

/** The daemon with a store against the daemon without, in the same round. */
function withStore(
  rounds: readonly Round[],
  store: StoreName,
  of: (withStore: Speed, without: Speed) => number,
): number {
  return median(rounds.map(({ daemon, stores }) => of(stores.get(store) ?? daemon, daemon)));
}

const percent = (value: number): number => (value - 1) * 100;

export function targetsOf({ rounds, stall, growth }: Results): Target[] {
  const target = (name: string, value: number | null, limit: number, unit: string): Target => ({
    name,
    value,
    limit,
    unit,
    reached: value === null ? null : value <= limit,
  });
  return [
    target('CPU a call against the floor', ratio(rounds, 'cpuMicros', 'floor'), 2, 'x'),
    target('CPU a call against modesl', ratio(rounds, 'cpuMicros', 'modesl'), 0.5, 'x'),
    target(
      'p99 of the added latency over the floor',
      paired(rounds, ({ daemon, floor }) => daemon.p99Ms - floor.p99Ms),
      5,
      'ms',
    ),
    target(
      'RSS of a waiting call',
      paired(rounds, ({ daemon }) => daemon.waitingKib),
      64,
      'KiB',
    ),
    ...[...(rounds[0]?.stores.keys() ?? [])].flatMap((store) => [
      target(
        `store: ${store}, CPU a call at full speed`,
        percent(withStore(rounds, store, (one, other) => one.cpuMicros / other.cpuMicros)),
        10,
        '%',
      ),
      target(
        `store: ${store}, p99`,
        withStore(rounds, store, (one, other) => one.p99Ms - other.p99Ms),
        1,
        'ms',
      ),
    ]),
    target('RSS growth over 100,000 calls', growth?.percent ?? null, 5, '%'),
    target('left hanging by a stall of 1.5 s', stall.hanging, 0, 'calls'),
  ];
}

export function medians(rounds: readonly Round[]): Record<ControllerName, Record<string, number>> {
  const of = (name: ControllerName): Record<string, number> =>
    Object.fromEntries(
      [...FIGURES.map(({ key }) => key), 'switchCpuMicros' as const].map((key) => [
        key,
        median(rounds.map((round) => round[name][key])),
      ]),
    );
  return { daemon: of('daemon'), floor: of('floor'), modesl: of('modesl') };
}

export function toText(results: Results): string {
  const { rounds, stall, growth } = results;
  const middle = medians(rounds);
  const rows = [
    ['', ...CONTROLLERS, 'daemon/floor', 'daemon/modesl'],
    ...FIGURES.map(({ key, label, digits }) => [
      label,
      ...CONTROLLERS.map((name) => (middle[name][key] ?? NaN).toFixed(digits)),
      ratio(rounds, key, 'floor').toFixed(2),
      ratio(rounds, key, 'modesl').toFixed(2),
    ]),
  ];
  const targets = [
    ['to reach', 'measured', 'at most', ''],
    ...targetsOf(results).map(({ name, value, limit, unit, reached }) => [
      name,
      value === null ? 'not measured' : `${value.toFixed(unit === 'calls' ? 0 : 2)} ${unit}`,
      `${limit} ${unit}`,
      reached === null ? '-' : reached ? 'reached' : 'MISSED',
    ]),
  ];
  const busy = Math.max(...CONTROLLERS.map((name) => middle[name]['switchCpuMicros'] ?? 0));
  return [
    `medians of ${rounds.length} paired runs; ${process.version}, ${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
    '',
    ...align(rows),
    '',
    ...align([
      ['the daemon', 'CPU a call, us', `at ${STEADY_RATE} calls/s`, 'p50, ms', 'p99, ms'],
      ...(['off', ...(rounds[0]?.stores.keys() ?? [])] as const).map((store) => {
        const of = (key: keyof Speed): number =>
          median(
            rounds.map(({ daemon, stores }) => (store === 'off' ? daemon : stores.get(store))?.[key] ?? NaN),
          );
        return [
          `store: ${store}`,
          of('cpuMicros').toFixed(0),
          of('steadyCpuMicros').toFixed(0),
          of('p50Ms').toFixed(2),
          of('p99Ms').toFixed(2),
        ];
      }),
    ]),
    '',
    `The simulated switch itself takes up to ${busy.toFixed(0)} us of CPU a call, so that calls/s shows where it is the slower one.`,
    `Stall: ${stall.calls} connections ended as ${JSON.stringify(stall.ends)}.`,
    ...(growth === null
      ? []
      : [`RSS over ${growth.calls} calls: ${mib(growth.earlyKib)} -> ${mib(growth.lateKib)}.`]),
    '',
    ...align(targets),
    '',
  ].join('\n');
}

const mib = (kib: number): string => `${(kib / 1024).toFixed(1)} MiB`;

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
