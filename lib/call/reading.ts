import type { CallRecord } from './record.ts';

/** What a reading says of a word that the scheme's map does not have. */
export const NOT_MAPPED = 'is not in webhook.map: add it, or set webhook.unmapped';

/** What the CRM sent and was not taken for this reason, each once: a decision says in its detail what its readings say. */
export function refusedTexts({ readings, decisions }: CallRecord, reason: string): string[] {
  if (reason === 'unmapped') return unmappedWords(readings);
  const details = decisions.filter((one) => one.reason === reason).map(({ detail }) => detail);
  const refused = readings.filter(({ from, result }) => {
    const [, why] = /^refused: ([^]+)$/.exec(result) ?? [];
    return from !== 'fallback' && why !== undefined && details.some((detail) => detail.endsWith(why));
  });
  return [...new Set(refused.map(({ text }) => text))];
}

/** The words of a record that the map does not have, each once: of a list there may be some that it has beside them. */
export function unmappedWords(readings: CallRecord['readings']): string[] {
  const unmapped = readings.filter(({ result }) => result.endsWith(NOT_MAPPED));
  return [...new Set(unmapped.map(({ text }) => text))];
}
