import { systemClock } from '../clock.ts';
import { printableJson } from '../redact/printable.ts';
import type { Deliveries, Delivery } from '../store/deliveries.ts';
import { openExisting } from '../store/store.ts';
import type { EventsAction } from './actions.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print } from './print.ts';
import { listing } from './table.ts';

export interface EventsCommandOptions extends CommonOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Lists or retries events that were not delivered within a day, also while a router runs. */
export async function eventsCommand(
  context: CommandContext,
  action: EventsAction,
  id: string | undefined,
  options: EventsCommandOptions,
): Promise<ExitCode> {
  const { config } = await load(context, options);
  const { stdout, stderr } = context;
  const redactor = redactorOf(context.env);
  const store = await openExisting(config.store, systemClock);
  try {
    const { deliveries } = store;
    if (action === 'retry') {
      const count = await deliveries.retry(systemClock.date(), { id });
      const what = count === 1 ? 'event is' : id === undefined ? 'events are' : 'events with this id are';
      print(stdout, [`${count} parked ${what} tried again for another day`], redactor);
      return count === 0 && id !== undefined ? 1 : 0;
    }
    const failed = await deliveries.parked(options.limit, { id });
    if (options.json === true) {
      for (const one of failed) print(stdout, [printableJson(shownOf(one))], redactor);
    } else if (failed.length === 0) {
      print(stderr, [id === undefined ? 'no event is parked' : 'no event with this id is parked'], redactor);
    } else {
      print(stdout, [listing([HEAD, ...failed.map(rowOf)], 7, stdout.columns)], redactor);
    }
    const left = id === undefined ? await leftOf(deliveries, failed.length) : 0;
    if (left > 0)
      print(stderr, [`${left} more ${left === 1 ? 'is' : 'are'} parked: --limit COUNT`], redactor);
    return 0;
  } finally {
    await store.close();
  }
}

/** How many parked ones are not among those shown. */
async function leftOf(deliveries: Deliveries, shown: number): Promise<number> {
  const parked = (await deliveries.counts()).find(({ state }) => state === 'parked');
  return (parked?.count ?? 0) - shown;
}

const HEAD = ['time (UTC)', 'scheme', 'entry', 'event', 'seq', 'tries', 'error', 'trace', 'id'];

function rowOf(one: Delivery): string[] {
  const {
    created_at: at,
    scheme,
    webhook,
    event,
    seq,
    attempts,
    last_error: error,
    call_id: trace,
    id,
  } = one;
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)}`;
  return [time, scheme, webhook, event, String(seq), String(attempts), error, trace, id];
}

/** Without the values of the call: numbers are in the record. */
function shownOf({ body: _, ...rest }: Delivery): Omit<Delivery, 'body'> {
  return rest;
}
