import { RouterError } from '../errors.ts';

/**
 * Destinations -> the argument of FreeSWITCH's `bridge`: `{a=1,b=true}[x=y]leg,[x=z]leg`.
 *
 * How FreeSWITCH takes one apart (switch_ivr_originate.c, switch_event_create_brackets, switch_separate_string;
 * each point was also measured):
 * 1. Variables are expanded in the whole argument: `$`, `\`. `:_:` anywhere, in a value too, splits it.
 * 2. `{...}` up to the brace that balances, quotes or not; its inside at `,`, where single quotes protect.
 * 3. The rest at `|`. This step removes single quotes, so that in `[...]` they protect nothing:
 *    `[a='x,evil=1']` sets `evil`.
 * 4. `[...]` and then the legs at `,`.
 * 5. `name=value`: a value is trimmed, an empty one sets nothing, `ARRAY::` in front makes it a list.
 *
 * So a value holds none of `' " \ $ { } [ ] | ^` and backtick, and a comma, in quotes, only within `{}`.
 * `< > ; @ = ? &` mean nothing there, and Diversion and web addresses need them.
 */
declare const brand: unique symbol;

/** Made by serializeDialString alone. */
export type DialString = string & { readonly [brand]: true };

export type Endpoint =
  | { readonly kind: 'gateway'; readonly gateway: string; readonly number: string }
  | { readonly kind: 'user'; readonly user: string; readonly domain: string }
  | { readonly kind: 'uri'; readonly user: string; readonly host: string };

