import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A collector of traces: OTLP over HTTP, as JSON (opentelemetry.io/docs/specs/otlp), without the library that sends it. */

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface TraceRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: ReceivedSpan[] }[] }[];
}

export interface Collector {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly paths: readonly string[];
  /** What it answers; `hang` answers nothing. */
  mode: 'take' | 'fail' | 'hang';
  requests: number;
  /** Resolves when so many spans of a trace are there. */
  until(traceId: string, count: number): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const paths: string[] = [];
  let watchers: (() => void)[] = [];
  const answer = (response: ServerResponse, bytes: Buffer): void => {
    if (collector.mode === 'hang') return;
    if (collector.mode === 'fail') {
      response.writeHead(400).end();
      return;
    }
    const { resourceSpans } = JSON.parse(bytes.toString()) as TraceRequest;
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    for (const watcher of watchers) watcher();
  };
  const server = createServer((request, response) => {
    collector.requests++;
    paths.push(request.url ?? '');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(response, Buffer.concat(chunks));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    paths,
    mode: 'take',
    requests: 0,
    until: (traceId, count) =>
      new Promise((resolve) => {
        const look = (): void => {
          const own = spans.filter((span) => span.traceId === traceId);
          if (own.length < count) return;
          watchers = watchers.filter((one) => one !== look);
          resolve(own);
        };
        watchers.push(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return collector;
}
