import type { Api } from '../api/server.ts';
import type { LiveCalls } from '../call/live.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { Config, SettingValue } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import type { Logger } from '../log.ts';
import { SchemeDesk } from '../schemes/desk.ts';
import { loadSchemes } from '../schemes/folder.ts';
import type { ReloadableSchemes } from '../schemes/reload.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { secretsSent } from '../schemes/sendable.ts';
import { openSchemeFiles } from '../schemes/shown.ts';
import type { Store } from '../store/store.ts';
import type { Tokens } from '../upstream/tokens.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { openDialplan } from './dialplan.ts';
import { lastAgentIn } from './last-agent.ts';
import type { Readiness } from './health.ts';
import type { Monitoring } from './monitoring.ts';
import { openTrial } from './trial.ts';

/** The API of a router: what it may see, and what it may change. */

/** What it needs of the router's options. */
interface Options {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly settings?: readonly SettingValue[];
  readonly store?: Store | null;
  readonly log: Logger;
  readonly version: string;
  readonly clock?: Clock;
}

/** What the API sees of the router. */
interface Told {
  readonly schemes: ReloadableSchemes;
  readonly live: LiveCalls;
  readonly breakers: Pick<Upstream, 'breakers' | 'force'>;
  readonly readiness: () => Readiness;
  readonly monitoring: Monitoring;
  readonly tokens: Tokens;
  readonly ownPorts: ReadonlySet<number>;
  /** Where FreeSWITCH's calls come in. */
  readonly listening: () => { readonly host: string; readonly port: number };
}

/** Null: there is none, because it is off or there is no store. */
export async function openApi(
  options: Options,
  { schemes, tokens, ownPorts, listening, monitoring: { metrics, mayRead }, ...told }: Told,
): Promise<Api | null> {
  const { config, settings = [], store, log, version, clock = systemClock } = options;
  const { port } = config.api;
  if (port === 'off') return null;
  if (store === undefined || store === null) {
    if (port !== 'auto') log.warn('api: not started, it needs a store (store.url, ESL_ROUTER_STORE_URL)');
    return null;
  }
  const inUse = () => ({ set: schemes.current, files: schemes.files });
  const secrets = (): Secrets => schemes.secrets ?? options.secrets;
  const desk = new SchemeDesk({
    shelf: store.schemes,
    tenant: store.schemesTenant,
    load: (stored) => loadSchemes(config, secrets(), stored),
    reload: () => schemes.reload(),
    uses: () => schemes.stored,
    secretsSent: (scheme) => secretsSent(scheme, config, secrets()),
    clock,
  });
  const inForce = (): SchemeSet => schemes.current;
  const lastAgent = lastAgentIn(store, () => clock.date());
  const trial = openTrial({
    config,
    lastAgent,
    secrets,
    schemes: inForce,
    desk,
    tokens,
    ownPorts,
    clock,
    version,
  });
  const dialplan = openDialplan({ listening, allow: config.listen.allow, schemes: inForce });
  const shared = { config, settings, store, log, version, clock };
  const views = {
    schemes: inUse,
    readSchemeFile: openSchemeFiles(),
    desk,
    trial,
    dialplan,
    metrics,
    mayRead,
  };
  // A router without an API does not load it.
  const { serveApi } = await import('../api/server.ts');
  return serveApi({ ...shared, ...views, ...told });
}
