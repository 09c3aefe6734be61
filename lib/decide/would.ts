import { apply, newRecord, type CallEvent, type Outlook, type ShadowRecord } from '../call/record.ts';
import type { CancelSignal } from '../cancel.ts';
import { RouterError } from '../errors.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { budgetMs, Inquiry, type InquiryOptions } from './decide.ts';
import { Limits } from './limits.ts';
import { outlookOf, sameOutlook } from './outlook.ts';

/** What a scheme would decide for a call that it does not have. */
export type Would = Omit<ShadowRecord, 'live' | 'differs'>;

export interface WouldOptions extends Pick<
  InquiryOptions,
  | 'call'
  | 'config'
  | 'schemes'
  | 'secrets'
  | 'version'
  | 'send'
  | 'tokens'
  | 'memory'
  | 'clock'
  | 'trace'
  | 'lastAgent'
> {
  /** Drops it: its reason is a RouterError. */
  readonly signal: CancelSignal;
  /** What of an event there is room for. */
  readonly fit?: (event: CallEvent) => readonly CallEvent[];
}

/** Asks the CRM as for a call, marked as a dry run. Never rejects. */
export async function wouldDecide(scheme: Scheme, options: WouldOptions): Promise<Would> {
  const { call, clock, trace, fit = (event: CallEvent): readonly CallEvent[] => [event] } = options;
  const startedAt = clock.now();
  const elapsedMs = (): number => clock.now() - startedAt;
  const record = newRecord(trace, clock.date());
  const inquiry = new Inquiry({
    ...options,
    // What a cap would refuse is not counted: the calls that count are others'.
    places: new Limits(clock).places(),
    dryRun: true,
    note: (event) => {
      for (const fitting of fit(event)) apply(record, fitting);
    },
    elapsedMs,
  });
  let would: Outlook | null = null;
  let dropped: ShadowRecord['dropped'] = null;
  try {
    await inquiry.decide(scheme, startedAt + budgetMs(scheme, call));
    would = outlookOf(record);
  } catch (error) {
    dropped = error instanceof RouterError ? error.code : 'internal';
  }
  const { requests, readings, notes } = record;
  const { name, revision } = scheme;
  return { scheme: name, revision, would, dropped, tookMs: elapsedMs(), requests, readings, notes };
}

/** One that was dropped before anybody was asked. */
export function notAsked({ name, revision }: Scheme, dropped: NonNullable<ShadowRecord['dropped']>): Would {
  return {
    scheme: name,
    revision,
    would: null,
    dropped,
    tookMs: 0,
    requests: [],
    readings: [],
    notes: [],
  };
}

/** Beside what was decided for the call; null: it ended before. */
export function compared(would: Would, live: Outlook | null): ShadowRecord {
  const differs = would.would === null || live === null ? null : !sameOutlook(would.would, live);
  return { ...would, live, differs };
}
