import { Counter, Histogram, type Registry } from 'prom-client';
import type { CallObserver } from '../call/observer.ts';
import type { BridgeEnd, CallEvent, CallRecord, End, Result, Via } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { HttpPhases } from '../http/message.ts';
import { CRM_FAILURES, isCrmFailure, REASONS } from '../reasons/index.ts';
import { NONE, SchemeLabels } from './scheme-labels.ts';

/** What is counted while calls happen. It costs a call some microseconds: see docs/metrics.md. */

/** The defaults of `webhook.timeoutSeconds` and of the guard are among them. */
const SECONDS = [0.01, 0.03, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

/**
 * Prometheus sees how much a series has grown, and of one that begins with 200 it sees no growth: each begins with 0, before
 * there is anything to count.
 */
const RESULTS = namesOf<Result>({
  routed: 0,
  no_route: 0,
  error: 0,
  no_answer: 0,
  refused: 0,
  abandoned: 0,
});
const ENDS = namesOf<End>({
  bridged: 0,
  transferred: 0,
  hangup: 0,
  dialplan: 0,
  caller_hangup: 0,
  switch_hangup: 0,
  guard: 0,
  moved: 0,
  released: 0,
  switch_lost: 0,
});
const VIAS = namesOf<Via>({ primary: 0, fallback: 0 });
const BRIDGE_ENDS = namesOf<BridgeEnd>({
  answered: 0,
  cancelled: 0,
  moved: 0,
  released: 0,
  no_answer: 0,
  busy: 0,
  rejected: 0,
  unreachable: 0,
});
const PHASES = ['dns', 'connect', 'tunnel', 'tls', 'wait', 'body'] as const;
const RECALLED = ['cache', 'last_good'] as const;

interface Labelled {
  get(): Promise<{
    readonly values: readonly { readonly labels: Partial<Record<string, string | number>> }[];
  }>;
  remove(labels: Partial<Record<string, string | number>>): void;
}

export class CallMetrics implements CallObserver {
  readonly #clock: Clock;
  readonly #labels = new SchemeLabels();
  /** Labels that have their series. */
  readonly #born = new Set<string>();
  /** When the question on its way was asked. */
  readonly #asked = new WeakMap<CallRecord, number>();
  readonly #received;
  readonly #calls;
  readonly #ends;
  readonly #reasons;
  readonly #decision;
  readonly #requests;
  readonly #webhook;
  readonly #phase;
  readonly #failures;
  readonly #retries;
  readonly #recalled;
  readonly #bridges;
  /** Those that have a label of that name. */
  readonly #byScheme: readonly Labelled[];

  constructor(registry: Registry, clock: Clock) {
    const registers = [registry];
    this.#clock = clock;
    this.#received = new Counter({
      name: 'esl_router_calls_received_total',
      help: 'Calls handed over by FreeSWITCH.',
      registers,
    });
    this.#calls = new Counter({
      name: 'esl_router_calls_total',
      help: 'Ended calls, by the scheme they ended with and by result.',
      labelNames: ['scheme', 'result'],
      registers,
    });
    this.#ends = new Counter({
      name: 'esl_router_call_ends_total',
      help: 'Ended calls, by what became of them, and whether through the first answer or a fallback step.',
      labelNames: ['end', 'via'],
      registers,
    });
    this.#reasons = new Counter({
      name: 'esl_router_call_reasons_total',
      help: 'Ended calls, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.#decision = new Histogram({
      name: 'esl_router_decision_seconds',
      help: "Time from FreeSWITCH's connection to the decision where the call goes.",
      labelNames: ['scheme'],
      buckets: SECONDS,
      registers,
    });
    this.#requests = new Counter({
      name: 'esl_router_webhook_requests_total',
      help: 'Questions to CRMs, also those that were held back: the circuit breaker was open, or there was no access token.',
      labelNames: ['scheme'],
      registers,
    });
    this.#webhook = new Histogram({
      name: 'esl_router_webhook_seconds',
      help: 'Time from a question to its answer or failure, including retries and the wait in the queue.',
      labelNames: ['scheme'],
      buckets: SECONDS,
      registers,
    });
    this.#phase = new Histogram({
      name: 'esl_router_webhook_phase_seconds',
      help: 'Time of answered questions by phase. A reused connection has no dns, connect or tls.',
      labelNames: ['phase'],
      buckets: SECONDS,
      registers,
    });
    this.#failures = new Counter({
      name: 'esl_router_webhook_failures_total',
      help: 'Questions that the CRM failed to answer, by reason.',
      labelNames: ['scheme', 'reason'],
      registers,
    });
    this.#retries = new Counter({
      name: 'esl_router_webhook_retries_total',
      help: 'Retries of questions.',
      labelNames: ['scheme'],
      registers,
    });
    this.#recalled = new Counter({
      name: 'esl_router_answers_recalled_total',
      help: 'Earlier answers used again: "cache" instead of a question, "last_good" because the CRM failed.',
      labelNames: ['scheme', 'kind'],
      registers,
    });
    this.#bridges = new Counter({
      name: 'esl_router_bridges_total',
      help: 'Ended bridges, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.#byScheme = [
      this.#calls,
      this.#decision,
      this.#requests,
      this.#webhook,
      this.#failures,
      this.#retries,
      this.#recalled,
    ];
    for (const reason of Object.keys(REASONS)) this.#reasons.inc({ reason }, 0);
    for (const end of ENDS) for (const via of VIAS) this.#ends.inc({ end, via }, 0);
    for (const outcome of BRIDGE_ENDS) this.#bridges.inc({ outcome }, 0);
    for (const phase of PHASES) this.#phase.zero({ phase });
    this.#bear(NONE);
  }

  /** The schemes are others now: those that are gone lose their series, and new ones get theirs where there is room. */
  async follow(schemes: Iterable<string>): Promise<void> {
    const { gone, named } = this.#labels.follow(schemes);
    for (const scheme of gone) this.#born.delete(scheme);
    for (const scheme of named) this.#bear(scheme);
    if (gone.length === 0) return;
    const left = new Set<unknown>(gone);
    for (const metric of this.#byScheme) {
      const { values } = await metric.get();
      for (const { labels } of values) {
        const { le: _, ...own } = labels;
        // It may be back by now.
        if (left.has(own['scheme']) && !this.#born.has(String(own['scheme']))) metric.remove(own);
      }
    }
  }

  #labelOf(scheme: string | null | undefined): string {
    const label = this.#labels.of(scheme);
    this.#bear(label);
    return label;
  }

  #bear(scheme: string): void {
    if (this.#born.has(scheme)) return;
    this.#born.add(scheme);
    for (const result of RESULTS) this.#calls.inc({ scheme, result }, 0);
    this.#decision.zero({ scheme });
    // Without a scheme nobody is asked.
    if (scheme === NONE) return;
    this.#requests.inc({ scheme }, 0);
    this.#webhook.zero({ scheme });
    for (const reason of CRM_FAILURES) this.#failures.inc({ scheme, reason }, 0);
    this.#retries.inc({ scheme }, 0);
    for (const kind of RECALLED) this.#recalled.inc({ scheme, kind }, 0);
  }

  noted(record: CallRecord, event: CallEvent): void {
    if (event.type === 'call') this.#received.inc();
    else if (event.type === 'request') {
      this.#asked.set(record, this.#clock.now());
      this.#requests.inc({ scheme: this.#labelOf(event.request.scheme) });
    } else if (event.type === 'retry') {
      this.#retries.inc({ scheme: this.#labelOf(record.requests.at(-1)?.scheme) });
    } else if (event.type === 'reply') this.#replied(event.phases);
    else if (event.type === 'unasked') this.#unasked(event);
    else if (event.type === 'answer') this.#answered(record, event.answer);
    else if (event.type === 'recalled') {
      const { scheme, stale } = event.recalled;
      this.#recalled.inc({ scheme: this.#labelOf(scheme), kind: stale ? 'last_good' : 'cache' });
    } else if (event.type === 'bridge_end') this.#bridges.inc({ outcome: event.outcome });
  }

  decided({ scheme, decidedMs }: CallRecord): void {
    if (decidedMs !== null) this.#decision.observe({ scheme: this.#labelOf(scheme?.name) }, decidedMs / 1000);
  }

  ended({ scheme, result, reason, end, via }: CallRecord): void {
    this.#calls.inc({ scheme: this.#labelOf(scheme?.name), result });
    this.#reasons.inc({ reason });
    if (end !== null) this.#ends.inc({ end, via });
  }

  #answered(record: CallRecord, answer: string): void {
    const scheme = this.#labelOf(record.requests.at(-1)?.scheme);
    const asked = this.#asked.get(record);
    // What an answer asks for may be refused afterwards: that is a second word on the same question.
    if (asked !== undefined) this.#webhook.observe({ scheme }, (this.#clock.now() - asked) / 1000);
    this.#asked.delete(record);
    if (isCrmFailure(answer)) this.#failures.inc({ scheme, reason: answer });
  }

  /** A question that fails before it is written is one all the same; for one about nobody no CRM was needed. */
  #unasked({ scheme: name, reason }: Extract<CallEvent, { type: 'unasked' }>): void {
    if (!isCrmFailure(reason)) return;
    const scheme = this.#labelOf(name);
    this.#requests.inc({ scheme });
    this.#failures.inc({ scheme, reason });
  }

  #replied(phases: HttpPhases): void {
    const { dns, connect, tunnel, tls, firstByte, total } = phases;
    const ends = { dns, connect, tunnel, tls, wait: firstByte, body: total };
    let before = 0;
    for (const phase of PHASES) {
      const at = ends[phase];
      if (at === undefined) continue;
      this.#phase.observe({ phase }, Math.max(0, at - before) / 1000);
      before = at;
    }
  }
}

/** Of a closed list: one that is missing is a fault of the types. */
function namesOf<Name extends string>(all: Readonly<Record<Name, 0>>): readonly Name[] {
  return Object.keys(all) as Name[];
}
