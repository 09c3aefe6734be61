import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { chainsOf, requestsOf, type Scheme } from '../scheme/scheme.ts';
import { soleSecret } from '../webhook/auth/grant.ts';
import { questionsOf, waysOf } from '../webhook/chain.ts';
import { callNamesIn } from '../webhook/identity.ts';
import { KINDS, type Webhook } from '../webhook/webhook.ts';

/** What is not a fault, but probably not intended. */
export function notesOn(scheme: Scheme, config: Config): string[] {
  const { webhook, gateway, numbers, maxDurationSeconds } = scheme;
  const notes: string[] = [...readingNotes(scheme)];
  for (const [list, steps] of Object.entries(scheme.fallback)) {
    const index = steps?.findIndex((step) => 'scheme' in step && step.scheme === scheme.name) ?? -1;
    if (index >= 0)
      notes.push(`fallback.${list}.${index}: hands the call to the same scheme, and is left out`);
  }
  for (const { path: place, webhook: question } of requestsOf(scheme)) {
    const { submission, method } = question;
    if (submission !== 'http' && method !== 'POST') {
      notes.push(
        `${place}.method: "${method}" has no effect, submission "${submission}" is always sent by POST`,
      );
    }
    for (const part of tokensIn(question.url.source)) {
      notes.push(
        `${place}.url: ${part} looks like a secret, and is shown in logs and records: write it as {{secret.NAME}}`,
      );
    }
    const name = Object.keys(question.headers).find((name) => name.toLowerCase() === 'traceparent');
    if (name === undefined) continue;
    notes.push(
      `${place}.headers.${name}: replaces the router's own, so that traces in the CRM do not have the trace id of the call`,
    );
  }
  const names = [...new Set(questionsOf(webhook).flatMap(callNamesIn))];
  for (const key of ['cacheSeconds', 'lastGoodSeconds'] as const) {
    if (webhook[key] > 0 && names.length > 0)
      notes.push(
        `webhook.${key}: no answer is ever reused, because ${names.join(', ')} differs in every call`,
      );
  }
  if (gateway === undefined && config.gateway.length === 0) {
    notes.push('gateway: set neither here nor in ESL_ROUTER_GATEWAY, so phone numbers are refused');
  }
  for (const kind of ['premium', 'satellite'] as const) {
    if (numbers[kind] !== true || config.numbers[kind]) continue;
    const variable = `ESL_ROUTER_NUMBERS_${kind.toUpperCase()}`;
    notes.push(`numbers.${kind}: true has no effect while ${variable} is false`);
  }
  if (config.maxDurationSeconds > 0 && (maxDurationSeconds ?? 0) > config.maxDurationSeconds) {
    notes.push(
      `maxDurationSeconds: has no effect, ESL_ROUTER_MAX_DURATION is ${config.maxDurationSeconds} for all schemes`,
    );
  }
  return notes;
}

/** Where there is no store. */
export function lastAgentNotes({ fallback }: Scheme): string[] {
  return Object.entries(fallback).flatMap(([list, steps = []]) =>
    steps.flatMap((step, index) =>
      'lastAgent' in step
        ? [`fallback.${list}.${index}.lastAgent: finds nobody, as there is no store (ESL_ROUTER_STORE_DIR)`]
        : [],
    ),
  );
}

/** A refresh token that the endpoint replaces is lost with the process, and the old one is usually invalid. */
export function tokenNotes(scheme: Scheme, secrets: Secrets): string[] {
  return requestsOf(scheme).flatMap(({ path, webhook }) => tokenNotesOf(path, webhook, secrets));
}

/** Which proxies a scheme's requests and its access tokens go through, and what named each. */
export function proxyLines(scheme: Scheme): string[] {
  const lines = chainsOf(scheme)
    .flatMap(({ webhook }) => waysOf(webhook))
    .map(({ host, proxy }) => `  ${host} through the proxy ${proxy.name} (${proxy.namedBy})`);
  return [...new Set(lines)];
}

function tokenNotesOf(path: string, { auth }: Webhook, secrets: Secrets): string[] {
  if (auth.type !== 'oauth2') return [];
  const notes: string[] = [];
  const { protocol, hostname } = new URL(auth.tokenUrl.source);
  if (protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
    notes.push(`${path}.auth.tokenUrl: is http: anybody on the network path can read the credentials`);
  if (auth.refreshToken === undefined) return notes;
  const name = soleSecret(auth.refreshToken);
  const advice =
    'if the token endpoint replaces it, the new one is lost at a restart: put it into its own file';
  if (name === null) notes.push(`${path}.auth.refreshToken: is not one {{secret.NAME}}: ${advice}`);
  else if ((secrets.file?.(name) ?? null) === null)
    notes.push(`${path}.auth.refreshToken: ${advice} (ESL_ROUTER_SECRET_${name}_FILE)`);
  return notes;
}

/** Parts of a URL that look like tokens: the query by its names, the path by long runs of letters mixed with digits. */
function tokensIn(url: string): string[] {
  const [path = '', query = ''] = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split('?');
  const found = path
    .split('/')
    .flatMap((part, index) =>
      /^(?=.*[a-z])(?=.*\d)[\w-]{16,}$/i.test(part) ? [`part ${index} of the path`] : [],
    );
  for (const pair of query.split('&')) {
    const [name = '', value = ''] = pair.split('=');
    const telling = /(^|[_-])(token|secret|password|pass|pwd|auth|api_?key|key|signature|sig)$/i.test(name);
    if (telling && value !== '' && !value.includes('{{')) found.push(`the parameter ${name}`);
  }
  return found;
}

/** Settings of how replies are read that leave others without effect. */
function readingNotes({ webhook, numbering, extensions, targets }: Scheme): string[] {
  const { expect = KINDS } = webhook;
  const { country, bareDigits, dialAs, withExtension } = numbering;
  const notes: string[] = [];
  const only = `webhook.expect takes ${expect.join(', ')} only`;
  if (!expect.includes('number')) {
    if (country !== undefined)
      notes.push(`numbering.country: "${country}" is used only for the caller's number, as ${only}`);
    if (withExtension === 'ignore') notes.push(`numbering.withExtension: has no effect, as ${only}`);
  } else if (country === undefined) {
    for (const [name, value, plain] of [
      ['bareDigits', bareDigits, 'auto'],
      ['dialAs', dialAs === 'national' ? dialAs : 'digits', 'digits'],
    ]) {
      if (value !== plain)
        notes.push(`numbering.${name ?? ''}: "${value ?? ''}" has no effect without numbering.country`);
    }
  }
  if (!expect.includes('extension') && extensions === 'dialplan') {
    notes.push(`extensions: "dialplan" has no effect, as ${only}`);
  }
  if (!expect.includes('target') && Object.keys(targets).length > 0) {
    notes.push(`targets: no reply can name one, as ${only}`);
  }
  return notes;
}
