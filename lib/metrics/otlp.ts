import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { CallObserver } from '../call/observer.ts';
import { within, type Clock } from '../clock.ts';
import { SpanObserver, type Span } from './spans.ts';

/** Traces go to a collector by OpenTelemetry's own exporter: in batches, behind the calls. What finds no room is dropped. */

export interface TracesOptions {
  /** Of the collector; `/v1/traces` is added where it has no path. */
  readonly url: string;
  readonly version: string;
  readonly clock: Clock;
  /** The collector takes none, told once; null: it takes them again. */
  readonly onState: (error: string | null) => void;
}

export interface Traces {
  readonly observer: CallObserver;
  /** Sends what is left, within 0.2 s. */
  close(): Promise<void>;
}

const SPANS_WAITING = 4_096;
const SPANS_AT_ONCE = 512;
const DELAY_MS = 1_000;
const EXPORT_MS = 5_000;
const CLOSE_MS = 200;

/** Loads OpenTelemetry, which a router without traces never does. */
export async function openTraces({ url, version, clock, onState }: TracesOptions): Promise<Traces> {
  const [{ SpanKind, SpanStatusCode, TraceFlags }, { OTLPTraceExporter }, resources, { BatchSpanProcessor }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace-base'),
    ]);
  const exporter = new OTLPTraceExporter({ url: endpointOf(url), timeoutMillis: EXPORT_MS });
  const processor = new BatchSpanProcessor(telling(exporter, onState), {
    maxQueueSize: SPANS_WAITING,
    maxExportBatchSize: SPANS_AT_ONCE,
    scheduledDelayMillis: DELAY_MS,
    exportTimeoutMillis: EXPORT_MS + 1_000,
  });
  const resource = resources.resourceFromAttributes({
    'service.name': 'esl-router',
    'service.version': version,
  });
  const readable = (span: Span): ReadableSpan => {
    const context = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: TraceFlags.SAMPLED });
    return {
      name: span.name,
      kind:
        span.name === 'call'
          ? SpanKind.SERVER
          : span.name === 'question'
            ? SpanKind.CLIENT
            : SpanKind.INTERNAL,
      spanContext: () => context(span.id),
      ...(span.parentId === null ? {} : { parentSpanContext: context(span.parentId) }),
      startTime: hrTime(span.startMs),
      endTime: hrTime(span.endMs),
      duration: hrTime(span.endMs - span.startMs),
      status:
        span.error === null
          ? { code: SpanStatusCode.UNSET }
          : { code: SpanStatusCode.ERROR, message: span.error },
      attributes: span.attributes,
      links: [],
      events: [],
      ended: true,
      resource,
      instrumentationScope: { name: 'esl-router', version },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  };
  return {
    observer: new SpanObserver(clock, (spans) => {
      for (const span of spans) processor.onEnd(readable(span));
    }),
    close: () =>
      within(
        processor.shutdown().catch(() => undefined),
        CLOSE_MS,
        clock,
      ),
  };
}

function endpointOf(url: string): string {
  const endpoint = new URL(url);
  if (endpoint.pathname === '/') endpoint.pathname = '/v1/traces';
  return endpoint.href;
}

/** OpenTelemetry's: seconds since 1970, and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** The same exporter; whoever runs the router hears when it fails, and when it works again. */
function telling(exporter: SpanExporter, onState: TracesOptions['onState']): SpanExporter {
  let works = true;
  return {
    export: (spans, done) => {
      exporter.export(spans, (result) => {
        const { error } = result;
        if (works !== (error === undefined)) onState(error?.message ?? null);
        works = error === undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
