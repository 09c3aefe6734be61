import { refusedTexts } from '../call/reading.ts';
import type { Calls } from './calls.ts';

/** So many of the last calls are looked at. */
export const LOOKED_AT = 200;

/** The values that a scheme's CRM sent and that were not taken for this reason, in its last calls; the newest first. '' is any scheme. */
export async function offendingValues(
  calls: Pick<Calls, 'page' | 'find'>,
  { tenant, scheme, reason }: Readonly<Record<'tenant' | 'scheme' | 'reason', string>>,
): Promise<{ readonly value: string; readonly call: string }[]> {
  const page = await calls.page(
    { tenant, reason: [reason], ...(scheme === '' ? {} : { scheme: [scheme] }) },
    { limit: LOOKED_AT },
  );
  const found: { value: string; call: string }[] = [];
  for (const { id } of page.calls) {
    const record = (await calls.find(id))?.record;
    if (record === undefined) continue;
    found.push(...refusedTexts(record, reason).map((value) => ({ value, call: id })));
  }
  return found;
}
