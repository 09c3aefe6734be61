import type { TFunction } from 'i18next';
import type { CallRecord } from '../../../api/types.ts';
import type { Mark } from '../../ui/marked.ts';
import { isOfReply } from './readings.ts';
import { placeOf, placesIn, type Place, type Places } from './json-places.ts';

/**
 * What of a reply counted: the value that was read, good or refused, and the place where it stopped being JSON. A record has the
 * texts that were read and not where they stood, so a text that stands in a reply twice may be marked at both.
 */
export function marksOf(
  body: string,
  request: Pick<CallRecord['requests'][number], 'answer' | 'detail'> | null,
  { readings, notes }: Pick<CallRecord, 'readings' | 'notes'>,
  t: TFunction,
): Mark[] {
  const places = placesIn(body);
  if (request?.answer === 'body_not_json' && places.fault !== null) {
    const { at, kind } = places.fault;
    const from = Math.min(at, Math.max(0, body.length - 1));
    return [{ from, to: from + 1, tone: 'bad', label: t(`calls.fault.${kind}`) }];
  }
  const marks = readings.filter(isOfReply).flatMap((reading): Mark[] => {
    const { text, result } = reading;
    const refused = refusedHandOver(reading, notes);
    const tone = refused === null ? toneOf(result) : 'bad';
    const spans = spansOf(body, places, reading);
    return spans.map(([from, to]) => ({ from, to, tone, label: `${text}: ${refused ?? result}` }));
  });
  if (marks.length > 0) return marks;
  const named = nameIn(request?.detail ?? '');
  const place = named === null ? null : placeOf(places, named);
  if (place === null) return [];
  const { from, to } = place;
  const isFound = request?.answer === 'found';
  return [{ from, to, tone: isFound ? 'good' : 'bad', label: request?.detail ?? '' }];
}

const MOST = 160;
/** Before the first mark. */
const LEAD = 40;

/** A line of a reply: its beginning, or what stands around the first thing that counted. */
export function excerptOf(body: string, marks: readonly Mark[]): { text: string; marks: Mark[] } {
  const first = Math.min(...marks.map(({ from }) => from));
  const begin = marks.length > 0 && first > MOST - LEAD ? first - LEAD : 0;
  const lead = begin > 0 ? '…' : '';
  const text = lead + body.slice(begin, begin + MOST) + (body.length > begin + MOST ? '…' : '');
  const by = lead.length - begin;
  const shown = marks.filter(({ from }) => from < begin + MOST);
  return { text, marks: shown.map((mark) => ({ ...mark, from: mark.from + by, to: mark.to + by })) };
}

/** How a reading ended is told in words. */
function toneOf(result: string): Mark['tone'] {
  if (result.startsWith('refused')) return 'bad';
  return /^(?:empty|nobody|ignored|left out)/.test(result) ? 'odd' : 'good';
}

/** A scheme's name reads well, and there may be no such scheme: a note has the reason why the call was not handed to it. */
function refusedHandOver(
  { text, result }: CallRecord['readings'][number],
  notes: readonly string[],
): string | null {
  const said = `left out: scheme "${text.trim()}": `;
  const note = result === 'scheme' ? notes.find((one) => one.startsWith(said)) : undefined;
  return note?.slice(said.length) ?? null;
}

/** `under "number_01"`, `key "destination"`. */
function nameIn(detail: string): string | null {
  const [quoted] = /"(?:[^"\\]|\\.)*"/.exec(detail) ?? [];
  if (quoted === undefined) return null;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

type Span = readonly [from: number, to: number];

function spansOf(body: string, places: Places, { path, text }: CallRecord['readings'][number]): Span[] {
  if (text === '') return [];
  const equal = places.values.filter(({ scalar }) => scalar !== null && scalar.trim() === text.trim());
  const own = equal.filter((place) => endsWith(place, path));
  const found = own.length > 0 ? own : equal;
  if (found.length > 0) return found.map(({ from, to }) => [from, to]);
  if (places.fault === null && places.values.length > 1) return [];
  // A plain reply: the text stands there as it is.
  const from = body.indexOf(text.trim());
  return from < 0 ? [] : [[from, from + text.trim().length]];
}

/** Paths of readings begin at the value, those of places at the top. */
function endsWith({ path }: Place, ofReading: string): boolean {
  if (ofReading === '') return true;
  const parts = ofReading.split(/[.[\]]+/).filter((part) => part !== '');
  return parts.every((part, index) => path[path.length - parts.length + index] === part);
}
