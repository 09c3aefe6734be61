import { z } from 'zod';
import { messageOf, RouterError } from '../errors.ts';
import {
  authorityOf,
  exceptionsOf,
  NO_PROXIES,
  withoutBrackets,
  type Proxies,
  type Proxy,
  type ProxyAddress,
} from '../http/proxy.ts';
import { digest } from './digest.ts';
import { parseTemplate, Template, type MacroContext } from './macro.ts';

/** `webhook.proxy` and `http.proxy`: a URL, "none" or "environment". */

/** A proxy as it is configured: secrets may be in its credentials. */
export interface ProxySetting extends ProxyAddress {
  readonly user: Template;
  readonly password: Template;
  /** What names it: `webhook.proxy`, `http.proxy`, or a variable of the environment. */
  readonly namedBy: string;
}

export type ProxyChoice = 'none' | 'environment' | ProxySetting;

/** Of the operator: what the configuration says, and what is in the environment. */
export interface OperatorProxies {
  readonly byDefault: Proxies<ProxySetting>;
  readonly environment: Proxies<ProxySetting>;
}

export const DIRECT: Proxies<ProxySetting> = NO_PROXIES;

/** Of the environment, under the name by which it was set. */
interface Variable {
  readonly variable: string;
  readonly value: string;
}

const EXPECTED = 'expected "environment", "none" or a URL such as http://proxy.example.com:3128';
const OF_A_SCHEME = 'webhook.proxy';
/** Stands for a secret while the URL is taken apart. */
const MARK = /%FF(\d+)%FF/;

/** Throws RouterError `config_invalid`: the sentence does not repeat the text, which may hold a password. */
function parseProxy(text: string, namedBy: string): ProxyChoice {
  return text === 'none' || text === 'environment' ? text : parseProxyUrl(text, namedBy, EXPECTED);
}

/** Without `http://` it is one anyway: `proxy.example.com:3128`. */
function parseProxyUrl(text: string, namedBy: string, expected: string): ProxySetting {
  const fault = (message: string): RouterError => new RouterError('config_invalid', message);
  const { parts } = parseTemplate(text.includes('://') ? text.trim() : `http://${text.trim()}`);
  if (parts.some((part) => typeof part !== 'string' && part.kind !== 'secret'))
    throw fault('only {{secret.NAME}} is allowed in the URL of a proxy');
  const literal = parts.filter((part) => typeof part === 'string').join('');
  if (MARK.test(literal)) throw fault('"%FF" is not UTF-8');
  const marked = parts.map((part, i) => (typeof part === 'string' ? part : `%FF${i}%FF`)).join('');
  const protocol = /^[a-z][a-z0-9+.-]*:/i.exec(marked)?.[0].toLowerCase() ?? '';
  if (protocol.startsWith('socks')) throw fault('SOCKS is not supported: expected the URL of an HTTP proxy');
  if (!URL.canParse(marked) || (protocol !== 'http:' && protocol !== 'https:')) throw fault(expected);
  const url = new URL(marked);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw fault('expected nothing after the host and port of the proxy');
  if (url.port === '0') throw fault('nobody can listen on port 0');
  const secure = protocol === 'https:';
  const host = withoutBrackets(url.hostname);
  const port = Number(url.port) || (secure ? 443 : 80);
  const user = unmarked(url.username, parts);
  // RFC 7617, section 2: the first colon ends the user.
  if (user.parts.some((part) => typeof part === 'string' && part.includes(':')))
    throw fault('no colon is allowed in the user of a proxy');
  const name = `${protocol}//${authorityOf(host, port)}`;
  const password = unmarked(url.password, parts);
  const isOperators = namedBy !== OF_A_SCHEME;
  return { name, secure, host, port, isOperators, user, password, namedBy };
}

/** Part of the user information, percent-decoded, with its secrets where they stood. */
function unmarked(text: string, parts: Template['parts']): Template {
  const pieces = text.split(MARK).map((piece, i) => {
    if (i % 2 === 1) return parts[Number(piece)] ?? '';
    try {
      return decodeURIComponent(piece);
    } catch {
      throw new RouterError('config_invalid', 'user and password of a proxy are percent-encoded UTF-8');
    }
  });
  return new Template(
    text,
    pieces.filter((piece) => piece !== ''),
  );
}

/** `webhook.proxy` of a scheme. */
export const proxyChoice = z
  .string()
  .min(1, EXPECTED)
  .transform((text, context): ProxyChoice => {
    try {
      return parseProxy(text, OF_A_SCHEME);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });

/** What `http.proxy` and the environment come to, and what is wrong with them. Of what is faulty there is no proxy. */
export function operatorProxies(
  setting: string,
  { https, http, no }: Readonly<Record<'https' | 'http' | 'no', Variable>>,
): OperatorProxies & { readonly faults: readonly string[]; readonly environmentFaults: readonly string[] } {
  const faults: string[] = [];
  const environmentFaults: string[] = [];
  const read = ({ variable, value }: Variable): ProxySetting | null => {
    if (value === '') return null;
    try {
      return parseProxyUrl(value, variable, 'expected a URL such as http://proxy.example.com:3128');
    } catch (error) {
      environmentFaults.push(`${variable}: ${messageOf(error)}`);
      return null;
    }
  };
  const environment = { http: read(http), https: read(https), isExcepted: exceptionsOf(no.value) };
  let byDefault = DIRECT;
  try {
    byDefault = proxiesOf(parseProxy(setting, 'http.proxy'), { byDefault, environment });
  } catch (error) {
    faults.push(`http.proxy (ESL_ROUTER_HTTP_PROXY): ${messageOf(error)}`);
  }
  return { byDefault, environment, faults, environmentFaults };
}

/** NO_PROXY is about the environment's proxies: one that somebody names by its URL is for every host. */
export function proxiesOf(
  choice: ProxyChoice | undefined,
  { byDefault, environment }: OperatorProxies,
): Proxies<ProxySetting> {
  if (choice === undefined) return byDefault;
  if (choice === 'environment') return environment;
  return choice === 'none' ? DIRECT : { http: choice, https: choice, isExcepted: () => false };
}

/** The secrets go to the proxy, and to no other host. */
export function filledProxies(
  { http, https, isExcepted }: Proxies<ProxySetting>,
  secret: MacroContext['secret'],
): Proxies {
  if (http === null && https === null) return NO_PROXIES;
  const fill = (setting: ProxySetting | null): Proxy | null =>
    setting === null ? null : filled(setting, secret);
  return { http: fill(http), https: fill(https), isExcepted };
}

/** Credentials are the same in every call, and a digest takes 5 us. */
const last = new WeakMap<ProxySetting, { readonly credentials: string; readonly proxy: Proxy }>();

function filled(setting: ProxySetting, secret: MacroContext['secret']): Proxy {
  const { user, password, name, secure, host, port, isOperators } = setting;
  const fill = (template: Template): string =>
    template.parts.map((part) => (typeof part === 'string' ? part : secret(part.name, host))).join('');
  const credentials = `${fill(user)}:${fill(password)}`;
  const known = last.get(setting);
  if (known?.credentials === credentials) return known.proxy;
  const authorization =
    credentials === ':' ? null : `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
  const id = digest([name, authorization]);
  const proxy = { name, secure, host, port, isOperators, authorization, id };
  last.set(setting, { credentials, proxy });
  return proxy;
}

/** Each proxy that a webhook may be asked through. */
export function settingsIn({ http, https }: Proxies<ProxySetting>): ProxySetting[] {
  return [...new Set([http, https])].filter((setting) => setting !== null);
}
