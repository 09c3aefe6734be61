import { z } from 'zod';
import { HOPS_HEADER } from '../call/channel.ts';
import type { Outcome } from '../call/cause.ts';
import { COUNTRIES, planOf } from '../numbering/plan.ts';
import { readsOccasion, secretsOf, variablesOf, type Template } from '../webhook/macro.ts';
import { sameHeader } from '../webhook/header.ts';
import { settingsIn } from '../webhook/proxy.ts';
import { completed, type Crms } from '../webhook/profile.ts';
import { template } from '../webhook/template.ts';
import { described } from '../webhook/field.ts';
import * as words from './description.ts';
import { faultsOf, type Fault } from './fault.ts';
import { knownKeys } from './known-keys.ts';
import { chainOf, questionsOf, webhook, type Wanted } from '../webhook/chain.ts';
import { oneOrMore, templatesOfWebhook, type Webhook } from '../webhook/webhook.ts';
import { events, tellingsOf, type Telling } from './events.ts';
import { DIALPLAN, dialplanName, NAME, NAME_RULE, steps, transfer, type FallbackStep } from './step.ts';

export { NAME, NAME_RULE, type FallbackStep } from './step.ts';

/**
 * A scheme: one JSON document that says which CRM to ask, how to read its reply and what to do when there is
 * none. `parseScheme` gives every fault at once, each with its path.
 */

const domainName = z
  .string()
  .regex(
    /^(var:[A-Za-z0-9_]{1,64}|[A-Za-z0-9]([A-Za-z0-9.-]{0,252}))$/,
    'expected a domain, or "var:" and the name of a channel variable',
  );
const glob = z.string().min(1).max(128);
const schemeName = z.string().regex(NAME, NAME_RULE);
const digitCount = z.int().min(1).max(15);

const prefixes = z
  .array(z.string().regex(/^\+?\d{1,15}$/, 'expected the prefix of a number, in digits'))
  .default([]);

