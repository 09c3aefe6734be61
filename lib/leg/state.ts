import { timeOf, type Call, type HeaderLookup } from '../call/channel.ts';
import { whoHungUp, type HungUpBy } from '../call/hangup.ts';
import { isElsewhere, joinOf, moveOf, placeOf, type Move } from '../call/move.ts';
import { Cancellation, type CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import { RouterError } from '../errors.ts';
import type { Connection } from '../esl/connection.ts';
import type { EslEvent } from '../esl/parser.ts';
import type { LegNews } from './news.ts';

/**
 * Where the caller's leg is. Only events change it, and the router commands the leg only while it is in our hands: `asked`,
 * `bridging`, `returned`.
 */
export type LegState =
  /** Parked by our `socket`, or about to be. */
  | { readonly kind: 'asked' }
  /** In our bridge, which rings. `executing`: FreeSWITCH has begun it. */
  | { readonly kind: 'bridging'; readonly eventUuid: string; readonly executing: boolean }
  /** Bridged to our callee. */
  | { readonly kind: 'talking'; readonly eventUuid: string; readonly callee: Callee }
  /** Our bridge is over and the leg is parked by our `socket` again. */
  | { readonly kind: 'returned'; readonly over: BridgeOver }
  /** Taken elsewhere: from here on the router only watches. */
  | { readonly kind: 'moved'; readonly move: Move }
  /** Hung up, or out of sight: `error` says which. */
  | { readonly kind: 'gone'; readonly error: RouterError };

/** The leg that answered, as CHANNEL_BRIDGE names it. */
export interface Callee {
  /** By the clock: when he was connected. */
  readonly atMs: number;
  readonly uuid: string;
  /** The number or login that was dialled; '' when FreeSWITCH does not say. */
  readonly number: string;
}

/** How our bridge ended while the leg lived on. */
export interface BridgeOver {
  /** They had talked. */
  readonly answered: boolean;
  /** `originate_disposition`, a hangup cause. */
  readonly cause: string;
  /** `originate_causes`, as it stands. */
  readonly legCauses: string;
}

/** The events that change a leg's state. All others pass unread: each is 10 KB of text. */
const HEARD: ReadonlySet<string> = new Set([
  'CHANNEL_PARK',
  'CHANNEL_UNPARK',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
]);

/** How a leg leaves our hands. Created once: a stack that nobody reads costs 50 us. */
export const ENDS = {
  caller_hung_up: new RouterError('caller_hung_up'),
  switch_hung_up: new RouterError('switch_hung_up'),
  moved: new RouterError('moved'),
  switch_lost: new RouterError('switch_lost'),
} as const;

/** Placeholders that are in `originate_disposition` while legs are still being tried (recording 09). */
const PLACEHOLDERS: ReadonlySet<string | undefined> = new Set([undefined, '', 'failure', 'INVALIDARGS']);

/**
 * The A leg as FreeSWITCH's events show it. Its state is folded from ONE stream of them, out of which those of other legs and
 * those older than the socket have been taken: `myevents` also delivers what an IVR in front had done.
 */
export abstract class WatchedLeg {
  readonly call: Call;
  readonly connection: Connection;
  /** Aborted once the leg is not ours any more: `moved`, `caller_hung_up`, `switch_hung_up`, or what ended the connection. */
  readonly taken: CancelSignal;
  /** Resolves when the channel's last event is there, or the socket is closed. */
  readonly ended: Promise<void>;
  /** Where it was taken to, from place to place. */
  readonly moves: Move[] = [];
  /** Answered by anybody: an IVR before us, `uuid_answer`, or our callee. */
  answered: boolean;
  /** Since it was moved: the dialplan there has run something. */
  arrived = false;
  /** The leg that our bridge connected last, and which bridge it was. */
  connected: { readonly eventUuid: string; readonly callee: Callee } | null = null;
  /** By the clock: when it was hung up; null while it is not. */
  hungUpMs: number | null = null;
  /** The caller hears ringing. */
  ringing = false;
  /** The switch has been told to end the conversation after its longest duration. */
  limited = false;
  hangupCause: string | null = null;
  hungUpBy: HungUpBy | null = null;
  protected readonly clock: Clock;
  /** What the clock showed when FreeSWITCH's showed `call.switchMs`. */
  readonly #connectMs: number;
  readonly #taken = new Cancellation();
  readonly #tell: (news: LegNews) => void;
  readonly #watchers = new Set<(state: LegState) => void>();
  readonly #completions = new Map<string, (event: EslEvent) => void>();
  #state: LegState = { kind: 'asked' };
  #conversation: 'none' | 'standing' | 'over' = 'none';
  #end: () => void = () => undefined;
  /** Its park has begun: it has said so, or run something. */
  protected wasParked = false;
  /** Where our own `transfer` is to take it, as a Move names it. */
  protected orderedTransfer: string | null = null;
  /** Cause of our own hang-up. */
  protected orderedHangup: string | null = null;

  /** @param headers the reply to `connect`, from which `call` was read */
  constructor(
    connection: Connection,
    call: Call,
    headers: HeaderLookup,
    clock: Clock,
    tell: (news: LegNews) => void,
  ) {
    this.connection = connection;
    this.call = call;
    this.answered = call.answered;
    this.taken = this.#taken;
    this.clock = clock;
    this.#connectMs = clock.now();
    this.#tell = tell;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    connection.on((event) => {
      if (HEARD.has(event.name) && this.#isOurs(event)) this.#fold(event);
    });
    // He was gone before `myevents`: the events that say so are not for this socket.
    if (call.hungUp) this.#hearHangup(headers);
    // The connection was in the queue of a stopped router until the guard, or somebody else, had taken the leg.
    else if (call.takenAway) this.#add(placeOf(call, clock.now()));
    // No command reaches a channel that is gone; the events that say how it went may come after this notice.
    void connection.lingers.then(() => {
      this.#taken.abort(ENDS.switch_hung_up);
    });
    void connection.closed.then((reason) => {
      if (reason.kind === 'error') this.gone(reason.error);
      // With its notice FreeSWITCH leaves in order, since the channel is gone.
      else this.gone(connection.disconnected ? ENDS.switch_hung_up : ENDS.switch_lost);
      this.#end();
    });
  }

  get state(): LegState {
    return this.#state;
  }

  /** The first state that fits, the present one included; null when none came in time, or the signal was first. */
  until<S extends LegState>(
    fits: (state: LegState) => state is S,
    { withinMs, signal }: { readonly withinMs?: number; readonly signal?: CancelSignal } = {},
  ): Promise<S | null> {
    if (fits(this.#state)) return Promise.resolve(this.#state);
    if (signal?.aborted === true) return Promise.resolve(null);
    return new Promise((resolve) => {
      const settle = (state: S | null): void => {
        this.#watchers.delete(watch);
        cancelTimer?.();
        signal?.removeEventListener('abort', abort);
        resolve(state);
      };
      const abort = (): void => {
        settle(null);
      };
      const watch = (state: LegState): void => {
        if (fits(state)) settle(state);
      };
      const cancelTimer = withinMs === undefined ? undefined : this.clock.after(withinMs, abort);
      this.#watchers.add(watch);
      signal?.addEventListener('abort', abort);
    });
  }

  /** The end of an application that is about to be sent under this `event-uuid`. Rejects when the leg is taken first. */
  completed(eventUuid: string): Promise<EslEvent> {
    return new Promise((resolve, reject) => {
      if (this.taken.aborted) {
        reject(this.#reason());
        return;
      }
      const abort = (): void => {
        this.#completions.delete(eventUuid);
        reject(this.#reason());
      };
      this.taken.addEventListener('abort', abort);
      this.#completions.set(eventUuid, (event) => {
        this.taken.removeEventListener('abort', abort);
        this.#completions.delete(eventUuid);
        resolve(event);
      });
    });
  }

  protected note(text: string): void {
    this.#tell({ kind: 'note', text });
  }

  #reason(): RouterError {
    const { reason } = this.taken;
    return reason instanceof RouterError ? reason : ENDS.switch_lost;
  }

  /** Of our channel, and no older than the reply to `connect`. A hang-up is never old. */
  #isOurs(event: EslEvent): boolean {
    if ((event.get('Unique-ID') ?? this.call.uuid) !== this.call.uuid) return false;
    if (event.name.startsWith('CHANNEL_HANGUP')) return true;
    return Number(event.get('Event-Sequence') ?? Infinity) >= this.call.eventSequence;
  }

  #fold(event: EslEvent): void {
    if (event.name.startsWith('CHANNEL_HANGUP')) {
      this.#hearHangup(event);
      return;
    }
    // The bridge, the park and the `socket` of a leg that hangs up end as well: they say nothing of where it is.
    if (event.get('Answer-State') === 'hangup') return;
    switch (event.name) {
      case 'CHANNEL_ANSWER':
        this.answered = true;
        return;
      case 'CHANNEL_BRIDGE':
        this.#hearBridge(event);
        return;
      case 'CHANNEL_UNBRIDGE':
        this.#conversation = 'over';
        return;
      case 'CHANNEL_EXECUTE':
        this.#hearExecute(event);
        return;
      case 'CHANNEL_EXECUTE_COMPLETE':
        this.#hearComplete(event);
        return;
      case 'CHANNEL_PARK':
        if (isElsewhere(event)) this.hearMove(event);
        else this.wasParked = true;
        return;
      case 'CHANNEL_UNPARK':
        this.hearMove(event);
        return;
      default:
    }
  }

  /** CHANNEL_ANSWER may be anybody's: only our own bridge shows that our callee has answered. */
  #hearBridge(event: EslEvent): void {
    const state = this.#state;
    const uuid = event.get('Bridge-B-Unique-ID') ?? '';
    const answered = event.get('Answer-State') === 'answered';
    this.#conversation = 'standing';
    if (state.kind === 'bridging') {
      // Early media, were it let through, bridges the legs before anybody answers (recording 31a).
      if (!answered) return;
      this.answered = true;
      const number = event.get('Other-Leg-Destination-Number') ?? '';
      this.connected = { eventUuid: state.eventUuid, callee: { atMs: this.#at(event), uuid, number } };
      this.enter({ kind: 'talking', ...this.connected });
    } else if (state.kind !== 'talking' || state.callee.uuid !== uuid) {
      this.hearMove(event);
      this.#hearJoin(event);
    }
  }

  #hearExecute(event: EslEvent): void {
    const state = this.#state;
    if (state.kind === 'moved') {
      this.arrived = true;
      this.hearMove(event);
      this.#hearJoin(event);
    }
    if (state.kind !== 'bridging' || event.get('Application-UUID') !== state.eventUuid) return;
    this.wasParked = true;
    this.enter({ ...state, executing: true });
  }

  #hearJoin(event: EslEvent): void {
    const join = this.#state.kind === 'moved' ? joinOf(event) : null;
    if (join !== null) this.#tell({ kind: 'joined', atMs: this.#at(event), join });
  }

  #hearComplete(event: EslEvent): void {
    if (event.get('Application') === 'socket') {
      this.hearMove(event);
      return;
    }
    this.wasParked = true;
    const state = this.#state;
    const eventUuid = event.get('Application-UUID') ?? '';
    this.#completions.get(eventUuid)?.(event);
    if ((state.kind === 'bridging' || state.kind === 'talking') && eventUuid === state.eventUuid) {
      this.#hearBridgeOver(event, state.kind === 'talking');
    }
  }

  /**
   * A bridge that failed by itself leaves the leg to our `socket`. One that was ended (ORIGINATOR_CANCEL, or a conversation)
   * may be the first sign of a move, whose others follow at once; where none does the leg has to prove where it is.
   */
  #hearBridgeOver(event: EslEvent, talked: boolean): void {
    if (!this.isHere(event)) {
      this.hearMove(event);
      return;
    }
    const disposition = event.get('variable_originate_disposition');
    const cause = PLACEHOLDERS.has(disposition) ? 'DESTINATION_OUT_OF_ORDER' : (disposition ?? '');
    const answered = talked || cause.toUpperCase() === 'SUCCESS';
    const over: BridgeOver = { answered, cause, legCauses: event.get('variable_originate_causes') ?? '' };
    if (answered || cause === 'ORIGINATOR_CANCEL') void this.proveReturned(over);
    else this.enter({ kind: 'returned', over });
  }

  /** Our bridge was ended: the leg has to show whether it is back with our `socket`. */
  protected abstract proveReturned(over: BridgeOver): Promise<void>;

  protected isHere(event: EslEvent): boolean {
    const source = event.get('Caller-Transfer-Source') ?? this.call.transferSource;
    return source === this.call.transferSource && !isElsewhere(event);
  }

  protected hearMove(event: HeaderLookup): void {
    const { kind } = this.#state;
    if (kind === 'gone') return;
    const from = kind === 'bridging' ? 'ringing' : kind === 'returned' ? 'asked' : kind;
    this.#moved(moveOf(event, this.#since(from, this.#at(event))));
  }

  #since(from: Move['from'], atMs: number): { from: Move['from']; atMs: number; before: string } {
    const before = this.moves.at(-1)?.source ?? this.call.transferSource;
    return { from, atMs, before };
  }

  /** When FreeSWITCH made the event: under load it delivers them seconds late. */
  #at(event: HeaderLookup): number {
    const { switchMs } = this.call;
    const atMs = timeOf(event);
    const now = this.clock.now();
    return switchMs > 0 && atMs > 0 ? Math.min(now, this.#connectMs + atMs - switchMs) : now;
  }

  /** The first sign of a move may not say by what; a later one does. */
  #moved(move: Move): void {
    const last = this.moves.at(-1);
    if (last === undefined) {
      this.#add(move.to === this.orderedTransfer ? { ...move, by: 'router' } : move);
    } else if (move.by !== 'unknown' && (move.source !== last.source || move.by !== last.by)) {
      if (last.by === 'unknown')
        this.#add({ ...move, from: last.from, atMs: last.atMs }, this.moves.length - 1);
      else if (move.source !== last.source || last.by === 'park') this.#add(move);
    }
  }

  #add(move: Move, at = this.moves.length): void {
    this.moves[at] = move;
    this.#tell({ kind: 'moves', moves: this.moves });
    this.enter({ kind: 'moved', move });
    this.#taken.abort(ENDS.moved);
  }

  #hearHangup(event: HeaderLookup): void {
    this.#tell({ kind: 'hangup', headers: event });
    this.hangupCause = event.get('Hangup-Cause') ?? this.hangupCause;
    this.hungUpMs ??= this.#at(event);
    // A transfer that ends at once may not have been named before.
    if (this.moves.at(-1)?.by === 'unknown') this.hearMove(event);
    // As the originatee of somebody's bridge a moved leg has no CHANNEL_BRIDGE of its own.
    const conversation = this.#conversation === 'none' && this.moves.length > 0 ? 'over' : this.#conversation;
    const by = whoHungUp(event, { ordered: this.orderedHangup, limited: this.limited, conversation });
    if (by !== 'unknown' || this.hungUpBy === null) this.hungUpBy = by;
    this.gone(by === 'caller' ? ENDS.caller_hung_up : ENDS.switch_hung_up);
    if (event.get('Event-Name') === 'CHANNEL_HANGUP_COMPLETE') this.#end();
  }

  protected gone(error: RouterError): void {
    if (this.#state.kind === 'gone') return;
    this.enter({ kind: 'gone', error });
    this.#taken.abort(error);
  }

  protected enter(state: LegState): void {
    if (this.#state.kind === 'gone') return;
    this.#state = state;
    for (const watch of [...this.#watchers]) watch(state);
  }
}

/** No longer in our hands. */
export function isTaken(state: LegState): state is Extract<LegState, { kind: 'moved' | 'gone' }> {
  return state.kind === 'moved' || state.kind === 'gone';
}
