import { concealCaller, type Call } from '../call/channel.ts';
import { apply, newRecord, type CallEvent } from '../call/record.ts';
import { newTraceId } from '../call/trace.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { admit, type AdmitResult } from '../decide/admit.ts';
import { budgetMs, Inquiry, type Decision, type InquiryOptions } from '../decide/decide.ts';
import {
  conversationLimit,
  Limits,
  placeOfScheme,
  placesOfNumber,
  type Limit,
  type Place,
} from '../decide/limits.ts';
import { AnswerMemory } from '../decide/memory.ts';
import { nextLists, type NextList } from '../decide/next.ts';
import { withoutSecretsOf } from '../decide/token.ts';
import { withHeaders, type ListedStep } from '../decide/walk.ts';
import { prefixFormsOf } from '../dial/destination.ts';
import { originatesFor, type OriginateContext } from '../dial/originate.ts';
import type { Step } from '../dial/route.ts';
import { messageOf, RouterError } from '../errors.ts';
import { decodeText } from '../http/charset.ts';
import { createHttpClient } from '../http/client.ts';
import type { HttpResponse } from '../http/message.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { readBytes } from '../schemes/file.ts';
import { createRedactor } from '../redact/redactor.ts';
import { loadSchemes } from '../schemes/folder.ts';
import { OwnWrites, readKept } from '../schemes/kept.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { Tokens, type TokenEvent } from '../upstream/tokens.ts';
import { Upstream } from '../upstream/upstream.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { callFrom, type CallOptions } from '../decide/described.ts';
import { jsonOf, reportOf, type Listed, type Tried } from './try-report.ts';

export interface TryOptions extends CommonOptions, CallOptions {
  readonly scheme?: string;
  readonly reply?: string;
  readonly status: number;
  readonly json?: boolean;
}

/**
 * Walks the path of a call without a call: chooses the scheme, really asks the CRM, marked as a dry run, and places nothing.
 * Exit code 0 also where nobody is the answer; 1 where a call would end in an error or a refusal.
 */
export async function tryCommand(context: CommandContext, options: TryOptions): Promise<ExitCode> {
  const { config, secrets, secretTexts } = await load(context, options);
  const loaded = await loadSchemes(config, secrets);
  if (!loaded.ok) throw new RouterError('config_invalid', loaded.faults.join('\n'));
  const schemes = loaded.set;
  const { version } = context;
  const named = options.scheme === undefined ? null : schemeNamed(options.scheme, schemes);
  const call = callFrom(options, { didFrom: config.didFrom, variables: schemes.variables });
  const canned = options.reply === undefined ? null : await cannedReply(options.reply, options.status);
  const now = systemClock.date();
  const record = newRecord(newTraceId(now), now);
  const entered: string[] = [];
  const tokenTexts: string[] = [];
  const note = (event: CallEvent): void => {
    apply(record, event);
    if (event.type === 'scheme') entered.push(event.name);
  };
  const say = (texts: readonly string[]): void => {
    for (const text of texts) note({ type: 'note', text });
  };
  note({ type: 'call', call: call.withheld ? concealCaller(call) : call });
  const admitted = admit(call, { config, schemes, named });
  let tried: Tried;
  if (admitted.kind === 'given_back') {
    say(notesOnGivenBack(admitted, schemes));
    note({ type: 'result', result: admitted.result, reason: admitted.reason });
    tried = { record, chosen: null, steps: [{ kind: 'dialplan' }], dialStrings: [], next: [] };
  } else {
    const { scheme, chosenBy } = admitted;
    if (call.withheld && scheme.webhook.withheld === 'send') note({ type: 'call', call });
    note({ type: 'scheme', name: scheme.name, revision: scheme.revision, chosenBy });
    const { id: trace } = record;
    const onTokens = (texts: readonly string[]): void => void tokenTexts.push(...texts);
    const asking = { call, config, schemes, secrets, version, trace, canned, note, onTokens };
    const decision = await decide(scheme, asking);
    const lists = nextLists(decision, { call, config, schemes });
    say(lists.flatMap(notesOnReadings));
    say(notesOnCaps(entered, [decision, ...lists], schemes, config));
    say(notesOnDuration([decision, ...lists], decision.scheme, config));
    tried = { record, chosen: admitted, ...listed(decision, lists, call, config) };
  }
  const redactor = createRedactor({ secrets: [...secretTexts, ...tokenTexts] });
  if (options.json === true) printJson(context.stdout, jsonOf(tried), redactor);
  else print(context.stdout, reportOf(tried), redactor);
  return record.result === 'routed' || record.result === 'no_route' ? 0 : 1;
}

