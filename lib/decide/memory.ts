/** An answer of a CRM, kept so that it can be read again: without headers and phases. */
export interface Remembered {
  readonly status: number;
  readonly body: string;
  /** Of the question that it answered: JSON-RPC repeats it in the reply. */
  readonly webhookId: string;
  /** Which question of the scheme's chain that was, by its place. */
  readonly link: number;
  /** By the clock. */
  readonly atMs: number;
}

/** Of the heap, for all answers of all schemes together. */
const LIMIT_BYTES = 16 * 1024 * 1024;
/** What an answer takes beside its body: measured, with its key, its id and its places in two maps. */
const OVERHEAD_BYTES = 512;

/** The answers to one scheme's questions, in the order of their last use. */
interface Share {
  readonly answers: Map<string, Remembered>;
  bytes: number;
}

/**
 * The last good answers of all CRMs, bounded. Where there is no more room the scheme that keeps the most drops its least
 * recently used answer: callers who never come twice only cost their own scheme memory.
 */
export class AnswerMemory {
  readonly #shares = new Map<string, Share>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes = LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return [...this.#shares.values()].reduce((sum, { answers }) => sum + answers.size, 0);
  }

  /** `key`: of the question, by all that is sent. */
  remember(scheme: string, key: string, answer: Remembered): void {
    const share = this.#shares.get(scheme) ?? { answers: new Map<string, Remembered>(), bytes: 0 };
    this.#shares.set(scheme, share);
    this.#forget(share, key);
    share.answers.set(key, answer);
    this.#count(share, bytesOf(answer));
    while (this.#bytes > this.#limitBytes) this.#forgetOldest();
  }

  /** Null when there is none, or none of at most `maxAgeMs`. */
  recall(scheme: string, key: string, maxAgeMs: number, nowMs: number): Remembered | null {
    const answers = this.#shares.get(scheme)?.answers;
    const answer = answers?.get(key);
    if (answers === undefined || answer === undefined || nowMs - answer.atMs > maxAgeMs) return null;
    answers.delete(key);
    answers.set(key, answer);
    return answer;
  }

  #forgetOldest(): void {
    let most: [string, Share] | null = null;
    for (const entry of this.#shares) if (most === null || entry[1].bytes > most[1].bytes) most = entry;
    if (most === null) return;
    const [scheme, share] = most;
    const [oldest = ''] = share.answers.keys();
    this.#forget(share, oldest);
    if (share.answers.size === 0) this.#shares.delete(scheme);
  }

  #forget(share: Share, key: string): void {
    const answer = share.answers.get(key);
    if (answer === undefined) return;
    share.answers.delete(key);
    this.#count(share, -bytesOf(answer));
  }

  #count(share: Share, bytes: number): void {
    share.bytes += bytes;
    this.#bytes += bytes;
  }
}

/** V8 keeps a string in one byte per character, or in two if one of them is beyond Latin-1. */
function bytesOf({ body }: Remembered): number {
  return OVERHEAD_BYTES + body.length * (/[^\u0000-\u00ff]/.test(body) ? 2 : 1);
}
