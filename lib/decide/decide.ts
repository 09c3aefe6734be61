import { randomUUID } from 'node:crypto';
import type { Outcome } from '../call/cause.ts';
import type { Call } from '../call/channel.ts';
import type { Result, Via } from '../call/record.ts';
import { prefixFormsOf, type Destination } from '../dial/destination.ts';
import { nameOf, originatesFor, placeFor, type Originate } from '../dial/originate.ts';
import { parseSteps, type Step } from '../dial/route.ts';
import { RouterError, type Reason } from '../errors.ts';
import type { FallbackStep, Scheme } from '../scheme/scheme.ts';
import { stepRules } from '../schemes/rules.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { backupOf } from '../webhook/backup.ts';
import { FIRST, type Occasion } from '../webhook/macro.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { ask, macrosOf, type Asked, type AskOptions } from './ask.ts';
import { GUARD_MARGIN_SECONDS } from './deadline.ts';
import { calleeHeaders, type CalleeHeaders } from './headers.ts';
import { dialAgain, lastAgent, type FindLastAgent, type LastAgentStep } from './last-agent.ts';
import type { Places } from './limits.ts';
import {
  afterBridge,
  listBehind,
  NO_PAST,
  occasionOf,
  withHeaders,
  type ListedStep,
  type Start,
  type Walk,
  type Why,
} from './walk.ts';

/**
 * Where a call goes. The CRM is asked as the scheme says, its reply or the scheme's fallbacks give a list of steps, and
 * the list is walked to the first step that the leg can carry out. Knows nothing of sockets or legs, so that `try` walks
 * the same path without a call.
 */

/** What was decided. The first step can be carried out on the leg; later ones may have to be asked for. */
export interface Decision {
  readonly scheme: Scheme;
  readonly via: Via;
  readonly result: Result;
  readonly reason: Reason;
  readonly steps: readonly [LegStep, ...ListedStep[]];
  /** For the callees of the scheme's own lists, one of which may follow. */
  readonly ownHeaders: CalleeHeaders;
  /** The bridges of the first step, to be tried in order; none when it dials nobody. */
  readonly originates: readonly Originate[];
  /** The state after the first step: from here `resume` goes on. */
  readonly walk: Walk;
}

export type LegStep = Extract<ListedStep, { kind: 'dial' | 'transfer' | 'hangup' | 'dialplan' }>;

export interface InquiryOptions extends AskOptions {
  readonly schemes: SchemeSet;
  /** What the call counts towards the limits; absent if nothing is counted. */
  readonly places?: Places;
  /** Absent where there is no store. */
  readonly lastAgent?: FindLastAgent;
  /** Awaited before each question but the first: the leg has to be safe while the next CRM thinks. */
  readonly beforeAskingAgain?: () => Promise<void>;
}

/** How a step is carried out here, or why it can't be: known before the leg is touched. */
type Plan =
  | { readonly ok: true; readonly step: LegStep; readonly originates: readonly Originate[] }
  | { readonly ok: false; readonly why: Why };

/** Part of the remaining time that an attempt may use while a backup follows it. */
const SHARE_BEFORE_BACKUP = 0.6;
const DIALPLAN: LegStep = { kind: 'dialplan' };
const NOTHING_LEFT: Why = {
  result: 'refused',
  reason: 'destination_invalid',
  detail: 'nothing is left to try',
};

/** Milliseconds for the whole decision: never longer than the dialplan's guard allows. */
export function budgetMs(scheme: Scheme, call: Call): number {
  const budget = scheme.webhook.timeoutSeconds * 1000;
  if (call.guardSeconds === null) return budget;
  return Math.max(0, Math.min(budget, (call.guardSeconds - GUARD_MARGIN_SECONDS) * 1000));
}

/** All questions of one call. */
export class Inquiry {
  readonly #options: InquiryOptions;
  /** Of the last question. */
  #attempt = 0;
  readonly #noted = new Set<string>();

  constructor(options: InquiryOptions) {
    this.#options = options;
  }

  /** Asks the scheme's CRM, and its fallbacks where needed. Throws only what `signal` was aborted with. */
  async decide(scheme: Scheme, deadlineMs: number): Promise<Decision> {
    const { call, clock, elapsedMs, note } = this.#options;
    const budgetMs = Math.round(elapsedMs() + deadlineMs - clock.now());
    const guardMs = call.guardSeconds === null ? null : Math.max(0, call.guardSeconds * 1000 - call.ageMs);
    note({ type: 'due', budgetMs, guardMs });
    return this.#follow(await this.#enter(scheme, deadlineMs, new Set(), NO_PAST));
  }

  /**
   * Goes on after a bridge that nobody answered: with the rest of its list, and when the CRM's own list is used up,
   * with the scheme's steps for the outcome. A webhook there has a budget of its own. Throws like `decide`.
   */
  async resume({ walk, steps: [last] }: Decision, outcome: Outcome, cause: string): Promise<Decision> {
    const { call, clock, places } = this.#options;
    places?.leaveNumbers();
    const deadlineMs = clock.now() + budgetMs(walk.scheme, call);
    const dialled = last.kind === 'dial' ? last.destinations.map((one) => nameOf([one])).join(',') : '';
    const after = afterBridge(walk, outcome, cause, dialled);
    return this.#follow({ ...after, deadlineMs, webhookId: newWebhookId() });
  }

