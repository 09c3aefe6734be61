/**
 * What was seen, with the time of each thing, and a way to wait for the next one. Every party of the live test
 * (callers, callees, the CRM) keeps one: it is what rows look at, and what is printed when a row fails.
 */

export interface JournalLine {
  /** Milliseconds on the clock of `now()`. */
  readonly atMs: number;
  readonly text: string;
}

/**
 * How long a row waits for what must come and is not timed by itself: long enough for a machine that is busy with
 * something else. What is timed is held against its limits by `between`.
 */
export const SOON = 10_000;

export function now(): number {
  return performance.now();
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export class Journal {
  readonly name: string;
  readonly lines: JournalLine[] = [];
  readonly #looks = new Set<() => void>();

  constructor(name: string) {
    this.name = name;
  }

  note(text: string): void {
    this.lines.push({ atMs: now(), text });
    for (const look of [...this.#looks]) look();
  }

  /**
   * Waits until `look` finds something; it looks at once and after every note.
   * Rejects after `milliseconds`, telling what was seen instead, or with what `look` throws.
   */
  until<T>(what: string, milliseconds: number, look: () => T | undefined): Promise<T> {
    const sinceMs = now();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#looks.delete(again);
      };
      const again = (): void => {
        try {
          const result = look();
          if (result === undefined) return;
          resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        end();
      };
      const timer = setTimeout(() => {
        end();
        const seen = this.told(sinceMs) || 'nothing';
        reject(new Error(`${this.name}: ${what} did not come within ${milliseconds} ms; seen: ${seen}`));
      }, milliseconds);
      this.#looks.add(again);
      again();
    });
  }

  /** One line of all that was seen, times counted from `zeroMs`. */
  told(zeroMs: number): string {
    return this.lines.map(({ atMs, text }) => `${seconds(atMs - zeroMs)} ${text}`).join(', ');
  }
}

/** `3.02 s`, as the figures of the rows are printed. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
