import type { Outcome } from '../call/cause.ts';
import type { Call } from '../call/channel.ts';
import type { Config } from '../config/config.ts';
import { parseSteps, type Reading, type Step } from '../dial/route.ts';
import { stepsFor } from '../scheme/scheme.ts';
import { stepRules } from '../schemes/rules.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import type { Decision } from './decide.ts';

/** The steps that follow when nobody answers the last bridge of a decision. */
export interface NextList {
  /** How that bridge may end for this list to follow. */
  readonly outcomes: readonly Outcome[];
  /** To the first one that ends the call or gives it away. */
  readonly steps: readonly Step[];
  /** How the list's destinations were read. */
  readonly readings: readonly Reading[];
}

export interface NextOptions {
  readonly call: Call;
  readonly config: Config;
  readonly schemes: SchemeSet;
}

const OUTCOMES: readonly Outcome[] = ['no_answer', 'busy', 'rejected', 'unreachable'];
const FINAL: ReadonlySet<Step['kind']> = new Set(['transfer', 'hangup', 'dialplan']);

/**
 * What `resume` would go on with, known before anybody has been rung; none when the decision's own steps end the call. Lists
 * that are the same appear once. No webhook is asked.
 */
export function nextLists(decision: Decision, options: NextOptions): readonly NextList[] {
  const { steps, walk } = decision;
  const leaves = (step: Step): boolean => {
    if (step.kind !== 'scheme') return FINAL.has(step.kind);
    // One that can't be handed over to is left out, and the list goes on.
    return options.schemes.schemes.has(step.name) && !walk.visited.has(step.name);
  };
  if (steps[0].kind !== 'dial' || steps.some(leaves)) return [];
  if (walk.via === 'fallback') {
    return [{ outcomes: OUTCOMES, steps: [{ kind: 'dialplan' }], readings: [] }];
  }
  const { call, config } = options;
  const lists = [...new Set(OUTCOMES.map((outcome) => stepsFor(walk.scheme, outcome)))];
  return lists.map((list) => {
    const parsed = parseSteps(list, stepRules(walk.scheme, config, call));
    const end = parsed.steps.findIndex(leaves);
    return {
      outcomes: OUTCOMES.filter((outcome) => stepsFor(walk.scheme, outcome) === list),
      steps: end < 0 ? [...parsed.steps, { kind: 'dialplan' }] : parsed.steps.slice(0, end + 1),
      readings: parsed.readings,
    };
  });
}
