import { randomUUID } from 'node:crypto';
import { throwIfAborted } from '../cancel.ts';
import { within } from '../clock.ts';
import { RouterError } from '../errors.ts';
import type { Command } from '../esl/command.ts';
import type { Reply } from '../esl/connection.ts';
import { ENDS, isTaken, WatchedLeg, type BridgeOver } from './state.ts';

/** Channel variable by which a leg shows that it runs commands. */
const PARKED = 'esl_router_parked';
/** switch_ivr_park looks at its commands every 20 ms. */
const POLL_MS = 20;
/** The event that shows a move comes 1 ms after the end of the bridge (measured): for that long the leg is not even asked. */
const REST_MS = 100;

/** Each transfer, and each bridge with another leg, gives the channel another one. */
const WHERE: Command = { kind: 'getvar', name: 'transfer_source' };

/** API commands whose refusal must not cost the bridge that was sent with them. */
const OPTIONAL: ReadonlySet<string> = new Set(['uuid_ring_ready', 'sched_del', 'sched_hangup']);

/** The A leg while we control it: the commands that the router sends to it. */
export class Leg extends WatchedLeg {
  #proof: Promise<void> | null = null;

  /**
   * Sends commands in one write and waits for their replies. `+OK` to an execute means queued, not executed.
   * Rejects with RouterError `switch_lost`, `esl_timeout`, `switch_hung_up`, or `esl_protocol` when FreeSWITCH refuses one.
   */
  async command(commands: readonly Command[]): Promise<readonly Reply[]> {
    const replies = await Promise.all(this.connection.send(commands));
    for (const [index, { ok, text }] of replies.entries()) {
      // The events that say so are still on their way, or older than `myevents`.
      if (text.includes('No such channel')) {
        this.gone(ENDS.switch_hung_up);
        throw ENDS.switch_hung_up;
      }
      // The reply to `getvar` is the bare value.
      if (ok || commands[index]?.kind === 'getvar') continue;
      const command = commands[index];
      const name = command?.kind === 'api' ? command.command : (command?.kind ?? '');
      if (!OPTIONAL.has(name)) throw new RouterError('esl_protocol', `FreeSWITCH refused ${name}: ${text}`);
      this.note(`FreeSWITCH refused ${name}: ${text}`);
    }
    return replies;
  }

  /**
   * The same, with the question where the leg is: ask before anything that would end or move it, since its answer comes at once
   * where the events of a FreeSWITCH under load come seconds late. Rejects with `moved` when it is elsewhere, once `read` has
   * had the replies.
   */
  async commandHere(
    commands: readonly Command[],
    read: (replies: readonly Reply[]) => void = () => undefined,
  ): Promise<void> {
    const replies = await this.command([...commands, WHERE]);
    read(replies);
    throwIfAborted(this.taken);
    const text = replies.at(-1)?.text ?? '';
    const source = text.startsWith('-ERR') ? '' : text;
    const { transferSource } = this.call;
    // The reply is cut at 511 bytes.
    if (source === '' ? transferSource === '' : transferSource.startsWith(source)) return;
    this.hearMove({ get: (name) => (name === 'Caller-Transfer-Source' ? source : undefined) });
    throwIfAborted(this.taken);
  }

  /** Our bridge is about to be sent under this `event-uuid`. */
  bridging(eventUuid: string): void {
    this.enter({ kind: 'bridging', eventUuid, executing: false });
  }

  async hangUp(cause: string): Promise<void> {
    this.orderedHangup = cause;
    await this.command([{ kind: 'hangup', cause }]);
  }

  /**
   * Sends the leg to an extension. Resolves once it is there, was moved elsewhere, or is gone. Rejects like `command`, and with
   * `esl_timeout` when FreeSWITCH did none of this.
   */
  async transfer(
    extension: string,
    context: string,
    before: readonly Command[],
    withinMs: number,
  ): Promise<void> {
    this.orderedTransfer = `${extension} ${context}`;
    await this.commandHere(before);
    await this.command([{ kind: 'execute', app: 'transfer', arg: `${extension} XML ${context}` }]);
    if ((await this.until(isTaken, { withinMs })) !== null) return;
    this.orderedTransfer = null;
    throw new RouterError('esl_timeout', 'FreeSWITCH did not carry out the transfer');
  }

  /**
   * Resolves once FreeSWITCH has parked the leg. A socket that closes before that leaves the caller parked for ever:
   * mod_event_socket clears CF_CONTROLLED when it closes, and switch_ivr_park sets it when it begins (seen on 1.11.1, once in
   * some two hundred calls that were given back at once). That it has begun is known by CHANNEL_PARK, which is fired after the
   * flag, or by a command that nobody but its loop runs. Its effect is asked for, since replies come at once where a FreeSWITCH
   * under load delivers events seconds late. Rejects when the leg is taken first, or with `esl_timeout`.
   */
  parked(withinMs: number): Promise<void> {
    if (this.wasParked || !this.call.socketMode.async) return Promise.resolve();
    return (this.#proof ??= this.settled(withinMs));
  }

  /** Resolves once the leg has run all applications that were sent before. Rejects like `parked`. */
  async settled(withinMs: number): Promise<void> {
    const proof = randomUUID();
    const deadline = this.clock.now() + withinMs;
    await this.command([{ kind: 'execute', app: 'set', arg: `${PARKED}=${proof}` }]);
    for (;;) {
      const { text } = await this.connection.request({ kind: 'getvar', name: PARKED });
      throwIfAborted(this.taken);
      if (text === proof) return;
      if (this.clock.now() >= deadline)
        throw new RouterError('esl_timeout', 'FreeSWITCH did not park the leg');
      await within(this.ended, POLL_MS, this.clock);
    }
  }

  /** An application that runs in the state, and by the transfer, in which our `socket` does, runs within it. */
  protected override async proveReturned(over: BridgeOver): Promise<void> {
    await within(this.ended, REST_MS, this.clock);
    if (this.taken.aborted) return;
    const eventUuid = randomUUID();
    try {
      const done = this.completed(eventUuid);
      const [event] = await Promise.all([
        done,
        this.command([{ kind: 'execute', app: 'set', arg: `${PARKED}=${eventUuid}`, eventUuid }]),
      ]);
      if (this.isHere(event)) this.enter({ kind: 'returned', over });
      else this.hearMove(event);
    } catch {
      // Taken, or the connection is gone: both have changed the state.
    }
  }
}
