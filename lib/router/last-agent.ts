import type { FindLastAgent } from '../decide/last-agent.ts';
import type { Store } from '../store/store.ts';

const DAY_MS = 86_400_000;
/** A database that stands still answers none of them: more are not put behind them. */
const MAX_LOOKING = 50;

/** Looks for the last agents of callers in the store, for so many calls at a time. */
export function lastAgentIn(
  store: Pick<Store, 'calls' | 'tenantOf'>,
  now: () => Date,
  most = MAX_LOOKING,
): FindLastAgent {
  let looking = 0;
  return async (call, { days, minTalkSeconds }, among) => {
    if (looking >= most) throw new Error(`${looking} calls wait for it already`);
    looking++;
    try {
      return await store.calls.lastAgent({
        tenant: store.tenantOf({ call }),
        caller: call.caller,
        ...among,
        since: new Date(now().getTime() - days * DAY_MS),
        minTalkMs: minTalkSeconds * 1000,
      });
    } finally {
      looking--;
    }
  };
}
