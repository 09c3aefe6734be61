import { sql, type Insertable } from 'kysely';
import type { CallRecord, Outlook } from '../call/record.ts';
import type { Database } from './database.ts';
import type { ShadowTable } from './tables.ts';
import { cleanJson } from './line.ts';

/** What another scheme would have decided, beside what was. */

export interface ShadowFilter {
  readonly tenant: string;
  /** Name of the scheme that was asked alongside. */
  readonly shadow: string;
  readonly since?: Date;
}

/** How often a shadow has decided so, where a call was decided as it was. */
export interface ShadowCount {
  readonly result: string;
  readonly reason: string;
  readonly calls: number;
  readonly differing: number;
}

export interface Differing {
  /** Where the next page begins. */
  readonly id: string;
  readonly at: string;
  /** The trace of the call. */
  readonly trace: string;
  /** Null: the record of the call is gone. Empty: it was withheld, or erased. */
  readonly caller: string | null;
  readonly did: string | null;
  readonly live: Outlook;
  readonly would: Outlook;
}

interface Decision {
  readonly live: Outlook;
  readonly would: Outlook;
}

const MAX_PAGE = 500;

/** Those that can be compared. */
export function shadowRowsOf(record: CallRecord, tenant: string): Insertable<ShadowTable>[] {
  const { id, startedAt: at, shadows } = record;
  return shadows.flatMap(({ scheme: shadow, would, live, differs }) => {
    if (would === null || live === null) return [];
    const decision: Decision = { live, would };
    return {
      // In the order of the calls.
      id: `${id}-${shadow}`,
      tenant,
      call_id: id,
      at,
      scheme: live.scheme ?? '',
      shadow,
      differs: differs === true ? 1 : 0,
      decision: cleanJson(decision),
    };
  });
}

export class Shadows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(shadows: readonly Insertable<ShadowTable>[]): Promise<void> {
    if (shadows.length === 0) return;
    await this.#database.writer
      .insertInto('shadows')
      .values([...shadows])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** By what it would have come to: the most frequent first. */
  async counts({ tenant, shadow, since = new Date(0) }: ShadowFilter): Promise<ShadowCount[]> {
    const { kind, reader } = this.#database;
    const of = (name: 'result' | 'reason') =>
      kind === 'sqlite'
        ? sql<string>`json_extract(decision, ${`$.would.${name}`})`
        : sql<string>`decision::json #>> array['would', ${name}::text]`;
    return reader
      .selectFrom('shadows')
      .select(({ fn }) => [
        of('result').as('result'),
        of('reason').as('reason'),
        fn.countAll<number>().as('calls'),
        fn.sum<number>('differs').as('differing'),
      ])
      .where('tenant', '=', tenant)
      .where('shadow', '=', shadow)
      .where('at', '>=', since.toISOString())
      .groupBy([sql`1`, sql`2`])
      .orderBy('calls', 'desc')
      .execute();
  }

  /** Calls that it would have sent elsewhere, the newest first; those before `cursor`, the id of one. */
  async differing(
    { tenant, shadow, since = new Date(0) }: ShadowFilter,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly calls: readonly Differing[]; readonly next: string | null }> {
    const size = Math.max(1, Math.min(MAX_PAGE, limit));
    let query = this.#database.reader
      .selectFrom('shadows')
      .leftJoin('calls', 'calls.id', 'shadows.call_id')
      .select(['shadows.id', 'at', 'call_id', 'decision', 'calls.caller', 'calls.did'])
      .where('shadows.tenant', '=', tenant)
      .where('shadow', '=', shadow)
      .where('differs', '=', 1)
      .where('at', '>=', since.toISOString())
      .orderBy('shadows.id', 'desc')
      .limit(size + 1);
    if (cursor !== undefined) query = query.where('shadows.id', '<', cursor);
    const rows = await query.execute();
    const calls = rows.slice(0, size).map(({ id, at, call_id: trace, caller, did, decision }) => {
      const { live, would } = JSON.parse(decision) as Decision;
      return { id, at, trace, caller, did, live, would };
    });
    return { calls, next: rows.length > size ? (calls.at(-1)?.id ?? null) : null };
  }

  async deleteBefore(moment: Date, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database.writer
      .deleteFrom('shadows')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('shadows')
          .select('id')
          .where('at', '<', moment.toISOString())
          .orderBy('id')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}
