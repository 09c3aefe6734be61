import { z } from 'zod';
import { chainOf, eventWebhook, type Wanted } from '../webhook/chain.ts';
import { CALL_EVENTS } from '../webhook/event.ts';
import { described } from '../webhook/field.ts';
import type { Crms } from '../webhook/profile.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { EVENTS_FIELDS } from './description.ts';
import { NAME, NAME_RULE } from './step.ts';

/** `events` of a scheme: who is told what becomes of its calls. */

const MOST = 16;

const entry = z.strictObject(
  described(
    {
      on: z.array(z.enum(CALL_EVENTS)).min(1).max(CALL_EVENTS.length),
      answered: z.boolean().optional(),
      name: z.string().regex(NAME, NAME_RULE).optional(),
      webhook: eventWebhook,
    },
    EVENTS_FIELDS,
  ),
);

export const events = z
  .array(entry)
  .max(MOST)
  .default([])
  .superRefine((entries, context) => {
    const names = entries.map(nameOf);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue;
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `"${name}" is also the name of another entry`,
      });
    }
    for (const [index, { on, answered }] of entries.entries()) {
      if (answered === undefined || on.includes('ended')) continue;
      const message = 'is only known when a call has ended: expected "ended" in "on"';
      context.addIssue({ code: 'custom', path: [index, 'answered'], message });
    }
  });

/** By its place where it has no name. */
function nameOf({ name }: { readonly name?: string | undefined }, index: number): string {
  return name ?? String(index + 1);
}

/** One entry: what is told to whom. */
export interface Telling {
  /** Of its scheme: what a delivery knows it by. */
  readonly name: string;
  readonly on: ReadonlySet<(typeof CALL_EVENTS)[number]>;
  /** Of "ended": calls that somebody has answered, or that nobody has; null for both. */
  readonly answered: boolean | null;
  readonly webhook: Webhook;
}

/** The entries, and what the connections of each want beside. */
export function tellingsOf(
  entries: z.output<typeof events>,
  crms: Crms,
): { readonly tellings: readonly Telling[]; readonly wanted: readonly (readonly Wanted[])[] } {
  const chains = entries.map((entry) => chainOf(entry.webhook, crms));
  const tellings = entries.map((entry, index) => ({
    name: nameOf(entry, index),
    on: new Set(entry.on),
    answered: entry.answered ?? null,
    webhook: (chains[index] as (typeof chains)[number]).webhook,
  }));
  return { tellings, wanted: chains.map(({ wanted }) => wanted) };
}
