import type { Segment, Waterfall } from './waterfall.ts';

/** Where a moment stands on the page: from 0, the left edge, to 1. */
export interface Axis {
  readonly segments: readonly Placed[];
  readonly ticks: readonly Tick[];
  /** Whatever is outside stands at the edge. */
  readonly at: (ms: number) => number;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Placed extends Segment {
  readonly left: number;
  readonly width: number;
}

interface Tick {
  readonly ms: number;
  readonly left: number;
}

/**
 * `phases`: a decision takes milliseconds and the talk behind it minutes, so each stretch has a scale of its own. `limits`: the
 * first decision against its budget and the guard. `time`: true to time.
 */
export const SCALES = ['phases', 'limits', 'time'] as const;
export type Scale = (typeof SCALES)[number];

/** How wide a stretch is beside the others. The first decision is what the router is asked about. */
const WEIGHTS = { decide: 2.5, ring: 2, talk: 1.5, rest: 1 } as const;
const FIRST_WEIGHT = 6;
/** Of a full width; a narrow stretch has fewer. */
const TICKS = 7;
const FEW_TICKS = 3;
/** Of the full width: nearer to the edge of a stretch the figure of a tick would lie over it. */
const EDGE = 0.03;

export function axisOf(
  { segments, endMs, budgetMs, guardMs }: Waterfall,
  scale: Scale,
  isNarrow = false,
): Axis {
  const placed = scale === 'phases' ? byPhases(segments) : [plain(scale === 'time' ? endMs : limitOf())];
  const first = placed[0];
  const last = placed.at(-1);
  return {
    segments: placed,
    ticks: placed.flatMap((one) => ticksOf(one, isNarrow ? FEW_TICKS : TICKS)),
    at: (ms) => placeOf(ms, placed),
    fromMs: first?.fromMs ?? 0,
    toMs: last?.toMs ?? 0,
  };

  function limitOf(): number {
    return Math.max(segments[0]?.toMs ?? 0, budgetMs ?? 0, guardMs ?? 0) * 1.02;
  }

  function plain(toMs: number): Placed {
    return { kind: segments[0]?.kind ?? 'decide', fromMs: 0, toMs: Math.max(1, toMs), left: 0, width: 1 };
  }
}

function byPhases(segments: readonly Segment[]): Placed[] {
  const weights = segments.map(({ kind }, index) => (index === 0 ? FIRST_WEIGHT : WEIGHTS[kind]));
  const sum = weights.reduce((all, one) => all + one, 0);
  let left = 0;
  return segments.map((segment, index) => {
    const width = (weights[index] ?? 0) / sum;
    const placed = { ...segment, left, width };
    left += width;
    return placed;
  });
}

function placeOf(ms: number, segments: readonly Placed[]): number {
  const segment = segments.find(({ toMs }) => ms < toMs) ?? segments.at(-1);
  if (segment === undefined) return 0;
  const { fromMs, toMs, left, width } = segment;
  const part = toMs === fromMs ? 0 : (ms - fromMs) / (toMs - fromMs);
  return left + width * Math.max(0, Math.min(1, part));
}

/** Round moments, counted from the beginning of the stretch: "rang for 5 s" is what one wants to read there. */
function ticksOf({ fromMs, toMs, left, width }: Placed, most: number): Tick[] {
  const length = toMs - fromMs;
  const step = stepOf(length / Math.max(1, most * width));
  const ticks: Tick[] = [];
  for (let ms = step; ms < length; ms += step) {
    const at = (width * ms) / length;
    if (at > EDGE && at < width - EDGE) ticks.push({ ms, left: left + at });
  }
  return ticks;
}

/** The next of 1, 2, 5, 10, ... milliseconds; from a minute on of 1, 2, 5, 10, 30 min and hours. */
function stepOf(atLeastMs: number): number {
  for (const step of [15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000]) {
    if (atLeastMs > 10_000 && step >= atLeastMs) return step;
  }
  if (atLeastMs > 3_600_000) return Math.ceil(atLeastMs / 3_600_000) * 3_600_000;
  const power = 10 ** Math.floor(Math.log10(Math.max(0.1, atLeastMs)));
  return (
    [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= atLeastMs * 0.999) ?? power * 10
  );
}
