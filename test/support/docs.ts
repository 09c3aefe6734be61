import { readFileSync, writeFileSync } from 'node:fs';
import { OUTCOMES } from '../../lib/call/cause.ts';
import { defaultConfiguration, settingsTable } from './settings.ts';

/** README's generated tables. `npm run docs` writes them; a test holds README against them. */
export function withTables(readme: string): string {
  return [
    ['settings', settingsTable()],
    ['outcomes', outcomesTable()],
  ].reduce(
    (text, [name = '', table = '']) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`),
        (_all, begin: string, end: string) => `${begin}\n${table}\n\n${end}`,
      ),
    readme,
  );
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
  writeFileSync('README.md', withTables(readFileSync('README.md', 'utf8')));
  writeFileSync('conf/esl-router.json', `${defaultConfiguration()}\n`);
}
