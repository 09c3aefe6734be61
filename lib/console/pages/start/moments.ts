import type { CallRecord } from '../../../api/types.ts';

/** The first call in a few lines: what happened, and when. Pure. */

export interface Moment {
  /** Milliseconds since FreeSWITCH handed the call over. */
  readonly atMs: number;
  readonly what: 'came' | 'asked' | 'replied' | 'decided' | 'dialled' | 'answered' | 'ended';
  /** A number, a name, an address: whatever it was about. */
  readonly text: string;
}

export function momentsOf(record: CallRecord): Moment[] {
  const { call, requests, bridges, destination, result, end, hangupCause } = record;
  const { decidedMs, answeredMs, endedMs, answeredBy } = record;
  const moments: Moment[] = [{ atMs: 0, what: 'came', text: `${call?.caller ?? ''} → ${call?.did ?? ''}` }];
  for (const { atMs, method, url, reply, phases } of requests) {
    moments.push({ atMs, what: 'asked', text: `${method} ${url}` });
    if (reply !== null) {
      const text = `HTTP ${reply.status} ${reply.body}`;
      moments.push({ atMs: atMs + (phases?.total ?? 0), what: 'replied', text });
    }
  }
  if (decidedMs !== null) moments.push({ atMs: decidedMs, what: 'decided', text: destination || result });
  for (const { atMs, dialString } of bridges) moments.push({ atMs, what: 'dialled', text: dialString });
  if (answeredMs !== null) moments.push({ atMs: answeredMs, what: 'answered', text: answeredBy ?? '' });
  if (endedMs !== null) {
    const text = [end, hangupCause].filter((word) => word !== null && word !== '').join(', ');
    moments.push({ atMs: endedMs, what: 'ended', text });
  }
  return moments.sort((one, other) => one.atMs - other.atMs);
}
