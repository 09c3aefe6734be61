import { sql } from 'kysely';
import { momentOf, orderBefore } from './calls.ts';
import type { Database } from './database.ts';

/** Counts and times of the last calls, for whoever watches: read from the columns alone, never from the records. */

interface Minute {
  readonly at: string;
  readonly byResult: Readonly<Record<string, number>>;
}

/** Milliseconds from the connect of a call to its decision; null: nothing was decided. */
interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface Summary {
  readonly calls: number;
  readonly byResult: Readonly<Record<string, number>>;
  readonly decidedMs: Percentiles;
  /** Those in which there was a call, the oldest first. */
  readonly minutes: readonly Minute[];
}

export interface SchemeFigures {
  readonly calls: number;
  readonly byResult: Readonly<Record<string, number>>;
  readonly decidedMs: Percentiles;
  readonly lastError: { readonly at: string; readonly call: string; readonly reason: string } | null;
}

type Counted = readonly { readonly ms: number | null; readonly count: number }[];

const MINUTE_MS = 60_000;

export class Figures {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async summary(tenant: string, since: Date): Promise<Summary> {
    const { reader } = this.#database;
    const from = orderBefore(since);
    const perMinute = orderBefore(new Date(momentOf(0).getTime() + MINUTE_MS));
    const minutes = await sql<{ minute: number; result: string; count: number }>`
      select n / ${sql.lit(perMinute)} as minute, result, count(*) as count from calls
      where n >= ${from} and tenant = ${tenant} group by 1, 2 order by 1`.execute(reader);
    const times = await sql<{ ms: number | null; count: number }>`
      select decided_ms as ms, count(*) as count from calls
      where n >= ${from} and tenant = ${tenant} group by 1`.execute(reader);
    const byMinute = new Map<number, Record<string, number>>();
    for (const { minute, result, count } of minutes.rows) {
      const counts = byMinute.get(minute) ?? {};
      byMinute.set(minute, { ...counts, [result]: count });
    }
    return {
      ...totals(minutes.rows),
      decidedMs: percentiles(times.rows),
      minutes: [...byMinute].map(([minute, byResult]) => {
        return { at: momentOf(minute * perMinute).toISOString(), byResult };
      }),
    };
  }

  /** By the scheme that the call came to first. */
  async bySchemes(tenant: string, since: Date): Promise<ReadonlyMap<string, SchemeFigures>> {
    const { reader } = this.#database;
    const from = orderBefore(since);
    const counted = await sql<{ scheme: string; result: string; ms: number | null; count: number }>`
      select scheme, result, decided_ms as ms, count(*) as count from calls
      where n >= ${from} and tenant = ${tenant} and scheme is not null group by 1, 2, 3`.execute(reader);
    const failed = await sql<{ scheme: string; id: string; reason: string; started_at: string }>`
      select scheme, id, reason, started_at from calls where n in (
        select max(n) from calls
        where n >= ${from} and tenant = ${tenant} and scheme is not null and (result in ('error', 'refused') or reason = 'unmapped')
        group by scheme)`.execute(reader);
    const byScheme = new Map<string, (typeof counted.rows)[number][]>();
    for (const row of counted.rows) {
      const rows = byScheme.get(row.scheme);
      if (rows === undefined) byScheme.set(row.scheme, [row]);
      else rows.push(row);
    }
    const last = new Map(failed.rows.map((row) => [row.scheme, row]));
    return new Map(
      [...byScheme].map(([scheme, rows]) => {
        const error = last.get(scheme);
        return [
          scheme,
          {
            ...totals(rows),
            decidedMs: percentiles(rows),
            lastError:
              error === undefined ? null : { at: error.started_at, call: error.id, reason: error.reason },
          },
        ];
      }),
    );
  }
}

function totals(rows: readonly { result: string; count: number }[]) {
  const byResult: Record<string, number> = {};
  for (const { result, count } of rows) byResult[result] = (byResult[result] ?? 0) + count;
  return { calls: rows.reduce((sum, { count }) => sum + count, 0), byResult };
}

function percentiles(rows: Counted): Percentiles {
  const decided = rows.flatMap(({ ms, count }) => (ms === null ? [] : [{ ms, count }]));
  const sorted = decided.sort((one, other) => one.ms - other.ms);
  const all = sorted.reduce((sum, { count }) => sum + count, 0);
  const at = (share: number): number | null => {
    let left = Math.ceil(all * share);
    return sorted.find(({ count }) => (left -= count) <= 0)?.ms ?? null;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
