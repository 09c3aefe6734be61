import type { CallRecord } from '../call/record.ts';
import { createRedactor } from '../redact/redactor.ts';
import { namePattern, withoutWords } from '../redact/word.ts';
import type { Sought } from './sought.ts';
import { withTexts } from './texts.ts';

const MASKER = createRedactor({ maskNumbers: true });
/** What an erased number leaves: that there was a call, and how it went. */
const ERASED = '';

/** All numbers of the record are masked, in any spelling; who was erased is gone, and so is the name if he is the caller. */
export function withoutTraces(record: CallRecord, sought: Sought): CallRecord {
  const isCaller = sought.isIn(record.call?.caller);
  const name = isCaller ? namePattern(record.call?.callerName ?? '') : null;
  const patterns = [...sought.patterns, ...(name === null ? [] : [name])];
  const nameless = patterns.length === 0 ? record : withTexts(record, (text) => withoutWords(text, patterns));
  const rest = MASKER.value(nameless) as CallRecord;
  const without = (given: string, left: string): string => (sought.is(given) ? ERASED : left);
  const destination = without(record.destination, rest.destination);
  const answeredBy =
    record.answeredBy === null || rest.answeredBy === null
      ? null
      : without(record.answeredBy, rest.answeredBy);
  if (record.call === null || rest.call === null) return { ...rest, destination, answeredBy };
  const did = without(record.call.did, rest.call.did);
  const call = { ...rest.call, did, ...(isCaller ? { caller: ERASED, callerName: ERASED } : {}) };
  return { ...rest, call, destination, answeredBy };
}
