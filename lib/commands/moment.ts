/** Moments as people write them on the command line. */

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90m` ago, `2d` ago, or a time in ISO 8601; a text says what is wrong. */
export function momentOf(text: string, now: Date): Date | string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (UNITS[unit] ?? 0));
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text))
    return EXPECTED;
  // JavaScript takes 30 February for 2 March.
  const day = text.slice(0, 10);
  const first = new Date(`${day}T00:00Z`);
  if (Number.isNaN(first.getTime()) || !first.toISOString().startsWith(day)) return `There is no day ${day}.`;
  // A day, or a time without a zone, is UTC, like every time that is printed.
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text.slice(10)) || text.length === 10 ? text : `${text}Z`;
  const moment = new Date(zoned.replace(' ', 'T'));
  return Number.isNaN(moment.getTime()) ? EXPECTED : moment;
}

const EXPECTED = 'Expected 90m, 2h or 3d, or a time such as 2026-06-01T08:00.';
