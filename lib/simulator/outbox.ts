import type { Socket } from 'node:net';
import type { Bytes } from './message.ts';

/** What one session says, on its way to the socket. */
export class Outbox {
  readonly #socket: Socket;
  readonly #lean: boolean;
  /** Events that happen while a command runs are said after its reply (18: uuid_kill, then CHANNEL_HANGUP). */
  #held: Bytes[] | null = null;
  /** In a lean switch: what this turn of the event loop says. */
  #turn: Bytes = '';

  constructor(socket: Socket, lean: boolean) {
    this.#socket = socket;
    this.#lean = lean;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  hold(): void {
    this.#held = [];
  }

  /** Lets events pass again; what they were kept from saying. */
  release(): readonly Bytes[] {
    const held = this.#held ?? [];
    this.#held = null;
    return held;
  }

  /** An event, in two writes as FreeSWITCH does. */
  event(head: Bytes, body: Bytes): void {
    if (this.#held !== null) {
      this.#held.push(head, body);
      return;
    }
    this.write(head);
    this.write(body);
  }

  write(bytes: Bytes): void {
    if (this.#socket.destroyed || bytes === '') return;
    if (!this.#lean) {
      this.#socket.write(bytes, 'latin1');
      return;
    }
    // A lean switch spares system calls, the dearest part of a call: what is said in one turn leaves in one write.
    if (this.#turn === '') setImmediate(this.flush);
    this.#turn += bytes;
  }

  readonly flush = (): void => {
    if (this.#turn !== '' && !this.#socket.destroyed) this.#socket.write(this.#turn, 'latin1');
    this.#turn = '';
  };
}