  /** Takes step after step, until one of them is for the leg. */
  async #follow(start: Walk): Promise<Decision> {
    let walk = start;
    for (;;) {
      const [step, ...rest] = walk.steps;
      const behind: Walk = { ...walk, steps: rest };
      if (step === undefined) walk = this.#nextList(walk);
      else if (step.kind === 'scheme') walk = await this.#handOver(behind, step.name);
      else if (step.kind === 'webhook') walk = await this.#askBackup(behind, step.url);
      else if (step.kind === 'lastAgent') walk = await this.#findLastAgent(behind, step);
      else {
        const plan = this.#plan(step, walk);
        if (plan.ok) return this.#decided(plan, behind);
        walk = this.#leaveOut(behind, plan.why, `step skipped: ${plan.why.detail}`);
      }
    }
  }

  /** Asks the CRM of a scheme. Its answer is the list to walk; without an answer it is one of the scheme's own. */
  async #enter(
    scheme: Scheme,
    deadlineMs: number,
    before: ReadonlySet<string>,
    past: Start['past'],
  ): Promise<Walk> {
    const visited = new Set([...before, scheme.name]);
    const start: Start = { scheme, visited, deadlineMs, webhookId: newWebhookId(), past };
    const { onError, onNoRoute } = scheme.fallback;
    const full = this.#options.places?.enterScheme(scheme.name, scheme.limits) ?? null;
    if (full !== null) {
      // A backup is a question to the CRM too.
      const unasked = onError.filter((step) => !('webhook' in step));
      return this.#fallBack(start, unasked, { result: 'refused', reason: 'call_limit', detail: full });
    }
    const asked = await this.#ask(start, scheme.webhook, FIRST, onError);
    const failed = { ...start, past: pastOf(past, asked) };
    switch (asked.kind) {
      case 'route': {
        const { steps, calleeHeaders, stale } = asked;
        const route = { via: 'primary', steps: withHeaders(steps, calleeHeaders), stale } as const;
        return { ...start, ...route, refusal: NOTHING_LEFT, unanswered: null };
      }
      case 'none':
        return this.#fallBack(failed, onNoRoute, { ...asked, result: 'no_route' });
      case 'error':
      case 'refused':
        return this.#fallBack(failed, onError, { ...asked, result: asked.kind });
    }
  }

  #fallBack(
    { scheme, visited, deadlineMs, webhookId, past }: Start,
    list: readonly FallbackStep[],
    why: Why,
  ): Walk {
    const { config, call } = this.#options;
    const { steps, readings } = parseSteps(list, stepRules(scheme, config, call));
    if (readings.length > 0) this.#options.note({ type: 'readings', from: 'fallback', readings });
    const own = withHeaders(steps, this.#ownHeaders(scheme));
    const told = { ...past, failedReason: why.reason };
    return { scheme, visited, deadlineMs, webhookId, past: told, via: 'fallback', steps: own, why };
  }

  #ownHeaders(scheme: Scheme): CalleeHeaders {
    const question = { scheme, webhook: scheme.webhook, attempt: this.#attempt, occasion: FIRST };
    return calleeHeaders(scheme, macrosOf(question, this.#options));
  }

  /** The CRM's list is followed by one of the scheme's own, and that by the dialplan. */
  #nextList(walk: Walk): Walk {
    if (walk.via === 'fallback') return { ...walk, steps: [DIALPLAN] };
    const { list, why } = listBehind(walk);
    return this.#fallBack(walk, list, why);
  }

  async #handOver(walk: Walk, name: string): Promise<Walk> {
    const scheme = this.#options.schemes.schemes.get(name);
    // Schemes that are tried in shadow mode together may hand calls to one another.
    const isLeftAlone = scheme?.mode === 'shadow' && walk.scheme.mode === 'live';
    if (scheme === undefined || isLeftAlone || walk.visited.has(name)) {
      const reason = scheme === undefined ? 'scheme_unknown' : isLeftAlone ? 'scheme_shadow' : 'scheme_loop';
      const why: Why = { result: 'error', reason, detail: `scheme "${name}"` };
      return this.#leaveOut(walk, why, `hand-over to "${name}" skipped: ${reason}`);
    }
    const { revision } = scheme;
    this.#options.note({ type: 'scheme', name, revision, chosenBy: 'a hand-over' });
    return this.#enter(scheme, walk.deadlineMs, walk.visited, walk.past);
  }

  /** Asks another address. What it says comes before the rest of the list. */
  async #askBackup(walk: Walk, url: Webhook['url']): Promise<Walk> {
    if (walk.via === 'primary') throw new RouterError('internal', 'a CRM cannot name a webhook');
    const asked = await this.#ask(walk, backupOf(walk.scheme.webhook, url), occasionOf(walk), walk.steps);
    if (asked.kind !== 'route') return { ...walk, past: pastOf(walk.past, asked) };
    return { ...walk, steps: [...withHeaders(asked.steps, asked.calleeHeaders), ...walk.steps] };
  }

  /** Whom the caller last talked to comes before the rest of the list. */
  async #findLastAgent(walk: Walk, step: LastAgentStep): Promise<Walk> {
    const { call, config, clock, signal, note, lastAgent: find } = this.#options;
    const remainingMs = walk.deadlineMs - clock.now();
    const rules = stepRules(walk.scheme, config, call);
    const found = await lastAgent(step, { call, find, rules, remainingMs, clock, signal });
    const say = (text: string): void => {
      note({ type: 'note', text: `last agent: ${text}` });
    };
    if (typeof found === 'string') {
      say(found);
      return walk;
    }
    const { destination, at, talkedMs } = found;
    if (walk.past.tried.split(',').includes(destination)) {
      say(`${destination}, who has just been rung`);
      return walk;
    }
    say(`${destination}, for ${Math.round(talkedMs / 1000)} s on ${at}`);
    const { steps, readings } = dialAgain(destination, rules);
    note({ type: 'readings', from: 'fallback', readings });
    return { ...walk, steps: [...withHeaders(steps, this.#ownHeaders(walk.scheme)), ...walk.steps] };
  }

  /** What can't be done here is skipped, as the reader skips what it refuses. */
  #leaveOut(walk: Walk, why: Why, skipped: string): Walk {
    const { note } = this.#options;
    if (walk.via === 'fallback') {
      note({ type: 'note', text: skipped });
      return walk;
    }
    note({ type: 'note', text: `left out: ${why.detail}: ${why.reason}` });
    return { ...walk, refusal: why };
  }

  async #ask(
    { scheme, deadlineMs, webhookId }: Start,
    webhook: Webhook,
    occasion: Occasion,
    behind: readonly (Step | FallbackStep)[],
  ): Promise<Asked> {
    if (this.#attempt > 0) await this.#options.beforeAskingAgain?.();
    const limitMs = this.#limit(deadlineMs, behind);
    const attempt = ++this.#attempt;
    const again = async (): Promise<{ attempt: number; webhookId: string }> => {
      await this.#options.beforeAskingAgain?.();
      return { attempt: ++this.#attempt, webhookId: newWebhookId() };
    };
    return ask({ scheme, webhook, attempt, webhookId, occasion, limitMs, again }, this.#options);
  }

  #plan(step: LegStep, { scheme }: Walk): Plan {
    const { call, config } = this.#options;
    const refused = (reason: Reason, detail: string): Plan => {
      const text = `${step.kind === 'dial' ? nameOf(step.destinations) : describeStep(step)}: ${detail}`;
      return { ok: false, why: { result: 'refused', reason, detail: text } };
    };
    if (step.kind === 'transfer') {
      const { value: context, detail } = placeFor(step.context, config, call);
      if (context === '') return refused('no_context', detail);
      return { ok: true, step: { ...step, context }, originates: [] };
    }
    if (step.kind !== 'dial') return { ok: true, step, originates: [] };
    // What can't be dialled at all takes no places.
    const plan = originatesFor(step, { scheme, call, config });
    if (!plan.ok) return refused(plan.reason, plan.detail);
    for (const text of plan.notes) this.#noteOnce(text);
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
    const lesser = originatesFor(less, { scheme, call, config });
    return lesser.ok
      ? { ok: true, step: less, originates: lesser.originates }
      : refused(lesser.reason, lesser.detail);
  }

  /** For what holds for the call, and not for one step. */
  #noteOnce(text: string): void {
    if (this.#noted.has(text)) return;
    this.#noted.add(text);
    this.#options.note({ type: 'note', text });
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

  #decided({ step, originates }: Extract<Plan, { ok: true }>, walk: Walk): Decision {
    const { scheme, via } = walk;
    const steps = [step, ...walk.steps] as const;
    const { result, reason, detail } =
      walk.via === 'fallback'
        ? walk.why
        : ({ result: 'routed', reason: walk.stale ? 'stale' : reasonOf(step), detail: '' } as const);
    const atMs = this.#options.elapsedMs();
    const named = { scheme: scheme.name, steps: steps.map(describeStep) };
    this.#options.note({ type: 'decision', decision: { atMs, via, result, reason, detail, ...named } });
    const ownHeaders = this.#ownHeaders(scheme);
    return { scheme, via, result, reason, steps, ownHeaders, originates, walk };
  }
}

/** What the next question reports when this one failed. */
function pastOf(past: Start['past'], asked: Asked): Start['past'] {
  if (asked.kind === 'route') return past;
  const { reason, status } = asked;
  return { ...past, failedReason: reason, failedStatus: status === undefined ? '' : String(status) };
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
    case 'lastAgent':
      return `last agent within ${step.days} days`;
    case 'webhook':
      return `webhook ${step.url.source}`;
  }
}