const fields = {
  $schema: z.string().max(2000).optional(),
  name: schemeName,
  title: z.string().max(200).optional(),
  mode: z.enum(['live', 'shadow']).default('live'),
  shadow: schemeName.optional(),
  canary: z
    .strictObject(described({ scheme: schemeName, percent: z.number().min(0).max(100) }, words.CANARY_FIELDS))
    .optional(),
  match: z
    .strictObject(
      described(
        { did: oneOrMore(glob), context: oneOrMore(glob), caller: oneOrMore(glob) },
        words.MATCH_FIELDS,
      ),
    )
    .partial()
    .optional(),
  webhook,
  forwardingTimeoutSeconds: z.int().min(2).max(300).default(30),
  maxDurationSeconds: z.int().min(10).max(86_400).optional(),
  limits: z
    .strictObject(
      described(
        {
          calls: z.int().min(1).max(100_000).optional(),
          callsPerMinute: z.int().min(1).max(10_000).optional(),
        },
        words.LIMITS_FIELDS,
      ),
    )
    .default({}),
  numbers: z
    .strictObject(
      described(
        {
          allow: prefixes,
          deny: prefixes,
          premium: z.boolean().optional(),
          satellite: z.boolean().optional(),
        },
        words.NUMBERS_FIELDS,
      ),
    )
    .default({ allow: [], deny: [] }),
  gateway: oneOrMore(dialplanName).optional(),
  domain: domainName.optional(),
  extensions: z.enum(['user', 'dialplan']).default('user'),
  targets: z
    .record(
      z.string().min(1).max(128),
      z.strictObject(described({ transfer }, { transfer: words.STEP_FIELDS.transfer })),
    )
    .default({}),
  numbering: z
    .strictObject(
      described(
        {
          country: z.enum(COUNTRIES, { error: 'expected a country as in ISO 3166-1, "UA"' }).optional(),
          dialAs: z.enum(['digits', 'plus', 'national', 'as-given']).default('digits'),
          bareDigits: z.enum(['auto', 'international', 'national']).default('auto'),
          accept: z.enum(['valid', 'possible', 'any']).default('possible'),
          extensionDigits: z
            .tuple([digitCount, digitCount])
            .refine(([least, most]) => least <= most, { error: 'expected the fewest digits first' })
            .default([1, 6]),
          withExtension: z.enum(['refuse', 'ignore']).default('refuse'),
        },
        words.NUMBERING_FIELDS,
      ),
    )
    .prefault({}),
  bridge: z
    .strictObject(
      described(
        {
          ringback: z
            .string()
            .regex(
              /^%\(\d{1,5},\d{1,5}(,\d{1,4}){1,8}\)(;%\(\d{1,5},\d{1,5}(,\d{1,4}){1,8}\)){0,7}$/,
              'expected tones such as %(2000,4000,440,480), or several separated by ";"',
            )
            .default('%(2000,4000,440,480)'),
          headers: z
            .record(
              z
                .string()
                .regex(/^X-[A-Za-z0-9-]{1,60}$/, 'expected a header whose name begins with X-')
                .refine((name) => name.toLowerCase() !== HOPS_HEADER.toLowerCase(), {
                  error: 'is reserved: routers count hops with it',
                }),
              template({ reply: true })
                .refine((value) => secretsOf(value).length === 0, {
                  error: 'a secret must not go to a callee',
                })
                .refine((value) => !readsOccasion(value), {
                  error:
                    'has a macro that only questions have: {{event}}, {{failed.reason}}, {{failed.status}}, {{outcome}} or {{tried}}',
                }),
            )
            .refine((headers) => sameHeader(Object.keys(headers)) === undefined, {
              error: 'a header is set twice',
            })
            .default({}),
          progressTimeoutSeconds: z.int().min(1).max(60).optional(),
        },
        words.BRIDGE_FIELDS,
      ),
    )
    .default({ ringback: '%(2000,4000,440,480)', headers: {} }),
  waiting: z
    .strictObject(
      described({ ringAfterMs: z.int().min(0).max(30000).nullable().default(700) }, words.WAITING_FIELDS),
    )
    .default({ ringAfterMs: 700 }),
  fallback: z
    .strictObject(
      described(
        {
          onNoRoute: steps.default(DIALPLAN),
          onError: steps.default(DIALPLAN),
          onNoAnswer: steps.default(DIALPLAN),
          onBusy: steps.optional(),
          onRejected: steps.optional(),
          onUnreachable: steps.optional(),
        },
        words.FALLBACK_FIELDS,
      ),
    )
    .default({ onNoRoute: DIALPLAN, onError: DIALPLAN, onNoAnswer: DIALPLAN }),
  events,
};

/** What a scheme's file holds. */
export const document = z
  .strictObject(described(fields, words.SCHEME_FIELDS))
  // What one part alone can't show.
  .superRefine(({ webhook: { expect }, targets }, context) => {
    if (expect?.every((kind) => kind === 'target') !== true || Object.keys(targets).length > 0) return;
    const message = 'accepts only targets, and there are no "targets"';
    context.addIssue({ code: 'custom', path: ['webhook', 'expect'], message });
  });

/** The JSON that a scheme's file holds. */
export type SchemeDocument = z.input<typeof document>;

export type Scheme = Omit<z.output<typeof document>, 'webhook' | 'events' | '$schema'> & {
  readonly webhook: Webhook;
  readonly events: readonly Telling[];
  /** First 12 hexadecimal digits of the SHA-256 of the document: which version of it a call was decided by. */
  readonly revision: string;
};

