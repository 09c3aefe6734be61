import { connect, type Socket } from 'node:net';
import { APPLICATIONS } from './application.ts';
import { Dialplan, FALLBACK } from './dialplan.ts';
import { pause, type Exchange, type Extension } from './exchange.ts';
import type { Patience } from './judge.ts';
import { Leg } from './leg.ts';
import { bytesOf, header } from './message.ts';
import { Others } from './others.ts';
import { inBridge, inExtension, inPark, route } from './place.ts';
import { reportOf } from './report.ts';
import { Session } from './session.ts';
import type { CallReport, CallScript, RouterAddress } from './types.ts';
import type { Interrupt, Stay } from './whereabouts.ts';

/** From the `connect` reply to CHANNEL_PARK: at once, or a turn of 20 ms later (30 of 109 recordings show it). */
const LATE_PARK = { probability: 0.25, ms: 20 };

/** A call that enters the dialplan again and again is refused at last: what `Max-Forwards` does. */
const MOST_VISITS = 8;

/** How long an extension serves a caller whose socket is still open, in simulated seconds. */
const SERVICE_SECONDS = 1;

/** The first of two sockets has closed: the second one's park ends at its next look, or the one after (1.11.1). */
const LET_GO_MS = 33;

/** What comes next for a caller: `socket` once more, a place to live on in, or nothing. */
type Next =
  { readonly kind: 'socket' } | { readonly kind: 'over' } | Exclude<Interrupt, { readonly kind: 'hangup' }>;

/** One call, from its INVITE to its last byte: the dialplan around `socket`. */
export class Call {
  readonly #leg: Leg;
  readonly #routers: readonly RouterAddress[];
  readonly #patience: Patience;
  readonly #sessions: Session[] = [];
  readonly #dialplan: Dialplan;
  readonly #others: Others;
  #acceptedMs: number | null = null;
  #connecting: Socket | null = null;

  constructor(script: CallScript, exchange: Exchange, routers: readonly RouterAddress[], patience: Patience) {
    this.#leg = new Leg(script, exchange, APPLICATIONS);
    this.#dialplan = new Dialplan(this.#leg);
    this.#others = new Others(this.#leg);
    this.#routers = routers;
    this.#patience = patience;
  }

  async run(): Promise<CallReport> {
    const leg = this.#leg;
    leg.reached('began');
    await this.#live();
    this.#others.leave();
    leg.dismiss();
    await Promise.all(this.#sessions.map((session) => session.closed));
    leg.exchange.legs.delete(leg.uuid);
    const report = reportOf(leg, this.#sessions, this.#acceptedMs, this.#patience);
    leg.exchange.tasks.forget(leg.uuid);
    return report;
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

  /** From place to place, until the call is over or nobody watches it any more. */
  async #live(): Promise<void> {
    const leg = this.#leg;
    let next: Next = { kind: 'socket' };
    let visits = 0;
    while (next.kind !== 'over') {
      let found = true;
      switch (next.kind) {
        case 'socket':
          if (++visits > MOST_VISITS) leg.hangup('EXCHANGE_ROUTING_ERROR', 'switch');
          else found = await this.#socketApplication();
          break;
        case 'transfer':
          if (next.stay === null && leg.listeners.size === 0) {
            if (next.to.extension === FALLBACK) this.#dialplan.cancel();
            return;
          }
          await this.#inExtension(next.to, next.stay);
          break;
        case 'park':
          await inPark(leg, next.stay);
          break;
        case 'bridge':
          await inBridge(leg, next.partner, next.stay);
      }
      next = this.#nextPlace(found);
    }
  }

  #nextPlace(found: boolean): Next {
    const leg = this.#leg;
    const { interrupt } = leg;
    if (leg.hungUp || interrupt?.kind === 'hangup') {
      leg.finish();
      return { kind: 'over' };
    }
    if (interrupt === null) return this.#behindSocket(found);
    if (interrupt.kind !== 'transfer') return interrupt;
    const { to, by } = interrupt;
    if (by === 'redirect') {
      route(leg); // the extension with `socket` again: a second session for the same Unique-ID
      return { kind: 'socket' };
    }
    if (!this.#dialplan.leadsToSocket(to)) return interrupt;
    if (to.extension === FALLBACK) this.#dialplan.cancel();
    route(leg);
    this.#dialplan.beforeSocket();
    return { kind: 'socket' };
  }

  /** Behind `socket` stands the transfer to the fallback extension. */
  #behindSocket(found: boolean): Next {
    const leg = this.#leg;
    const to = { extension: FALLBACK, context: leg.script.context ?? 'public' };
    if (!this.#dialplan.leadsToSocket(to)) leg.book.settle({ kind: found ? 'dialplan' : 'no-router' });
    leg.channel.enter(bytesOf(FALLBACK), bytesOf(to.context), leg.random.uuid());
    if (!this.#dialplan.leadsToSocket(to)) return { kind: 'transfer', to, by: 'guard', stay: null };
    this.#dialplan.cancel();
    route(leg);
    this.#dialplan.beforeSocket();
    return { kind: 'socket' };
  }

  /** Nobody watches when no socket is left; else the events go on (a transfer). */
  async #inExtension(to: Extension, stay: Stay | null): Promise<void> {
    const leg = this.#leg;
    const served: Stay = { talkMs: SERVICE_SECONDS * leg.exchange.secondMs, hangup: 'other' };
    await inExtension(leg, to, stay ?? served, to.extension === FALLBACK ? ['sched_cancel'] : []);
  }

  /** `socket h1:p|h2:p async full`; false when nobody listens. */
  async #socketApplication(): Promise<boolean> {
    const leg = this.#leg;
    const { channel, script } = leg;
    const words = script.socketArgs ?? { async: true, full: true };
    const path = script.path === undefined ? '' : `/${script.path.replace(/^\//, '')}`;
    const hosts = this.#routers.map(({ host, port }) => `${host}:${port}${path}`).join('|');
    const data = `${hosts}${words.async ? ' async' : ''}${words.full ? ' full' : ''}`;
    const executionUuid = leg.random.uuid();
    channel.set('current_application_data', bytesOf(data));
    channel.set('current_application', 'socket');
    leg.emit(
      'CHANNEL_EXECUTE',
      header('Application', 'socket') +
        header('Application-Data', data) +
        header('Application-UUID', executionUuid),
    );
    const socket = await this.#firstThatAccepts();
    if (socket === null) return false;
    if (leg.signal.aborted) {
      socket.destroy(); // taken away while it was connecting
      return true;
    }
    if (path !== '') channel.set('socket_path', bytesOf(path.slice(1)));
    const session = new Session(socket, leg, words);
    const letGo = this.#letGoBy(this.#sessions.filter(({ isClosed }) => !isClosed));
    this.#sessions.push(session);
    leg.phase = { kind: 'parked' };
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
        () => session.isClosed || letGo(),
        () => session.saidExit,
      );
      leg.completeSocket(data, executionUuid);
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

  /**
   * TWO SOCKETS ON ONE CHANNEL: the flag that says that it is controlled is the channel's, not the socket's. When an
   * earlier socket closes it is cleared, and the park of the later one ends (1.11.1).
   */
  #letGoBy(earlier: readonly Session[]): () => boolean {
    let gone = false;
    for (const session of earlier) {
      void session.over
        .then(() => pause(this.#leg.random.below(LET_GO_MS)))
        .then(() => {
          gone = true;
          this.#leg.queue.wake();
        });
    }
    return () => gone;
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
    if (leg.guards.length > 0 || leg.impatient) await taken;
    else leg.hangup('ORIGINATOR_CANCEL', 'caller');
  }
}
