/** What stands in the label `scheme`: never more than so many names, whatever is configured. No scheme can have those in brackets. */

const NONE = '(none)';
const OTHERS = '(others)';
/** A scheme has some 40 series. */
const MOST = 200;

export class SchemeLabels {
  #known: ReadonlySet<string> = new Set();
  readonly #own = new Set<string>();

  /** The schemes of now. Returns those that have had a label of their own and are gone. */
  follow(names: Iterable<string>): string[] {
    this.#known = new Set(names);
    const gone = [...this.#own].filter((name) => !this.#known.has(name));
    for (const name of gone) this.#own.delete(name);
    return gone;
  }

  /** Of the first schemes that get calls, their names; of a scheme that is gone or one too many, `(others)`. */
  of(name: string | null | undefined): string {
    if (name === null || name === undefined) return NONE;
    if (this.#own.has(name)) return name;
    if (!this.#known.has(name) || this.#own.size >= MOST) return OTHERS;
    this.#own.add(name);
    return name;
  }
}
