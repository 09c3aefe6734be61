import { z } from 'zod';
import { didYouMean } from '../nearest.ts';
import { API_KEY_HEADER } from './auth/api-key.ts';
import { digest } from './digest.ts';
import { CRM_FIELDS } from './description.ts';
import { described } from './field.ts';
import { CREDENTIALS } from './header.ts';
import { repliesOf } from './macro.ts';
import { own, templatesOfWebhook, type Crm } from './webhook.ts';

/** What many schemes share of one CRM: where it is, who we are to it, and how much it can take. A scheme names it by `webhook.crm`. */

/** Fields of a question. All others are the connection's, and a profile has them. */
const OF_THE_QUESTION = [
  'crm',
  'method',
  'submission',
  'import',
  'responseName',
  'rpcMethod',
  'parameters',
  'body',
  'parametersIn',
  'map',
  'unmapped',
  'expect',
  'require',
  'errorName',
  'rpcId',
  'echo',
  'when',
  'noRouteStatuses',
  'withheld',
  'cacheSeconds',
  'lastGoodSeconds',
] as const;

const { shape: connection } = z
  .object(own)
  .omit(
    Object.fromEntries(OF_THE_QUESTION.map((key) => [key, true])) as Record<
      (typeof OF_THE_QUESTION)[number],
      true
    >,
  );

/** Those that a scheme may say too: a path after the URL, further headers, less time. */
const SAID_TWICE: ReadonlySet<string> = new Set(['url', 'headers', 'timeoutSeconds']);
/** Those that only a profile can say where there is one, and that one question has of the one before. */
const CONNECTION: readonly string[] = Object.keys(connection).filter((key) => !SAID_TWICE.has(key));

