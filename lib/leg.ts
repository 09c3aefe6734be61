import { randomUUID } from 'node:crypto';
import { Cancellation, throwIfAborted, type CancelSignal } from './cancel.ts';
import type { Call } from './channel.ts';
import { within, type Clock } from './clock.ts';
import { RouterError } from './errors.ts';
import type { Command } from './esl/command.ts';
import type { Connection } from './esl/connection.ts';
import type { EslEvent } from './esl/parser.ts';
import type { Guard } from './guard.ts';

/** Every call ends by one of these: made once, since a stack that nobody reads costs 50 us. */
const ENDS = {
  caller_hung_up: new RouterError('caller_hung_up'),
  guard_fired: new RouterError('guard_fired'),
  switch_lost: new RouterError('switch_lost'),
} as const;

/** Channel variable by which a leg shows that it runs commands. */
const PARKED = 'esl_router_parked';
/** switch_ivr_park looks at its commands every 20 ms. */
const POLL_MS = 20;

const TIME_IS_UP = 'ALLOTTED_TIMEOUT';

/**
 * The A leg as FreeSWITCH's events show it: whether it is still ours to command, and how it ended. Its end is known
 * from any order of the last events, since FreeSWITCH varies it.
 */
export class Leg {
  readonly call: Call;
  readonly guard: Guard;
  readonly connection: Connection;
  /** Aborted once the leg takes no more commands: `caller_hung_up`, `guard_fired`, or what ended the connection. */
  readonly gone: CancelSignal;
  /** Resolves when the last event is there, or the socket is closed. */
  readonly ended: Promise<void>;
  /** Answered by the bridge, not by an IVR in front. */
  answered = false;
  /** The caller hears ringing. */
  ringing = false;
  /** Seconds after the answer at which the call is to be hung up; null: never. */
  maxDurationSeconds: number | null = null;
  hangupCause: string | null = null;
  hungUpBy: 'caller' | 'callee' | 'router' | null = null;
  readonly #gone = new Cancellation();
  readonly #note: (text: string) => void;
  #end: () => void = () => undefined;
  #parked = false;
  #proof: Promise<void> | null = null;
  #hangingUp = false;
  #transferring = false;

