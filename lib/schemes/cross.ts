import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { parseDestination } from '../dial/destination.ts';
import { parseSteps } from '../dial/route.ts';
import { didYouMean } from '../nearest.ts';
import { templatesOf, transfersOf, type Scheme } from '../scheme/scheme.ts';
import { secretsOf } from '../webhook/macro.ts';
import { KINDS } from '../webhook/webhook.ts';
import { stepRules } from './rules.ts';
import { UNLISTED, unsendable } from './sendable.ts';

function emergencyIn(extension: string, path: string, { bypass }: Config): string[] {
  if (!bypass.called.includes(extension)) return [];
  return [`${path}: ${extension} is an emergency number (bypass.called), and a CRM cannot have one dialled`];
}

/** The words of a scheme are read like those of a reply, but are not from one. */
function ofOurs(detail: string): string {
  return detail.replace('the reply holds', 'it holds');
}

/** Faults that one document alone can't show: names of other schemes, secrets, destinations of its fallbacks. */
export function crossFaults(
  scheme: Scheme,
  config: Config,
  secrets: Secrets,
  known: { readonly names: readonly string[]; readonly isAwaited: (name: string) => boolean },
): string[] {
  const faults: string[] = [];
  for (const name of new Set(templatesOf(scheme).flatMap(secretsOf))) {
    if (!secrets.has(name))
      faults.push(
        `{{secret.${name}}}: ESL_ROUTER_SECRET_${name} is not set, nor is its _FILE, and there is no file for it in ESL_ROUTER_SECRETS_DIR`,
      );
  }
  faults.push(...unsendable(scheme, config, secrets));
  const rules = stepRules(scheme, config, { did: '', variables: new Map() });
  for (const [list, steps] of Object.entries(scheme.fallback)) {
    steps?.forEach((step, index) => {
      const path = `fallback.${list}.${index}`;
      if ('scheme' in step && !known.names.includes(step.scheme) && !known.isAwaited(step.scheme))
        faults.push(`${path}: there is no scheme "${step.scheme}"${didYouMean(step.scheme, known.names)}`);
      if (!('dial' in step)) return;
      const { readings } = parseSteps([step], rules);
      const refused = readings.filter(({ result }) => /^(?:refused|empty)/.test(result));
      faults.push(
        ...refused.map(({ text, result }) => `${path}.dial: ${JSON.stringify(text)} is ${ofOurs(result)}`),
      );
    });
  }
  const transfers = transfersOf(scheme);
  faults.push(...transfers.flatMap(({ path, extension }) => emergencyIn(extension, path, config)));
  if (config.domains.length === 0) {
    const places = [{ path: 'domain', place: scheme.domain ?? '' }];
    for (const { path, context } of transfers) places.push({ path: `${path}.context`, place: context });
    const read = places.filter(({ place }) => place.startsWith('var:'));
    faults.push(...read.map(({ path }) => `${path}: ${UNLISTED}`));
  }
  return faults;
}

/** Nobody reads more than these. */
const MAX_MAP_FAULTS = 20;
/** Words between two pauses: reading one takes some microseconds. */
const WORDS_AT_ONCE = 50;

/** The values of the map are read like a reply. */
export function* mapFaults(scheme: Scheme, config: Config): Generator<void, string[]> {
  const { map, expect = KINDS } = scheme.webhook;
  const rules = { ...stepRules(scheme, config, { did: '', variables: new Map() }), expect };
  const faults: string[] = [];
  let read = 0;
  for (const [word, meaning] of map) {
    if (++read % WORDS_AT_ONCE === 0) yield;
    // Only the call knows whose user it is.
    if (meaning.includes('@') && rules.domain === '') continue;
    const result = parseDestination(meaning, rules);
    if (result.ok) continue;
    faults.push(`webhook.map.${word}: ${ofOurs(result.detail)}`);
    if (faults.length === MAX_MAP_FAULTS) return [...faults, 'webhook.map: the rest is not checked'];
  }
  return faults;
}
