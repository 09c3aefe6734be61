import type { TriedCall } from '../../../api/types.ts';

/** What a tried call comes to for the caller, out of the router's own words for it. */

export type Move =
  | {
      readonly kind: 'ring';
      /** Several ring together. */
      readonly whom: readonly string[];
      readonly gateways: readonly string[];
      readonly domains: readonly string[];
      /** Null: not told. */
      readonly seconds: number | null;
    }
  | { readonly kind: 'transfer'; readonly extension: string; readonly context: string }
  | { readonly kind: 'hangup'; readonly cause: string }
  | { readonly kind: 'dialplan' }
  | { readonly kind: 'scheme'; readonly name: string }
  /** One of a kind that is not known here, as the router says it. */
  | { readonly kind: 'other'; readonly text: string };

/** In order: each follows when the one before it has reached nobody. */
export function movesOf({ steps, dialStrings }: Pick<TriedCall, 'steps' | 'dialStrings'>): readonly Move[] {
  const rings = ringsOf(dialStrings);
  const dials = steps.filter((step) => step.startsWith('dial ')).length;
  let next = 0;
  return steps.map((step): Move => {
    const [kind = '', first = '', second = ''] = step.split(' ');
    switch (kind) {
      case 'dial': {
        // A dial string of somebody's own pattern may say less.
        const ring = rings.length === dials ? rings[next++] : undefined;
        return { kind: 'ring', whom: first.split(','), ...(ring ?? UNTOLD) };
      }
      case 'transfer':
        return { kind: 'transfer', extension: first, context: second };
      case 'hangup':
        return { kind: 'hangup', cause: first };
      case 'dialplan':
        return { kind: 'dialplan' };
      case 'scheme':
        return { kind: 'scheme', name: first };
      default:
        return { kind: 'other', text: step };
    }
  });
}

type Ring = Omit<Extract<Move, { kind: 'ring' }>, 'kind' | 'whom'>;

const UNTOLD: Ring = { gateways: [], domains: [], seconds: null };
const GATEWAY = /sofia\/gateway\/([^/,]+)\//g;
const DOMAIN = /user\/[^@,]+@([^,\s]+)/g;

/** One for each dial string; those that differ in the gateway alone are one, and its gateways are tried in order. */
function ringsOf(dialStrings: readonly string[]): readonly Ring[] {
  const rings = new Map<string, Ring>();
  for (const text of dialStrings) {
    const bare = text.replaceAll(/[{[][^\]}]*[\]}]/g, '');
    const like = bare.replaceAll(GATEWAY, 'sofia/gateway//');
    const [, seconds] = /[{,]originate_timeout=(\d+)/.exec(text) ?? [];
    const ring = {
      gateways: [...(rings.get(like)?.gateways ?? []), ...namesIn(bare, GATEWAY)],
      domains: namesIn(bare, DOMAIN),
      seconds: seconds === undefined ? null : Number(seconds),
    };
    rings.set(like, { ...ring, gateways: [...new Set(ring.gateways)] });
  }
  return [...rings.values()];
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
}
