import { concealCaller, type Call } from '../call/channel.ts';
import { apply, newRecord, type CallEvent, type CallRecord } from '../call/record.ts';
import type { Outcome } from '../call/cause.ts';
import { newTraceId } from '../call/trace.ts';
import { Cancellation, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { prefixFormsOf } from '../dial/destination.ts';
import { originatesFor, type OriginateContext } from '../dial/originate.ts';
import type { Step } from '../dial/route.ts';
import { RouterError } from '../errors.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { admit, type AdmitResult } from './admit.ts';
import { budgetMs, describeStep, Inquiry, type Decision, type InquiryOptions } from './decide.ts';
import {
  conversationLimit,
  Limits,
  placeOfScheme,
  placesOfNumber,
  type Limit,
  type Place,
} from './limits.ts';
import { openLine, type Line, type LineOptions } from './line.ts';
import { AnswerMemory } from './memory.ts';
import { nextLists, type NextList } from './next.ts';
import { outlookOf } from './outlook.ts';
import { withHeaders, type ListedStep } from './walk.ts';
import { compared, wouldDecide } from './would.ts';

/** The path of a call without a call: for `try`, and for a scheme that is tried before it is saved. No call is placed. */

/** Who answers the questions. */
type Answering =
  /** The CRM itself, marked as a dry run. Where requests may go the configuration says, here as for a call. */
  | ({ readonly by: 'crm' } & Pick<LineOptions, 'ownPorts' | 'tokens'> & {
        /** Open already, for many runs, whose shadows are not asked: nobody reads them, and each is a question more. */
        readonly line?: Line['line'];
        /** The questions that are not asked again: their recorded replies, in order. Throws as they failed. */
        readonly before?: readonly ((request: HttpRequest) => HttpResponse)[];
      })
  /** This reply, whatever is asked. */
  | { readonly by: 'reply'; readonly reply: HttpResponse }
  /** Recorded replies; no question is marked. Throws RouterError if there is no reply. */
  | {
      readonly by: 'record';
      readonly trace: string;
      readonly answer: (request: HttpRequest) => HttpResponse;
    };

export interface DryRunOptions extends Pick<
  InquiryOptions,
  'call' | 'config' | 'schemes' | 'secrets' | 'version' | 'lastAgent' | 'change'
> {
  /** Instead of the scheme that would be chosen for the call; null: it chooses. */
  readonly named: Scheme | null;
  readonly answering: Answering;
  readonly clock: Clock;
  /** Ends it: its reason is thrown. */
  readonly signal?: CancelSignal;
  /** 0 to 1. */
  readonly random: () => number;
}

/** What would have happened to a call. */
export interface Tried {
  readonly record: CallRecord;
  /** The first scheme; null for a call that is given back unasked. Hand-overs show in the requests. */
  readonly chosen: { readonly scheme: Scheme; readonly chosenBy: string } | null;
  readonly steps: readonly Step[];
  readonly dialStrings: readonly string[];
  readonly next: readonly Listed[];
}

/** What follows a bridge that ended in one of these ways. */
export interface Listed {
  readonly outcomes: readonly Outcome[];
  readonly steps: readonly Step[];
  readonly dialStrings: readonly string[];
}

/** Resolves to it, and to the access tokens that nothing said of it may hold. */
export async function dryRun(
  options: DryRunOptions,
): Promise<Tried & { readonly tokenTexts: readonly string[] }> {
  const { answering, clock } = options;
  const now = clock.date();
  const record = newRecord(answering.by === 'record' ? answering.trace : newTraceId(now), now);
  const tokenTexts: string[] = [];
  const telling: Telling = {
    note: (text) => {
      apply(record, { type: 'note', text });
    },
    onTokens: (texts) => void tokenTexts.push(...texts),
  };
  const { line, close } = lineOf(options, telling);
  const beside = (): Line => lineOf({ ...options, answering: besideOf(answering, line) }, telling);
  try {
    return { ...(await run(record, { line, beside }, options)), tokenTexts };
  } finally {
    await close();
  }
}

/** What is to be said of access tokens, and what of them nothing may hold. */
type Telling = Pick<LineOptions, 'note' | 'onTokens'>;

/** The line of the call, and how that of its shadows is opened. */
interface Lines extends Pick<Line, 'line'> {
  readonly beside: () => Line;
}

async function run(record: CallRecord, lines: Lines, options: DryRunOptions): Promise<Tried> {
  const { call, config, schemes, named } = options;
  const entered: string[] = [];
  const note = (event: CallEvent): void => {
    apply(record, event);
    if (event.type === 'scheme') entered.push(event.name);
  };
  const say = (texts: readonly string[]): void => {
    for (const text of texts) note({ type: 'note', text });
  };
  note({ type: 'call', call: call.withheld ? concealCaller(call) : call });
  const admitted = admit(call, { config, schemes, named });
  if (admitted.kind === 'given_back') {
    say(notesOnGivenBack(admitted, schemes));
    note({ type: 'result', result: admitted.result, reason: admitted.reason });
    await askShadows(admitted.shadows, record, lines, options);
    return { record, chosen: null, steps: [{ kind: 'dialplan' }], dialStrings: [], next: [] };
  }
  const { scheme, chosenBy, canary } = admitted;
  if (call.withheld && scheme.webhook.withheld === 'send') note({ type: 'disclosed', call });
  note({ type: 'scheme', name: scheme.name, revision: scheme.revision, chosenBy });
  if (canary !== null) note({ type: 'canary', canary });
  const decision = await decide(scheme, record, lines.line, { ...options, note });
  await askShadows(admitted.shadows, record, lines, options);
  const lists = nextLists(decision, { call, config, schemes });
  say(lists.flatMap(notesOnReadings));
  say(notesOnCaps(entered, [decision, ...lists], schemes, config));
  say(notesOnDuration([decision, ...lists], decision.scheme, config));
  return { record, chosen: admitted, ...listed(decision, lists, call, config) };
}

/** The record of the call, and what it would do. */
export function jsonOf({ record, steps, dialStrings, next }: Tried): object {
  const shown = next.map((list) => ({ ...list, steps: list.steps.map(describeStep) }));
  return { ...record, steps: steps.map(describeStep), dialStrings, next: shown };
}

function decide(
  scheme: Scheme,
  { id: trace }: CallRecord,
  line: Line['line'],
  options: DryRunOptions & Pick<InquiryOptions, 'note'>,
): Promise<Decision> {
  const { answering, clock, call } = options;
  const startedAt = clock.now();
  const inquiry = new Inquiry({
    ...options,
    ...line,
    trace,
    memory: new AnswerMemory(),
    // Those of a router with no other call: two numbers rung together may already be over the limit of a prefix.
    places: new Limits(clock).places(),
    dryRun: answering.by !== 'record',
    signal: options.signal ?? new Cancellation(),
    elapsedMs: () => clock.now() - startedAt,
  });
  return inquiry.decide(scheme, startedAt + budgetMs(scheme, call));
}

/**
 * As in a call on a line of their own: what the call's own question was answered opens no breaker and pauses nobody for them.
 * What was answered of old tells nothing of schemes that were not asked then, and a changed question is not theirs.
 */
async function askShadows(
  shadows: readonly Scheme[],
  record: CallRecord,
  { beside }: Lines,
  options: DryRunOptions,
): Promise<void> {
  const { answering, change } = options;
  if (shadows.length === 0 || answering.by === 'record' || change !== undefined) return;
  if (answering.by === 'crm' && answering.line !== undefined) return;
  const { line, close } = beside();
  try {
    const asking = { ...options, ...line, trace: record.id, signal: options.signal ?? new Cancellation() };
    for (const scheme of shadows) {
      const would = await wouldDecide(scheme, { ...asking, memory: new AnswerMemory() });
      apply(record, { type: 'shadow', shadow: compared(would, outlookOf(record)) });
    }
  } finally {
    await close();
  }
}

/** A refresh token is good once, so the access tokens are the same ones. */
function besideOf(answering: Answering, { tokens }: Line['line']): Answering {
  return answering.by === 'crm' && tokens !== undefined ? { ...answering, tokens } : answering;
}

function lineOf({ answering, config, clock, random }: DryRunOptions, telling: Telling): Line {
  if (answering.by !== 'crm') return silentLine(answering);
  if (answering.line !== undefined) return { line: answering.line, close: () => Promise.resolve() };
  const { line, close } = openLine({ ...answering, ...telling, config, clock, random });
  const left = [...(answering.before ?? [])];
  const send: InquiryOptions['send'] = async (request, sending) =>
    left.shift()?.(request) ?? (await line.send(request, sending));
  return { line: { ...line, send }, close };
}

function silentLine(answering: Exclude<Answering, { by: 'crm' }>): Line {
  const answer = answering.by === 'reply' ? () => answering.reply : answering.answer;
  const send: InquiryOptions['send'] = (request) =>
    new Promise((resolve) => {
      resolve(answer(request));
    });
  return { line: { send }, close: () => Promise.resolve() };
}

/** Throws RouterError `config_invalid` where there is none. */
export function schemeNamed(name: string, { schemes }: SchemeSet): Scheme {
  const scheme = schemes.get(name);
  if (scheme !== undefined) return scheme;
  throw new RouterError('config_invalid', `there is no scheme "${name}"; known: ${namesOf(schemes)}`);
}

function namesOf(schemes: SchemeSet['schemes']): string {
  return schemes.size === 0 ? 'none' : [...schemes.keys()].join(', ');
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

/** The limits that would apply to the call, as far as its steps are known. */
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
