import { valueAt, withValue, type SchemeDocument } from '../schemes/document.ts';
import { OWN_SHAPES } from '../schemes/shapes.ts';
import type { TriedCall } from '../../../api/types.ts';

/** How far somebody has come from nothing to the first call. Pure; it is kept as JSON, and survives a reload. */

export const STEPS = ['crm', 'try', 'rings', 'dialplan', 'call'] as const;
export type StepName = (typeof STEPS)[number];

export interface Draft {
  /** What the scheme began as. */
  readonly shape: string;
  readonly document: SchemeDocument;
  readonly call: { readonly caller: string; readonly did: string };
  /** What the last try came to. */
  readonly tried: TriedCall | null;
  /** The furthest step that may be opened. */
  readonly reached: StepName;
  /** Of the revision that was saved; null: it is not saved. */
  readonly etag: string | null;
  /** Since when the first call is waited for, ISO 8601. */
  readonly since: string | null;
}

export const FIRST: Draft = {
  shape: 'json',
  document: { name: 'main', ...OWN_SHAPES.json },
  call: { caller: '', did: '' },
  tried: null,
  reached: 'crm',
  etag: null,
  since: null,
};

/** The name stays; everything else starts over. */
export function withShape(draft: Draft, shape: string, document: SchemeDocument): Draft {
  const { name } = draft.document;
  return { ...draft, shape, document: { name, ...withValue(document, ['name'], undefined) }, ...UNTRIED };
}

/** What was tried was another scheme. */
export function withField(draft: Draft, path: readonly string[], value: unknown): Draft {
  return { ...draft, document: withValue(draft.document, path, value), ...UNTRIED };
}

/** Where it rings: what the CRM said stays true. */
export function withWay(draft: Draft, key: 'gateway' | 'domain', value: unknown): Draft {
  return { ...draft, document: withValue(draft.document, [key], value) };
}

const UNTRIED = { tried: null };

export function reaching(draft: Draft, step: StepName): Draft {
  return indexOf(step) > indexOf(draft.reached) ? { ...draft, reached: step } : draft;
}

export function indexOf(step: StepName): number {
  return STEPS.indexOf(step);
}

/** The step of the address, as far as one may be there. */
export function stepFrom(wanted: string | undefined, { reached }: Draft): StepName {
  const found = STEPS.find((step) => step === wanted) ?? reached;
  return indexOf(found) > indexOf(reached) ? reached : found;
}

/** The CRM was understood: where it rings is the step after the try. */
export function isNextStep(reason: string): boolean {
  return reason === 'no_domain' || reason === 'no_gateway';
}

export function textAt(document: SchemeDocument, path: readonly string[]): string {
  const value = valueAt(document, path);
  return typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : '';
}

/** `17 = 201`, a line each. */
export function textOfMap(map: unknown): string {
  if (typeof map !== 'object' || map === null) return '';
  return Object.entries(map)
    .map(([id, to]) => `${id} = ${String(to)}`)
    .join('\n');
}

/** Lines without "=" are not finished yet. */
export function mapOfText(text: string): Readonly<Record<string, string>> {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    const id = line.slice(0, at).trim();
    return at <= 0 || id === '' ? [] : [[id, line.slice(at + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}

/** One gateway, or several that are tried in order. */
export function gatewayOfText(text: string): string | readonly string[] | undefined {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length > 1 ? names : names[0];
}

/** Of what was kept: anything that does not look like a draft is forgotten. */
export function draftFrom(text: string | null): Draft {
  if (text === null) return FIRST;
  try {
    const kept = JSON.parse(text) as Partial<Draft> | null;
    if (typeof kept?.document !== 'object' || !STEPS.some((step) => step === kept.reached)) return FIRST;
    return { ...FIRST, ...kept };
  } catch {
    return FIRST;
  }
}
