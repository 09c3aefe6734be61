/** What a run found: counts, a few examples of each, and of what must not be the smallest. */
export class Tally {
  readonly #rows = new Map<string, { count: number; smallest: string; size: number; first: string[] }>();

  /** `size`: how long the input was; the shortest one is kept. */
  add(kind: string, size: number, example: () => string): void {
    const row = this.#rows.get(kind) ?? { count: 0, smallest: '', size: Infinity, first: [] };
    this.#rows.set(kind, row);
    row.count++;
    if (size < row.size) [row.size, row.smallest] = [size, example()];
    if (row.first.length < 3) row.first.push(example());
  }

  get total(): number {
    return [...this.#rows.values()].reduce((sum, { count }) => sum + count, 0);
  }

  count(kind: string): number {
    return this.#rows.get(kind)?.count ?? 0;
  }

  /** The commonest first: `12  another number  smallest: DE "..."`. */
  lines(most = Infinity): string[] {
    const rows = [...this.#rows].sort(([, a], [, b]) => b.count - a.count).slice(0, most);
    return rows.map(([kind, { count, smallest }]) => `${pad(count, 9)}  ${kind}\n           ${smallest}`);
  }

  /** As `lines`, with the first examples too. */
  report(): string[] {
    const rows = [...this.#rows].sort(([, a], [, b]) => b.count - a.count);
    return rows.flatMap(([kind, { count, smallest, first }]) => [
      `${pad(count, 9)}  ${kind}`,
      `           smallest  ${smallest}`,
      ...first.filter((example) => example !== smallest).map((example) => `                     ${example}`),
    ]);
  }
}

export function pad(value: string | number, width: number): string {
  return String(value).padStart(width);
}

/** `12.3 %` */
export function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}
