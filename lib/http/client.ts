import { networkInterfaces } from 'node:os';
import axios, { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import type { CancelSignal } from '../cancel.ts';
import { RouterError, type Reason } from '../errors.ts';
import { decodeText } from './charset.ts';
import { ACCEPT_ENCODING, decodeBody, type DecodedBody } from './encoding.ts';
import { Exchange } from './exchange.ts';
import { certificateRefusalBy } from './handshake.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { compileNetwork, type NetworkRules, type Zone } from './network.ts';
import { createPool } from './pool.ts';
import { proxyFor } from './proxy.ts';
import { isRedirect, redirectedRequest } from './redirect.ts';
import { createResolver, type Resolver } from './resolver.ts';
import { refusalBy } from './tunnel.ts';

interface HttpSending {
  readonly signal: CancelSignal;
  /** A retry goes over a new connection: one that was kept alive may be as gone as the one before. */
  readonly isRetry?: boolean;
  /** Told when there is a connection to the host of the request, whatever comes of the question. */
  readonly onConnected?: () => void;
}

/** The only outbound HTTP of the router. */
export interface HttpClient {
  /**
   * Resolves with any status once the body is whole; a redirect is followed as often as the request says. The request is
   * sent once, and a reply that takes too much is cut off. `signal` is the one deadline: a TimeoutError in it becomes
   * RouterError `webhook_timeout`, which says how far the question had come; any other reason is thrown as it is. Everything else is a RouterError too:
   * `dns_failed`, `address_denied`, `connect_failed`, `proxy_unreachable`, `proxy_refused`, `tls_failed`, `certificate_required`, `certificate_refused`, `connection_gone`, `connection_lost`,
   * `http_malformed`, `body_too_large`, `reply_abusive`, `redirect_refused`, `request_invalid`.
   */
  send(request: HttpRequest, options: HttpSending): Promise<HttpResponse>;
  /** Ends every connection, idle or not. */
  close(): void;
}

export interface HttpClientOptions {
  /** Where requests may go. */
  readonly network: NetworkRules;
  /** The router's own ports, where no request goes. */
  readonly ownPorts?: ReadonlySet<number>;
  readonly resolver?: Resolver;
  /** PEM of certificates that are trusted beside the usual ones for TLS to a proxy. */
  readonly proxyCa?: string | null;
  /** Of a reply, compressed or not. */
  readonly maxBodyBytes?: number;
  /** Node, nginx (75 s) and Apache close at 5 s or later: an idle connection is ours to close, and before them. */
  readonly idleSocketMs?: number;
  /**
   * So long a connection rests after a reply: a CRM that answers twice, or closes, mostly does so at once. At 100 questions
   * a second that takes ten connections more.
   */
  readonly restMs?: number;
}

const NOTHING = Buffer.alloc(0);

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { maxBodyBytes = 64 * 1024, idleSocketMs = 4000, restMs = 100 } = options;
  const { network, resolver = createResolver(), proxyCa = null } = options;
  const own = { ports: options.ownPorts ?? new Set<number>(), addresses: ownAddresses };
  const pool = createPool({ network: compileNetwork(network, own), resolver, proxyCa, idleSocketMs, restMs });
  let closed = false;
  // Without the layers of `axios.request` (merging defaults, interceptors, transforms), all of which are off
  // here: 1.7 times the CPU of node:http against 2.5, measured by 5,000 requests.
  const adapter = axios.getAdapter('http');
  const fixed = {
    httpAgent: pool.http,
    proxy: false,
    maxRedirects: 0,
    decompress: false,
    responseType: 'arraybuffer',
    validateStatus: null,
    // axios' timeout is none: a trickled reply outlives it.
    timeout: 0,
  } as const satisfies Partial<InternalAxiosRequestConfig>;

  /** The bytes of the reply. */
  const exchanged = async (
    { method, url, headers, body, tls }: HttpRequest,
    exchange: Exchange,
    signal: CancelSignal,
  ): Promise<Buffer> => {
    try {
      const response = (await adapter({
        method,
        url,
        headers: Object.assign(new AxiosHeaders(), { 'Accept-Encoding': ACCEPT_ENCODING }, headers),
        data: body,
        signal,
        transport: exchange,
        httpsAgent: pool.https(tls),
        // Last: on Node 20 a property that is added after a spread costs 2 us.
        ...fixed,
      })) as { readonly data: Buffer };
      if (exchange.fault === null) return response.data;
    } catch (error) {
      throwIfAborted(signal, exchange);
      // No cause goes along: an AxiosError holds the request with its credentials.
      exchange.endWithoutBody(error);
      return NOTHING;
    }
    exchange.endWithoutBody(null);
    return NOTHING;
  };

  return {
    async send(request, { signal, isRetry = false, onConnected = () => undefined }) {
      const startedAt = performance.now();
      const { account } = request;
      let asked = request;
      let from: Zone | null = null;
      for (let redirects = 0; ; redirects++) {
        const proxy = proxyFor(asked.proxies, asked.url);
        const exchange: Exchange = new Exchange({
          pool,
          url: new URL(asked.url),
          proxy,
          tls: asked.tls,
          signal,
          startedAt,
          account,
          from,
          overNewConnection: isRetry,
          maxBodyBytes,
          unread: request.unread ?? 'nothing',
          followsRedirects: request.redirects > 0,
          onConnected: redirects === 0 ? onConnected : () => undefined,
        });
        // axios would report the abort and send the request anyway.
        throwIfAborted(signal);
        const coded = await exchanged(asked, exchange, signal).catch((error: unknown) => {
          throw error instanceof RouterError ? afterAll(error, redirects > 0, closed) : error;
        });
        const { status } = exchange;
        const headers = exchange.headers();
        // Only a proxy answers so.
        if (status === 407 && proxy !== null)
          throw new RouterError('proxy_refused', `${proxy.name}: ${refusalBy(status, headers)}`);
        if (request.redirects === 0 || !isRedirect(status)) {
          const { bytes, notes } = decodedBody(coded, exchange, maxBodyBytes);
          const { text: body, notes: more } = decodeText(bytes, headers['content-type'] ?? '');
          const refused = certificateRefusalBy(status, body, asked.tls);
          if (refused !== null) throw refused;
          const phases = exchange.phases();
          if (redirects > 0) Object.assign(phases, { redirects, host: new URL(asked.url).host });
          return { status, headers, body, phases, notes: [...exchange.notes(), ...notes, ...more] };
        }
        if (redirects === request.redirects) {
          throw new RouterError('redirect_refused', `HTTP ${status}: more than ${redirects} in a row`);
        }
        asked = redirectedRequest(asked, status, headers['location']);
        from = exchange.zone;
      }
    },
    close() {
      closed = true;
      pool.close();
      resolver.close();
    },
  };
}

