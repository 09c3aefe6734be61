import { askAhead } from './app/pages.ts';

/** The first script, and a small one: the code of the page is asked for beside the console's own, not after it. */

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
askAhead(location.pathname);
// Not awaited here: the console imports from the script of this module, which would wait for it for ever.
void import('./app/console.tsx').then(({ draw }) => draw(root));