interface Asking extends Pick<
  InquiryOptions,
  'call' | 'config' | 'schemes' | 'secrets' | 'version' | 'trace' | 'note'
> {
  /** Null: the CRM is really asked. */
  readonly canned: HttpResponse | null;
  readonly onTokens: (texts: readonly string[]) => void;
}

async function decide(scheme: Scheme, { canned, onTokens, ...asking }: Asking): Promise<Decision> {
  const startedAt = systemClock.now();
  const { network, listen, health } = asking.config;
  const ownPorts = new Set([listen.port, Number(health.port)]);
  const http = createHttpClient({ network, ownPorts });
  const upstream = new Upstream({
    send: (request, sending) => (canned === null ? http.send(request, sending) : Promise.resolve(canned)),
    clock: systemClock,
    random: Math.random,
  });
  const { note } = asking;
  const tokens = new Tokens({
    send: async (request, sending) => {
      const { method, shown } = request;
      const asked = `${method} ${shown.url} ${shown.body ?? ''}`;
      const response = await http.send(request, sending).catch((error: unknown) => {
        note({ type: 'note', text: `access token: ${asked}` });
        throw error;
      });
      const ms = Math.round(response.phases.total);
      note({ type: 'note', text: `access token: ${asked} -> HTTP ${response.status} in ${ms} ms` });
      return response;
    },
    clock: systemClock,
    random: Math.random,
    files: { read: readKept, write: new OwnWrites().write },
    redact: withoutSecretsOf,
    onTokens,
    onEvent: (event) => {
      noteOnToken(event, note);
    },
  });
  const inquiry = new Inquiry({
    ...asking,
    ...(canned === null ? { tokens } : {}),
    send: upstream.send.bind(upstream),
    memory: new AnswerMemory(),
    clock: systemClock,
    // Those of a router that has no other call: two numbers rung together may be more than a prefix may have.
    places: new Limits(systemClock).places(),
    dryRun: true,
    signal: new AbortController().signal,
    elapsedMs: () => systemClock.now() - startedAt,
  });
  try {
    return await inquiry.decide(scheme, startedAt + budgetMs(scheme, asking.call));
  } finally {
    await tokens.close();
    http.close();
  }
}

function noteOnToken(event: TokenEvent, note: Asking['note']): void {
  // A failure is the reason of the call.
  if (event.kind !== 'unsaved') return;
  const text = `${event.tokenUrl} has replaced the refresh token, and the new one is lost: ${event.detail}`;
  note({ type: 'note', text });
}

function schemeNamed(name: string, { schemes }: SchemeSet): Scheme {
  const scheme = schemes.get(name);
  if (scheme !== undefined) return scheme;
  throw new RouterError('config_invalid', `there is no scheme "${name}"; known are ${namesOf(schemes)}`);
}

function namesOf(schemes: SchemeSet['schemes']): string {
  return schemes.size === 0 ? 'none' : [...schemes.keys()].join(', ');
}

/** As many as the HTTP client takes. */
const MAX_REPLY_BYTES = 64 * 1024;