export type SchemeResult =
  | {
      readonly ok: true;
      readonly scheme: Scheme;
      /** What each question of its chains wants beside: its own first, then those of `events`. See `connected`. */
      readonly wanted: readonly (readonly Wanted[])[];
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** `crms`: the profiles that `webhook.crm` may name. */
export function parseScheme(given: unknown, revision: string, crms: Crms = new Map()): SchemeResult {
  const { json, faults } = completed(given, crms);
  // What is said of a question that lacks its profile would be about what the profile says.
  if (faults.length > 0) return { ok: false, faults };
  const result = document.safeParse(json, { reportInput: true });
  if (!result.success)
    return { ok: false, faults: faultsOf(result.error.issues, (path) => knownKeys(document, path)) };
  const { webhook: asked, events: told, $schema: _editors, ...rest } = result.data;
  const { webhook: chain, wanted } = chainOf(asked, crms);
  const { tellings, wanted: ofEvents } = tellingsOf(told, crms);
  const scheme = { ...rest, webhook: chain, events: tellings, revision };
  return { ok: true, scheme, wanted: [wanted, ...ofEvents] };
}

/** A webhook of a scheme and all that follow from it, with the path of the first: its own, and those of `events`. */
export function chainsOf({
  webhook,
  events,
}: Pick<Scheme, 'webhook' | 'events'>): { path: string; webhook: Webhook }[] {
  return [
    { path: 'webhook', webhook },
    ...events.map((telling, index) => ({ path: `events.${index}.webhook`, webhook: telling.webhook })),
  ];
}

/** Every request of a scheme, with its path. */
export function requestsOf(scheme: Pick<Scheme, 'webhook' | 'events'>): { path: string; webhook: Webhook }[] {
  return chainsOf(scheme).flatMap(({ path, webhook }) =>
    questionsOf(webhook).map((question, index) => ({
      path: index === 0 ? path : `${path}.then.${index - 1}`,
      webhook: question,
    })),
  );
}

/** The steps for a call that was not answered. */
export function stepsFor({ fallback }: Scheme, outcome: Outcome): readonly FallbackStep[] {
  switch (outcome) {
    case 'no_answer':
      return fallback.onNoAnswer;
    case 'busy':
      return fallback.onBusy ?? fallback.onNoAnswer;
    case 'rejected':
      return fallback.onRejected ?? fallback.onNoAnswer;
    case 'unreachable':
      return fallback.onUnreachable ?? fallback.onNoAnswer;
  }
}

/** Every template of a scheme, wherever it stands. */
export function templatesOf(scheme: Scheme): Template[] {
  const { bridge, fallback } = scheme;
  return [
    ...requestsOf(scheme).flatMap(({ webhook }) => [
      ...templatesOfWebhook(webhook),
      ...settingsIn(webhook.proxies).flatMap(({ user, password }) => [user, password]),
    ]),
    ...Object.values(bridge.headers),
    ...Object.values(fallback).flatMap((list = []) =>
      list.flatMap((item) => ('webhook' in item ? [item.webhook] : [])),
    ),
  ];
}

/** The channel variables that a scheme reads, without `variable_`. */
export function variablesOfScheme(scheme: Scheme): string[] {
  const places = [scheme.domain ?? '', ...transfersOf(scheme).map(({ context }) => context)];
  const read = places.filter((place) => place.startsWith('var:')).map((place) => place.slice('var:'.length));
  return [...templatesOf(scheme).flatMap(variablesOf), ...read];
}

/** Its named targets and the transfers of its lists, each with its path. */
export function transfersOf({
  targets,
  fallback,
}: Scheme): (z.output<typeof transfer> & { readonly path: string })[] {
  return [
    ...Object.entries(targets).map(([name, { transfer }]) => ({ ...transfer, path: `targets.${name}` })),
    ...Object.entries(fallback).flatMap(([list, steps = []]) =>
      steps.flatMap((step, index) =>
        'transfer' in step ? [{ ...step.transfer, path: `fallback.${list}.${index}` }] : [],
      ),
    ),
  ];
}

/** Where digits can be two numbers: which one they are here, and the setting that decides it. None without such digits. */
export function bareDigitsOf({ webhook, numbering }: Scheme): string[] {
  const { country, bareDigits } = numbering;
  if (country === undefined || webhook.expect?.includes('number') === false) return [];
  const { trunkPrefix, callingCode } = planOf(country);
  const national = trunkPrefix === '' || trunkPrefix === callingCode;
  const auto = national
    ? 'national'
    : 'international, unless the plan prints such numbers without a trunk prefix';
  const which = bareDigits === 'auto' ? auto : bareDigits;
  return [
    `digits without + that are a number of ${country} and one abroad: ${which} (numbering.bareDigits "${bareDigits}")`,
  ];
}
