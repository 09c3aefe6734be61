import type { Call } from '../call/channel.ts';
import { throwIfAborted, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import type { DestinationRules } from '../dial/destination.ts';
import { nameOf } from '../dial/originate.ts';
import { sameSubscriber } from '../dial/subscriber.ts';
import { parseSteps, type Reading, type Step } from '../dial/route.ts';
import { messageOf } from '../errors.ts';

/** Whom a caller last talked to, by the records of the router: people reach their manager while the CRM is down. */

export interface LastAgent {
  /** As it was dialled: a number, an extension or a login; `user@host` of a SIP address. */
  readonly destination: string;
  /** ISO 8601. */
  readonly at: string;
  readonly talkedMs: number;
}

export type LastAgentStep = Extract<Step, { kind: 'lastAgent' }>;

/** Resolves to null where there is nobody. */
export type FindLastAgent = (
  call: Call,
  within: Pick<LastAgentStep, 'days' | 'minTalkSeconds'>,
  among: {
    /** Whether this is the caller's number too, as it was written in another call. */
    readonly isCaller: (number: string) => boolean;
    /** Of persons: in another domain the same extension is somebody else's. */
    readonly domain: string;
  },
) => Promise<LastAgent | null>;

export interface LastAgentOptions {
  readonly call: Call;
  readonly find: FindLastAgent | undefined;
  readonly rules: Pick<DestinationRules, 'numbering' | 'domain'>;
  /** Milliseconds that are left for the decision. */
  readonly remainingMs: number;
  readonly clock: Clock;
  /** Its reason is thrown. */
  readonly signal: CancelSignal;
}

/** A store that is slow, or does not answer at all, costs the caller no more. */
const LOOK_MS = 300;

/** Or why there is nobody, in words. */
export async function lastAgent(step: LastAgentStep, options: LastAgentOptions): Promise<LastAgent | string> {
  const { call, find, rules, remainingMs, clock, signal } = options;
  if (call.withheld || call.caller === '') return 'the caller has no number';
  if (find === undefined) return 'there is no store';
  const limitMs = Math.min(LOOK_MS, remainingMs);
  if (limitMs <= 0) return 'no time is left to look';
  let cancel: () => void = () => undefined;
  let abort: () => void = () => undefined;
  const over = new Promise<string>((resolve) => {
    abort = () => {
      resolve('the call is over');
    };
    signal.addEventListener('abort', abort);
    cancel = clock.after(limitMs, () => {
      resolve(`the store did not answer within ${Math.round(limitMs)} ms`);
    });
  });
  const isCaller = (number: string): boolean => sameSubscriber(number, call.caller, rules.numbering);
  const looked = find(call, step, { isCaller, domain: rules.domain }).then(
    (found) => found ?? `nobody within ${step.days} days`,
    (error: unknown) => `the store cannot be asked: ${messageOf(error)}`,
  );
  const found = await Promise.race([looked, over]);
  cancel();
  signal.removeEventListener('abort', abort);
  throwIfAborted(signal);
  return found;
}

/** The step that dials exactly what was dialled then, or none: a text that means another destination by now is left alone. */
export function dialAgain(
  destination: string,
  rules: DestinationRules,
): { readonly steps: readonly Step[]; readonly readings: readonly Reading[] } {
  const spellings = destination.includes('@') ? [`sip:${destination}`] : [destination, `+${destination}`];
  const read = spellings.map((dial) => parseSteps([{ dial }], rules));
  const same = read.find(({ steps: [step] }) => step !== undefined && dialled(step) === destination);
  return same ?? { steps: [], readings: read.flatMap(({ readings }) => readings).slice(0, 1) };
}

function dialled(step: Step): string | null {
  if (step.kind === 'transfer') return step.extension;
  return step.kind === 'dial' ? nameOf(step.destinations) : null;
}