async function cannedReply(file: string, status: number): Promise<HttpResponse> {
  try {
    const bytes = await readBytes(file, { maxBytes: MAX_REPLY_BYTES, pipes: true });
    const { text: body, notes } = decodeText(bytes, '');
    return { status, headers: {}, body, notes, phases: { total: 0 }, canned: true };
  } catch (error) {
    const text = `cannot read the reply ${file}: ${messageOf(error)}`;
    throw new RouterError('config_invalid', text, { cause: error });
  }
}

function notesOnGivenBack(
  { reason, note }: Extract<AdmitResult, { kind: 'given_back' }>,
  { schemes }: SchemeSet,
): string[] {
  const known = `the schemes are: ${namesOf(schemes)}`;
  if (reason === 'no_scheme') return [`no match fits, and there is no default scheme; ${known}`];
  return note === null ? [] : [note, known];
}

/** What of a list would not be dialled for this call; the rest shows in its steps. */
function notesOnReadings({ outcomes, readings }: NextList): string[] {
  return readings
    .filter(({ result }) => result.startsWith('refused'))
    .map(
      ({ path, text, result }) =>
        `steps for ${outcomes.join(', ')}: ${path} ${JSON.stringify(text)}: ${result}`,
    );
}

/** The caps that would count for the call, as far as its steps are known. */
function notesOnCaps(
  entered: readonly string[],
  lists: readonly { readonly steps: readonly Step[] }[],
  { schemes }: SchemeSet,
  { numbers }: Config,
): string[] {
  const places: Place[] = entered.map((name) => placeOfScheme(name, schemes.get(name)?.limits ?? {}));
  for (const step of lists.flatMap(({ steps }) => steps)) {
    if (step.kind !== 'dial') continue;
    places.push(...step.destinations.flatMap((to) => placesOfNumber(prefixFormsOf(to), numbers.limits)));
  }
  const limits = new Map(places.map(({ key, limit }) => [key, limit]));
  return [...limits].flatMap(([key, limit]) => {
    const caps = capsOf(limit);
    return caps === '' ? [] : [`${key}: ${caps}; a running router counts them, try does not`];
  });
}

function capsOf({ calls, callsPerMinute }: Limit): string {
  return [
    ...(calls === undefined ? [] : [`at most ${calls} ${calls === 1 ? 'call' : 'calls'} at the same time`]),
    ...(callsPerMinute === undefined ? [] : [`at most ${callsPerMinute} a minute`]),
  ].join(', ');
}

function notesOnDuration(
  lists: readonly { readonly steps: readonly Step[] }[],
  scheme: Scheme,
  config: Config,
): string[] {
  const seconds = conversationLimit(scheme.maxDurationSeconds, config.maxDurationSeconds);
  if (seconds === null || !lists.some(({ steps }) => steps.some(({ kind }) => kind === 'dial'))) return [];
  const whose =
    seconds === scheme.maxDurationSeconds
      ? `maxDurationSeconds of the scheme ${scheme.name}`
      : 'maxDurationSeconds of the configuration';
  return [`a conversation is hung up ${seconds} s after the answer (${whose})`];
}

function listed(
  decision: Decision,
  lists: readonly NextList[],
  call: Call,
  config: Config,
): Pick<Tried, 'steps' | 'dialStrings' | 'next'> {
  const { scheme, ownHeaders, steps, originates } = decision;
  const context = { scheme, call, config };
  return {
    steps,
    dialStrings: [
      ...originates.map(({ dialString, timeoutSeconds }) => dialString(timeoutSeconds)),
      ...dialStringsOf(steps.slice(1), context),
    ],
    next: lists.map((list): Listed => ({
      outcomes: list.outcomes,
      steps: list.steps,
      dialStrings: dialStringsOf(withHeaders(list.steps, ownHeaders), context),
    })),
  };
}

function dialStringsOf(steps: readonly ListedStep[], context: OriginateContext): string[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'dial') return [];
    const plan = originatesFor(step, context);
    if (!plan.ok) return [`not dialled: ${plan.detail}`];
    return plan.originates.map(({ dialString, timeoutSeconds }) => dialString(timeoutSeconds));
  });
}