  constructor(connection: Connection, call: Call, guard: Guard, note: (text: string) => void) {
    this.connection = connection;
    this.#note = note;
    this.call = call;
    this.guard = guard;
    this.gone = this.#gone;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    connection.on((event) => {
      this.#observe(event);
    });
    // The guard fired while the connection was still queued: the fallback has him, and a bridge would tear him out of it.
    if (call.takenAway) this.#lose('guard_fired');
    // He was gone before `myevents`: the events that say so are not for this socket.
    if (call.hungUp) this.#lose('caller_hung_up');
    // No command can reach a channel that is gone, in whatever order its last events come.
    void connection.lingers.then(() => {
      this.#lose('caller_hung_up');
    });
    void connection.closed.then((reason) => {
      if (reason.kind === 'error') this.#lose('switch_lost', reason.error);
      // With its notice FreeSWITCH leaves in order, since the channel is gone.
      else this.#lose(connection.disconnected ? 'caller_hung_up' : 'switch_lost');
      this.#end();
    });
  }

  /**
   * For the dial string: the callee who answers lifts the guard and bounds the call's length, whether or not the router
   * still lives. FreeSWITCH runs every variable that begins with `api_on_answer`, in their order (measured on 1.11.1):
   * the guard has to go first, as `sched_del` would take the hang-up with it.
   */
  answerVariables(): Readonly<Record<string, string>> {
    const { uuid, guardSeconds } = this.call;
    const limit = this.maxDurationSeconds;
    return {
      ...(guardSeconds === null ? {} : { api_on_answer: `sched_del ${uuid}` }),
      ...(limit === null ? {} : { api_on_answer_limit: `sched_hangup ${hangUpAfter(limit, uuid)}` }),
    };
  }

  /** The same by the router, in one write, in case that FreeSWITCH did not do it at the answer. */
  answerCommands(): Command[] {
    const limit = this.maxDurationSeconds;
    if (limit === null) return this.guard.lift();
    const args = hangUpAfter(limit, this.call.uuid);
    return [...this.guard.lift(), { kind: 'api', command: 'sched_hangup', args }];
  }

  /**
   * Ringing for a caller who is not answered: with early media ignored he would hear nothing (recording 31b). The API
   * command is what the application `ring_ready` does, at once and without its 10 KB of events (measured on 1.11.1).
   */
  ring(): Command[] {
    if (this.ringing || this.call.answered) return [];
    this.ringing = true;
    return [{ kind: 'api', command: 'uuid_ring_ready', args: this.call.uuid }];
  }

  /**
   * Sets channel variables at once. The API command costs no events, where each `set` would bring 10 KB of them,
   * and it expands nothing in a value.
   */
  setVariables(variables: Readonly<Record<string, string>>): Command {
    const assignments = Object.entries(variables).map(([name, value]) => {
      if (!/^[A-Za-z0-9_.@:,+ %()-]*$/.test(value)) {
        throw new RouterError('esl_unsafe_value', `the value of ${name} may not be sent`);
      }
      return `${name}=${value}`;
    });
    const args = `${this.call.uuid} ${assignments.join(';')}`;
    return { kind: 'api', command: 'uuid_setvar_multi', args };
  }

  /**
   * Sends commands in one write and waits for their replies. `+OK` to an execute means queued, not executed.
   * Rejects with RouterError `switch_lost`, `esl_timeout`, or `esl_protocol` when FreeSWITCH refuses one.
   */
  async command(commands: readonly Command[]): Promise<void> {
    const replies = await Promise.all(this.connection.send(commands));
    replies.forEach((reply, index) => {
      const command = commands[index];
      if (command?.kind === 'api' && command.command === 'sched_del') {
        // Nothing deleted: the guard has fired already, or the dialplan told of one that it never set.
        if (!/Deleted: [1-9]/.test(reply.text)) this.#note(`the guard was not lifted: ${reply.text}`);
      } else if (reply.text.includes('No such channel')) {
        // He hung up, and the events that say so are still on their way, or older than `myevents`.
        this.#lose('caller_hung_up');
        throw ENDS.caller_hung_up;
      } else if (!reply.ok) {
        throw new RouterError('esl_protocol', `FreeSWITCH refused ${command?.kind ?? ''}: ${reply.text}`);
      }
    });
  }

  /**
   * Resolves once FreeSWITCH has parked the leg. A socket that closes before that leaves the caller parked for ever:
   * mod_event_socket clears CF_CONTROLLED when it closes, and switch_ivr_park sets it when it begins (seen on 1.11.1, once
   * in some two hundred calls that were given back at once). That it has begun is known by CHANNEL_PARK, which is fired
   * behind the flag, or by a command that nobody but its loop runs. Its effect is asked for, since replies come at once
   * where a FreeSWITCH under load delivers events seconds late. Rejects when the leg is gone first, or with `esl_timeout`.
   */
  parked(clock: Clock, withinMs: number): Promise<void> {
    return (this.#proof ??= this.#prove(clock, withinMs));
  }

  async #prove(clock: Clock, withinMs: number): Promise<void> {
    if (this.#parked || !this.call.socketMode.async) return;
    const proof = randomUUID();
    const deadline = clock.now() + withinMs;
    await this.command([{ kind: 'execute', app: 'set', arg: `${PARKED}=${proof}` }]);
    for (;;) {
      const { text } = await this.connection.request({ kind: 'getvar', name: PARKED });
      if (text === proof) return;
      throwIfAborted(this.gone);
      if (clock.now() >= deadline) throw new RouterError('esl_timeout', 'FreeSWITCH did not park the leg');
      await within(this.ended, POLL_MS, clock);
    }
  }

  async hangUp(cause: string): Promise<void> {
    this.#hangingUp = true;
    await this.command([{ kind: 'hangup', cause }]);
  }

  /** From here on the end of the `socket` application is our own doing. */
  transferring(): void {
    this.#transferring = true;
  }

  #observe(event: EslEvent): void {
    switch (event.name) {
      case 'CHANNEL_PARK':
        this.#parked ||= this.#isOfNow(event);
        break;
      case 'CHANNEL_HANGUP':
      case 'CHANNEL_HANGUP_COMPLETE':
        this.hangupCause = event.get('Hangup-Cause') ?? this.hangupCause;
        this.hungUpBy = this.#blame(event) ?? this.hungUpBy;
        this.#lose('caller_hung_up');
        if (event.name === 'CHANNEL_HANGUP_COMPLETE') this.#end();
        break;
      case 'CHANNEL_EXECUTE_COMPLETE':
        this.#parked ||= event.get('Application') !== 'socket' && this.#isOfNow(event);
        if (event.get('Application') !== 'socket' || this.answered || this.#transferring) break;
        if (!this.#isOfNow(event)) break;
        if (event.get('Answer-State') !== 'hangup') this.#lose('guard_fired');
        break;
      default:
    }
  }

  /** `myevents` also brings events from before the socket, such as the end of an earlier `socket` of this call. */
  #isOfNow(event: EslEvent): boolean {
    return Number(event.get('Event-Sequence') ?? Infinity) >= this.call.eventSequence;
  }

  /** mod_sofia: `recv_bye` and `recv_cancel` came from the caller, `send_bye` and `send_refuse` from this side. */
  #blame(event: EslEvent): 'caller' | 'callee' | 'router' | null {
    const disposition = event.get('variable_sip_hangup_disposition');
    if (disposition === undefined) return null;
    if (disposition.startsWith('recv_')) return 'caller';
    const timeIsUp = this.maxDurationSeconds !== null && this.hangupCause === TIME_IS_UP;
    return this.#hangingUp || timeIsUp || !this.answered ? 'router' : 'callee';
  }

  /** Several signs tell of one end; the first of them counts. */
  #lose(code: keyof typeof ENDS, error: RouterError = ENDS[code]): void {
    this.#gone.abort(error);
  }
}

/** Arguments of `sched_hangup`. */
function hangUpAfter(seconds: number, uuid: string): string {
  return `+${seconds} ${uuid} ${TIME_IS_UP}`;
}
