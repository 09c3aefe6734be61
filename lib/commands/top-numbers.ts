/** What `top` reads of `/metrics`: as the router writes it, which is a part of what the format allows. */

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Of each metric its series. */
export type Numbers = ReadonlyMap<string, readonly Series[]>;

const SAMPLE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

export function readNumbers(text: string): Numbers {
  const numbers = new Map<string, Series[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (name === undefined) continue;
    const series = numbers.get(name) ?? [];
    series.push({ labels: labelsOf(labels), value: Number(value) });
    numbers.set(name, series);
  }
  return numbers;
}

function labelsOf(text: string): Record<string, string> {
  const found = text.matchAll(LABEL);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, '$1')]),
  );
}

/** The sum of the series that have these labels. */
export function sum(numbers: Numbers, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const series = numbers.get(name) ?? [];
  const fitting = series.filter((one) =>
    Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  );
  return fitting.reduce((total, { value }) => total + value, 0);
}

/** Of those that came between two readings: the seconds within which this share of them lies; null where none came. */
export function quantile(
  share: number,
  histogram: string,
  labels: Readonly<Record<string, string>>,
  [before, now]: readonly [Numbers, Numbers],
): number | null {
  const bounds = new Set((now.get(`${histogram}_bucket`) ?? []).map((series) => series.labels['le'] ?? ''));
  const buckets = [...bounds]
    .map((le) => {
      const of = { ...labels, le };
      const count = sum(now, `${histogram}_bucket`, of) - sum(before, `${histogram}_bucket`, of);
      return { seconds: le === '+Inf' ? Infinity : Number(le), count };
    })
    .sort((one, other) => one.seconds - other.seconds);
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0) return null;
  let below = { seconds: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= total * share && bucket.count > below.count) {
      if (bucket.seconds === Infinity) return below.seconds;
      const part = (total * share - below.count) / (bucket.count - below.count);
      return below.seconds + (bucket.seconds - below.seconds) * Math.max(0, part);
    }
    below = bucket;
  }
  return below.seconds;
}
