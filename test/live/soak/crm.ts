import { Random } from '../../../lib/simulator/random.ts';
import { startCrm, type CrmReply, type SimulatedCrm } from '../../../lib/simulator/crm.ts';
import type { Mood } from './timetable.ts';

/** The CRM of the soak: knows whom to dial, and does as its mood is. */

const SLOW_MS = 1500;
/** A reply of 30 bytes takes longer than any decision may. */
const DRIP_MS = 300;
const QUIET_SECONDS = 2;
/** One healthy reply in so many takes its time, so that there are always callers who wait. */
const DAWDLES = 0.1;

/** The destination for a caller's number; null: the CRM knows nobody. */
export type Directory = (caller: string) => string | null;

export class MoodyCrm {
  asked = 0;
  readonly port: number;
  readonly #directory: Directory;
  readonly #random: Random;
  #mood: Mood = 'healthy';
  #server: SimulatedCrm | null = null;

  private constructor(port: number, seed: number, directory: Directory) {
    this.port = port;
    this.#random = new Random(seed);
    this.#directory = directory;
  }

  static async open(port: number, seed: number, directory: Directory): Promise<MoodyCrm> {
    const crm = new MoodyCrm(port, seed, directory);
    await crm.#listen();
    return crm;
  }

  get mood(): Mood {
    return this.#mood;
  }

  async change(mood: Mood): Promise<void> {
    this.#mood = mood;
    if (mood === 'refused') await this.close();
    else await this.#listen();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.close();
  }

  async #listen(): Promise<void> {
    this.#server ??= await startCrm(({ body }) => this.#reply(body), { port: this.port, record: false });
  }

  #reply(question: Buffer): CrmReply {
    this.asked++;
    const { caller } = JSON.parse(question.toString()) as { caller: string };
    const destination = this.#directory(caller);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ destination });
    const found: CrmReply = { status: 200, headers, body };
    switch (this.#mood) {
      case 'healthy':
        return { ...found, delayMs: this.#random.chance(DAWDLES) ? 300 + this.#random.below(1200) : 10 };
      case 'slow':
        return { ...found, delayMs: SLOW_MS };
      case 'status 500':
        return { status: 500, body: 'oops' };
      case 'hanging':
        return { hang: true };
      case 'dripping':
        return { ...found, dripMs: DRIP_MS };
      case 'broken JSON':
        return { status: 200, headers, body: body.slice(0, -2) };
      case '429':
        return { status: 429, headers: { 'retry-after': String(QUIET_SECONDS) } };
      case 'refused':
        return { reset: 'before-headers' };
    }
  }
}
