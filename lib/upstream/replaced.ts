import type { Clock } from '../clock.ts';

/** So long a token that was replaced may still stand in a reply or a record. */
const REMEMBERED_MS = 600_000;
/** Of these, where tokens live for seconds: the redactor looks for each of them in each line. */
const MOST_REPLACED = 50;

/** Secrets that are replaced again and again: what is to be hidden now, and for a while yet. */
export class Replaced {
  readonly #clock: Clock;
  readonly #onChange: (texts: readonly string[]) => void;
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock, onChange: (texts: readonly string[]) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Those whose time is over are dropped. */
  add(texts: readonly string[]): void {
    const now = this.#clock.now();
    let changed = false;
    for (const [text, untilMs] of this.#untilMs) {
      if (untilMs >= now) continue;
      this.#untilMs.delete(text);
      changed = true;
    }
    for (const text of texts) {
      changed ||= !this.#untilMs.has(text);
      this.#untilMs.set(text, Infinity);
    }
    const replaced = [...this.#untilMs].filter(([, untilMs]) => untilMs < Infinity);
    for (const [text] of replaced.slice(0, -MOST_REPLACED)) this.#untilMs.delete(text);
    if (changed) this.#onChange([...this.#untilMs.keys()]);
  }

  /** It is in use no more. */
  retire(text: string): void {
    this.#untilMs.delete(text);
    this.#untilMs.set(text, this.#clock.now() + REMEMBERED_MS);
  }
}
