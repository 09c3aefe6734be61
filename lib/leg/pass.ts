import type { Call } from '../call/channel.ts';

/** A channel's n-th time through a router. */
export interface Pass {
  readonly pass: number;
  /** The record of the time before; null the first time. */
  readonly previous: string | null;
}

/**
 * How often a channel has been here. The variable that a router leaves on it counts; a channel that was taken away before
 * there was one (while its CRM was asked) and comes back to this router is known by its socket, which is still held.
 */
export class Passes {
  readonly #held = new Map<string, Call['passed']>();

  enter({ uuid, passed }: Call, trace: string): Pass {
    const held = this.#held.get(uuid);
    const last = held !== undefined && held.passes > passed.passes ? held : passed;
    const pass = last.passes + 1;
    this.#held.set(uuid, { passes: pass, trace });
    return { pass, previous: last.trace === '' ? null : last.trace };
  }

  /** Its socket is closed. A later pass of the same channel stays. */
  leave(uuid: string, trace: string): void {
    if (this.#held.get(uuid)?.trace === trace) this.#held.delete(uuid);
  }
}
