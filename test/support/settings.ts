import { SETTINGS } from '../../lib/config/settings.ts';

/** `conf/esl-router.json`: every setting at its default. */
export function defaultConfiguration(): string {
  const tree: Record<string, unknown> = {};
  for (const { name, default: value } of SETTINGS) {
    const keys = name.split('.');
    const last = keys.pop() ?? '';
    let node = tree;
    for (const key of keys) node = (node[key] ??= {}) as Record<string, unknown>;
    node[last] = value;
  }
  return JSON.stringify(tree, null, 2);
}

/** docs/settings.md's table, as Markdown. */
export function settingsTable(): string {
  const rows = SETTINGS.map(
    ({ name, env, doc, format, default: value }) =>
      `| \`${env}\` | \`${name}\` | ${format.replaceAll('|', '\\|')} | \`${JSON.stringify(value).replaceAll('|', '\\|')}\` | ${doc.replaceAll('|', '\\|')} |`,
  );
  return [
    '| environment variable | setting | takes | default | what for |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
