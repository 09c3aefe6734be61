import { connect, type Socket } from 'node:net';
import { APPLICATIONS } from './application.ts';
import { lostReason, type Patience } from './judge.ts';
import { Leg, pause, type Exchange, type Extension } from './leg.ts';
import { bytesOf } from './message.ts';
import { Session } from './session.ts';
import type { CallReport, CallScript, RouterAddress } from './types.ts';

/** The dialplan's own extension behind `socket`, and the guard's target. */
const FALLBACK = 'esl_router_fallback';

/** What the router leaves on the leg; the dialplan unsets it before `socket`, so that nothing stale decides. */
const MARKERS = ['result', 'scheme', 'destination', 'trace', 'reason'].map((name) => `esl_router_${name}`);

/** From the `connect` reply to CHANNEL_PARK: at once, or a turn of 20 ms later (30 of 109 recordings show it). */
const LATE_PARK = { probability: 0.25, ms: 20 };

/** A call that enters the dialplan again and again is refused at last: what `Max-Forwards` does. */
const MOST_VISITS = 8;

/** How long an extension serves a caller whose socket is still open, in simulated seconds. */
const SERVICE_SECONDS = 1;

/** One call, from its INVITE to its last byte: the dialplan around `socket`. */
export class Call {
  readonly #leg: Leg;
  readonly #routers: readonly RouterAddress[];
  readonly #patience: Patience;
  readonly #sessions: Session[] = [];
  #acceptedMs: number | null = null;
  #connecting: Socket | null = null;

  constructor(script: CallScript, exchange: Exchange, routers: readonly RouterAddress[], patience: Patience) {
    this.#leg = new Leg(script, exchange, APPLICATIONS);
    this.#routers = routers;
    this.#patience = patience;
  }

  async run(): Promise<CallReport> {
    const leg = this.#leg;
    this.#beforeSocket();
    await this.#dialplan();
    leg.dismiss();
    await Promise.all(this.#sessions.map((session) => session.closed));
    leg.exchange.legs.delete(leg.uuid);
    return this.#report();
  }

  /** Ends everything now; `why` becomes a violation. */
  abort(why: string): void {
    const leg = this.#leg;
    if (leg.book.end === null || leg.listeners.size > 0) leg.book.violate(why);
    if (leg.phase.kind === 'ringing') leg.book.settle({ kind: 'caller-hangup', at: 'ringing' });
    if (leg.phase.kind !== 'answered') leg.book.settle({ kind: 'silence' });
    leg.hangup('NORMAL_CLEARING', 'switch');
    this.#connecting?.destroy();
    for (const session of this.#sessions) session.destroy();
  }

  #beforeSocket(): void {
    const leg = this.#leg;
    const { channel, script } = leg;
    const { sipHeaders = {}, variables = {} } = script;
    for (const [name, value] of Object.entries(sipHeaders)) channel.set(`sip_h_${name}`, bytesOf(value));
    for (const marker of MARKERS) channel.unset(marker);
    for (const [name, value] of Object.entries(variables)) channel.set(name, bytesOf(value));
    if (script.dialplanSetsBridgeVariables === true) {
      channel.set('continue_on_fail', 'true');
      channel.set('hangup_after_bridge', 'true');
    }
    if (script.guardSeconds !== undefined) {
      channel.set('esl_router_guard', String(script.guardSeconds));
      const to = { extension: FALLBACK, context: script.context ?? 'public' };
      leg.schedule.addGuard(script.guardSeconds, () => {
        leg.transfer(to, 'guard');
      });
    }
    leg.reached('began');
  }

  async #dialplan(): Promise<void> {
    const leg = this.#leg;
    for (let visit = 1; visit <= MOST_VISITS; visit++) {
      const found = await this.#socketApplication();
      const { interrupt } = leg;
      if (leg.hungUp) {
        leg.finish();
        return;
      }
      if (interrupt?.kind === 'transfer' && interrupt.by === 'redirect') {
        this.#route(interrupt.to); // the extension with `socket` again: a second session for the same Unique-ID
        continue;
      }
      if (interrupt?.kind === 'transfer') {
        await this.#serve(interrupt.to);
        return;
      }
      // Behind `socket` stands the transfer to the fallback extension, whose first action is sched_cancel.
      leg.book.settle({ kind: found ? 'dialplan' : 'no-router' });
      await this.#serve({ extension: FALLBACK, context: leg.script.context ?? 'public' });
      return;
    }
    leg.hangup('EXCHANGE_ROUTING_ERROR', 'switch');
    leg.finish();
  }

