import { valueAt, type SchemeDocument } from './document.ts';

/** The fields of the form, in its order. Labels, descriptions, bounds and defaults are those of the JSON schema. */

type FieldKind =
  | 'text'
  /** A text in which macros may stand. */
  | 'template'
  | 'number'
  /** A number, or null for "never" or "no limit". */
  | 'number-or-null'
  /** One of the schema's words; nothing: its default. */
  | 'choice'
  | 'yes-no'
  /** Some of the schema's words. */
  | 'choices'
  /** A text, or several in order. */
  | 'texts'
  /** A list of texts, whatever their number. */
  | 'list'
  | 'numbers'
  /** Fewest and most. */
  | 'range'
  /** Names and texts, in which macros may stand. */
  | 'rows'
  /** Names and plain texts. */
  | 'pairs'
  /** Names, each with a text or several. */
  | 'lists'
  /** Names, each with an extension and a context. */
  | 'targets'
  /** One key of several, with a text. */
  | 'one-of'
  /** Questions that follow. */
  | 'questions'
  | 'events'
  | 'country'
  | 'auth'
  | 'json';

export const GROUPS = [
  'main',
  'question',
  'reply',
  'network',
  'dial',
  'numbers',
  'call',
  'which',
  'events',
] as const;
export type Group = (typeof GROUPS)[number];

export interface Field {
  /** With dots: `webhook.url`. No key of a scheme has one. */
  readonly path: string;
  readonly kind: FieldKind;
  readonly group: Group;
  /** Takes the whole width. */
  readonly wide?: boolean;
  /** Whether it means anything in this document; one that has a value is shown all the same. */
  readonly applies?: (document: SchemeDocument) => boolean;
}

const submits =
  (...ways: readonly string[]) =>
  (document: SchemeDocument): boolean =>
    ways.includes(submissionOf(document));

/** How the parameters are sent. */
export function submissionOf(document: SchemeDocument): string {
  const own = valueAt(document, ['webhook', 'submission']);
  return typeof own === 'string' ? own : 'json';
}

function hasMap(document: SchemeDocument): boolean {
  return valueAt(document, ['webhook', 'map']) !== undefined;
}

function reads(...ways: readonly string[]) {
  return (document: SchemeDocument): boolean => {
    const own = valueAt(document, ['webhook', 'import']);
    return ways.includes(typeof own === 'string' ? own : 'json');
  };
}

/** A profile may lead anywhere. */
function isSecure(document: SchemeDocument): boolean {
  const url = valueAt(document, ['webhook', 'url']);
  return typeof url !== 'string' || !/^http:/i.test(url);
}

function hasKey(document: SchemeDocument): boolean {
  return valueAt(document, ['webhook', 'tls', 'key']) !== undefined;
}

const jsonReply = reads('json', 'json-rpc');

