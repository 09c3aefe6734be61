import { loadavg } from 'node:os';
import type { Load, SoakOptions } from '../soak.ts';
import type { Crowd } from './crowd.ts';
import type { Life } from './pair.ts';
import type { Stage } from './stage.ts';
import { quantile } from './tally.ts';

/** What a soak has shown, in words and as a verdict. */

export interface SoakResult {
  readonly silent: number;
  readonly placed: number;
  /** One sentence with the figures that count. */
  readonly figure: string;
  /** All of it, a line each. */
  readonly lines: readonly string[];
  /** null: the callers or FreeSWITCH were late themselves, so that nothing was measured. */
  readonly reached: boolean | null;
}

export interface Findings {
  readonly options: SoakOptions;
  readonly crowd: Crowd;
  readonly load: Load;
  /** Callers whose calls never ended. */
  readonly unfinished: readonly string[];
  readonly stage: Stage;
}

export const TARGET = '0 callers left in silence, counted at the SIP side';
export const MOST_LAG_MS = 50;
/** To 100 Trying, which takes FreeSWITCH some milliseconds. One that gets no processor cannot keep any time. */
export const MOST_TRYING_MS = 250;
/** A router that was started again. */
const READY_MS = 2000;

export function judge(findings: Findings): SoakResult {
  const { options, load, unfinished, stage } = findings;
  const { tally, strayLegs } = findings.crowd;
  const silent = tally.count('left in silence');
  const turnedAway = tally.count('turned away');
  const lag = [...load.lagsMs].sort((a, b) => a - b);
  const lagMs = quantile(lag, 0.99);
  const tryingMs = quantile(
    [...tally.tryingsMs].sort((a, b) => a - b),
    0.99,
  );
  const waits = tally.waitsMs;
  const placed = load.lagsMs.length;
  const rate = (placed - 1) / (load.tookMs / 1000);
  const crashed = stage.pair.lives.filter(({ ended, due }) => ended !== due).length;
  const wrong = silent + tally.torn + turnedAway + unfinished.length + crashed;
  const errors = stage.freeswitch.errors();
  const ends = [...stage.pair.ends()].sort(([, a], [, b]) => b - a).map(([end, count]) => `${end} ${count}`);
  const figure =
    `${silent} of ${placed} callers left in silence${silent > 0 ? ` (${tally.silences})` : ''}, ${turnedAway} turned away, ` +
    `${tally.torn} torn out of a conversation, ${unfinished.length} never ended; ${options.control ? 'no guard' : `${tally.rescued} served by the guard`}; ` +
    `first sound after ${ms(quantile(waits, 0.5))} (median), ${ms(quantile(waits, 0.99))} (p99), ${ms(waits.at(-1) ?? 0)} (worst)`;
  return {
    silent,
    placed,
    figure,
    lines: [
      ...tally.table(),
      `placed at ${rate.toFixed(1)}/s, late by ${lagMs.toFixed(1)} ms at p99, ${(lag.at(-1) ?? 0).toFixed(1)} ms at worst; 100 Trying after ${ms(tryingMs)} at p99; ` +
        `load average ${(loadavg()[0] ?? 0).toFixed(1)}`,
      `records of the routers: ${ends.join(', ')}; the CRM was asked ${stage.crm.asked} times`,
      ...stage.pair.lives.map(told),
      ...(strayLegs > 0 ? [`${strayLegs} legs for nobody who was there`] : []),
      ...(errors.length > 0 ? [`FreeSWITCH logged ${errors.length} errors: ${errors[0] ?? ''}`] : []),
      ...[...tally.examples, ...unfinished.slice(0, 3).map((text) => `never ended: ${text}`)].map(
        (text) => `! ${text}`,
      ),
      ...(lagMs > MOST_LAG_MS
        ? [`VOID: the callers themselves were late by more than ${MOST_LAG_MS} ms`]
        : []),
      ...(tryingMs > MOST_TRYING_MS
        ? [`VOID: FreeSWITCH took more than ${MOST_TRYING_MS} ms to say 100 Trying: it got no processor`]
        : []),
    ],
    reached:
      lagMs > MOST_LAG_MS || tryingMs > MOST_TRYING_MS ? null : options.control ? silent > 0 : wrong === 0,
  };
}

function told({ name, readyMs, firstKib, lastKib, ended }: Life): string {
  const late = readyMs > READY_MS ? ` (more than ${READY_MS / 1000} s)` : '';
  return `${name}: ready after ${ms(readyMs)}${late}, RSS ${mib(firstKib)} to ${mib(lastKib)}, ${ended ?? 'still there'}`;
}

function ms(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

function mib(kib: number | null): string {
  return kib === null ? 'unknown' : `${(kib / 1024).toFixed(0)} MiB`;
}
