import { readFileSync, writeFileSync } from 'node:fs';
import { OUTCOMES } from '../../lib/call/cause.ts';
import { REASON_GROUPS } from '../../lib/reasons/index.ts';
import { metricsTable } from './metrics.ts';
import { presetsPage } from './presets-page.ts';
import { readRows, type Row } from './readings.ts';
import { schemePage } from './scheme-page.ts';
import { schemas } from './schemas.ts';
import { defaultConfiguration, settingsTable } from './settings.ts';

/** The tables that are made from the code, by the page that holds them between `<!-- name -->` and `<!-- /name -->`. */
export const TABLES: ReadonlyMap<string, { readonly name: string; readonly table: () => string }> = new Map([
  ['docs/settings.md', { name: 'settings', table: settingsTable }],
  ['docs/routing.md', { name: 'outcomes', table: outcomesTable }],
  ['docs/metrics.md', { name: 'metrics', table: metricsTable }],
]);

/** A page with its table as the code has it. `npm run docs` writes it; a test holds the page against it. */
export function withTables(page: string, text: string): string {
  const found = TABLES.get(page);
  if (found === undefined) return text;
  return text.replace(
    new RegExp(`(<!-- ${found.name} -->\n)[^]*?(<!-- /${found.name} -->)`),
    (_all, begin: string, end: string) => `${begin}\n${found.table()}\n\n${end}`,
  );
}

/** docs/readings.md: what replies of real CRMs become, by the table that the tests read. */
export function readingsPage(rows: readonly Row[]): string {
  const cells = rows.map(({ country, settings, format, input, wanted, seen }) => {
    const set = [...(country === '-' ? [] : [country]), ...(settings === '{}' ? [] : [code(settings)])];
    const said = format === 'value' ? code(input) : `${format}: ${code(input)}`;
    return `| ${set.join(' ')} | ${said} | ${wanted} | ${seen.replaceAll('|', '\\|')} |`;
  });
  return [
    READINGS,
    '| country, settings | the CRM says | it becomes | seen in |',
    '|---|---|---|---|',
    ...cells,
    '',
  ].join('\n');
}

const READINGS = `# Readings

What a CRM says, and how it is read. The first column has the country (\`numbering.country\`) and the settings that differ from the
defaults; the gateway is \`crm\`, the SIP domain \`pbx.test\`. A value is under \`destination\` of a JSON reply, unless \`json:\`,
\`http:\` or \`json-rpc:\` before it says that it is the whole reply. \`\\n\` is a line break, \`\\u00a0\` a non-breaking space.
*nobody* goes on with \`onNoRoute\`; *refused* and *error* with \`onError\`, each with its reason.

This page is generated from test/fixtures/readings.tsv (\`npm run docs\`); \`npm test\` checks each row.
`;

/** docs/reasons.md: every reason, by the table that the router goes by. */
export function reasonsPage(): string {
  const groups = Object.entries(REASON_GROUPS).flatMap(([title, reasons]) => [
    `## ${title}`,
    '',
    '| reason | what it says | usual cause | what to do |',
    '|---|---|---|---|',
    ...Object.entries(reasons).map(([reason, about]) =>
      [`| \`${reason}\``, ...about.map((text) => text.replaceAll('|', '\\|'))].join(' | ').concat(' |'),
    ),
    '',
  ]);
  return [REASONS, ...groups].join('\n');
}

const REASONS = `# Reasons

Every call ends with one reason. You find it in the log lines \`decided\` and \`ended\` as \`reason\`, with its sentence as \`why\`; in the record of
the call; and in the channel variable \`esl_router_reason\`, for conditions of the dialplan and for CDRs. The codes are a closed list
and do not change. A warning \`the CRM failed\` has the reason of the question that failed.

For one call: take its uuid from FreeSWITCH, search the log for it, and look up its \`reason\` here.

This page is generated from lib/reasons (\`npm run docs\`), and a test checks it.
`;

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  const shown = text.replaceAll('|', '\\|');
  return fence === '`' ? `\`${shown}\`` : `${fence} ${shown} ${fence}`;
}

function outcomesTable(): string {
  const lists = {
    busy: 'onBusy',
    rejected: 'onRejected',
    unreachable: 'onUnreachable',
    no_answer: 'onNoAnswer',
  };
  const rows = Object.entries(lists).map(([outcome, list]) => {
    const causes = Object.keys(OUTCOMES).filter((cause) => OUTCOMES[cause] === outcome);
    return `| ${outcome} | \`${list}\` | ${causes.map((cause) => `\`${cause}\``).join(' ')} |`;
  });
  return ['| outcome | steps | hangup causes |', '|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  for (const page of TABLES.keys()) writeFileSync(page, withTables(page, readFileSync(page, 'utf8')));
  writeFileSync('docs/readings.md', readingsPage(readRows()));
  writeFileSync('docs/reasons.md', reasonsPage());
  writeFileSync('docs/schemes.md', schemePage());
  writeFileSync('docs/presets.md', presetsPage());
  for (const [file, schema] of Object.entries(schemas())) {
    writeFileSync(`conf/schema/${file}`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  writeFileSync('conf/esl-router.json', `${defaultConfiguration()}\n`);
}
