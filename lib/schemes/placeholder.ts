import type { Scheme } from '../scheme/scheme.ts';
import { templatesOf } from '../scheme/scheme.ts';

/** What of an example nobody has filled in: the hosts of RFC 2606 and 6761, and the words that stand for one's own. */

const EXAMPLE_HOST = /(?<![\w.-])(?:[\w-]+\.)*(?:example(?:\.(?:com|net|org))?|invalid)(?![\w.-])/i;
const PLACEHOLDER =
  /\b(?:change[-_ ]?me|replace[-_ ]?me|fill[-_ ]?me|to[-_]?do|xxx+|your[-_][\w-]+|my[-_](?:token|key|domain|account|secret|password)\b)|<[A-Za-z][\w -]*>/i;

/** A note for each, with its place. */
export function placeholdersIn(scheme: Scheme): string[] {
  const { webhook } = scheme;
  const notes: string[] = [];
  const [, host = ''] = /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#:]*)/i.exec(webhook.url.source) ?? [];
  if (EXAMPLE_HOST.test(host)) notes.push(`webhook.url: ${host} is an example, no CRM answers there`);
  for (const { source } of templatesOf(scheme)) {
    const [found] = PLACEHOLDER.exec(source.replace(/\{\{[^{}]*\}\}/g, '')) ?? [];
    if (found !== undefined) notes.push(`${JSON.stringify(found)} in a text of the scheme is not filled in`);
  }
  const named = { gateway: [scheme.gateway ?? []].flat(), domain: [scheme.domain ?? []].flat() };
  for (const [key, values] of Object.entries(named)) {
    for (const value of values) {
      if (EXAMPLE_HOST.test(value) || PLACEHOLDER.test(value)) notes.push(`${key}: "${value}" is an example`);
    }
  }
  return [...new Set(notes)];
}
