import { messageOf } from '../errors.ts';
import type { CallEvent, CallRecord } from './record.ts';

/** Sees what becomes of each call while it happens. It reads the record and changes nothing. */
export interface CallObserver {
  /** The record holds the event already. */
  noted?(record: CallRecord, event: CallEvent): void;
  /** Called once, when it is known where the caller goes first; `where` is for a person. */
  decided?(record: CallRecord, where: string): void;
  /** The record is final. `peer` is FreeSWITCH's address, empty for a call that was reset before it was accepted. */
  ended?(record: CallRecord, peer: string): void;
}

/** All observers of a router. One that throws costs no call and no other observer anything. */
export class CallObservers implements Required<CallObserver> {
  readonly #noted: readonly CallObserver[];
  readonly #decided: readonly CallObserver[];
  readonly #ended: readonly CallObserver[];
  readonly #onError: (error: string, record: CallRecord) => void;

  constructor(observers: readonly CallObserver[], onError: (error: string, record: CallRecord) => void) {
    this.#noted = observers.filter((one) => 'noted' in one);
    this.#decided = observers.filter((one) => 'decided' in one);
    this.#ended = observers.filter((one) => 'ended' in one);
    this.#onError = onError;
  }

  noted(record: CallRecord, event: CallEvent): void {
    for (const observer of this.#noted) this.#try(record, () => observer.noted?.(record, event));
  }

  decided(record: CallRecord, where: string): void {
    for (const observer of this.#decided) this.#try(record, () => observer.decided?.(record, where));
  }

  ended(record: CallRecord, peer: string): void {
    for (const observer of this.#ended) this.#try(record, () => observer.ended?.(record, peer));
  }

  #try(record: CallRecord, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onError(messageOf(error), record);
    }
  }
}
