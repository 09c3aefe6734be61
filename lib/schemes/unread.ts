/** Every request of a document that nobody has checked: its own, those of `events`, and all that follow from them. */
export function unreadRequestsOf(json: unknown): Readonly<Record<string, unknown>>[] {
  const { webhook, events } = (json ?? {}) as { webhook?: unknown; events?: unknown };
  const told = listOf(events).map((entry) => (entry as { webhook?: unknown } | null)?.webhook);
  return [webhook, ...told]
    .flatMap((first) => [first, ...listOf((first as { then?: unknown } | null)?.then)])
    .filter(isObject);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
