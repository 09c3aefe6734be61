/** What a person who mistyped a word most likely meant. */

/** Letters that may be wrong: one in three, three at most. */
const PER_LETTERS = 3;
const MOST = 3;
/** Longer words are texts, and the comparison costs their product. */
const LONGEST = 64;
/** `timeout` for `timeoutSeconds`, and the other way round; fewer letters begin too many words. */
const SHORTEST_BEGINNING = 4;

/** The one word that is nearest, or null where none is near. Upper and lower case are alike. */
export function nearest(word: string, words: readonly string[]): string | null {
  if (word.length > LONGEST) return null;
  const written = word.toLowerCase();
  let best: string | null = null;
  let least = Math.min(MOST, Math.floor(word.length / PER_LETTERS)) + 1;
  for (const known of words) {
    if (Math.abs(known.length - word.length) >= least) continue;
    const distance = distanceOf(written, known.toLowerCase());
    if (distance < least) [best, least] = [known, distance];
  }
  if (best !== null) return best;
  const begun = words.filter((one) => {
    const known = one.toLowerCase();
    const [shorter, longer] = known.length < written.length ? [known, written] : [written, known];
    return shorter.length >= SHORTEST_BEGINNING && longer.startsWith(shorter);
  });
  return begun.length === 1 ? (begun[0] ?? null) : null;
}

/** ` (did you mean "x"?)`, to follow a fault; nothing where no word is near. */
export function didYouMean(word: unknown, words: readonly string[]): string {
  const found = typeof word === 'string' ? nearest(word, words) : null;
  return found === null || found === word ? '' : ` (did you mean ${JSON.stringify(found)}?)`;
}

/** Letters to insert, remove, change or swap with the next one (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
