import { BlockList, isIP } from 'node:net';
import { zoneOf } from './network.ts';

/** Which proxy a URL is asked through. Pure. */

/** Where a proxy is. */
export interface ProxyAddress {
  /** `http://proxy.example.com:3128`, as it may be shown. */
  readonly name: string;
  /** TLS is spoken to the proxy itself. */
  readonly secure: boolean;
  /** An IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /**
   * The operator's, by configuration or environment: the network policy does not hold it back. One that a scheme names is where
   * its author sends the router.
   */
  readonly isOperators: boolean;
}

export interface Proxy extends ProxyAddress {
  /** Of `Proxy-Authorization`; null without credentials. */
  readonly authorization: string | null;
  /** A digest of all that it is: connections of two credentials are not mixed. */
  readonly id: string;
}

export interface Proxies<P = Proxy> {
  /** For `http://`; null: directly. */
  readonly http: P | null;
  /** For `https://`. */
  readonly https: P | null;
  /** Hosts that are asked directly anyway. */
  readonly isExcepted: (host: string, port: number) => boolean;
}

export const NO_PROXIES: Proxies<never> = { http: null, https: null, isExcepted: () => true };

/** RFC 6761, 6.3: they are this machine. */
const LOCALHOST = /(^|\.)localhost\.?$/i;

/** Null: directly. This machine is never asked through a proxy: to that one it would be another. */
export function proxyFor<P>({ http, https, isExcepted }: Proxies<P>, url: string): P | null {
  if (http === null && https === null) return null;
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  const proxy = secure ? https : http;
  const host = withoutBrackets(hostname);
  if (proxy === null || LOCALHOST.test(host) || zoneOf(host) === 'loopback') return null;
  return isExcepted(host, Number(port) || (secure ? 443 : 80)) ? null : proxy;
}

/** `[::1]` -> `::1` */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** `host:port`, an IPv6 address in brackets. */
export function authorityOf(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/**
 * NO_PROXY. There is no standard, so each entry means what most programs take it for: `*` every host; `example.com`,
 * `.example.com` and `*.example.com` the domain and all below it; an IP address; a network (`10.0.0.0/8`), which counts for URLs
 * with an address and not for names; each but the last with a port, too. Commas or spaces divide them.
 */
export function exceptionsOf(noProxy: string): Proxies['isExcepted'] {
  const rules = noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(ruleOf);
  return (host, port) => rules.some((rule) => rule(host.toLowerCase().replace(/\.$/, ''), port));
}

type Rule = Proxies['isExcepted'];

function ruleOf(entry: string): Rule {
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined) return networkRule(withoutBrackets(network), bits);
  const { host, port } = isIP(entry) === 6 ? { host: entry, port: null } : parted(entry);
  const fits = (asked: number): boolean => port === null || asked === port;
  if (isIP(host) !== 0) {
    const isSame = networkRule(host, isIP(host) === 4 ? '32' : '128');
    return (name, asked) => fits(asked) && isSame(name, asked);
  }
  if (host === '*') return (_, asked) => fits(asked);
  const domain = host
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  return (name, asked) => fits(asked) && domain !== '' && (name === domain || name.endsWith(`.${domain}`));
}

function parted(entry: string): { host: string; port: number | null } {
  const [, host = entry, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  return { host: withoutBrackets(host), port: port === undefined ? null : Number(port) };
}

function networkRule(network: string, bits: string): Rule {
  const family = isIP(network);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) return () => false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return (host) => {
    const asked = isIP(host);
    return asked !== 0 && list.check(host, asked === 4 ? 'ipv4' : 'ipv6');
  };
}
