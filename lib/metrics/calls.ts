import { Counter, Histogram, type Registry } from 'prom-client';
import type { CallObserver } from '../call/observer.ts';
import type { CallEvent, CallRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { HttpPhases } from '../http/message.ts';
import { isCrmFailure } from '../reasons/index.ts';
import { SchemeLabels } from './scheme-labels.ts';

/** What is counted while calls happen. It costs a call some microseconds: see docs/metrics.md. */

/** The defaults of `webhook.timeoutSeconds` and of the guard are among them. */
const SECONDS = [0.01, 0.03, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

interface Labelled {
  get(): Promise<{
    readonly values: readonly { readonly labels: Partial<Record<string, string | number>> }[];
  }>;
  remove(labels: Partial<Record<string, string | number>>): void;
}

export class CallMetrics implements CallObserver {
  readonly #clock: Clock;
  readonly #labels = new SchemeLabels();
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
      help: 'Questions sent to CRMs.',
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
  }

  /** The schemes are others now: those that are gone lose their series. */
  async follow(schemes: Iterable<string>): Promise<void> {
    const gone = new Set<unknown>(this.#labels.follow(schemes));
    if (gone.size === 0) return;
    for (const metric of this.#byScheme) {
      const { values } = await metric.get();
      for (const { labels } of values) {
        const { le: _, ...own } = labels;
        if (gone.has(own['scheme'])) metric.remove(own);
      }
    }
  }

  noted(record: CallRecord, event: CallEvent): void {
    if (event.type === 'call') this.#received.inc();
    else if (event.type === 'request') {
      this.#asked.set(record, this.#clock.now());
      this.#requests.inc({ scheme: this.#labels.of(event.request.scheme) });
    } else if (event.type === 'retry') {
      this.#retries.inc({ scheme: this.#labels.of(record.requests.at(-1)?.scheme) });
    } else if (event.type === 'reply') this.#replied(event.phases);
    else if (event.type === 'answer') this.#answered(record, event.answer);
    else if (event.type === 'recalled') {
      const { scheme, stale } = event.recalled;
      this.#recalled.inc({ scheme: this.#labels.of(scheme), kind: stale ? 'last_good' : 'cache' });
    } else if (event.type === 'bridge_end') this.#bridges.inc({ outcome: event.outcome });
  }

  decided({ scheme, decidedMs }: CallRecord): void {
    if (decidedMs !== null)
      this.#decision.observe({ scheme: this.#labels.of(scheme?.name) }, decidedMs / 1000);
  }

  ended({ scheme, result, reason, end, via }: CallRecord): void {
    this.#calls.inc({ scheme: this.#labels.of(scheme?.name), result });
    this.#reasons.inc({ reason });
    if (end !== null) this.#ends.inc({ end, via });
  }

  #answered(record: CallRecord, answer: string): void {
    const scheme = this.#labels.of(record.requests.at(-1)?.scheme);
    const asked = this.#asked.get(record);
    // What an answer asks for may be refused afterwards: that is a second word on the same question.
    if (asked !== undefined) this.#webhook.observe({ scheme }, (this.#clock.now() - asked) / 1000);
    this.#asked.delete(record);
    if (isCrmFailure(answer)) this.#failures.inc({ scheme, reason: answer });
  }

  #replied(phases: HttpPhases): void {
    const { dns, connect, tunnel, tls, firstByte, total } = phases;
    const ends = { dns, connect, tunnel, tls, wait: firstByte, body: total };
    let before = 0;
    for (const [phase, at] of Object.entries(ends)) {
      if (at === undefined) continue;
      this.#phase.observe({ phase }, Math.max(0, at - before) / 1000);
      before = at;
    }
  }
}
