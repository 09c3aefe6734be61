import type { CallRecord } from './record.ts';

/** What a reading says of a word that the scheme's map does not have. */
export const NOT_MAPPED = 'is not in webhook.map: add it, or set webhook.unmapped';

/** The words of a record that the map does not have, each once: of a list there may be some that it has beside them. */
export function unmappedWords(readings: CallRecord['readings']): string[] {
  const unmapped = readings.filter(({ result }) => result.endsWith(NOT_MAPPED));
  return [...new Set(unmapped.map(({ text }) => text))];
}
