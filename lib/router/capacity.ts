import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';

/** Descriptors for everything but calls: logs, schemes, health, strangers, idle connections to CRMs. */
const OTHER_DESCRIPTORS = 96;
/** Calls being given back at once, where descriptors do not set the limit. */
const MAX_REFUSED = 1_000;
/** Connections in the kernel's queue, which are all accepted before the port closes, at most. */
const MAX_BACKLOG = 4_096;

interface Capacity {
  readonly maxCalls: number;
  readonly maxRefused: number;
  /** Number of open descriptors at which the port closes. */
  readonly maxDescriptors: number;
  readonly backlog: number;
}

/**
 * A call takes a descriptor for FreeSWITCH and one for its CRM. When there is none left Node accepts and at once closes what
 * comes, and gives no notice: those callers would be left in silence. So as many are kept free as may be queued.
 */
export function capacity(config: Config, limit = Infinity, log: Logger): Capacity {
  const backlog = Math.min(MAX_BACKLOG, Math.floor(limit / 8));
  const free = Math.max(3, limit - backlog - OTHER_DESCRIPTORS);
  const maxCalls = Math.min(config.listen.maxCalls, Math.floor((free * 3) / 8));
  if (maxCalls < config.listen.maxCalls) {
    log.warn(
      'fewer calls at a time than listen.maxCalls: too few file descriptors (ulimit -n, LimitNOFILE)',
      {
        maxCalls,
        maxDescriptors: limit,
      },
    );
  }
  const maxRefused = Math.min(MAX_REFUSED, Math.floor(free / 4));
  return { maxCalls, maxRefused, maxDescriptors: limit - backlog - OTHER_DESCRIPTORS / 3, backlog };
}
