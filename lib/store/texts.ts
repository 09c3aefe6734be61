/**
 * The texts in what is stored: those that can name somebody. Ids, times, and the words of our own do not: a login may be called
 * like a scheme, and a number of eight digits may look like a date.
 */

const OURS = new Set([
  ...['id', 'uuid', 'trace', 'previous', 'callId', 'webhookId', 'revision', 'startedAt', 'started_at'],
  ...['scheme', 'canary', 'chosenBy', 'via', 'method', 'proxy', 'answer', 'path', 'from', 'by', 'kind'],
  ...['result', 'reason', 'dropped', 'outcome', 'cause', 'end', 'event', 'answered_kind'],
  ...['hangupCause', 'hangup_cause', 'hungUpBy', 'hung_up_by', 'switch', 'context', 'domain', 'sourceIp'],
]);
/** Their keys are what a CRM or a switch calls them. */
const FOREIGN = new Set(['headers', 'variables']);

/** Where a text stands. */
export interface Place {
  readonly key: string;
  /** The key of what it is in. */
  readonly within: string;
}

const TOP: Place = { key: '', within: '' };

/** Whether one of the texts passes. */
export function someText(
  value: unknown,
  test: (text: string, place: Place) => boolean,
  place: Place = TOP,
): boolean {
  if (typeof value === 'string') return value !== '' && test(value, place);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((one) => someText(one, test, place));
  return Object.entries(value).some(([key, one]) => {
    const inner = { key, within: place.key };
    return !isOurs(inner) && someText(one, test, inner);
  });
}

/** The value with other texts. */
export function withTexts(value: unknown, change: (text: string) => string, place: Place = TOP): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withTexts(one, change, place));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const inner = { key, within: place.key };
      return [key, isOurs(inner) ? one : withTexts(one, change, inner)];
    }),
  );
}

function isOurs({ key, within }: Place): boolean {
  if (FOREIGN.has(within)) return false;
  // Of a reading it says what was read.
  return OURS.has(key) && !(key === 'result' && within === 'readings');
}
