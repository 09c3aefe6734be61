import { readFileSync } from 'node:fs';

/** docs/crm.md, as the tests read it. */
export const PAGE = readFileSync('docs/crm.md', 'utf8');

/** The block behind `<!-- name -->`, without its fence. */
export function block(name: string, page = PAGE): string {
  const found = new RegExp(`<!-- ${name} -->\\n+\`\`\`[a-z]*\\n([^]*?)\\n\`\`\``).exec(page)?.[1];
  if (found === undefined) throw new Error(`there is no block ${name}`);
  return found;
}

/** The rows of the table behind `<!-- name -->`, cell by cell. */
export function table(name: string): string[][] {
  const found = new RegExp(`<!-- ${name} -->\\n+((?:\\|.*\\n)+)`).exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`docs/crm.md has no table ${name}`);
  return found
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}