export const FIELDS: readonly Field[] = [
  { path: 'name', kind: 'text', group: 'main' },
  { path: 'title', kind: 'text', group: 'main' },
  { path: 'webhook.url', kind: 'template', group: 'main', wide: true },
  { path: 'webhook.method', kind: 'choice', group: 'main' },
  { path: 'webhook.submission', kind: 'choice', group: 'main' },
  { path: 'webhook.import', kind: 'choice', group: 'main' },
  { path: 'webhook.responseName', kind: 'texts', group: 'main', applies: jsonReply },
  { path: 'webhook.rpcMethod', kind: 'text', group: 'main', applies: submits('json-rpc') },
  { path: 'forwardingTimeoutSeconds', kind: 'number', group: 'main' },
  { path: 'webhook.timeoutSeconds', kind: 'number', group: 'main' },
  { path: 'webhook.parameters', kind: 'rows', group: 'main', wide: true },

  { path: 'webhook.parametersIn', kind: 'choice', group: 'question', applies: submits('http') },
  { path: 'webhook.rpcId', kind: 'choice', group: 'question', applies: submits('json-rpc') },
  { path: 'webhook.withheld', kind: 'choice', group: 'question' },
  { path: 'webhook.require', kind: 'choices', group: 'question' },
  { path: 'webhook.auth', kind: 'auth', group: 'question', wide: true },
  { path: 'webhook.headers', kind: 'rows', group: 'question', wide: true },
  { path: 'webhook.body', kind: 'json', group: 'question', wide: true, applies: submits('json', 'json-rpc') },
  { path: 'webhook.crm', kind: 'text', group: 'question' },
  { path: 'webhook.then', kind: 'questions', group: 'question', wide: true },

  { path: 'webhook.map', kind: 'pairs', group: 'reply', wide: true },
  { path: 'webhook.unmapped', kind: 'choice', group: 'reply', applies: hasMap },
  { path: 'webhook.expect', kind: 'choices', group: 'reply' },
  { path: 'webhook.errorName', kind: 'text', group: 'reply', applies: jsonReply },
  { path: 'webhook.noRouteStatuses', kind: 'numbers', group: 'reply' },
  { path: 'webhook.when', kind: 'lists', group: 'reply', wide: true, applies: jsonReply },
  { path: 'webhook.echo', kind: 'one-of', group: 'reply', wide: true },

  { path: 'webhook.retries', kind: 'number', group: 'network' },
  { path: 'webhook.retryStatuses', kind: 'numbers', group: 'network' },
  { path: 'webhook.maxInFlight', kind: 'number', group: 'network' },
  { path: 'webhook.maxPerSecond', kind: 'number-or-null', group: 'network' },
  { path: 'webhook.cacheSeconds', kind: 'number', group: 'network' },
  { path: 'webhook.lastGoodSeconds', kind: 'number', group: 'network' },
  { path: 'webhook.redirects', kind: 'number', group: 'network' },
  { path: 'webhook.proxy', kind: 'text', group: 'network' },
  { path: 'webhook.tls.ca', kind: 'text', group: 'network', applies: isSecure },
  { path: 'webhook.tls.cert', kind: 'text', group: 'network', applies: isSecure },
  { path: 'webhook.tls.key', kind: 'text', group: 'network', applies: isSecure },
  { path: 'webhook.tls.passphrase', kind: 'template', group: 'network', applies: hasKey },
  { path: 'webhook.tls.serverName', kind: 'text', group: 'network', applies: isSecure },
  { path: 'webhook.tls.minVersion', kind: 'choice', group: 'network', applies: isSecure },

  { path: 'gateway', kind: 'texts', group: 'dial' },
  { path: 'domain', kind: 'text', group: 'dial' },
  { path: 'extensions', kind: 'choice', group: 'dial' },
  { path: 'targets', kind: 'targets', group: 'dial', wide: true },
  { path: 'numbers.allow', kind: 'list', group: 'dial' },
  { path: 'numbers.deny', kind: 'list', group: 'dial' },
  { path: 'numbers.premium', kind: 'yes-no', group: 'dial' },
  { path: 'numbers.satellite', kind: 'yes-no', group: 'dial' },

  { path: 'numbering.country', kind: 'country', group: 'numbers' },
  { path: 'numbering.dialAs', kind: 'choice', group: 'numbers' },
  { path: 'numbering.bareDigits', kind: 'choice', group: 'numbers' },
  { path: 'numbering.accept', kind: 'choice', group: 'numbers' },
  { path: 'numbering.extensionDigits', kind: 'range', group: 'numbers' },
  { path: 'numbering.withExtension', kind: 'choice', group: 'numbers' },

  { path: 'waiting.ringAfterMs', kind: 'number-or-null', group: 'call' },
  { path: 'bridge.ringback', kind: 'text', group: 'call' },
  { path: 'bridge.progressTimeoutSeconds', kind: 'number', group: 'call' },
  { path: 'maxDurationSeconds', kind: 'number', group: 'call' },
  { path: 'limits.calls', kind: 'number', group: 'call' },
  { path: 'limits.callsPerMinute', kind: 'number', group: 'call' },
  { path: 'bridge.headers', kind: 'rows', group: 'call', wide: true },

  { path: 'match.did', kind: 'texts', group: 'which' },
  { path: 'match.caller', kind: 'texts', group: 'which' },
  { path: 'match.context', kind: 'texts', group: 'which' },
  { path: 'mode', kind: 'choice', group: 'which' },
  { path: 'shadow', kind: 'text', group: 'which' },
  { path: 'canary.scheme', kind: 'text', group: 'which' },
  { path: 'canary.percent', kind: 'number', group: 'which' },

  { path: 'events', kind: 'events', group: 'events', wide: true },
];

/** Of one entry of events, beside its webhook: a document of `events` and `webhook`. */
export const ENTRY_FIELDS: readonly Field[] = [
  { path: 'events.on', kind: 'choices', group: 'events', wide: true },
  {
    path: 'events.answered',
    kind: 'yes-no',
    group: 'events',
    applies: (document) => [valueAt(document, ['events', 'on'])].flat().includes('ended'),
  },
  { path: 'events.name', kind: 'text', group: 'events' },
];

export function pathOfField({ path }: Pick<Field, 'path'>): readonly string[] {
  return path.split('.');
}

/** What has a value shows it, whether it means anything or not: nothing of the document is out of sight. */
export function isShown({ path, applies }: Field, document: SchemeDocument): boolean {
  return applies === undefined || applies(document) || valueAt(document, path.split('.')) !== undefined;
}

/** How many fields of a group the document sets. */
export function countSet(group: Group, document: SchemeDocument): number {
  return FIELDS.filter(
    (field) => field.group === group && valueAt(document, pathOfField(field)) !== undefined,
  ).length;
}
