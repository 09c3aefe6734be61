import type { SchemeDocument } from '../scheme/scheme.ts';

/**
 * A scheme for one kind of CRM, ready to be filled in. Strict, whatever is forgotten: ids ring somebody only by the map,
 * whose one key is not an id of any CRM, and a kind of destination that is not expected is refused.
 */
export interface Preset {
  /** One line for people: whom it asks, and what it reads. */
  readonly what: string;
  readonly scheme: Omit<SchemeDocument, 'name' | '$schema'>;
  /** What the CRM is told of its calls, for whoever wants that: `esl-router new --events`. */
  readonly events?: PresetEvents;
  /** What is left to do, one per line: the path in the scheme or the variable, and what belongs there. */
  readonly toDo: readonly string[];
  /** What it can't do, for docs/presets.md. */
  readonly limits: readonly string[];
}

interface PresetEvents {
  /** One line for people. */
  readonly what: string;
  readonly entries: NonNullable<SchemeDocument['events']>;
  readonly toDo: readonly string[];
  readonly limits: readonly string[];
}

/** Of a map that nobody has filled in yet: no owner is called so. */
export const MAP = { 'id of an owner': '201' };

export const MAP_TO_DO =
  'webhook.map: the id of each owner, with the extension: {"17": "201"}; an owner who is not in it counts as nobody';
export const COUNTRY_TO_DO =
  'numbering.country: your country ("UA"), if your carrier sends callers without + and country code';

/** Steps of every preset: a colleague's voicemail is the dialplan's matter. */
export const COMMON = { forwardingTimeoutSeconds: 25 };
