import { unmappedWords } from '../call/reading.ts';
import type { Calls } from './calls.ts';

/** So many of the last calls are looked at. */
export const LOOKED_AT = 200;

/** The words that a scheme's map does not have, as its last calls brought them; the newest first. '' is any scheme. */
export async function unmappedIn(
  calls: Pick<Calls, 'page' | 'find'>,
  { tenant, scheme }: { readonly tenant: string; readonly scheme: string },
): Promise<{ readonly word: string; readonly call: string }[]> {
  const page = await calls.page(
    { tenant, reason: ['unmapped'], ...(scheme === '' ? {} : { scheme: [scheme] }) },
    { limit: LOOKED_AT },
  );
  const found: { word: string; call: string }[] = [];
  for (const { id } of page.calls) {
    const readings = (await calls.find(id))?.record.readings ?? [];
    found.push(...unmappedWords(readings).map((word) => ({ word, call: id })));
  }
  return found;
}
