import type { ApiContext } from './context.ts';

/** Figures are read at most once in ten seconds, however many look at them. */

const KEPT_MS = 10_000;
/** Of different questions. */
const MAX_KEPT = 100;

export function keeping<T>(
  { clock }: Pick<ApiContext, 'clock'>,
  read: (tenant: string, seconds: number) => Promise<T>,
): (tenant: string, seconds: number) => Promise<T> {
  const kept = new Map<string, { readonly untilMs: number; readonly value: Promise<T> }>();
  return (tenant, seconds) => {
    const key = `${seconds} ${tenant}`;
    const found = kept.get(key);
    if (found !== undefined && found.untilMs > clock.now()) return found.value;
    const value = read(tenant, seconds);
    kept.delete(key);
    kept.set(key, { untilMs: clock.now() + KEPT_MS, value });
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    value.catch(() => kept.delete(key));
    return value;
  };
}
