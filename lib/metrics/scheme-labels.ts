/** What stands in the label `scheme`: never more than so many names, whatever is configured. No scheme can have those in brackets. */

export const NONE = '(none)';
const OTHERS = '(others)';
/** A scheme has some 70 series. */
const MOST = 100;

export class SchemeLabels {
  #known: ReadonlySet<string> = new Set();
  readonly #own = new Set<string>();

  /**
   * The schemes of now. Returns those that have had a label of their own and are gone, and those that have one now: where there
   * are more than there is room for, the first that get calls.
   */
  follow(names: Iterable<string>): { readonly gone: readonly string[]; readonly named: Iterable<string> } {
    this.#known = new Set(names);
    const gone = [...this.#own].filter((name) => !this.#known.has(name));
    for (const name of gone) this.#own.delete(name);
    if (this.#known.size <= MOST) for (const name of this.#known) this.#own.add(name);
    return { gone, named: this.#own };
  }

  /** Of those that have a label, their names; of a scheme that is gone or one too many, `(others)`. */
  of(name: string | null | undefined): string {
    if (name === null || name === undefined) return NONE;
    if (this.#own.has(name)) return name;
    if (!this.#known.has(name) || this.#own.size >= MOST) return OTHERS;
    this.#own.add(name);
    return name;
  }
}