  /** `socket h1:p|h2:p async full`; false when nobody listens. */
  async #socketApplication(): Promise<boolean> {
    const leg = this.#leg;
    const { channel, script } = leg;
    const words = script.socketArgs ?? { async: true, full: true };
    const path = script.path === undefined ? '' : `/${script.path.replace(/^\//, '')}`;
    const hosts = this.#routers.map(({ host, port }) => `${host}:${port}${path}`).join('|');
    const data = `${hosts}${words.async ? ' async' : ''}${words.full ? ' full' : ''}`;
    channel.set('current_application_data', bytesOf(data));
    channel.set('current_application', 'socket');
    const socket = await this.#firstThatAccepts();
    if (socket === null) return false;
    if (leg.signal.aborted) {
      socket.destroy(); // taken away while it was connecting
      return true;
    }
    if (path !== '') channel.set('socket_path', bytesOf(path.slice(1)));
    const session = new Session(socket, leg, words);
    this.#sessions.push(session);
    this.#acceptedMs ??= leg.book.now();
    const taken = new Promise<void>((resolve) => {
      leg.signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    });
    await Promise.race([session.connected, taken]);
    if (leg.interrupt !== null) return true;
    if (!(await session.connected)) {
      await this.#limbo(taken);
      return true;
    }
    leg.reached('connected');
    if (session.isAsync) {
      await pause(leg.random.chance(LATE_PARK.probability) ? LATE_PARK.ms : leg.random.below(2));
      // switch_ivr_park sets the flag that the end of the socket has cleared already: nobody clears it again.
      if (session.isClosed && !this.#isTaken()) {
        await this.#limbo(taken);
        return true;
      }
      await leg.park(
        () => session.isClosed,
        () => session.saidExit,
      );
      leg.completeSocket(data);
    } else {
      // In static mode the socket's own thread is the leg's: after a hang-up it has nothing more to tell (12).
      await Promise.race([session.closed, taken]);
      if (leg.hungUp) {
        session.legIsOver();
        await session.closed;
      }
    }
    return true;
  }

  /** Somebody else has the leg meanwhile. */
  #isTaken(): boolean {
    return this.#leg.interrupt !== null;
  }

  async #firstThatAccepts(): Promise<Socket | null> {
    const leg = this.#leg;
    for (const { host, port } of this.#routers) {
      if (leg.interrupt !== null) return null;
      // Half-open, since FreeSWITCH says goodbye to a controller that has closed its side.
      const socket = connect({ host, port, allowHalfOpen: true });
      this.#connecting = socket;
      const accepted = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => {
          resolve(true);
        });
        socket.once('error', () => {
          resolve(false);
        });
        socket.once('close', () => {
          resolve(false);
        });
      });
      this.#connecting = null;
      leg.channel.set('socket_host', host);
      if (accepted) return socket;
    }
    return null;
  }

  /**
   * LIMBO: who accepts and closes, or says nothing for 25 seconds, leaves the caller parked in silence. No dialplan
   * goes on; only the guard, or the caller's own patience, ends it (19c, 19d).
   */
  async #limbo(taken: Promise<void>): Promise<void> {
    const leg = this.#leg;
    leg.phase = { kind: 'limbo' };
    if (leg.schedule.guarded || leg.impatient) await taken;
    else leg.hangup('ORIGINATOR_CANCEL', 'caller');
  }

  /** The dialplan carries the call on. Nobody watches when no socket is left; else the events go on (a transfer). */
  async #serve(to: Extension): Promise<void> {
    const leg = this.#leg;
    if (to.extension === FALLBACK) leg.schedule.clear();
    if (leg.listeners.size === 0) return;
    this.#route(to);
    await leg.execute({ application: 'answer', argument: '', uuid: null, locked: false });
    const tone = `tone_stream://%(${SERVICE_SECONDS * leg.exchange.secondMs},0,440)`;
    await leg.execute({ application: 'playback', argument: tone, uuid: null, locked: false });
    leg.hangup('NORMAL_CLEARING', 'switch');
    leg.finish();
  }

  #route({ extension, context }: Extension): void {
    const leg = this.#leg;
    leg.resume();
    leg.channel.enter(bytesOf(extension), bytesOf(context));
    leg.channel.state = 'CS_ROUTING';
    leg.emit('CHANNEL_STATE');
    leg.channel.state = 'CS_EXECUTE';
    leg.emit('CHANNEL_STATE');
  }

  #report(): CallReport {
    const leg = this.#leg;
    const { book } = leg;
    const end = book.end ?? { kind: 'silence' };
    const settledMs = book.settledMs ?? book.now();
    const acceptedMs = this.#acceptedMs;
    const { connectReplyMs, decisionsMs, stepsMs } = book;
    const facts = { end, acceptedMs, connectReplyMs, decisionsMs, stepsMs, settledMs };
    const first = decisionsMs[0];
    const firstDecisionMs =
      first === undefined || connectReplyMs === null ? null : Math.max(0, first - connectReplyMs);
    return {
      uuid: leg.uuid,
      script: leg.script,
      end,
      lost: lostReason(facts, this.#patience),
      violations: book.violations,
      commands: book.commands,
      legs: book.dialled,
      bridges: book.bridges,
      variables: leg.variables(),
      timings: { acceptedMs, connectReplyMs, firstDecisionMs, settledMs, endMs: book.now() },
      closedByRouter: this.#sessions.some((session) => session.closedByRouter),
      lingered: this.#sessions.some((session) => session.lingers),
    };
  }
}
