/** The code of every page, by its address: each is a script of its own. */
export const PAGES = {
  '/start': () => import('../pages/start/start.tsx'),
  '/live': () => import('../pages/live/live.tsx'),
  '/calls': () => import('../pages/calls/calls.tsx'),
  '/calls/$id': () => import('../pages/calls/one-call.tsx'),
  '/reasons': () => import('../pages/reasons/reasons.tsx'),
  '/schemes': () => import('../pages/schemes/schemes.tsx'),
  '/schemes/$name': () => import('../pages/schemes/editor.tsx'),
  '/problems': () => import('../pages/problems/problems.tsx'),
  '/deliveries': () => import('../pages/deliveries/deliveries.tsx'),
  '/status': () => import('../pages/status/status.tsx'),
  '/people': () => import('../pages/people/people.tsx'),
  '/audit': () => import('../pages/people/audit.tsx'),
} as const;

/** Asks for the code of the page at an address; nothing of it is drawn, as nobody may be logged in yet. */
export function askAhead(path: string): void {
  const [, first = '', second = ''] = path.split('/');
  const page = Object.entries(PAGES).find(([address]) => {
    const [, wanted, name] = address.split('/');
    // `/` leads to the calls of now, unless there is no scheme yet.
    return wanted === (first === '' ? 'live' : first) && (name !== undefined) === (second !== '');
  });
  // What does not come is asked for again by who draws it, and told.
  page?.[1]().catch(() => undefined);
}
