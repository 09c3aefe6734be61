import { unescaped } from './escapes.ts';
import type { Layer } from './layer.ts';
import { decodedRuns } from './runs.ts';

/** Programs encode twice, some three times, and then somebody puts it all into JSON. */
const MAX_DEPTH = 6;
/** Characters that are read at most, for each of the text: honest texts need four or five. */
const MAX_GROWTH = 8;
const MIN_BUDGET = 4096;

/** Every layer of a text, itself first; null when there are more than anybody reads: nobody knows what it holds. */
export function layersOf(text: string): readonly Layer[] | null {
  const layers: Layer[] = [{ text, written: null }];
  let budget = Math.max(MIN_BUDGET, text.length * MAX_GROWTH);
  let newest: readonly Layer[] = layers;
  for (let depth = 0; newest.length > 0; depth++) {
    const found: Layer[] = [];
    for (const layer of newest) {
      for (const next of [unescaped(layer), decodedRuns(layer)]) {
        if (next === null) continue;
        budget -= next.text.length;
        if (budget < 0 || depth === MAX_DEPTH) return null;
        found.push(next);
      }
    }
    layers.push(...found);
    newest = found;
  }
  return layers;
}
