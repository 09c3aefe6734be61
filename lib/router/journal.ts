import { decisionOf, summaryOf } from '../call/line.ts';
import type { CallObserver } from '../call/observer.ts';
import type { CallEvent, CallRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { Reason } from '../errors.ts';
import type { Logger } from '../log.ts';
import { isCrmFailure } from '../reasons/index.ts';
import { CrmFailures } from './failures.ts';

/** Reasons that need a person's attention, and what to do about those that are a setting. */
const ALARMING: Readonly<Partial<Record<Reason, string | null>>> = {
  esl_protocol: null,
  esl_timeout: null,
  esl_unsafe_value: null,
  guard_too_short: null,
  internal: null,
  over_capacity: 'see listen.maxCalls (ESL_ROUTER_MAX_CALLS)',
  pass_limit: null,
  peer_not_allowed: 'if the peer is your FreeSWITCH, add its address to listen.allow (ESL_ROUTER_ALLOW)',
  router_stalled: null,
  scheme_unknown: null,
  socket_application: 'the dialplan must say <action application="socket" data="HOST:PORT async full"/>',
  switch_lost: null,
  transfer_failed: null,
};

/** What the log says about calls: two lines each, and the failures of their CRMs. */
export class Journal implements CallObserver {
  readonly #log: Logger;
  readonly #failures: CrmFailures;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#failures = new CrmFailures(log, clock);
  }

  /** Without a request there is nothing in the record to find it by. */
  noted({ id, call }: CallRecord, event: CallEvent): void {
    if (event.type !== 'unasked' || !isCrmFailure(event.reason)) return;
    const { scheme, crm, reason, detail } = event;
    this.#failures.add({ scheme, webhook: crm, reason, detail, trace: id, uuid: call?.uuid ?? '' });
  }

  /** The caller goes somewhere. */
  decided(record: CallRecord, where: string): void {
    this.#failed(record, 0);
    this.#log.info('decided', decisionOf(record, where));
  }

  ended(record: CallRecord, peer: string): void {
    // Earlier ones have been logged with the decision.
    this.#failed(record, record.decidedMs ?? 0);
    this.#log.debug('record', { trace: record.id, ...record });
    const line = summaryOf(record);
    const advice = ALARMING[record.reason];
    if (advice === undefined) this.#log.info('ended', line);
    else this.#log.warn('ended', { ...line, peer, ...(advice === null ? {} : { advice }) });
  }

  /** Counts that are still to be logged. */
  close(): void {
    this.#failures.close();
  }

  #failed(record: CallRecord, sinceMs: number): void {
    for (const { atMs, scheme, url, proxy, answer, detail } of record.requests) {
      if (answer === null || atMs < sinceMs || !isCrmFailure(answer)) continue;
      const { id, call } = record;
      this.#failures.add({
        scheme,
        webhook: new URL(url).origin,
        ...(proxy === null ? {} : { proxy }),
        reason: answer,
        detail: detail ?? '',
        trace: id,
        uuid: call?.uuid ?? '',
      });
    }
  }
}