/** What a file of `crms` holds. */
export const profile = z
  .strictObject({
    ...described(
      {
        $schema: z.string().max(2000).optional(),
        title: z.string().max(200).optional(),
        url: connection.url,
        timeoutSeconds: connection.timeoutSeconds,
      },
      CRM_FIELDS,
    ),
    ...(Object.fromEntries(
      Object.entries(connection).filter(([key]) => !['url', 'timeoutSeconds'].includes(key)),
    ) as Omit<typeof connection, 'url' | 'timeoutSeconds'>),
  })
  .superRefine((crm, context) => {
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', path: ['url'], message });
    };
    if (/[?#]/.test(crm.url.source.replace(/\{\{[^{}]*\}\}/g, '')))
      fault('expected a URL without "?" and "#": the path of the scheme is added to it');
    const { url, headers, auth } = crm;
    const [path] = templatesOfWebhook({ url, headers, auth, parameters: undefined, body: undefined }).flatMap(
      repliesOf,
    );
    if (path !== undefined) fault(`{{reply.${path}}}: a profile has no previous reply`);
  });

/** One profile, whether it can be used or not. */
export interface Profile extends Crm {
  /** Where it stands, for faults: its file. */
  readonly place: string;
  /** Its fields as they are written; null where it is broken. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** What is wrong with it. */
  readonly faults: readonly string[];
}

/** Those that there are, by name. */
export type Crms = ReadonlyMap<string, Profile>;

export function brokenCrm(name: string, place: string, faults: readonly string[]): Profile {
  return { name, place, fields: null, faults, patienceSeconds: 0, digest: '' };
}

/** A profile of a document; `wordsOf` says what is wrong with it. */
export function crmOf(
  name: string,
  place: string,
  json: unknown,
  wordsOf: (error: z.ZodError) => readonly string[],
): Profile {
  const result = profile.safeParse(json, { reportInput: true });
  if (!result.success) return brokenCrm(name, place, wordsOf(result.error));
  const { $schema: _editors, title: _title, ...fields } = json as Record<string, unknown>;
  const patienceSeconds = result.data.timeoutSeconds;
  return { name, place, fields, faults: [], patienceSeconds, digest: digest([name, fields]) };
}

interface Fault {
  readonly path: string;
  readonly message: string;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * A scheme's document with what its profiles say, and with what a further question has of the one before it: the validator
 * then sees each question whole. What is no object is left to it.
 */
export function completed(
  document: unknown,
  crms: Crms,
): { readonly json: unknown; readonly faults: Fault[] } {
  if (!isJson(document)) return { json: document, faults: [] };
  const faults: Fault[] = [];
  const { webhook, events } = document;
  const whole: Record<string, unknown> = { ...document };
  if (isJson(webhook)) whole['webhook'] = chainCompleted(webhook, crms, 'webhook', faults);
  if (Array.isArray(events)) {
    whole['events'] = (events as unknown[]).map((entry, index) => {
      if (!isJson(entry) || !isJson(entry['webhook'])) return entry;
      const path = `events.${index}.webhook`;
      return { ...entry, webhook: chainCompleted(entry['webhook'], crms, path, faults) };
    });
  }
  return { json: whole, faults };
}

function chainCompleted(webhook: Json, crms: Crms, place: string, faults: Fault[]): Json {
  const first = withProfile(webhook, crms, place, faults);
  const { then } = webhook;
  if (!Array.isArray(then)) return first;
  let before = first;
  const rest = (then as unknown[]).map((question, index) => {
    if (!isJson(question)) return question;
    const path = `${place}.then.${index}`;
    const inherited = withConnection(question, before);
    before = inherited === null ? withProfile(nextOf(question, before), crms, path, faults) : inherited;
    const { timeoutSeconds: _whole, ...asked } = before;
    return question['timeoutSeconds'] === undefined ? asked : before;
  });
  return { ...first, then: rest };
}

/** A path without a profile is one of the profile before it. */
function nextOf(question: Json, before: Json): Json {
  const { url, crm } = question;
  const isPath = typeof url === 'string' && originOf(url) === null;
  return crm === undefined && isPath && typeof before['crm'] === 'string'
    ? { ...question, crm: before['crm'] }
    : question;
}

function withProfile(question: Json, crms: Crms, path: string, faults: Fault[]): Json {
  const { crm: name, url } = question;
  if (typeof name !== 'string') return question;
  const crm = crms.get(name);
  const fault = (key: string, message: string): void => void faults.push({ path: `${path}.${key}`, message });
  if (crm === undefined) {
    const known = crms.size === 0 ? 'there are none' : `known: ${[...crms.keys()].join(', ')}`;
    fault(
      'crm',
      `there is no profile "${name}"${didYouMean(name, [...crms.keys()])}: expected crms/${name}.json beside the schemes, or "crms" in the configuration; ${known}`,
    );
    return question;
  }
  if (crm.fields === null) {
    for (const text of crm.faults) fault('crm', text);
    return question;
  }
  for (const key of CONNECTION.filter((key) => question[key] !== undefined)) {
    fault(key, `is set by the profile "${name}" (${crm.place}) for all its schemes: change it there`);
  }
  const base = String(crm.fields['url']);
  const joined = typeof url === 'string' ? joinedUrl(base, url) : { url };
  if ('wrong' in joined) fault('url', `${joined.wrong} of the profile "${name}" (${crm.place})`);
  const headers = withHeaders(crm.fields['headers'], question['headers']);
  return {
    ...crm.fields,
    ...question,
    url: 'wrong' in joined ? base : joined.url,
    ...(headers === undefined ? {} : { headers }),
  };
}

/** To the same host with what the question before it has; null for another host, and where there is a profile. */
function withConnection(question: Json, before: Json): Json | null {
  const { url, crm } = question;
  const origin = typeof url === 'string' ? originOf(url) : null;
  if (crm !== undefined || origin === null || typeof before['url'] !== 'string') return null;
  if (originOf(before['url']) !== origin) return null;
  const kept = CONNECTION.filter((key) => before[key] !== undefined).map(
    (key) => [key, before[key]] as const,
  );
  const inherited = withoutCredentials(before['headers'], question['auth']);
  const headers = withHeaders(inherited, question['headers']);
  return { ...Object.fromEntries(kept), ...question, ...(headers === undefined ? {} : { headers }) };
}

/** A header wins over `auth`: the key of the question before would go out instead of the question's own. */
function withoutCredentials(headers: unknown, auth: unknown): unknown {
  if (auth === undefined || !isJson(headers)) return headers;
  const own = isJson(auth) && auth['type'] === 'api-key' ? (auth['header'] ?? API_KEY_HEADER) : null;
  const isOut = (name: string): boolean =>
    CREDENTIALS.has(name) || (typeof own === 'string' && own.toLowerCase() === name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOut(name.toLowerCase())));
}

/** A header of the question's own takes the place of the other one. */
function withHeaders(first: unknown, own: unknown): unknown {
  if (!isJson(first) || (own !== undefined && !isJson(own))) return own ?? first;
  const names = new Set(Object.keys(own ?? {}).map((name) => name.toLowerCase()));
  const kept = Object.entries(first).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...own };
}

/** Scheme, host and port of a URL as it is written; null for a path. */
function originOf(url: string): string | null {
  return /^[a-z][a-z\d+.-]*:\/*[^/?#\\]*/i.exec(url)?.[0].toLowerCase() ?? null;
}

/** `path` after `base`, from which it does not lead away. */
function joinedUrl(base: string, path: string): { url: string } | { wrong: string } {
  if (originOf(path) !== null)
    return { wrong: 'expected a path such as /contacts, which is added to the URL' };
  const stem = base.replace(/\/+$/, '');
  const url = path === '' || path.startsWith('?') ? base + path : `${stem}/${path.replace(/^[/\\]+/, '')}`;
  const plain = (text: string): string => text.replace(/\{\{[^{}]*\}\}/g, 'x');
  if (!URL.canParse(plain(url))) return { wrong: 'does not make a URL when added to that' };
  const [{ origin, pathname }, within] = [new URL(plain(url)), new URL(plain(stem))];
  const folder = within.pathname.replace(/\/+$/, '');
  const stays =
    origin === within.origin && (pathname === within.pathname || `${pathname}/`.startsWith(`${folder}/`));
  return stays ? { url } : { wrong: 'leads away from the URL' };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
