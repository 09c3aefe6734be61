/** For what can't be listened for: looks every few milliseconds, for forty seconds at most. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** More would wait for the processor and not for each other. */
const AT_ONCE = 16;

/** Starts each item when there is room for it, in order. */
export function sideBySide<T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<R>[] {
  let room = atOnce;
  const waiting: (() => void)[] = [];
  return items.map(async (item) => {
    if (room > 0) room--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run(item);
    } finally {
      const next = waiting.shift();
      if (next === undefined) room++;
      else next();
    }
  });
}
