/** What ids and times are called: their digits are no telephone number, and without them no call can be found again. */
const NO_NUMBERS = new Set([
  'id',
  'uuid',
  'trace',
  'callId',
  'webhookId',
  'webhook-id',
  'revision',
  'startedAt',
  'timestamp',
]);

/** What stands between the groups of a number: spaces, dashes and brackets of any script, an apostrophe; in a URL and in JSON too. */
const SEPARATOR = String.raw`[\p{Zs}\p{Pd}\u2212().\/+']|%(?:20|27|28|29|2[BDF]|C2%A0|E2%80%9[0-5]|E2%80%AF)|\\u(?:00a0|201[0-5]|202f|2212)`;
const SEPARATORS = new RegExp(SEPARATOR, 'giu');
/** Digits of any script: names of callers may hold them. An extension has fewer than seven digits, a subscriber's number has not. */
const NUMBER = new RegExp(String.raw`\+?\p{Nd}(?:(?:${SEPARATOR}){0,4}\p{Nd}){6,}`, 'giu');
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
/** What is left of a number: enough to tell two calls apart. */
const KEPT_DIGITS = 2;

/** A text with the telephone numbers in it as `*****33`. */
export function maskNumbers(text: string): string {
  return text.replace(NUMBER, (number) =>
    IPV4.test(number) ? number : `*****${number.replace(SEPARATORS, '').slice(-KEPT_DIGITS)}`,
  );
}

/** For JSON.stringify: masks every text but ids and times. Numbers of JSON are counts and milliseconds here. */
export function maskingReplacer(key: string, value: unknown): unknown {
  return typeof value === 'string' && !NO_NUMBERS.has(key) ? maskNumbers(value) : value;
}
