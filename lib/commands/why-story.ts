import type { CallRecord, CanaryRecord, ShadowRecord } from '../call/record.ts';
import { talkedMs } from '../call/talk.ts';
import { sentenceOf } from '../errors.ts';

/** The story of one call, for a person at night: what happened when, and why it ended as it did. */

const MOST_LINES = 25;
const MOST_WIDTH = 160;

/** A record of an older version has no canary and no shadows. */
type Told = Omit<CallRecord, 'canary' | 'shadows'> & Partial<Pick<CallRecord, 'canary' | 'shadows'>>;

interface Moment {
  readonly atMs: number | null;
  readonly text: string;
}

/** `found`: how the call was found, where that is not plain. */
export function storyOf(record: Told, found: readonly string[] = []): string[] {
  const head = [...headOf(record), ...found];
  const end = endOf(record);
  const moments = momentsOf(record)
    .map((moment, place) => ({ ...moment, place }))
    // Notes without a time keep their place.
    .sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0) || a.place - b.place)
    .map(lineOf);
  const { notes: noted, shadows = [] } = record;
  const notes = [...noted.map((note) => `note: ${note}`), ...shadows.map(shadowLine)];
  return [...head, ...fitting([...moments, ...notes], MOST_LINES - head.length - end.length), ...end].map(
    cut,
  );
}

/** `canary: in the 5 % of sales that go by sales-new` */
export function canaryLine({ of, scheme, percent, side }: CanaryRecord): string {
  return `canary: ${side === 'canary' ? 'in' : 'not in'} the ${percent} % of ${of} that go by ${scheme}`;
}

/** `shadow sales-new: the same, in 87 ms` */
export function shadowLine({ scheme, would, dropped, live, differs, tookMs }: ShadowRecord): string {
  if (would === null) return `shadow ${scheme}: dropped (${dropped ?? 'internal'})`;
  const { result, reason, steps } = would;
  const verdict =
    differs === null ? 'the call ended before it was decided' : differs ? 'differs' : 'the same';
  const other = differs === true ? `, not ${live?.steps.join(', ') ?? ''}` : '';
  return `shadow ${scheme}: ${verdict}: ${result} (${reason}) -> ${steps.join(', ')}${other}, in ${Math.round(tookMs)} ms`;
}

/** Who rings and for how long. The rest of the dial string is in the record: --json. */
function rings(dialString: string): string {
  const limit = limitOf(dialString);
  const legs = dialString.replace(/^\{.*?\}/, '').replace(/\[.*?\]/g, '');
  return `bridge to ${legs}${limit === undefined ? '' : `, for ${limit} s at most`}`;
}

function bridgeEnd({ atMs, endedMs, outcome, cause, dialString }: CallRecord['bridges'][number]): Moment[] {
  if (outcome === null || endedMs === null) return [];
  const limit = limitOf(dialString);
  // Whether the far end gave up or the time was over.
  const rang =
    outcome === 'no_answer'
      ? `, after ${seconds(endedMs - atMs)}${limit === undefined ? '' : ` of ${limit} s`}`
      : '';
  return [
    { atMs: endedMs, text: `the bridge ends: ${outcome}${cause === null ? '' : ` (${cause})`}${rang}` },
  ];
}

function limitOf(dialString: string): string | undefined {
  return /originate_timeout=(\d+)/.exec(dialString)?.[1];
}

function headOf({ id, startedAt, call, pass, previous, canary = null }: Told): string[] {
  const when = `${startedAt.slice(0, 10)} ${startedAt.slice(11, 23)} UTC`;
  const head = [`${when}  trace ${id}${call === null ? '' : `  uuid ${call.uuid}`}`];
  if (call !== null) {
    const { caller, callerName, withheld, did, context, sourceIp } = call;
    const number = caller === '' ? 'a withheld number' : `${caller}${withheld ? ' (withheld)' : ''}`;
    const name = callerName === '' || callerName === caller ? '' : ` ${JSON.stringify(callerName)}`;
    head.push(`${number}${name} called ${did}, context ${context}, from ${sourceIp} on ${call.switch}`);
  }
  if (canary !== null) head.push(canaryLine(canary));
  if (pass > 1) head.push(`pass ${pass} of this call; the previous one: ${previous ?? 'unknown'}`);
  return head;
}

