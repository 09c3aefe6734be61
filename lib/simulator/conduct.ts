import type { Taker } from './exchange.ts';
import { moves } from './judge.ts';
import type { Leg } from './leg.ts';
import type { Bytes } from './message.ts';

/** API commands that end a call or send it somewhere else. */
const MOVING_APIS = new Set(['uuid_kill', 'uuid_transfer', 'uuid_park', 'uuid_bridge', 'uuid_dual_transfer']);

/** Commands that do so later: nothing to be done to a call that others have. */
const LATER = new Set(['sched_api', 'sched_transfer', 'sched_hangup']);

/** Before these the guard is lifted: it would tear the call out of whatever they do. A bridge may push it back. */
const GUARD_FIRST = new Set(['transfer', 'exit']);

/** What one router does to the call on its socket, and whether the call is still its own. */
export class Conduct {
  readonly #leg: Leg;
  /** Who has taken the call from this router, and since when it can know. */
  #taken: { readonly by: Taker; readonly atMs: number } | null = null;

  constructor(leg: Leg) {
    this.#leg = leg;
  }

  legIsTaken(by: Taker): void {
    this.#taken ??= { by, atMs: this.#leg.book.now() };
  }

  application(name: string): void {
    if (moves(name) || (this.#taken !== null && LATER.has(name))) this.decides(name);
  }

  /** Whether it names this leg, or the one that others have joined it to. */
  api(line: Bytes): void {
    const leg = this.#leg;
    const [name = '', ...words] = line.split(' ');
    const partner = this.#taken === null ? undefined : leg.channel.get('signal_bond');
    if (!words.some((word) => word === leg.uuid || word === partner)) return;
    if (MOVING_APIS.has(name) || (this.#taken !== null && LATER.has(name))) this.decides(name);
  }

  /** A command that ends or moves the call has come, or the socket is closed. */
  decides(what: string): void {
    const leg = this.#leg;
    if (leg.hungUp) return;
    leg.book.decisionsMs.push(leg.book.now());
    if (this.#taken !== null) this.#judgeTaken(what, this.#taken);
    else if (leg.guards.length > 0 && GUARD_FIRST.has(what)) {
      leg.book.violate(`${what} while the guard is still due: sched_del comes first`);
    }
  }

  /** The call is somebody else's: nobody here may end it, and the socket is held until it is over. */
  #judgeTaken(what: string, { by, atMs }: { readonly by: Taker; readonly atMs: number }): void {
    const { book, script } = this.#leg;
    const leaves = what === 'exit' || what === 'close';
    const since = `${what} ${Math.round(book.now() - atMs)} ms after`;
    if (by === 'guard') {
      if (!leaves) book.violate(`${since} the guard had taken the call`);
    } else if (!leaves) {
      book.violate(`tore a moved call: ${since} others had moved it`);
    } else if (script.routerStops !== true) {
      book.violate('closed the socket of a moved call before its end');
    }
  }
}
