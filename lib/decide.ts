import { randomUUID } from 'node:crypto';
import { ask, backupOf, type Asked, type AskOptions } from './ask.ts';
import type { Outcome } from './cause.ts';
import type { Call } from './channel.ts';
import { prefixFormsOf, type Destination } from './destination.ts';
import { RouterError, type Reason } from './errors.ts';
import type { Places } from './limits.ts';
import { nameOf, originatesFor, type Originate } from './originate.ts';
import type { Result, Via } from './record.ts';
import { parseSteps, type Step } from './route.ts';
import { stepsFor, type FallbackStep, type Scheme } from './scheme.ts';
import { destinationRules, type SchemeSet } from './schemes.ts';
import type { Webhook } from './webhook.ts';

/**
 * Where a call shall go: asks the CRM as the scheme says, reads the reply, and falls back when there is no answer
 * to go by. Knows nothing of sockets or legs, so that `try` walks the same path without a call.
 */

/** What was decided. The first step can be carried out on the leg; later ones may have to be asked for. */
export interface Decision {
  readonly scheme: Scheme;
  readonly via: Via;
  readonly result: Result;
  readonly reason: Reason;
  readonly steps: readonly [LegStep, ...Step[]];
  /** Headers for the callee, fit for a dial string. */
  readonly calleeHeaders: Readonly<Record<string, string>>;
  /** The bridges of the first step, to be tried in order; none when it dials nobody. */
  readonly originates: readonly Originate[];
}

export type LegStep = Extract<Step, { kind: 'dial' | 'transfer' | 'hangup' | 'dialplan' }>;

export interface InquiryOptions extends AskOptions {
  readonly schemes: SchemeSet;
  /** What the call holds of the caps; absent in a dry run, which takes none and is refused by none. */
  readonly places?: Places;
}

/** Why a list of fallback steps is walked, as records and markers say it. */
interface Why {
  readonly result: Result;
  readonly reason: Reason;
  readonly detail: string;
}

/** Part of the remaining time that an attempt may use while a backup stands behind it. */
const SHARE_BEFORE_BACKUP = 0.6;
/** The dialplan's guard must not fire while the last command is on its way. */
const GUARD_MARGIN_SECONDS = 2;
const DIALPLAN: LegStep = { kind: 'dialplan' };

/** Milliseconds for the whole decision: never longer than the dialplan's guard allows. */
export function budgetMs(scheme: Scheme, call: Call): number {
  const budget = scheme.webhook.timeoutSeconds * 1000;
  if (call.guardSeconds === null) return budget;
  return Math.max(0, Math.min(budget, (call.guardSeconds - GUARD_MARGIN_SECONDS) * 1000));
}

/** All questions of one call: numbers them, and knows which schemes it has been through. */
export class Inquiry {
  readonly #options: InquiryOptions;
  readonly #visited = new Set<string>();
  #attempt = 0;
  /** `webhook-id`: the same for a question and for its backup, so that a CRM can tell a repetition. */
  #webhookId = '';

  constructor(options: InquiryOptions) {
    this.#options = options;
  }

  /** Asks the scheme's CRM, and its fallbacks where needed. Throws only what `signal` was aborted with. */
  async decide(scheme: Scheme, deadlineMs: number): Promise<Decision> {
    this.#visited.add(scheme.name);
    this.#webhookId = newWebhookId();
    const { onError, onNoRoute } = scheme.fallback;
    const fallBack = (list: readonly FallbackStep[], why: Why): Promise<Decision> =>
      this.#fallBack(scheme, this.#stepsOf(scheme, list), why, deadlineMs);
    const full = this.#options.places?.enterScheme(scheme.name, scheme.limits) ?? null;
    if (full !== null) {
      // A backup is a question to the CRM too.
      const unasked = onError.filter((step) => !('webhook' in step));
      return fallBack(unasked, { result: 'refused', reason: 'call_limit', detail: full });
    }
    const asked = await this.#ask(scheme, scheme.webhook, this.#limit(deadlineMs, onError));
    switch (asked.kind) {
      case 'route':
        return this.#take(scheme, asked, deadlineMs, (why) => fallBack(onError, why));
      case 'none':
        return fallBack(onNoRoute, { ...asked, result: 'no_route' });
      case 'error':
      case 'refused':
        return fallBack(onError, { ...asked, result: asked.kind });
    }
  }

