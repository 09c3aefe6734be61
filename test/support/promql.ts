import { readFile } from 'node:fs/promises';

/** What a query of PromQL names: metrics with the labels that it asks them for. Knows as much of the language as our queries use. */

export interface Asked {
  readonly metric: string;
  readonly labels: readonly string[];
  /** Values that are named one by one: `{reason=~"a|b"}`. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

const WORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset', 'le']);
const FUNCTIONS = new Set([
  ...['sum', 'max', 'min', 'avg', 'count', 'rate', 'increase', 'histogram_quantile', 'min_over_time'],
  'label_values',
]);

/** Every query of the dashboard and of the alerts. */
export async function queries(): Promise<{
  readonly panels: readonly string[];
  readonly rules: readonly string[];
}> {
  const dashboard = await readFile('conf/grafana/esl-router.json', 'utf8');
  const alerts = await readFile('conf/prometheus/alerts.yml', 'utf8');
  const panels: string[] = [];
  JSON.parse(dashboard, (key, value: unknown) => {
    if ((key === 'expr' || key === 'query') && value !== 'prometheus') panels.push(String(value));
    return value;
  });
  // One line, or the indented ones below it.
  const rules = [...alerts.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(
    ([, block, line]) => block ?? line ?? '',
  );
  if (panels.length < 30 || rules.length !== alerts.match(/- alert: /g)?.length)
    throw new Error('some queries are not found');
  return { panels, rules };
}

/** Throws at a word that it does not know. */
export function askedOf(query: string): Asked[] {
  const grouped: string[] = [];
  const asked: { metric: string; labels: string[]; values: Record<string, string[]> }[] = [];
  const rest = query
    .replace(/\$__rate_interval/g, '5m')
    .replace(/\b(?:by|without)\s*\(([^)]*)\)/g, (_, labels: string) => {
      grouped.push(...labels.split(',').map((label) => label.trim()));
      return ' ';
    })
    .replace(/\[\d+[smhd]\]/g, ' ');
  for (const [, name = '', called, braces = ''] of rest
    .replace(/(label_values\([^)]*), (\w+)\)/, (_, begin: string, label: string) => {
      grouped.push(label);
      return `${begin})`;
    })
    .matchAll(/(?<![\w"{$.])([a-zA-Z_:][\w:]*)(\s*\()?(?:\{((?:[^}"]|"[^"]*")*)\})?/g)) {
    if (called !== undefined) {
      if (!FUNCTIONS.has(name)) throw new Error(`${name}(): not a function that is known, in ${query}`);
      continue;
    }
    if (WORDS.has(name)) continue;
    const matchers = [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)];
    const values: Record<string, string[]> = {};
    for (const [, label = '', sign, value = ''] of matchers)
      if ((sign === '=' || sign === '=~') && !value.includes('$')) values[label] = value.split('|');
    asked.push({ metric: name, labels: matchers.map(([, label = '']) => label), values });
  }
  if (asked.length === 0) throw new Error(`no metric in ${query}`);
  // What is grouped by has to be on each of them.
  return asked.map((one) => ({ ...one, labels: [...new Set([...one.labels, ...grouped])] }));
}