function momentsOf({
  scheme,
  requests,
  recalled,
  readings,
  decisions,
  bridges,
  moves,
  answeredMs,
}: Told): Moment[] {
  const begin =
    scheme === null
      ? 'the call comes in'
      : `the call comes in: scheme ${scheme.name}, chosen by ${scheme.chosenBy}`;
  return [
    { atMs: 0, text: begin },
    ...requests.flatMap(requestMoments),
    ...recalled.map(({ atMs, ageSeconds, stale, body }) => ({
      atMs,
      text: `the answer of ${Math.round(ageSeconds)} s ago is used${stale ? ', as the CRM cannot answer' : ''}: ${body}`,
    })),
    ...readings.map(({ from, path, text, result }) => ({
      atMs:
        (from === 'fallback' ? decisions.find(({ via }) => via === 'fallback') : decisions[0])?.atMs ?? null,
      text: `read ${from === 'fallback' ? 'the fallback' : 'the value'}${path === '' ? '' : ` at ${path}`} ${JSON.stringify(text)}: ${result}`,
    })),
    ...decisions.map(({ atMs, scheme, via, result, reason, detail, steps }) => ({
      atMs,
      text: `${via === 'fallback' ? 'fallback' : 'decided'} by scheme ${scheme}: ${result} (${reason})${detail === '' ? '' : `, ${detail}`} -> ${steps.join(', ') || 'nothing'}`,
    })),
    ...bridges.flatMap((bridge, index): Moment[] => {
      const { atMs, dialString, answeredBy } = bridge;
      const isLast = index === bridges.length - 1;
      return [
        { atMs, text: rings(dialString) },
        ...(answeredBy !== null && isLast ? [{ atMs: answeredMs, text: `answered by ${answeredBy}` }] : []),
        ...bridgeEnd(bridge),
      ];
    }),
    ...moves.map(({ atMs, from, by, to }) => ({
      atMs,
      text: `taken elsewhere by ${by} while ${from}${to === '' ? '' : `, to ${to}`}`,
    })),
  ];
}

function requestMoments(request: CallRecord['requests'][number]): Moment[] {
  const { atMs, attempt, scheme, method, url, retries, reply, phases, answer, detail } = request;
  const asked = { atMs, text: `asks the CRM (scheme ${scheme}, attempt ${attempt}): ${method} ${url}` };
  const again = retries.map(({ reason, detail }) => ({
    atMs,
    text: `asked again after ${reason}: ${detail}`,
  }));
  const total = phases?.total ?? 0;
  const parts = (['dns', 'connect', 'tls', 'firstByte'] as const)
    .filter((name) => phases?.[name] !== undefined)
    .map((name) => `${name} ${Math.round(phases?.[name] ?? 0)}`);
  const took = `after ${Math.round(total)} ms${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
  const came =
    reply === null
      ? []
      : [{ atMs: atMs + total, text: `the CRM replies ${reply.status} ${took}: ${reply.body.trim()}` }];
  const meant =
    answer === null || answer === 'found'
      ? []
      : [
          {
            atMs: atMs + total,
            text: `no answer to use: ${answer}${detail === null || detail === '' ? '' : `, ${detail}`}`,
          },
        ];
  return [asked, ...again, ...came, ...meant];
}

function endOf({
  result,
  reason,
  destination,
  end,
  via,
  hangupCause,
  hungUpBy,
  decidedMs,
  ...record
}: Told): string[] {
  const who = hungUpBy === null ? '' : `, hung up by ${hungUpBy}`;
  const cause = hangupCause === null ? '' : ` (${hangupCause})`;
  const talkMs = talkedMs(record);
  const talked = talkMs === null ? '' : `, talked ${seconds(talkMs)}`;
  const decided = decidedMs === null ? '' : `, decided in ${Math.round(decidedMs)} ms`;
  return [
    lineOf({ atMs: record.endedMs, text: `end: ${end ?? 'not yet'}${cause}${who}` }),
    `${result} (${reason}): ${sentenceOf(reason)}`,
    `${destination === '' ? 'sent nowhere' : `sent to ${destination}`} by ${via}${decided}${talked}`,
  ];
}

function seconds(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

function lineOf({ atMs, text }: Moment): string {
  return `${atMs === null ? ''.padStart(12) : `${String(Math.round(atMs)).padStart(9)} ms`}  ${text}`;
}

/** The beginning and the end say most. */
function fitting(lines: readonly string[], most: number): string[] {
  if (lines.length <= most) return [...lines];
  const first = Math.ceil((most - 1) / 2);
  const left = lines.length - most + 1;
  return [
    ...lines.slice(0, first),
    `              ... ${left} lines left out: see --json`,
    ...lines.slice(first + left),
  ];
}

function cut(line: string): string {
  const flat = line.replace(/\s*[\r\n]+\s*/g, ' ');
  return flat.length > MOST_WIDTH ? `${flat.slice(0, MOST_WIDTH - 3)}...` : flat;
}
