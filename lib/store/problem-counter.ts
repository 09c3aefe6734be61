import type { CallObserver } from '../call/observer.ts';
import { unmappedWords } from '../call/reading.ts';
import type { CallEvent, CallRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import { messageOf, type Reason } from '../errors.ts';
import type { Logger } from '../log.ts';
import { isCrmFailure, isGone } from '../reasons/index.ts';
import { uuidv7 } from '../uuid.ts';
import type { Problems } from './problems.ts';

/** What went wrong with calls, gathered for some seconds and then counted in the store: behind the calls, as their records are. */

export interface ProblemCounterOptions {
  readonly problems: Pick<Problems, 'count'>;
  readonly tenantOf: (record: CallRecord) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Counted {
  readonly tenant: string;
  readonly failure: Failure;
  readonly firstAt: string;
  count: number;
  lastAt: string;
  lastCall: string;
}

interface Failure {
  readonly reason: Reason;
  readonly scheme: string;
  /** Scheme, host and port of whom it asked; empty: the failure is none of a CRM. */
  readonly crm: string;
}

const GATHER_MS = 2_000;
const AGAIN_MS = 5_000;
/** Of one gathering. A router has some schemes and some CRMs, and a stranger can't make up more of them. */
const MAX_KINDS = 500;

export class ProblemCounter implements CallObserver {
  readonly #options: ProblemCounterOptions;
  #counted = new Map<string, Counted>();
  #cancel: (() => void) | null = null;
  /** CRMs that could not be asked: the record has no request of them. */
  readonly #unasked = new WeakMap<CallRecord, Failure[]>();

  constructor(options: ProblemCounterOptions) {
    this.#options = options;
  }

  noted(record: CallRecord, event: CallEvent): void {
    if (event.type !== 'unasked' || !isCrmFailure(event.reason)) return;
    const { reason, scheme, crm } = event;
    this.#unasked.set(record, [...(this.#unasked.get(record) ?? []), { reason, scheme, crm }]);
  }

  ended(record: CallRecord): void {
    const failures = failuresOf(record, this.#unasked.get(record));
    if (failures.length === 0) return;
    const tenant = this.#options.tenantOf(record);
    for (const failure of failures) this.#add(failure, tenant, record);
    this.#later(GATHER_MS);
  }

  /** Never rejects: what the store does not take now is counted with what comes next. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    const { problems, log } = this.#options;
    const gathered = this.#counted;
    this.#counted = new Map();
    for (const [kind, one] of gathered) {
      const { tenant, failure, count, firstAt, lastAt, lastCall } = one;
      try {
        await problems.count({
          ...{ id: uuidv7(new Date(lastAt)), tenant, ...failure, count },
          kind: `${failure.reason} ${failure.scheme} ${failure.crm}`,
          ...{ first_at: firstAt, last_at: lastAt, last_call: lastCall },
        });
        gathered.delete(kind);
      } catch (error) {
        log.debug('store: problems cannot be counted', { error: messageOf(error) });
        for (const [kind, left] of gathered) this.#keep(kind, left);
        this.#later(AGAIN_MS);
        return;
      }
    }
  }

  #later(ms: number): void {
    this.#cancel ??= this.#options.clock.after(ms, () => void this.flush(), { keepsAlive: false });
  }

  #add(failure: Failure, tenant: string, { id, startedAt }: CallRecord): void {
    const kind = JSON.stringify([tenant, failure.reason, failure.scheme, failure.crm]);
    this.#keep(kind, { tenant, failure, count: 1, firstAt: startedAt, lastAt: startedAt, lastCall: id });
  }

  #keep(kind: string, { count, ...one }: Counted): void {
    const known = this.#counted.get(kind);
    if (known !== undefined) {
      known.count += count;
      if (one.lastAt > known.lastAt) Object.assign(known, { lastAt: one.lastAt, lastCall: one.lastCall });
    } else if (this.#counted.size < MAX_KINDS) this.#counted.set(kind, { ...one, count });
  }
}

/** A CRM that failed or named somebody whom the map does not have, though something else may have helped, and what the caller suffered from. */
export function failuresOf(
  { requests, readings, decisions, result, reason, scheme }: CallRecord,
  unasked: readonly Failure[] = [],
): Failure[] {
  const failures = new Map<string, Failure>();
  const add = (failure: Failure): void => {
    failures.set(`${failure.reason} ${failure.scheme} ${failure.crm}`, failure);
  };
  const isKnown = (reason: Reason): boolean =>
    [...failures.values()].some((failure) => failure.reason === reason);
  for (const failure of unasked) add(failure);
  for (const { answer, scheme, url } of requests) {
    if (answer === null || !(isCrmFailure(answer) || answer === 'unmapped')) continue;
    add({ reason: answer, scheme, crm: new URL(url).origin });
  }
  const read = requests.findLast(({ answer }) => answer === 'found');
  if (read !== undefined && !isKnown('unmapped') && unmappedWords(readings).length > 0) {
    add({ reason: 'unmapped', scheme: read.scheme, crm: new URL(read.url).origin });
  }
  // A caller who hung up later takes the reason's place in the record, and was not served before.
  const suffered = [...decisions, { result, reason, scheme: scheme?.name ?? '' }];
  for (const one of suffered) {
    const isFailure = (one.result === 'error' || one.result === 'refused') && !isGone(one.reason);
    if (!isFailure || isKnown(one.reason)) continue;
    const asked = one.result === 'refused' ? requests.at(-1) : undefined;
    const crm = asked === undefined ? '' : new URL(asked.url).origin;
    add({ reason: one.reason, scheme: asked?.scheme ?? one.scheme, crm });
  }
  return [...failures.values()];
}
