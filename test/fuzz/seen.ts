/** The one place where the fuzz programmes touch the reader: how it is set up, and what came out of it. */
import type { CountryCode } from 'libphonenumber-js/max';
import {
  parseDestination,
  type Destination,
  type DestinationRules,
  type Transfer,
} from '../../lib/dial/destination.ts';
import { parseRoute } from '../../lib/dial/route.ts';
import { NUMBERING, RULES } from '../support/rules.ts';

/** Null: no country is set. */
export type Reader = CountryCode | null;

export type Seen =
  | {
      readonly kind: 'number';
      readonly digits: string;
      /** E.164 digits of the second valid reading, as the result names it. */
      readonly other: string | null;
      readonly how: string;
    }
  | { readonly kind: 'extension'; readonly digits: string }
  | { readonly kind: 'login'; readonly login: string }
  | { readonly kind: 'target'; readonly how: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'thrown'; readonly error: unknown };

/** Every toll is allowed, and nothing is mapped or denied, so that no other rule can hide a misreading. */
export function rulesFor(country: Reader): DestinationRules {
  return {
    ...RULES,
    numbering: { ...NUMBERING, ...(country === null ? {} : { country }) },
    numbers: [{ allow: [], deny: [], premium: true, satellite: true }],
    emergency: [],
  };
}

const kept = new Map<Reader, DestinationRules>();

function keptRules(country: Reader): DestinationRules {
  const rules = kept.get(country) ?? rulesFor(country);
  kept.set(country, rules);
  return rules;
}

export function see(text: string, country: Reader): Seen {
  try {
    const result = parseDestination(text, keptRules(country));
    if (!result.ok) return { kind: 'refused', detail: result.detail };
    const other = 'other' in result && typeof result.other === 'string' ? result.other : null;
    return seenAs(result.target, other, result.how);
  } catch (error) {
    return { kind: 'thrown', error };
  }
}

/** The same text where the reply may hold a list of destinations. */
export function seeList(text: string, country: Reader): Seen[] {
  try {
    const route = parseRoute(text, keptRules(country), { lists: true });
    if (!route.ok) return [{ kind: 'refused', detail: route.detail }];
    return route.steps.flatMap((step): Seen[] => {
      if (step.kind === 'dial') return step.destinations.map((destination) => seenAs(destination, null, ''));
      return [{ kind: 'target', how: step.kind }];
    });
  } catch (error) {
    return [{ kind: 'thrown', error }];
  }
}

function seenAs(target: Destination | Transfer, other: string | null, how: string): Seen {
  switch (target.kind) {
    case 'number':
      return { kind: 'number', digits: target.number, other, how };
    case 'extension':
      return { kind: 'extension', digits: target.extension };
    case 'user':
      return { kind: 'login', login: target.login };
    case 'uri':
    case 'transfer':
      return { kind: 'target', how };
  }
}

export function told(seen: Seen): string {
  switch (seen.kind) {
    case 'number':
      return `number ${seen.digits}${seen.other === null ? '' : `, names ${seen.other}`}`;
    case 'extension':
      return `extension ${seen.digits}`;
    case 'login':
      return `login ${seen.login}`;
    case 'target':
      return seen.how;
    case 'refused':
      return `refused, ${seen.detail}`;
    case 'thrown':
      return `thrown, ${String(seen.error)}`;
  }
}

/** For the console: what can't be seen is spelled out. */
export function shown(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^ -~]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
