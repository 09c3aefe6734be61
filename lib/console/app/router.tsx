import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Home } from './home.tsx';
import { Lost } from './lost.tsx';
import { PAGES } from './pages.ts';
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
  component: lazyRouteComponent(PAGES['/start'], 'Start'),
});
const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  component: lazyRouteComponent(PAGES['/live'], 'LivePage'),
});
const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: asText,
  component: lazyRouteComponent(PAGES['/calls'], 'Calls'),
});
const call = createRoute({
  getParentRoute: () => root,
  path: '/calls/$id',
  validateSearch: asText,
  component: lazyRouteComponent(PAGES['/calls/$id'], 'OneCallPage'),
});
const reasons = createRoute({
  getParentRoute: () => root,
  path: '/reasons',
  component: lazyRouteComponent(PAGES['/reasons'], 'Reasons'),
});
const schemes = createRoute({
  getParentRoute: () => root,
  path: '/schemes',
  component: lazyRouteComponent(PAGES['/schemes'], 'Schemes'),
});
const scheme = createRoute({
  getParentRoute: () => root,
  path: '/schemes/$name',
  validateSearch: asText,
  component: lazyRouteComponent(PAGES['/schemes/$name'], 'SchemeEditor'),
});
const problems = createRoute({
  getParentRoute: () => root,
  path: '/problems',
  validateSearch: asText,
  component: lazyRouteComponent(PAGES['/problems'], 'Problems'),
});
const deliveries = createRoute({
  getParentRoute: () => root,
  path: '/deliveries',
  validateSearch: asText,
  component: lazyRouteComponent(PAGES['/deliveries'], 'Deliveries'),
});
const status = createRoute({
  getParentRoute: () => root,
  path: '/status',
  component: lazyRouteComponent(PAGES['/status'], 'StatusPage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(PAGES['/people'], 'People'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: asText,
  component: lazyRouteComponent(PAGES['/audit'], 'AuditPage'),
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

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
