import type { CallRecord } from '../../../api/types.ts';
import { timeText } from './time.ts';

/** What is not the same in two calls, by the names of the record; what differs in every two calls is left out. */

interface Difference {
  readonly what: string;
  readonly left: string;
  readonly right: string;
}

/** A decision is as fast as another one when they differ by less. */
const ALIKE_MS = 50;
const LONGEST = 300;

export function differencesOf(left: CallRecord, right: CallRecord): Difference[] {
  const [one, other] = [factsOf(left), factsOf(right)];
  return Object.keys({ ...one, ...other }).flatMap((what) => {
    const [here, there] = [one[what] ?? '', other[what] ?? ''];
    if (here === there || (what === 'decidedMs' && alike(left.decidedMs, right.decidedMs))) return [];
    return [{ what, left: here.slice(0, LONGEST), right: there.slice(0, LONGEST) }];
  });
}

function alike(one: number | null, other: number | null): boolean {
  return one !== null && other !== null && Math.abs(one - other) < ALIKE_MS;
}

function factsOf(record: CallRecord): Record<string, string> {
  const { call, scheme, requests, readings, decisions, bridges, decidedMs } = record;
  const question = requests.at(-1);
  return {
    caller: call?.caller ?? '',
    did: call?.did ?? '',
    context: call?.context ?? '',
    domain: call?.domain ?? '',
    switch: call?.switch ?? '',
    scheme: scheme === null ? '' : `${scheme.name} (${scheme.revision})`,
    chosenBy: scheme?.chosenBy ?? '',
    requests: String(requests.length),
    url: question?.url ?? '',
    status: question?.reply === undefined || question.reply === null ? '' : String(question.reply.status),
    answer: question?.answer ?? '',
    reply: question?.reply?.body ?? '',
    readings: readings.map(({ text, result }) => `${text}: ${result}`).join('\n'),
    result: record.result,
    reason: record.reason,
    steps: decisions.map(({ steps }) => steps.join(', ')).join('\n'),
    bridges: bridges.map(({ outcome, cause }) => `${outcome ?? ''} ${cause ?? ''}`.trim()).join('\n'),
    end: record.end ?? '',
    via: record.via,
    hangupCause: record.hangupCause ?? '',
    decidedMs: decidedMs === null ? '' : timeText(decidedMs),
  };
}
