import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';

/**
 * The sound of one end. It speaks a `voice`: RTP packets whose payload is one byte all over, which FreeSWITCH
 * passes on unchanged between two PCMU legs. So an end knows not only that it hears something but whom.
 */

const PACKET_MS = 20;
const SAMPLES = 160;
const HEADER = 12;
/** PCMU bytes next to zero: what a silent line carries. */
const SILENCE: ReadonlySet<number> = new Set([0xff, 0x7f, 0xfe, 0x7e]);

export class Media {
  readonly port: number;
  /** Packets of nothing but silence. */
  silent = 0;
  /** Packets that are neither silence nor a voice: ringback, busy tone. */
  tones = 0;
  /** Packets by voice. */
  readonly voices = new Map<number, number>();

  /** null: it says nothing and hears nothing. */
  readonly #socket: Socket | null;
  readonly #packet: Buffer;
  #timer: NodeJS.Timeout | null = null;
  #target: number | null = null;
  #sequence = 0;
  #closed = false;

  private constructor(socket: Socket | null, port: number, voice: number) {
    this.#socket = socket;
    this.port = port;
    this.#packet = Buffer.alloc(HEADER + SAMPLES, voice);
    this.#packet.writeUInt16BE(0x8000, 0);
    randomBytes(4).copy(this.#packet, 8);
    socket?.on('message', (packet) => {
      this.#hear(packet);
    });
    socket?.on('error', () => undefined);
  }

  static open(voice: number): Promise<Media> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', () => {
        resolve(new Media(socket, socket.address().port, voice));
      });
    });
  }

  /** For calls by the hundred: only the port that is in their session descriptions, and no sound. */
  static mute(port: number): Media {
    return new Media(null, port, 0);
  }

  /** Begins to speak to the port of the other end, or goes on at another port. */
  speak(port: number): void {
    if (this.#socket === null || this.#closed) return;
    this.#target = port;
    this.#timer ??= setInterval(() => {
      this.#send();
    }, PACKET_MS);
  }

  /** Counts from here on. */
  forget(): void {
    this.silent = 0;
    this.tones = 0;
    this.voices.clear();
  }

  /** Packets of a voice heard so far. */
  heard(voice: number): number {
    return this.voices.get(voice) ?? 0;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#target = null;
    try {
      this.#socket?.close();
    } catch {
      // It was closed before: both ways a call can end come here.
    }
  }

  #send(): void {
    if (this.#target === null || this.#socket === null) return;
    this.#sequence++;
    this.#packet.writeUInt16BE(this.#sequence & 0xffff, 2);
    this.#packet.writeUInt32BE((this.#sequence * SAMPLES) >>> 0, 4);
    this.#socket.send(this.#packet, this.#target, '127.0.0.1', () => undefined);
  }

  #hear(packet: Buffer): void {
    if (packet.length <= HEADER || (packet.readUInt8(1) & 0x7f) !== 0) return;
    const payload = packet.subarray(HEADER);
    const first = payload.readUInt8(0);
    if (payload.every((byte) => SILENCE.has(byte))) this.silent++;
    else if (payload.every((byte) => byte === first)) this.voices.set(first, this.heard(first) + 1);
    else this.tones++;
  }
}