  /**
   * Goes on after a bridge that nobody answered: with the rest of its list, and when the CRM's own list is used up,
   * with the scheme's steps for the outcome. A webhook there has a budget of its own. Throws like `decide`.
   */
  async resume(decision: Decision, outcome: Outcome, cause: string): Promise<Decision> {
    const { scheme, via, result, reason, calleeHeaders, steps } = decision;
    const [, ...rest] = steps;
    this.#options.places?.leaveNumbers();
    this.#webhookId = newWebhookId();
    const deadlineMs = this.#options.clock.now() + budgetMs(scheme, this.#options.call);
    if (via === 'fallback')
      return this.#fallBack(scheme, rest, { result, reason, detail: cause }, deadlineMs);
    const left = { kind: 'route', steps: rest, calleeHeaders, stale: reason === 'stale' } as const;
    return this.#take(scheme, left, deadlineMs, () => {
      const why: Why = { result: 'no_answer', reason: outcome, detail: cause };
      return this.#fallBack(scheme, this.#stepsOf(scheme, stepsFor(scheme, outcome)), why, deadlineMs);
    });
  }

  /**
   * A route that the CRM gave: its first step that can be carried out goes to the leg, a hand-over is followed, and
   * what can't be done here is left out, as the reader leaves out what it refuses.
   */
  async #take(
    scheme: Scheme,
    { steps, calleeHeaders, stale }: Extract<Asked, { kind: 'route' }>,
    deadlineMs: number,
    exhausted: (why: Why) => Promise<Decision>,
  ): Promise<Decision> {
    let why: Why = { result: 'refused', reason: 'destination_invalid', detail: 'nothing is left to try' };
    for (const [index, step] of steps.entries()) {
      if (step.kind === 'webhook') throw new RouterError('internal', 'a CRM can not name a webhook');
      if (step.kind === 'scheme') {
        const next = this.#next(step.name);
        if (next.kind === 'scheme') return this.decide(next.scheme, deadlineMs);
        why = { result: 'error', reason: next.reason, detail: `scheme "${step.name}"` };
      } else {
        const plan = this.#plan(scheme, step, calleeHeaders);
        if (plan.ok) {
          const { originates } = plan;
          const rest = steps.slice(index + 1);
          const reason = stale ? 'stale' : reasonOf(step);
          const decision = { scheme, via: 'primary', result: 'routed', reason } as const;
          return this.#decided({ steps: [plan.step, ...rest], calleeHeaders, originates, ...decision });
        }
        why = plan.why;
      }
      this.#options.note({ type: 'note', text: `left out: ${why.detail}: ${why.reason}` });
    }
    return exhausted(why);
  }

  /** Walks a list to its first step that the leg can carry out; a list that is used up ends in `dialplan`. */
  async #fallBack(
    scheme: Scheme,
    steps: readonly Step[],
    { result, reason, detail }: Why,
    deadlineMs: number,
  ): Promise<Decision> {
    let calleeHeaders: Readonly<Record<string, string>> = {};
    let queue = steps;
    for (;;) {
      const [step = DIALPLAN, ...rest] = queue;
      queue = rest;
      if (step.kind === 'scheme') {
        const next = this.#next(step.name);
        if (next.kind === 'scheme') return this.decide(next.scheme, deadlineMs);
        this.#options.note({ type: 'note', text: `hand-over to "${step.name}" skipped: ${next.reason}` });
      } else if (step.kind === 'webhook') {
        const backup = backupOf(scheme.webhook, step.url);
        const asked = await this.#ask(scheme, backup, this.#limit(deadlineMs, rest));
        if (asked.kind !== 'route') continue;
        queue = [...asked.steps, ...rest];
        calleeHeaders = asked.calleeHeaders;
      } else {
        const plan = this.#plan(scheme, step, calleeHeaders);
        if (plan.ok) {
          const { originates } = plan;
          const decision = { scheme, via: 'fallback', result, reason, calleeHeaders, originates } as const;
          return this.#decided({ steps: [plan.step, ...rest], ...decision }, detail);
        }
        this.#options.note({ type: 'note', text: `step skipped: ${plan.why.detail}` });
      }
    }
  }

  #ask(scheme: Scheme, webhook: Webhook, limitMs: number): Promise<Asked> {
    const attempt = ++this.#attempt;
    return ask({ scheme, webhook, attempt, webhookId: this.#webhookId, limitMs }, this.#options);
  }

  /** How a step is carried out here, or why it can't be: known before the leg is touched. */
  #plan(
    scheme: Scheme,
    step: LegStep,
    calleeHeaders: Readonly<Record<string, string>>,
  ): { ok: true; step: LegStep; originates: readonly Originate[] } | { ok: false; why: Why } {
    if (step.kind !== 'dial') return { ok: true, step, originates: [] };
    const { call, config } = this.#options;
    const refused = (reason: Reason, detail: string): { ok: false; why: Why } => {
      const text = `${nameOf(step.destinations)}: ${detail}`;
      return { ok: false, why: { result: 'refused', reason, detail: text } };
    };
    // What can't be dialled at all takes no places.
    const plan = originatesFor(step, { scheme, call, config, calleeHeaders });
    if (!plan.ok) return refused(plan.reason, plan.detail);
    const full = new Map<Destination, string>();
    for (const destination of step.destinations) {
      const cap =
        this.#options.places?.enterNumber(prefixFormsOf(destination), config.numbers.limits) ?? null;
      if (cap !== null) full.set(destination, cap);
    }
    if (full.size === 0) return { ok: true, step, originates: plan.originates };
    const rest = step.destinations.filter((destination) => !full.has(destination));
    const detail = [...full.values()].join(', ');
    if (rest.length === 0) return refused('call_limit', detail);
    this.#options.note({ type: 'note', text: `${nameOf([...full.keys()])} left out: ${detail}: call_limit` });
    const less = { ...step, destinations: rest };
    const lesser = originatesFor(less, { scheme, call, config, calleeHeaders });
    return lesser.ok
      ? { ok: true, step: less, originates: lesser.originates }
      : refused(lesser.reason, lesser.detail);
  }

  #next(name: string): { kind: 'scheme'; scheme: Scheme } | { kind: 'error'; reason: Reason } {
    const scheme = this.#options.schemes.schemes.get(name);
    if (scheme === undefined) return { kind: 'error', reason: 'scheme_unknown' };
    if (this.#visited.has(name)) return { kind: 'error', reason: 'scheme_loop' };
    this.#options.note({
      type: 'scheme',
      name,
      revision: scheme.revision,
      chosenBy: 'a hand-over',
    });
    return { kind: 'scheme', scheme };
  }

  #stepsOf(scheme: Scheme, list: readonly FallbackStep[]): Step[] {
    const { steps, readings } = parseSteps(
      list,
      destinationRules(scheme, this.#options.config, this.#options.call.did),
    );
    if (readings.length > 0) this.#options.note({ type: 'readings', readings });
    return steps;
  }

  /** Milliseconds that the next attempt may take. */
  #limit(deadlineMs: number, behind: readonly (Step | FallbackStep)[]): number {
    const remaining = deadlineMs - this.#options.clock.now();
    const [next] = behind;
    const asks =
      next !== undefined &&
      ('kind' in next
        ? next.kind === 'webhook' || next.kind === 'scheme'
        : 'webhook' in next || 'scheme' in next);
    return asks ? remaining * SHARE_BEFORE_BACKUP : remaining;
  }

  #decided(decision: Decision, detail = ''): Decision {
    const { scheme, via, result, reason, steps } = decision;
    this.#options.note({
      type: 'decision',
      decision: {
        atMs: this.#options.elapsedMs(),
        scheme: scheme.name,
        via,
        result,
        reason,
        detail,
        steps: steps.map(describeStep),
      },
    });
    return decision;
  }
}

function newWebhookId(): string {
  return `msg_${randomUUID()}`;
}

function reasonOf(step: LegStep): Reason {
  switch (step.kind) {
    case 'dial':
      return 'routed';
    case 'transfer':
      return 'crm_transfer';
    case 'hangup':
      return 'crm_hangup';
    case 'dialplan':
      return 'crm_dialplan';
  }
}

/** A step in the words of records and of `try`: `dial 201`, `hangup USER_BUSY`. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'dial':
      return `dial ${nameOf(step.destinations)}`;
    case 'transfer':
      return `transfer ${step.extension} ${step.context}`;
    case 'hangup':
      return `hangup ${step.cause}`;
    case 'dialplan':
      return 'dialplan';
    case 'scheme':
      return `scheme ${step.name}`;
    case 'webhook':
      return `webhook ${step.url.source}`;
  }
}
