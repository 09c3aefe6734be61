import { readFileSync } from 'node:fs';
import { loadConfig } from '../../lib/config/config.ts';
import type { Destination } from '../../lib/dial/destination.ts';
import { parseRoute, type Route, type Step } from '../../lib/dial/route.ts';
import { parseScheme, type Scheme } from '../../lib/scheme/scheme.ts';
import { replyRules } from '../../lib/schemes/rules.ts';
import { questionOf } from '../../lib/webhook/request.ts';
import { readResponse } from '../../lib/webhook/response.ts';
import { callOf } from './scheme.ts';

/** One line of test/fixtures/readings.tsv: what a CRM says in a scheme, and what must become of it. */
export interface Row {
  readonly country: string;
  /** Of the scheme, where they are not the defaults. */
  readonly settings: string;
  readonly format: string;
  readonly input: string;
  readonly wanted: string;
  /** What the explanation must contain, `-` for nothing in particular. */
  readonly says: string;
  /** Where the kind was seen in public. */
  readonly seen: string;
}

export interface Outcome {
  /** In the words of `wanted`. */
  readonly wanted: string;
  /** All that a person is told. */
  readonly says: string;
}

interface Settings {
  readonly numbering?: object;
  readonly map?: object;
  readonly unmapped?: string;
  readonly expect?: readonly string[];
  readonly targets?: object;
  readonly responseName?: string | readonly string[];
  readonly errorName?: string;
  readonly rpcId?: string;
  readonly premium?: boolean;
  readonly satellite?: boolean;
  readonly extensions?: string;
  readonly did?: string;
  readonly sipHosts?: readonly string[];
}

export function readRows(): Row[] {
  const text = readFileSync(new URL('../fixtures/readings.tsv', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.slice(1).map((line) => {
    const [country = '', settings = '', format = '', input = '', wanted = '', says = '', seen = ''] =
      line.split('\t');
    return { country, settings, format, input, wanted, says, seen };
  });
}

/** The escapes of the input column: `\n`, `\t`, `\\`, `\uXXXX`. */
function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, character: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return { n: '\n', t: '\t', r: '\r' }[character] ?? character;
  });
}

/** Reads the row's reply as a call would. */
export function readRow(row: Row): Outcome {
  const settings = JSON.parse(row.settings) as Settings;
  const { premium = false, satellite = false, did = '15005550100', sipHosts = [] } = settings;
  const scheme = schemeOf(row, settings);
  const config = loadConfig({
    file: null,
    env: {
      ESL_ROUTER_GATEWAY: 'crm',
      ESL_ROUTER_DOMAIN: 'pbx.test',
      ESL_ROUTER_NUMBERS_PREMIUM: String(premium),
      ESL_ROUTER_NUMBERS_SATELLITE: String(satellite),
      ESL_ROUTER_SIP_HOSTS: sipHosts.join(','),
    },
    argv: {},
    readSecretFile: () => '',
  });
  if (!config.ok) throw new Error(config.faults.join('\n'));
  const input = unescape(row.input);
  const body = row.format === 'value' ? JSON.stringify({ destination: input }) : input;
  const response = { status: 200, headers: {}, body, notes: [], phases: { total: 0 } };
  const { webhook } = scheme;
  const answer = readResponse(response, webhook, questionOf(webhook, 'msg_1'));
  if (answer.kind === 'none') return { wanted: 'nobody', says: `${answer.reason} ${answer.detail}` };
  if (answer.kind === 'unavailable') return { wanted: 'error', says: `${answer.reason} ${answer.detail}` };
  const { beside, lists, notes = [] } = answer;
  const route = parseRoute(answer.value, replyRules(scheme, config.config, callOf({ did })), {
    beside,
    lists,
  });
  const readings = route.readings.map(({ path, text, result }) => `${path} ${text}: ${result}`);
  return { wanted: nameRoute(route), says: [...notes, ...readings].join('\n') };
}

function schemeOf({ country, format }: Row, settings: Settings): Scheme {
  const { numbering = {}, targets = {}, extensions } = settings;
  const { map, unmapped, expect, responseName, errorName, rpcId } = settings;
  const isRpc = format === 'json-rpc';
  const document = {
    name: 'sales',
    webhook: {
      url: 'http://127.0.0.1/',
      import: format === 'value' ? 'json' : format,
      ...(isRpc ? { submission: 'json-rpc', rpcMethod: 'route' } : {}),
      ...{ map, unmapped, expect, responseName, errorName, rpcId },
    },
    numbering: { ...numbering, ...(country === '-' ? {} : { country }) },
    targets,
    extensions,
  };
  const parsed = parseScheme(JSON.parse(JSON.stringify(document)), '');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.scheme;
}

const REFUSALS: Readonly<Record<string, string>> = {
  number_premium: 'refused premium',
  number_satellite: 'refused satellite',
  emergency_number: 'refused emergency',
};

function nameRoute(route: Route): string {
  if (!route.ok) return route.kind === 'none' ? 'nobody' : (REFUSALS[route.reason] ?? 'refused');
  return route.steps.map(nameStep).join(' then ');
}

function nameStep(step: Step): string {
  switch (step.kind) {
    case 'dial': {
      const { destinations, timeoutSeconds, callerName } = step;
      const time = timeoutSeconds === null ? '' : ` for ${timeoutSeconds} s`;
      const name = callerName === null ? '' : ` as "${callerName}"`;
      return `${destinations.map(nameDestination).join(' with ')}${time}${name}`;
    }
    case 'transfer':
      return `transfer ${step.extension} ${step.context}`;
    case 'hangup':
      return `hangup ${step.cause}`;
    case 'scheme':
      return `scheme ${step.name}`;
    case 'dialplan':
    case 'lastAgent':
    case 'webhook':
      return step.kind;
  }
}

function nameDestination(destination: Destination): string {
  switch (destination.kind) {
    case 'number':
      return `number ${destination.number}`;
    case 'extension':
      return `extension ${destination.extension}`;
    case 'user':
      return `login ${destination.login}`;
    case 'uri':
      return `sip ${destination.user}@${destination.host}`;
  }
}
