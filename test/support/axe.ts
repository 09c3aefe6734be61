import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What a page keeps from people who don't see it, or use no mouse. */

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** What axe calls serious or critical, by the rules of WCAG 2.2 AA, with the places. */
export async function serious(page: Page): Promise<string[]> {
  // By the debugger: the page's policy lets no script in.
  const found = await page.evaluate<readonly Violation[]>(
    `${axe.source}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((result) => result.violations)`,
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ target }) => target.join(' '))
          .join(', ')
          .slice(0, 300)}`,
    );
}
