import type { Call } from '../call/channel.ts';
import { RouterError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { toE164, toNational, type Numbering } from '../numbering/number.ts';
import { EVENT_MACROS, MAY_BE_EMPTY, type EventMacro, type EventValues } from './event.ts';

/** Which question it is: the call's first, one that follows from a reply, or one of a fallback list. */
export const EVENTS = [
  'route.request',
  'route.next',
  'route.no_route',
  'route.backup',
  'route.no_answer',
] as const;

/** Why a question is asked, in texts; '' where nothing came before it. */
export interface Occasion {
  readonly event: (typeof EVENTS)[number];
  /** Code of the reason why the question before, or its destination, came to nothing. */
  readonly failedReason: string;
  /** HTTP status of the last reply; '' when there was none. */
  readonly failedStatus: string;
  /** Of the last bridge. */
  readonly outcome: string;
  /** Whom the call has rung so far, in order, separated by commas. */
  readonly tried: string;
}

/** In place of a secret, wherever a request is shown. */
export const HIDDEN = '***';

export const FIRST: Occasion = {
  event: 'route.request',
  failedReason: '',
  failedStatus: '',
  outcome: '',
  tried: '',
};

/**
 * Macros: `{{caller}}`, `{{sip.X-Name}}`, `{{var.name}}`, `{{secret.NAME}}`, `{{token}}` (OAuth 2), and `{{reply.path}}` where a
 * reply is at hand. A template is taken apart once, when its scheme is loaded; an unknown macro is a fault there.
 */
/** Of the call. */
export const CALL_MACROS = [
  'caller',
  'caller_e164',
  'caller_national',
  'caller_raw',
  'caller_name',
  'did',
  'uuid',
  'call_id',
  'scheme',
  'attempt',
  'timestamp',
  'source_ip',
  'context',
  'switch',
  'diverted_from',
] as const;

/** Of the occasion: in questions only. */
const OCCASION_MACROS = ['event', 'failed.reason', 'failed.status', 'outcome', 'tried'] as const;
const PLAIN_MACROS = [...CALL_MACROS, ...OCCASION_MACROS];

export type PlainMacro = (typeof PLAIN_MACROS)[number];

/** What `require` of an entry of `events` may name. */
export const REQUIRABLE = [...CALL_MACROS, ...MAY_BE_EMPTY] as const;
export type Requirable = (typeof REQUIRABLE)[number];

export type Macro =
  | { readonly kind: 'plain'; readonly name: PlainMacro }
  /** The access token of `webhook.auth`. */
  | { readonly kind: 'token'; readonly name: 'token' }
  /** Of what a CRM is told: in `events` only. */
  | { readonly kind: 'event'; readonly name: EventMacro }
  | { readonly kind: 'sip' | 'var' | 'secret' | 'reply'; readonly name: string };

export class Template {
  readonly source: string;
  readonly parts: readonly (string | Macro)[];

  constructor(source: string, parts: readonly (string | Macro)[]) {
    this.source = source;
    this.parts = parts;
  }
}

/** Everything a macro can be read from. */
export interface MacroContext {
  /** The caller is already concealed when he withheld his number. */
  readonly call: Call;
  readonly scheme: string;
  /** How the caller's number is read. */
  readonly numbering: Numbering;
  /** 1 for the first question of a call, then one more for each further one. */
  readonly attempt: number;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly occasion: Occasion;
  /** `host`: who it is for, where that is not the webhook's own. */
  readonly secret: (name: string, host?: string) => string;
  /** Of the event that a CRM is told of; absent in questions. */
  readonly told?: EventValues;
  /** With `webhook.auth` "oauth2": the access token that is there. */
  readonly token?: string;
  /** Text of a value in the CRM's reply by dotted path; '' when it is not there. */
  readonly reply?: (path: string) => string;
}

const MACRO = /\{\{\s*([^{}]*?)\s*\}\}/g;
const NAMES: Record<'sip' | 'var' | 'secret' | 'reply', RegExp> = {
  sip: /^[A-Za-z0-9-]{1,64}$/,
  var: /^[A-Za-z0-9_.-]{1,64}$/,
  secret: /^[A-Z0-9_]{1,64}$/,
  reply: /^[^{}]{1,128}$/,
};

/** Macros that are not at hand everywhere. */
export interface Allowed {
  /** `{{reply.path}}` */
  readonly reply?: boolean;
  /** `{{token}}`: not where a callee would see it. */
  readonly token?: boolean;
  /** Those of an event, in place of those of a question. */
  readonly event?: boolean;
}

/** Throws RouterError `config_invalid` for a macro that does not exist here. */
export function parseTemplate(source: string, allowed: Allowed = { token: true }): Template {
  const parts: (string | Macro)[] = [];
  let end = 0;
  for (const match of source.matchAll(MACRO)) {
    if (match.index > end) parts.push(source.slice(end, match.index));
    parts.push(parseMacro(match[1] ?? '', allowed));
    end = match.index + match[0].length;
  }
  if (end < source.length) parts.push(source.slice(end));
  const rest = parts.filter((part) => typeof part === 'string').join('');
  if (rest.includes('{{'))
    // The text itself may hold a token.
    throw new RouterError('config_invalid', '"{{" without "}}"');
  return new Template(source, parts);
}

function parseMacro(text: string, { reply = false, token = false, event = false }: Allowed): Macro {
  const own: readonly PlainMacro[] = event ? CALL_MACROS : PLAIN_MACROS;
  const told = event ? EVENT_MACROS.find((name) => name === text) : undefined;
  if (told !== undefined) return { kind: 'event', name: told };
  const plain = own.find((name) => name === text);
  if (plain !== undefined) return { kind: 'plain', name: plain };
  if (text === 'token' && token) return { kind: 'token', name: 'token' };
  const [, kind, name] = /^(sip|var|secret|reply)\.(.*)$/.exec(text) ?? [];
  if (
    (kind === 'sip' || kind === 'var' || kind === 'secret' || (kind === 'reply' && reply)) &&
    name !== undefined
  ) {
    if (NAMES[kind].test(name)) return { kind, name };
    throw new RouterError('config_invalid', `{{${text}}}: ${JSON.stringify(name)} is not a valid name here`);
  }
  const others = [...(reply ? ['reply.path'] : []), ...(token ? ['token'] : [])];
  const known = [...own, ...(event ? EVENT_MACROS : []), 'sip.X-Name', 'var.name', 'secret.NAME', ...others];
  if (!event && EVENT_MACROS.some((name) => name === text))
    throw new RouterError('config_invalid', `{{${text}}} is known only after a call: use it in "events"`);
  throw new RouterError(
    'config_invalid',
    `unknown macro {{${text}}}; known: ${known.join(', ')}${didYouMean(text, known)}`,
  );
}

/** Fills a template in; `escape` fits a value into the place it is in and sees values only, never the text around. */
export function expand(template: Template, context: MacroContext, escape: (value: string) => string): string {
  let text = '';
  for (const part of template.parts) {
    text += typeof part === 'string' ? part : escape(macroValue(part, context));
  }
  return text;
}

function macroValue(macro: Macro, context: MacroContext): string {
  switch (macro.kind) {
    case 'plain':
      return plainValue(macro.name, context);
    case 'sip':
      return context.call.variables.get(`sip_h_${macro.name}`) ?? '';
    case 'var':
      return context.call.variables.get(macro.name) ?? '';
    case 'secret':
      return context.secret(macro.name);
    case 'token':
      return context.token ?? '';
    case 'event':
      return String(context.told?.[macro.name] ?? '');
    case 'reply':
      return context.reply?.(macro.name) ?? '';
  }
}

/** The first of `names` that is empty: many CRMs find somebody when they search for nothing. */
export function missingOf(names: readonly Requirable[], context: MacroContext): Requirable | undefined {
  return names.find((name) => {
    const macro: Macro = isOfEvent(name) ? { kind: 'event', name } : { kind: 'plain', name };
    return macroValue(macro, context) === '';
  });
}

function isOfEvent(name: Requirable): name is (typeof MAY_BE_EMPTY)[number] {
  return (MAY_BE_EMPTY as readonly string[]).includes(name);
}

/** What a call has for it; '' when that is nothing. */
export function plainValue(
  name: PlainMacro,
  { call, scheme, numbering, attempt, timestamp, occasion }: MacroContext,
): string {
  switch (name) {
    case 'caller':
      return call.caller;
    case 'caller_e164':
      return toE164(call.caller, numbering) ?? '';
    case 'caller_national':
      return toNational(call.caller, numbering) ?? '';
    case 'caller_raw':
      return call.callerRaw;
    case 'caller_name':
      return call.callerName;
    case 'did':
      return call.did;
    case 'uuid':
      return call.uuid;
    case 'call_id':
      return call.callId;
    case 'scheme':
      return scheme;
    case 'attempt':
      return String(attempt);
    case 'timestamp':
      return timestamp;
    case 'source_ip':
      return call.sourceIp;
    case 'context':
      return call.context;
    case 'switch':
      return call.switch;
    case 'diverted_from':
      return call.divertedFrom;
    case 'event':
      return occasion.event;
    case 'failed.reason':
      return occasion.failedReason;
    case 'failed.status':
      return occasion.failedStatus;
    case 'outcome':
      return occasion.outcome;
    case 'tried':
      return occasion.tried;
  }
}

/** The channel variables that a template reads, without `variable_`. */
export function variablesOf(template: Template): string[] {
  return template.parts.flatMap((part) => {
    if (typeof part === 'string') return [];
    if (part.kind === 'sip') return [`sip_h_${part.name}`];
    return part.kind === 'var' ? [part.name] : [];
  });
}

/** The secrets that a template reads. */
export function secretsOf(template: Template): string[] {
  return template.parts.flatMap((part) =>
    typeof part !== 'string' && part.kind === 'secret' ? [part.name] : [],
  );
}

/** The paths of the reply that a template reads. */
export function repliesOf({ parts }: Template): string[] {
  return parts.flatMap((part) => (typeof part !== 'string' && part.kind === 'reply' ? [part.name] : []));
}

/** Whether it tells why a question is asked. */
export function readsOccasion({ parts }: Template): boolean {
  const names: readonly string[] = OCCASION_MACROS;
  return parts.some((part) => typeof part !== 'string' && part.kind === 'plain' && names.includes(part.name));
}

/** Whether the access token stands in it. */
export function holdsToken({ parts }: Template): boolean {
  return parts.some((part) => typeof part !== 'string' && part.kind === 'token');
}

/** The same template with nothing where its secrets stood. */
export function withoutSecrets(template: Template): Template {
  const parts = template.parts.filter(
    (part) => typeof part === 'string' || (part.kind !== 'secret' && part.kind !== 'token'),
  );
  if (parts.length === template.parts.length) return template;
  return new Template(template.source, parts);
}
