import { randomBytes } from 'node:crypto';
import type { CallObserver } from '../call/observer.ts';
import type { BridgeRecord, CallEvent, CallRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';

/**
 * A call as a trace: one span for it, and in it one for each question, reading and bridge. The trace is that of the record and of
 * the log; the span of a question is the one that its CRM was told in `traceparent`. Nothing in it says who called.
 */

export interface Span {
  readonly name: 'call' | 'question' | 'reading' | 'bridge';
  readonly traceId: string;
  readonly id: string;
  /** Null: it has none. */
  readonly parentId: string | null;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The reason, where it failed. */
  readonly error: string | null;
}

/** What the record does not say of a question: when it was answered, and when that was read. Milliseconds of the call. */
interface Question {
  readonly id: string;
  /** The clock at the beginning of the call. */
  readonly zeroMs: number;
  answeredMs: number | null;
  readMs: number | null;
  isRead: boolean;
}

type RequestRecord = CallRecord['requests'][number];

export class SpanObserver implements CallObserver {
  readonly #clock: Clock;
  readonly #onSpans: (spans: readonly Span[]) => void;
  readonly #questions = new WeakMap<CallRecord, Question[]>();

  constructor(clock: Clock, onSpans: (spans: readonly Span[]) => void) {
    this.#clock = clock;
    this.#onSpans = onSpans;
  }

  noted(record: CallRecord, event: CallEvent): void {
    if (event.type === 'request') {
      const questions = this.#questions.get(record) ?? [];
      const zeroMs = this.#clock.now() - event.request.atMs;
      questions.push({
        id: spanIdOf(record, event.request),
        zeroMs,
        answeredMs: null,
        readMs: null,
        isRead: false,
      });
      this.#questions.set(record, questions);
      return;
    }
    if (event.type !== 'reply' && event.type !== 'answer' && event.type !== 'readings') return;
    const question = this.#questions.get(record)?.at(-1);
    if (question === undefined) return;
    const atMs = this.#clock.now() - question.zeroMs;
    if (question.answeredMs === null) question.answeredMs = atMs;
    else if (event.type === 'answer') question.readMs ??= atMs;
    // Further ones are of the scheme's own lists, and of no reply.
    else if (!question.isRead && record.requests.at(-1)?.answer === 'found') {
      question.readMs = atMs;
      question.isRead = true;
    }
  }

  ended(record: CallRecord): void {
    this.#onSpans(spansOf(record, this.#questions.get(record) ?? []));
    this.#questions.delete(record);
  }
}

function spansOf(record: CallRecord, questions: readonly Question[]): Span[] {
  const { id: traceId, startedAt, endedMs, scheme, result, reason, end, via } = record;
  const zeroMs = Date.parse(startedAt);
  const lastMs = endedMs ?? 0;
  const root = newSpanId();
  const span = (
    { name, id = newSpanId(), parentId = root }: Pick<Span, 'name'> & Partial<Pick<Span, 'id' | 'parentId'>>,
    [startMs, endMs]: readonly [number, number],
    attributes: Span['attributes'],
    error: string | null,
  ): Span => ({
    ...{ name, traceId, id, parentId, attributes, error },
    startMs: zeroMs + startMs,
    endMs: zeroMs + Math.max(startMs, endMs),
  });
  const about = { scheme: scheme?.name ?? '', result, reason, end: end ?? '', via };
  const spans = [
    span(
      { name: 'call', id: root, parentId: null },
      [0, lastMs],
      named(about),
      result === 'error' ? reason : null,
    ),
  ];
  for (const [index, request] of record.requests.entries()) {
    const question = questions[index];
    if (question === undefined) continue;
    const answeredMs = question.answeredMs ?? lastMs;
    const { answer } = request;
    const failed = request.reply === null && answer !== null ? answer : null;
    const { id, readMs } = question;
    spans.push(span({ name: 'question', id }, [request.atMs, answeredMs], questionOf(request), failed));
    if (readMs === null) continue;
    const refused = answer === 'found' ? null : answer;
    const reading = named({ answer: answer ?? '' });
    spans.push(span({ name: 'reading', parentId: id }, [answeredMs, readMs], reading, refused));
  }
  for (const bridge of record.bridges) {
    spans.push(span({ name: 'bridge' }, [bridge.atMs, bridge.endedMs ?? lastMs], bridgeOf(bridge), null));
  }
  return spans;
}

/** Names as OpenTelemetry has them for HTTP. The path may hold a number. */
function questionOf({ scheme, attempt, method, url, reply, retries }: RequestRecord): Span['attributes'] {
  const { hostname, port, protocol } = new URL(url);
  return {
    ...named({ scheme, attempt }),
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port),
    ...(reply === null ? {} : { 'http.response.status_code': reply.status }),
    ...(retries.length === 0 ? {} : { 'http.request.resend_count': retries.length }),
  };
}

function bridgeOf({ outcome, cause }: BridgeRecord): Span['attributes'] {
  return named({ outcome: outcome ?? '', cause: cause ?? '' });
}

function named(fields: Readonly<Record<string, string | number>>): Span['attributes'] {
  const told = Object.entries(fields).filter(([, value]) => value !== '');
  return Object.fromEntries(told.map(([name, value]) => [`esl_router.${name}`, value]));
}

/** As the CRM was told, unless the scheme's own headers say another. */
function spanIdOf(record: CallRecord, { headers }: RequestRecord): string {
  const [, traceId, id] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(headers['traceparent'] ?? '') ?? [];
  return id === undefined || traceId !== record.id ? newSpanId() : id;
}

function newSpanId(): string {
  return randomBytes(8).toString('hex');
}
