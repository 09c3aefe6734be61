/** The text format of Prometheus, read by its own rules and not by the library that wrote it. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Page {
  readonly samples: readonly Sample[];
  /** Of each family: `counter`, `gauge`, `histogram`, `summary`. */
  readonly types: ReadonlyMap<string, string>;
  readonly help: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

/** Throws at whatever is not of the format. */
export function parseScrape(text: string): Page {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const help = new Map<string, string>();
  if (!text.endsWith('\n')) throw new Error('the page does not end in a line break');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      const into = kind === 'TYPE' ? types : help;
      if (into.has(name)) throw new Error(`${kind} of ${name} twice`);
      into.set(name, rest);
      continue;
    }
    const [, sample, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    const number = value === '+Inf' ? Infinity : Number(value);
    // Go takes it in any case; what has not been measured yet is none.
    const isNothing = value.toLowerCase() === 'nan';
    if (sample === undefined || (Number.isNaN(number) && !isNothing))
      throw new Error(`not a sample: ${line}`);
    samples.push({ name: sample, labels: labelsOf(labels), value: number });
  }
  const keys = samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
  if (new Set(keys).size < keys.length) throw new Error('a series stands there twice');
  return { samples, types, help };
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '') throw new Error(`not labels: ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign));
  }
  return labels;
}

/** The sum of a metric over all of its series that have these labels. */
export function sumOf(
  { samples }: Page,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

export async function scrape(port: number, path = '/metrics'): Promise<Page> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return parseScrape(await response.text());
}