/** What `connect_failed` and its like promise does not hold after a redirect: there the question was sent once. */
const NOT_ANSWERED: ReadonlySet<Reason> = new Set([
  'dns_failed',
  'connect_failed',
  'proxy_unreachable',
  'proxy_refused',
  'tls_failed',
  'certificate_required',
  'certificate_refused',
]);

function afterAll(failure: RouterError, redirected: boolean, closed: boolean): RouterError {
  if (closed && failure.code === 'connection_gone') return new RouterError('connection_lost');
  if (redirected && failure.code === 'address_denied')
    return new RouterError('redirect_refused', failure.message);
  if (!redirected || !NOT_ANSWERED.has(failure.code)) return failure;
  return new RouterError('connection_lost', `sent once, and then ${failure.code}: ${failure.message}`);
}

function decodedBody(coded: Buffer, exchange: Exchange, maxBodyBytes: number): DecodedBody {
  try {
    return decodeBody(coded, exchange.headers()['content-encoding'] ?? '', maxBodyBytes);
  } catch (error) {
    exchange.endWithoutBody(error);
    return { bytes: NOTHING, notes: [] };
  }
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));
}

function throwIfAborted({ aborted, reason }: CancelSignal, exchange?: Exchange): void {
  if (!aborted) return;
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  const isLate = reason instanceof RouterError && reason.code === 'webhook_timeout';
  if (!isTimeout && !(isLate && exchange !== undefined)) throw reason;
  // A host that is down and a CRM that is slow look alike from here, and are mended by different people.
  const details = [isLate ? reason.message : '', exchange?.progress ?? ''].filter((one) => one !== '');
  throw new RouterError('webhook_timeout', details.join(': '));
}
