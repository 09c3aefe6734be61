import type { CallEvent, CallRecord, End, RungLeg } from '../call/record.ts';
import type { CallEventName, EventValues } from '../webhook/event.ts';

/** What happened in a call, as events report it. `event_id`, `seq` and `unix_time` are those of a delivery. */
export type Told = Omit<EventValues, 'event' | 'event_id' | 'seq' | 'unix_time'> & {
  readonly event: CallEventName;
};

interface Answer {
  readonly atMs: number;
  readonly by: string;
  readonly kind: string;
}

/** The call rings or talks on without the router. A transferred one does not: it is watched to its end. */
const GOES_ON: ReadonlySet<End> = new Set(['released', 'guard', 'switch_lost']);

/** Follows one call, and picks what is an event for a CRM. */
export class CallWatch {
  readonly #record: CallRecord;
  /** What each name was rung as. */
  readonly #rung = new Map<string, RungLeg['kind']>();
  #destination = '';
  #rungMs: number | null = null;
  #first: Answer | null = null;
  #last: Answer | null = null;
  #movesTold = 0;
  /** Moves that had been seen when somebody answered last. */
  #movesBefore = 0;
  #isOutOfSight = false;

  constructor(record: CallRecord) {
    this.#record = record;
  }

  /** Null: nobody answered while the router saw the call, and somebody may have since. */
  get isAnswered(): boolean | null {
    if (this.#first !== null) return true;
    return this.#isOutOfSight ? null : false;
  }

  hear(event: CallEvent): Told[] {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others tell nothing
    switch (event.type) {
      case 'bridge':
        this.#rungMs ??= event.atMs;
        return event.rung.map(({ name, kind }) => {
          this.#rung.set(name, kind);
          this.#destination = name;
          return this.#tell('ringing', event.atMs);
        });
      case 'answered':
        return this.#answer({ atMs: event.atMs, ...this.#rungAs(event.by) });
      case 'joined':
        return this.#answer(event);
      case 'moves':
        return this.#moves(({ by, to }) => by !== 'unknown' || to !== '');
      case 'end':
        // The dialplan serves it. Once it has rung in vain it is missed all the same.
        this.#isOutOfSight = GOES_ON.has(event.end) || (event.end === 'dialplan' && this.#rungMs === null);
        return [
          // The event that says what took the call never came.
          ...this.#moves(() => true),
          {
            ...this.#tell('ended', event.atMs),
            end: event.end,
            hangup_cause: event.hangupCause ?? '',
            hung_up_by: event.hungUpBy ?? '',
            recording: event.recording,
          },
        ];
    }
    return [];
  }

  /** What is reported when nobody knows how it ended. */
  lost(): Told {
    return { ...this.#tell('ended', 0), result: 'unknown', reason: '' };
  }

  /** FreeSWITCH names who answered as he was dialled: a number with the prefix that `dial.number` puts before it. */
  #rungAs(dialled: string): Pick<Answer, 'by' | 'kind'> {
    const kind = this.#rung.get(dialled);
    if (kind !== undefined) return { by: dialled, kind };
    for (const [name, kind] of this.#rung)
      if (kind === 'number' && dialled.includes(name)) return { by: name, kind };
    return { by: dialled, kind: 'person' };
  }

  #answer(answer: Answer): Told[] {
    const { by, kind } = answer;
    const moves = this.#record.moves.length;
    // A mailbox plays, records and asks: one application after the other. Who takes a call back has it anew.
    if (this.#last?.by === by && this.#last.kind === kind && moves === this.#movesBefore) return [];
    this.#movesBefore = moves;
    this.#first ??= answer;
    this.#last = answer;
    this.#destination = by;
    return [this.#tell('answered', answer.atMs)];
  }

  /** A move is reported once enough is known about it. */
  #moves(isKnown: (move: CallRecord['moves'][number]) => boolean): Told[] {
    const told: Told[] = [];
    for (const move of this.#record.moves.slice(this.#movesTold)) {
      if (!isKnown(move)) break;
      this.#movesTold++;
      // `700 default`: extension and context.
      this.#destination = move.to.split(' ')[0] ?? '';
      told.push(this.#tell('moved', move.atMs));
    }
    return told;
  }

  #tell(event: CallEventName, atMs: number): Told {
    const { result, reason, startedAt, end } = this.#record;
    const talkMs = this.#first === null || event !== 'ended' ? 0 : Math.max(0, atMs - this.#first.atMs);
    const ringMs = this.#rungMs === null ? 0 : Math.max(0, (this.#first?.atMs ?? atMs) - this.#rungMs);
    return {
      event,
      result,
      reason,
      end: end ?? '',
      destination: this.#destination,
      answered_by: this.#last?.by ?? '',
      answered_kind: this.#last?.kind ?? '',
      ring_seconds: Math.round(ringMs / 1000),
      talk_seconds: Math.round(talkMs / 1000),
      talk_ms: Math.round(talkMs),
      hangup_cause: '',
      hung_up_by: '',
      recording: '',
      started_at: startedAt,
    };
  }
}
