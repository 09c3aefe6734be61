/** The router decides so long before the guard fires. */
export const MARGIN_SECONDS = 2;
const SHORTEST_SECONDS = 8;

/** For schemes that may take so long to decide. */
export function guardSecondsFor(timeoutSeconds: number): number {
  return Math.max(SHORTEST_SECONDS, Math.ceil(timeoutSeconds) + MARGIN_SECONDS);
}
