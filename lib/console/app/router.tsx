import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Home } from './home.tsx';
import { Lost } from './lost.tsx';
import { Shell } from './shell.tsx';

/** Every page and its address. What a page shows, its filters too, stands in the address: a link shows another person the same. */

const root = createRootRoute({ component: Shell, notFoundComponent: Lost });

/** Whatever stands behind the question mark; each page reads its own. */
function asText(search: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[name, String(value)]]
        : [],
    ),
  );
}

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: Home,
});
/** Who comes by the link of the first user is a user then. */
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  beforeLoad: () => redirect({ to: '/', throw: true }),
});
const start = createRoute({
  getParentRoute: () => root,
  path: '/start',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/start/start.tsx'), 'Start'),
});
const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  component: lazyRouteComponent(() => import('../pages/live/live.tsx'), 'LivePage'),
});
const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/calls/calls.tsx'), 'Calls'),
});
const call = createRoute({
  getParentRoute: () => root,
  path: '/calls/$id',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/calls/one-call.tsx'), 'OneCallPage'),
});
const reasons = createRoute({
  getParentRoute: () => root,
  path: '/reasons',
  component: lazyRouteComponent(() => import('../pages/reasons/reasons.tsx'), 'Reasons'),
});
const schemes = createRoute({
  getParentRoute: () => root,
  path: '/schemes',
  component: lazyRouteComponent(() => import('../pages/schemes/schemes.tsx'), 'Schemes'),
});
const scheme = createRoute({
  getParentRoute: () => root,
  path: '/schemes/$name',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/schemes/editor.tsx'), 'SchemeEditor'),
});
const problems = createRoute({
  getParentRoute: () => root,
  path: '/problems',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/problems/problems.tsx'), 'Problems'),
});
const deliveries = createRoute({
  getParentRoute: () => root,
  path: '/deliveries',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/deliveries/deliveries.tsx'), 'Deliveries'),
});
const status = createRoute({
  getParentRoute: () => root,
  path: '/status',
  component: lazyRouteComponent(() => import('../pages/status/status.tsx'), 'StatusPage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('../pages/people/people.tsx'), 'People'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: asText,
  component: lazyRouteComponent(() => import('../pages/people/audit.tsx'), 'AuditPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    setup,
    start,
    live,
    calls,
    call,
    reasons,
    schemes,
    scheme,
    problems,
    deliveries,
    status,
    people,
    audit,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

/** The code of the page that is wanted; nothing of it runs, as nobody may be logged in yet. */
export function preloadPage(): void {
  const matches: readonly { readonly routeId: keyof typeof router.routesById }[] = router.matchRoutes(
    location.pathname,
    {},
  );
  for (const { routeId } of matches) void router.loadRouteChunk(router.routesById[routeId]);
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
