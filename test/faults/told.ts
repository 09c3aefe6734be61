import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import type { CallReport, CallScript, CrmReply, SimulatedCrm } from '../../lib/simulator/index.ts';
import { call, WANTED, type Stage } from './stage.ts';

/** A CRM that is told of calls and fails a third of the time, and what it has taken. */

export interface Told {
  readonly event: string;
  readonly event_id: string;
  readonly seq: number;
  readonly uuid: string;
  readonly result: string;
}

/** A call, as the switch saw it. */
interface Placed {
  readonly end: CallReport['end'];
  readonly beganMs: number;
  readonly endedMs: number;
}

/** So long before it was killed a router had all that had happened in its store, also on a machine that others use. */
const UNWRITTEN_MS = 2_000;

/** Each call's events in the order in which the CRM took them, and each call as the switch saw it. */
export class Ledger {
  readonly calls = new Map<string, Told[]>();
  readonly ids = new Set<string>();
  readonly placed = new Map<string, Placed>();
  readonly killedMs: number[] = [];
  tries = 0;
  refused = 0;
  repeated = 0;
  disorders = 0;

  take(told: Told): void {
    if (this.ids.has(told.event_id)) {
      this.repeated++;
      return;
    }
    this.ids.add(told.event_id);
    const events = this.calls.get(told.uuid) ?? [];
    this.calls.set(told.uuid, [...events, told]);
    if (told.seq !== (events.at(-1)?.seq ?? 0) + 1) this.disorders++;
  }

  /** Calls whose first event came, and not one end as the last. */
  get unended(): number {
    return this.#count((events) => {
      const ends = events.filter(({ event }) => event === 'ended').length;
      return ends !== 1 || events.at(-1)?.event !== 'ended';
    });
  }

  /** Calls that nobody placed. */
  get strangers(): number {
    return [...this.calls.keys()].filter((uuid) => !this.placed.has(uuid)).length;
  }

  /** Calls that were closed for a router that was gone. */
  get closed(): number {
    return this.#count((events) => events.at(-1)?.result === 'unknown');
  }

  /** Answered calls with an event too few, but for those that a kill has met, or that had ended in the moment before it. */
  get missing(): number {
    return [...this.placed].filter(([uuid, { end, beganMs, endedMs }]) => {
      if (end.kind !== 'answered') return false;
      if (this.killedMs.some((ms) => beganMs < ms && endedMs > ms - UNWRITTEN_MS)) return false;
      const events = this.calls.get(uuid) ?? [];
      return !['ringing', 'answered', 'ended'].every((name) => events.some(({ event }) => event === name));
    }).length;
  }

  readonly onReport = ({ uuid, end, timings }: CallReport): void => {
    const endedMs = performance.now();
    this.placed.set(uuid, { end, beganMs: endedMs - timings.endMs, endedMs });
  };

  #count(isSo: (events: readonly Told[]) => boolean): number {
    return [...this.calls.values()].filter(isSo).length;
  }
}

export function failingCrm(stage: Stage, ledger: Ledger): Promise<SimulatedCrm> {
  const { random } = stage;
  return stage.crm(({ url, body }): CrmReply => {
    if (!url.startsWith('/events')) return { status: 200, body: `{"destination":"${WANTED}"}` };
    ledger.tries++;
    const draw = random.below(300);
    if (draw < 100) {
      ledger.refused++;
      if (draw < 60) return { status: 500, body: 'the database is locked' };
      if (draw < 90) return { reset: 'before-headers' };
      if (draw < 98) return { status: 404, body: '' };
      // It takes the event, and the router can't know.
      ledger.take(JSON.parse(body.toString('utf8')) as Told);
      return { status: 200, delayMs: 3_000, body: '' };
    }
    ledger.take(JSON.parse(body.toString('utf8')) as Told);
    return { status: 200, body: '{"ok":true}' };
  });
}

/** Each call is asked about at this CRM, and all of its events are told to it. */
export function toldScheme({ url }: SimulatedCrm): SchemeDocument {
  const webhook = { url: `${url}/events`, timeoutSeconds: 2, maxInFlight: 400 };
  return {
    name: 'told',
    webhook: { url: `${url}/route` },
    events: [{ on: ['ringing', 'answered', 'moved', 'ended'], webhook }],
  };
}

/** Most are answered and talk for a while; some callers give up, some callees are busy. */
export function toldScript({ random }: Stage, n: number): CallScript {
  const talkMs = 20 + random.below(1_500);
  if (n % 10 === 0)
    return call('told', { callee: () => ({ kind: 'fail', cause: 'USER_BUSY', afterMs: 20 }) });
  if (n % 10 === 1)
    return call('told', { callee: () => ({ kind: 'ring' }), hangupAt: 'ringing', hangupAfterMs: 100 });
  return call('told', { callee: () => ({ kind: 'answer', afterMs: 20, talkMs, hangup: 'caller' }) });
}
