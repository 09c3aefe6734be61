import type { Call } from '../call/channel.ts';
import type { CallObserver } from '../call/observer.ts';
import type { CallEvent, CallRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { Telling } from '../scheme/events.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { LastWord } from '../store/live-calls.ts';
import { uuidv7 } from '../uuid.ts';
import { NOTHING_YET } from '../webhook/event.ts';
import { FIRST, missingOf, type MacroContext } from '../webhook/macro.ts';
import type { Outbox } from './outbox.ts';
import { storedText } from './stored.ts';
import { CallWatch, type Told } from './watch.ts';

/** Watches calls, and hands the events for their schemes' CRMs to the outbox. */

export interface EventObserverOptions {
  /** The current scheme of that name. */
  readonly scheme: (name: string) => Scheme | undefined;
  readonly tenantOf: (record: CallRecord) => string;
  readonly outbox: Pick<Outbox, 'open' | 'add' | 'close'>;
  readonly clock: Clock;
}

interface Watched {
  readonly scheme: Scheme;
  readonly call: Call;
  readonly tenant: string;
  readonly watch: CallWatch;
  /** How many events each entry has had. */
  readonly counts: Map<Telling, number>;
}

export class EventObserver implements CallObserver {
  readonly #options: EventObserverOptions;
  readonly #calls = new WeakMap<CallRecord, Call>();
  readonly #watched = new WeakMap<CallRecord, Watched>();
  readonly #begun = new WeakSet<CallRecord>();

  constructor(options: EventObserverOptions) {
    this.#options = options;
  }

  noted(record: CallRecord, event: CallEvent): void {
    if (event.type === 'call' || event.type === 'disclosed') this.#calls.set(record, event.call);
    else if (event.type === 'scheme') this.#begin(record, event.name);
    const watched = this.#watched.get(record);
    if (watched === undefined) return;
    const at = this.#options.clock.date();
    for (const told of watched.watch.hear(event)) this.#tell(record, watched, told, at);
    if (event.type !== 'end') return;
    this.#watched.delete(record);
    this.#options.outbox.close(record.id);
  }

  /** Events of the scheme that the call began with, whatever it is handed to: none, where that one has none. */
  #begin(record: CallRecord, name: string): void {
    const { outbox, tenantOf } = this.#options;
    if (this.#begun.has(record)) return;
    this.#begun.add(record);
    const scheme = this.#options.scheme(name);
    const call = this.#calls.get(record);
    if (scheme === undefined || scheme.events.length === 0 || call === undefined) return;
    const watch = new CallWatch(record);
    const tenant = tenantOf(record);
    this.#watched.set(record, { scheme, call, tenant, watch, counts: new Map() });
    const lost = watch.lost();
    const ends = scheme.events
      // Nobody knows whether somebody answers.
      .filter((telling) => telling.on.has('ended') && telling.answered === null)
      .filter((telling) => this.#fits(telling, scheme, call, lost))
      .map(({ name: webhook, webhook: hook }): LastWord => {
        return { webhook, body: storedText(record.id, lost, call, hook) };
      });
    outbox.open({
      call_id: record.id,
      tenant,
      scheme: scheme.name,
      started_at: record.startedAt,
      ends: JSON.stringify(ends),
    });
  }

  #tell(record: CallRecord, { scheme, call, tenant, watch, counts }: Watched, told: Told, at: Date): void {
    for (const telling of scheme.events) {
      if (!telling.on.has(told.event)) continue;
      const isWanted =
        telling.answered === null || told.event !== 'ended' || telling.answered === watch.isAnswered;
      if (!isWanted || !this.#fits(telling, scheme, call, told)) continue;
      const seq = (counts.get(telling) ?? 0) + 1;
      counts.set(telling, seq);
      this.#options.outbox.add({
        id: uuidv7(at),
        tenant,
        call_id: record.id,
        seq,
        scheme: scheme.name,
        event: told.event,
        webhook: telling.name,
        body: storedText(record.id, told, call, telling.webhook),
        created_at: at.toISOString(),
      });
    }
  }

  /** Has what `require` names. */
  #fits({ webhook }: Telling, { name, numbering }: Scheme, call: Call, told: Told): boolean {
    const context: MacroContext = {
      call,
      scheme: name,
      numbering,
      attempt: 1,
      // Each event has one.
      timestamp: told.started_at,
      occasion: FIRST,
      secret: () => '',
      told: { ...NOTHING_YET, ...told },
    };
    return missingOf(webhook.require, context) === undefined;
  }
}
