import type { Config } from '../config/config.ts';
import { requestsOf, templatesOf, type Scheme } from '../scheme/scheme.ts';
import { KINDS } from '../webhook/webhook.ts';

/** What people still have to fill in: missing settings, the hosts of RFC 2606 and 6761, and placeholders. */

const EXAMPLE_HOST = /(?<![\w.-])(?:[\w-]+\.)*(?:example(?:\.(?:com|net|org))?|invalid)(?![\w.-])/i;
const PLACEHOLDER =
  /\b(?:change[-_ ]?me|replace[-_ ]?me|fill[-_ ]?me|to[-_]?do|xxx+|your[-_][\w-]+|my[-_](?:token|key|domain|account|secret|password)\b)|<[A-Za-z][\w -]*>/i;

/** Of a text that may be a secret after all. */
const SHOWN = 10;

/** A note for each, with its place. For `check`: a router that runs so has been looked at. */
export function unfilledIn(scheme: Scheme, config: Pick<Config, 'domain' | 'gateway'>): string[] {
  const notes: string[] = [];
  if (scheme.domain === undefined && config.domain === '' && dialsUsers(scheme)) {
    notes.push('domain: set neither here nor in ESL_ROUTER_DOMAIN, so SIP logins and extensions are refused');
  }
  for (const { path: place, webhook } of requestsOf(scheme)) {
    const { url } = webhook;
    const [, host = ''] = /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#:]*)/i.exec(url.source) ?? [];
    if (EXAMPLE_HOST.test(host)) notes.push(`${place}.url: ${host} is an example: no CRM answers there`);
  }
  for (const { source } of templatesOf(scheme)) {
    const [found] = PLACEHOLDER.exec(source.replace(/\{\{[^{}]*\}\}/g, '')) ?? [];
    if (found !== undefined)
      notes.push(`${JSON.stringify(found.slice(0, SHOWN))} in the scheme is not filled in`);
  }
  const named = {
    gateway: [scheme.gateway ?? config.gateway].flat(),
    domain: [scheme.domain ?? config.domain],
  };
  for (const [key, values] of Object.entries(named)) {
    for (const value of values) {
      if (EXAMPLE_HOST.test(value) || PLACEHOLDER.test(value)) notes.push(`${key}: "${value}" is an example`);
    }
  }
  return [...new Set(notes)];
}

/** Extensions that the dialplan takes need no domain; logins always do. */
function dialsUsers({ webhook: { expect }, extensions }: Scheme): boolean {
  const kinds: readonly string[] = expect ?? KINDS;
  return kinds.includes('login') || (kinds.includes('extension') && extensions === 'user');
}
