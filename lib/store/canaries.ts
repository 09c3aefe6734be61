import type { Insertable } from 'kysely';
import type { CallRecord } from '../call/record.ts';
import type { Database } from './database.ts';
import type { CanaryTable } from './tables.ts';

/** On which side of a canary calls were, and what became of them there. */

export interface CanaryCount {
  readonly side: CanaryTable['side'];
  readonly result: string;
  readonly calls: number;
  readonly answered: number;
  /** Of the decision, on average; null where none was made. */
  readonly decidedMs: number | null;
}

export interface CanaryFilter {
  readonly tenant: string;
  /** The scheme that has the canary. */
  readonly scheme: string;
  /** The one that has the share. */
  readonly canary: string;
  readonly since?: Date;
}

export function canaryRowOf(record: CallRecord, tenant: string): Insertable<CanaryTable>[] {
  const { id: call_id, startedAt: at, canary, result, decidedMs, answeredMs } = record;
  if (canary === null) return [];
  const { of: scheme, scheme: name, side } = canary;
  const decided_ms = decidedMs === null ? null : Math.round(decidedMs);
  const answered = answeredMs === null ? 0 : 1;
  return [{ call_id, tenant, at, scheme, canary: name, side, result, answered, decided_ms }];
}

export class Canaries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(rows: readonly Insertable<CanaryTable>[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#database.writer
      .insertInto('canaries')
      .values([...rows])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** The canaries that a scheme has, or has the share of. */
  async of(tenant: string, scheme: string): Promise<Pick<CanaryFilter, 'scheme' | 'canary'>[]> {
    return this.#database.reader
      .selectFrom('canaries')
      .select(['scheme', 'canary'])
      .distinct()
      .where('tenant', '=', tenant)
      .where((eb) => eb.or([eb('scheme', '=', scheme), eb('canary', '=', scheme)]))
      .orderBy('scheme')
      .orderBy('canary')
      .execute();
  }

  /** Both sides, by what became of the calls. */
  async counts({ tenant, scheme, canary, since = new Date(0) }: CanaryFilter): Promise<CanaryCount[]> {
    const rows = await this.#database.reader
      .selectFrom('canaries')
      .select(({ fn }) => [
        'side',
        'result',
        fn.countAll<number>().as('calls'),
        fn.sum<number>('answered').as('answered'),
        fn.avg<number | string | null>('decided_ms').as('decidedMs'),
      ])
      .where('tenant', '=', tenant)
      .where('scheme', '=', scheme)
      .where('canary', '=', canary)
      .where('at', '>=', since.toISOString())
      .groupBy(['side', 'result'])
      .orderBy('result')
      .orderBy('side')
      .execute();
    // PostgreSQL averages in numeric, which comes as text.
    return rows.map((row) => ({
      ...row,
      decidedMs: row.decidedMs === null ? null : Math.round(Number(row.decidedMs)),
    }));
  }

  async deleteBefore(moment: Date, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database.writer
      .deleteFrom('canaries')
      .where('call_id', 'in', (eb) =>
        eb
          .selectFrom('canaries')
          .select('call_id')
          .where('at', '<', moment.toISOString())
          .orderBy('call_id')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}
