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

/** Digits in groups as people write them, in a URL too. An extension has fewer than seven, a subscriber's number has not. */
const NUMBER = /\+?\d(?:(?:[ ().\/-]|%20){0,2}\d){6,}/g;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
/** What is left of a number: enough to tell two calls apart. */
const KEPT_DIGITS = 2;

/** A text with the telephone numbers in it as `*****33`. */
export function maskNumbers(text: string): string {
  return text.replace(NUMBER, (number) =>
    IPV4.test(number) ? number : `*****${number.replace(/\D/g, '').slice(-KEPT_DIGITS)}`,
  );
}

/** For JSON.stringify: masks every text but ids and times. Numbers of JSON are counts and milliseconds here. */
export function maskingReplacer(key: string, value: unknown): unknown {
  return typeof value === 'string' && !NO_NUMBERS.has(key) ? maskNumbers(value) : value;
}
