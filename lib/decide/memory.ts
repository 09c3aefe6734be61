import type { HttpResponse } from '../http/message.ts';

/** An answer of a CRM, kept. */
export interface Remembered {
  readonly response: HttpResponse;
  /** Of the question that it answered: JSON-RPC repeats it in the reply. */
  readonly webhookId: string;
  /** By the clock. */
  readonly atMs: number;
}

export interface MemoryLimits {
  readonly entries: number;
  /** Of the bodies, in UTF-16 units: about what they take of the heap. */
  readonly characters: number;
}

const LIMITS: MemoryLimits = { entries: 10_000, characters: 8 * 1024 * 1024 };

/** The last good answers of all CRMs, bounded: the one that was used the longest ago gives way. */
export class AnswerMemory {
  /** In the order of their last use. */
  readonly #answers = new Map<string, Remembered>();
  readonly #limits: MemoryLimits;
  #characters = 0;

  constructor(limits: MemoryLimits = LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#answers.size;
  }

  remember(key: string, answer: Remembered): void {
    this.#forget(key);
    this.#answers.set(key, answer);
    this.#characters += answer.response.body.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#limits.entries && this.#characters <= this.#limits.characters) break;
      this.#forget(oldest);
    }
  }

  /** Null when there is none, or none of at most `maxAgeMs`. */
  recall(key: string, maxAgeMs: number, nowMs: number): Remembered | null {
    const answer = this.#answers.get(key);
    if (answer === undefined || nowMs - answer.atMs > maxAgeMs) return null;
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer;
  }

  #forget(key: string): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#characters -= answer.response.body.length;
  }
}