export interface Leg {
  readonly endpoint: Endpoint;
  /** Of this leg alone, in `[]`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Where each kind of endpoint is dialled; from configuration, never from a CRM. */
export interface DialTemplates {
  readonly number: string;
  readonly user: string;
  readonly uri: string;
}

export const DIAL_TEMPLATES: DialTemplates = {
  number: 'sofia/gateway/{gateway}/{number}',
  user: 'user/{user}@{domain}',
  uri: 'sofia/external/sip:{user}@{host}',
};

const MAX_LEGS = 10;
const MAX_VALUE = 1024;
const MAX_HEADER = 512;

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;
/** Variables that make FreeSWITCH run an application or an API command; ours lift the guard and bound the call's length. */
const EXECUTING = /^(execute_on|api_|exec_after|session_in|bridge_pre_execute)/i;
const LIFTING = /^sched_del [1-9]\d{0,9}$/;
const LIMITING = /^sched_hangup \+\d{1,5} [A-Za-z0-9._@-]{1,256} ALLOTTED_TIMEOUT$/;
const VALUE = /^[\p{L}\p{M}\p{N}_ .~:/?#@!&()*+;=%<>,-]*$/u;
/**
 * mod_sofia decodes `%XX` in names and numbers of callers (check_decode), after every check of ours. One escape may
 * pass in a name: the apostrophe, which can't be there as it is. In a number those of letters beyond ASCII, and of
 * ` !#&'(),/=?@~`, which come out as they went in (measured on 1.11.1; not so `%22`, `%3A` and control characters).
 */
const CALLER_ID_VALUE = /^[\p{L}\p{M}\p{N}_ .&+-]*$/u;
const CALLER_NUMBER_VALUE = /^(?:[0-9A-Za-z+._*-]|%(?:2[01367-9CF]|3[DF]|40|7E|[89A-F][0-9A-F]))*$/;
const CALLER_NAME_VALUE = /^(?:[\p{L}\p{M}\p{N}_ .&+()-]|%27)*$/u;
/**
 * Harmless letters that mean something as a whole: the enterprise delimiter (22f), a list, the switch that lets
 * variables into variables, and the module that a stray `unload` in the same block would unload (21e).
 */
const WORDS = /:_:|^ARRAY::|origination_nested_vars|mod_event_socket/gi;

/** What may stand for each placeholder: the same rules as those of destinations, checked again. */
const PARTS: Readonly<Record<string, RegExp>> = {
  gateway: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  number: /^\+?\d{1,18}$/,
  user: /^\+?[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  domain: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/,
  host: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:\d{1,5})?$/,
};
const PLACEHOLDERS: Readonly<
  Record<keyof DialTemplates, { must: readonly string[]; may: readonly string[] }>
> = {
  number: { must: ['number'], may: ['gateway'] },
  user: { must: ['user'], may: ['domain'] },
  uri: { must: ['user', 'host'], may: [] },
};
const PLACEHOLDER = /\{([a-z]*)\}/g;

/**
 * `{originate_timeout=30}[origination_caller_id_number=+380...]sofia/gateway/crm/380441234567`, the legs rung
 * together. A variable with an empty value is left out, as FreeSWITCH would do.
 * Throws RouterError `esl_unsafe_value` for anything that FreeSWITCH could read differently.
 */
export function serializeDialString(
  legs: readonly Leg[],
  variables: Readonly<Record<string, string | number | boolean>>,
  templates: DialTemplates,
): DialString {
  if (legs.length === 0 || legs.length > MAX_LEGS) throw unsafe(`a dial string of ${legs.length} legs`);
  const common = Object.entries(variables);
  const text = `${block('{', common, '}')}${legs.map((leg) => serializeLeg(leg, variables, templates)).join(',')}`;
  if (hasActiveWord(text)) throw unsafe('a word in the dial string that FreeSWITCH acts on');
  return text as DialString;
}

/** True for a text that no dial string may hold although each of its characters is harmless. */
export function hasActiveWord(text: string): boolean {
  return text.search(WORDS) >= 0;
}

/** What is wrong with a template of the configuration, in words for its author; null when nothing is. */
export function validateDialTemplate(kind: keyof DialTemplates, text: string): string | null {
  const { must, may } = PLACEHOLDERS[kind];
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  const missing = must.find((name) => !names.includes(name));
  if (missing !== undefined) return `{${missing}} is missing`;
  const unknown = names.find((name) => !must.includes(name) && !may.includes(name));
  if (unknown !== undefined) return `{${unknown}} is unknown here`;
  // One leg, no variables: the router does the hunting, and ringing together is the CRM's to ask for.
  return /^[a-z_]+\/[A-Za-z0-9_./@:;=+*#~!%-]+$/.test(text.replace(PLACEHOLDER, 'x')) && !hasActiveWord(text)
    ? null
    : 'expected a single endpoint such as sofia/gateway/{gateway}/{number}';
}

/**
 * Any text as the value of a SIP header, 512 characters at most: what may not be in a dial string goes as
 * percent-encoded UTF-8, control characters are dropped. A web address stays a working one.
 */
export function headerText(value: string): string {
  const words = value
    .replace(/[\u0000-\u001f\u007f]/g, '')
    .trim()
    .replace(WORDS, (word) => word.replace(/[:_]/g, percentEncode));
  let text = '';
  for (const character of words) {
    const next = /[A-Za-z0-9_ .~:/?#@!&()*+;=%-]/.test(character) ? character : percentEncode(character);
    if (text.length + next.length > MAX_HEADER) break;
    text += next;
  }
  return text.trim();
}

/** `é` -> `%C3%A9` */
export function percentEncode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

function serializeLeg(
  { endpoint, variables }: Leg,
  common: Readonly<Record<string, unknown>>,
  templates: DialTemplates,
): string {
  // FreeSWITCH takes origination_* from [] and any other variable from {}: never leave that to be guessed.
  const twice = Object.keys(variables).find((name) => Object.hasOwn(common, name));
  if (twice !== undefined) throw unsafe(`the variable ${twice}, set for all legs and for one`);
  return block('[', Object.entries(variables), ']') + serializeEndpoint(endpoint, templates);
}

function serializeEndpoint(endpoint: Endpoint, templates: DialTemplates): string {
  const { kind, ...parts } = endpoint;
  const template = kind === 'gateway' ? 'number' : kind;
  const fault = validateDialTemplate(template, templates[template]);
  if (fault !== null) throw unsafe(`the dial template for ${template}: ${fault}`);
  const values = new Map<string, string>(Object.entries(parts));
  for (const [name, value] of values) {
    if (PARTS[name]?.test(value) !== true) throw unsafe(`${name} ${JSON.stringify(value.slice(0, 64))}`);
  }
  return templates[template].replace(PLACEHOLDER, (_, name: string) => values.get(name) ?? '');
}

function block(
  open: '{' | '[',
  variables: readonly [string, string | number | boolean][],
  close: string,
): string {
  const pairs = variables
    .filter(([, value]) => value !== '')
    .map(
      ([name, value]) =>
        `${checkedName(name, String(value))}=${checkedValue(name, String(value), open === '{')}`,
    );
  return pairs.length === 0 ? '' : `${open}${pairs.join(',')}${close}`;
}

function checkedName(name: string, value: string): string {
  const ours =
    (name === 'api_before_bridge' && LIFTING.test(value)) ||
    (name === 'api_before_bridge_limit' && LIMITING.test(value));
  const runs = EXECUTING.test(name) && !ours;
  if (!NAME.test(name) || runs) throw unsafe(`the variable name ${JSON.stringify(name)}`);
  return name;
}

function checkedValue(name: string, value: string, quotesProtect: boolean): string {
  const safe =
    value.length <= MAX_VALUE &&
    grammarOf(name).test(value) &&
    value.trim() === value &&
    !hasActiveWord(value) &&
    (quotesProtect || !value.includes(','));
  if (!safe) throw unsafe(`${name}=${JSON.stringify(value.slice(0, 64))}`);
  return quotesProtect && /[ ,]/.test(value) ? `'${value}'` : value;
}

function grammarOf(name: string): RegExp {
  if (name === 'origination_caller_id_name') return CALLER_NAME_VALUE;
  if (name === 'origination_caller_id_number') return CALLER_NUMBER_VALUE;
  return name.includes('caller_id') ? CALLER_ID_VALUE : VALUE;
}

function unsafe(what: string): RouterError {
  return new RouterError('esl_unsafe_value', `may not be sent to FreeSWITCH: ${what}`);
}
