import { BlockList, isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.ts';
import { ApiProblem } from '../problem.ts';

/** Checks before authentication: the Host header, and the origin of a page. */

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export function guardSurface(app: FastifyInstance, api: Config['api']): void {
  const names = new Set([...LOOPBACK_NAMES, bracketed(api.host), ...api.hosts.map(bracketed)]);
  const trusted = networks(api.trustedProxy);
  const hasTls = api.tls.cert !== '';
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS);
    if (hasTls || request.protocol === 'https') {
      reply.header('Strict-Transport-Security', 'max-age=31536000');
    }
    const peer = request.socket.remoteAddress ?? '';
    if (!hasTls && !isLoopback(peer) && !trusted(peer) && !isInMemory(request)) {
      throw new ApiProblem(403, 'beyond loopback only api.trustedProxy may connect without TLS');
    }
    const host = hostOf(request);
    // A page of another site can point its own name at this address (DNS rebinding): the Host header gives it away.
    if (host === null || !names.has(host.replace(/:\d{1,5}$/, '').toLowerCase())) {
      throw new ApiProblem(
        421,
        'the Host header is not a name of this API: see api.hosts (ESL_ROUTER_API_HOSTS)',
      );
    }
    const site = request.headers['sec-fetch-site'];
    const isForeign = site === 'cross-site' || site === 'same-site';
    if (isForeign || !isOwnOrigin(request)) {
      throw new ApiProblem(403, 'a page from another origin may not use this API');
    }
    done();
  });
}

/** `null` is the origin of files, sandboxes and redirects: nobody's. A request without one does not come from a page. */
function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  return origin === undefined || origin === `${request.protocol}://${hostOf(request) ?? ''}`;
}

/** Node takes the first of several; a proxy in front may have taken another. */
function hostOf({ raw, headers }: FastifyRequest): string | null {
  const hosts = raw.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  return hosts.length > 1 ? null : (headers.host ?? null);
}

/** Handed in by a test, without a socket. */
function isInMemory({ socket }: FastifyRequest): boolean {
  return socket.remoteAddress === undefined;
}

function bracketed(host: string): string {
  return (isIP(host) === 6 ? `[${host}]` : host).toLowerCase();
}

export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Whether an address is in one of these networks. */
export function networks(of: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of of) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
