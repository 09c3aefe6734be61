import type { Call } from '../call/channel.ts';
import type { CallRecord, Outlook } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { messageOf } from '../errors.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { dryRun } from './dry-run.ts';
import { outlookOf, sameOutlook } from './outlook.ts';
import { callFromRecord, recordedReply, Untellable } from './recorded.ts';

/**
 * Recorded calls decided again, by other schemes and from the replies in their records: who would go elsewhere. Nothing is
 * asked, and what a record does not hold is not guessed.
 */

/** A call as the store has it. */
export interface RecordedCall {
  /** Its numbers are hidden, or were erased. */
  readonly masked: boolean;
  readonly record: CallRecord;
}

export interface ChangeOptions {
  /** As they would be. */
  readonly schemes: SchemeSet;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds; calls left by then are skipped. */
  readonly limitMs: number;
}

type Verdict = { readonly id: string } & (
  | { readonly kind: 'same' }
  | { readonly kind: 'moved'; readonly from: Outlook; readonly to: Outlook }
  | { readonly kind: 'unknown'; readonly why: string }
);

export interface Changes {
  readonly verdicts: readonly Verdict[];
  /** Calls for which there was no time left. */
  readonly unread: number;
}

/** A turn of the event loop takes about so long: calls go on between two. */
const TURN_MS = 4;
/** Given back before any scheme counted: decided again like all others. */
const UNASKED = new Set(['no_scheme', 'scheme_unknown', 'scheme_shadow', 'emergency_called', 'hop_limit']);

/** Never rejects for a single call. */
export async function whatWouldChange(
  calls: Iterable<RecordedCall> | AsyncIterable<RecordedCall>,
  options: ChangeOptions,
): Promise<Changes> {
  const { clock, limitMs } = options;
  const until = clock.now() + limitMs;
  const verdicts: Verdict[] = [];
  let unread = 0;
  let turnEnds = clock.now() + TURN_MS;
  for await (const call of calls) {
    if (clock.now() >= until) {
      unread++;
      continue;
    }
    verdicts.push(await verdictOn(call, options));
    if (clock.now() < turnEnds) continue;
    await new Promise<void>((resolve) => clock.after(0, resolve));
    turnEnds = clock.now() + TURN_MS;
  }
  return { verdicts, unread };
}

async function verdictOn(recorded: RecordedCall, options: ChangeOptions): Promise<Verdict> {
  const { id } = recorded.record;
  try {
    const { from, call } = tellable(recorded, options);
    const to = await decidedAgain(recorded.record, call, options);
    return sameOutlook(from, to) ? { id, kind: 'same' } : { id, kind: 'moved', from, to };
  } catch (error) {
    return {
      id,
      kind: 'unknown',
      why: error instanceof Untellable ? error.message : `a fault: ${messageOf(error)}`,
    };
  }
}

/** The call, and what was decided first. Throws Untellable. */
function tellable({ masked, record }: RecordedCall, options: ChangeOptions): { from: Outlook; call: Call } {
  const { call, decisions, recalled, reason } = record;
  if (masked) throw new Untellable('its numbers are masked or erased');
  if (call === null) throw new Untellable('the record holds no call');
  if (record.pass > 1)
    throw new Untellable('it had been to a router before, and the record does not hold all of that');
  if (decisions.length === 0 && !UNASKED.has(reason)) throw new Untellable(`it was not decided: ${reason}`);
  if (recalled.length > 0) throw new Untellable('an earlier answer was used instead of a reply');
  if (call.withheld && call.caller === '' && hasCallerMatch(options.schemes)) {
    throw new Untellable('its caller is withheld, and a scheme matches by caller');
  }
  const again = callFromRecord(record, options);
  if (again === null) throw new Untellable('the record holds no call');
  return { from: outlookOf(record), call: again };
}

/** By the first decision only: what followed would differ with other callees and other times. */
async function decidedAgain(record: CallRecord, call: Call, options: ChangeOptions): Promise<Outlook> {
  const { schemes, config, secrets, version, clock, random } = options;
  const replies = new Replies(record);
  const untold: Untellable[] = [];
  const answer = (request: HttpRequest): HttpResponse => {
    try {
      return replies.to(request);
    } catch (error) {
      if (error instanceof Untellable) untold.push(error);
      throw error;
    }
  };
  const answering = { by: 'record', trace: record.id, answer } as const;
  const asking = { call, schemes, config, secrets, version, named: null, answering, clock, random };
  const { record: now } = await dryRun(asking);
  const [why] = untold;
  if (why !== undefined) throw why;
  return outlookOf(now);
}

/** What was answered to which question. */
class Replies {
  readonly #left: CallRecord['requests'][number][];

  constructor({ requests }: CallRecord) {
    this.#left = [...requests];
  }

  /** Throws Untellable, or as the question failed. */
  to({ method, headers: sent, shown }: HttpRequest): HttpResponse {
    const asked = sayingOf(method, shown.url, shown.body);
    const index = this.#left.findIndex((one) => sayingOf(one.method, one.url, one.body) === asked);
    const [found] = index < 0 ? [] : this.#left.splice(index, 1);
    if (found === undefined) throw new Untellable(`it would ask what was not asked: ${method} ${shown.url}`);
    return recordedReply(found, sent);
  }
}

/** Without what differs each time: ids of questions, and times. */
function sayingOf(method: string, url: string, body: string | null): string {
  return `${method} ${url} ${body ?? ''}`
    .replace(/msg_[0-9a-f-]{36}/g, 'msg_')
    .replace(/\d{4}-\d\d-\d\dT\d\d(?::|%3A)\d\d(?::|%3A)\d\d\.\d{3}Z/gi, 'then');
}

function hasCallerMatch({ schemes }: SchemeSet): boolean {
  return [...schemes.values()].some(({ match }) => match?.caller !== undefined);
}
