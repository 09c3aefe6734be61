import { Random } from '../../../lib/simulator/random.ts';

/** What goes wrong when: all of it follows from the seed, so that a soak that failed can be played again. */

/** How the CRM is. */
export type Mood =
  'healthy' | 'slow' | 'status 500' | 'refused' | 'hanging' | 'dripping' | 'broken JSON' | '429';

export interface Phase {
  readonly fromSeconds: number;
  readonly mood: Mood;
}

export interface Strike {
  readonly atSeconds: number;
  readonly signal: 'SIGTERM' | 'SIGSTOP' | 'SIGKILL';
  /** Which of the two routers. */
  readonly router: number;
  /** Until it is started again, or goes on (SIGCONT). */
  readonly forSeconds: number;
}

export interface Timetable {
  readonly phases: readonly Phase[];
  readonly strikes: readonly Strike[];
}

const TROUBLES: readonly Mood[] = [
  'slow',
  'status 500',
  'refused',
  'hanging',
  'dripping',
  'broken JSON',
  '429',
];
const FIRST_TROUBLE_SECONDS = 3;
const TROUBLE_EVERY_SECONDS = 30;
/** Twice what a decision may take. A breaker stays open for 10 to 11 s after it. */
const TROUBLE_SECONDS = 8;
/** Longest stop: callers who come in it wait for the guard. */
const STOP_SECONDS = 30;

/**
 * Of five minutes: SIGTERM after one, SIGSTOP after two, SIGKILL after four; a shorter soak has them in proportion,
 * but for a stop that must outlast the guard. The control has the SIGSTOP alone.
 */
export function timetable(
  seed: number,
  {
    seconds,
    guardSeconds,
    control,
  }: { readonly seconds: number; readonly guardSeconds: number; readonly control: boolean },
): Timetable {
  const random = new Random(seed);
  const victim = random.below(2);
  const stopSeconds = Math.max(Math.min(STOP_SECONDS, seconds * 0.4), guardSeconds + 4);
  const stop: Strike = {
    atSeconds: seconds * (control ? 0.25 : 0.4),
    signal: 'SIGSTOP',
    router: 1 - victim,
    forSeconds: control ? stopSeconds : Math.max(seconds * 0.1, guardSeconds + 2),
  };
  const strikes: Strike[] = control
    ? [stop]
    : [
        { atSeconds: seconds * 0.2, signal: 'SIGTERM', router: victim, forSeconds: 5 + random.below(6) },
        stop,
        { atSeconds: seconds * 0.8, signal: 'SIGKILL', router: victim, forSeconds: 5 + random.below(6) },
      ];
  return { phases: phasesOf(random, seconds), strikes };
}

/**
 * Every half minute some trouble, of chance but each of them before any comes twice. A breaker that it has opened is
 * closed again well before the next minute mark: there, calls are in all states when a router is struck.
 */
function phasesOf(random: Random, seconds: number): Phase[] {
  const phases: Phase[] = [{ fromSeconds: 0, mood: 'healthy' }];
  const left: Mood[] = [];
  for (let fromSeconds = FIRST_TROUBLE_SECONDS; fromSeconds < seconds; fromSeconds += TROUBLE_EVERY_SECONDS) {
    if (left.length === 0) left.push(...TROUBLES);
    const [mood = 'slow'] = left.splice(random.below(left.length), 1);
    phases.push({ fromSeconds, mood }, { fromSeconds: fromSeconds + TROUBLE_SECONDS, mood: 'healthy' });
  }
  return phases;
}

export function toText({ phases, strikes }: Timetable): string[] {
  const at = (seconds: number): string => `${seconds.toFixed(0).padStart(4)} s`;
  const rows = [
    ...phases.map(({ fromSeconds, mood }) => ({ fromSeconds, text: `the CRM: ${mood}` })),
    ...strikes.map(({ atSeconds, signal, router, forSeconds }) => ({
      fromSeconds: atSeconds,
      text: `${signal} for router ${router + 1}, ${signal === 'SIGSTOP' ? 'SIGCONT' : 'started again'} after ${forSeconds.toFixed(0)} s`,
    })),
  ];
  return rows
    .sort((a, b) => a.fromSeconds - b.fromSeconds)
    .map((row) => `${at(row.fromSeconds)}  ${row.text}`);
}
