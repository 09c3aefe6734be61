import { createRedactor } from '../redact/redactor.ts';
import type { Database } from './database.ts';
import type { LastWord } from './live-calls.ts';
import type { Sought } from './sought.ts';

/**
 * Telephone numbers in what is stored beside the records of calls: in decisions of shadows, and in events that have not been
 * delivered. No other table has any: problems, canaries and the audit log name a call by its trace.
 */
export class Numbers {
  readonly #database: Database;
  readonly #pause: () => Promise<void>;
  /** Id of the last shadow whose numbers are masked. */
  #masked = '';

  constructor(database: Database, pause: () => Promise<void>) {
    this.#database = database;
    this.#pause = pause;
  }

  /** Masks older decisions of shadows, and deletes older events: with masked numbers they would tell a CRM nonsense. */
  async maskBefore(moment: Date): Promise<void> {
    const { reader, writer } = this.#database;
    const until = moment.toISOString();
    for (;;) {
      // In the order of the calls: what is behind the first younger one is younger too.
      const next = await reader
        .selectFrom('shadows')
        .select(['id', 'at', 'decision'])
        .where('id', '>', this.#masked)
        .orderBy('id')
        .limit(ROWS)
        .execute();
      const young = next.findIndex(({ at }) => at >= until);
      const old = young < 0 ? next : next.slice(0, young);
      const changed = old.flatMap(({ id, decision }) => {
        const masked = JSON.stringify(MASKER.value(JSON.parse(decision)));
        return masked === decision ? [] : [{ id, decision: masked }];
      });
      if (changed.length > 0) {
        await writer.transaction().execute(async (transaction) => {
          for (const { id, decision } of changed)
            await transaction.updateTable('shadows').set({ decision }).where('id', '=', id).execute();
        });
      }
      this.#masked = old.at(-1)?.id ?? this.#masked;
      if (old.length < ROWS) break;
      await this.#pause();
    }
    // Those that still wait are parked first, or arrive.
    await writer
      .deleteFrom('deliveries')
      .where('state', '=', 'parked')
      .where('created_at', '<', until)
      .execute();
    // Of a router that died, and nobody has closed its calls.
    await writer.deleteFrom('live_calls').where('started_at', '<', until).execute();
  }

  /** Deletes what holds it. Resolves to the traces of the calls whose shadows did. */
  async erase(sought: Sought): Promise<ReadonlySet<string>> {
    const { reader, writer } = this.#database;
    const calls = new Set<string>();
    for (let after = ''; ;) {
      const rows = await reader
        .selectFrom('shadows')
        .select(['id', 'call_id', 'decision'])
        .where('id', '>', after)
        .orderBy('id')
        .limit(ROWS)
        .execute();
      const his = rows.filter(({ decision }) => sought.isIn(valueIn(decision)));
      for (const { call_id } of his) calls.add(call_id);
      const ids = his.map(({ id }) => id);
      if (ids.length > 0) await writer.deleteFrom('shadows').where('id', 'in', ids).execute();
      if (rows.length < ROWS) break;
      after = rows.at(-1)?.id ?? '';
    }
    for (let after = ''; ;) {
      const rows = await reader
        .selectFrom('deliveries')
        .select(['id', 'body', 'last_error'])
        .where('id', '>', after)
        .where('state', '!=', 'delivered')
        .orderBy('id')
        .limit(ROWS)
        .execute();
      const his = rows.filter(({ body, last_error }) => sought.isIn([valueIn(body), last_error]));
      const ids = his.map(({ id }) => id);
      if (ids.length > 0) await writer.deleteFrom('deliveries').where('id', 'in', ids).execute();
      if (rows.length < ROWS) break;
      after = rows.at(-1)?.id ?? '';
    }
    const live = await reader.selectFrom('live_calls').select(['call_id', 'ends']).execute();
    for (const { call_id, ends } of live) {
      const words = JSON.parse(ends) as LastWord[];
      const left = words.filter(({ body }) => !sought.isIn(valueIn(body)));
      if (left.length === words.length) continue;
      // The call stays its router's: without the row what it still reports would count as reported by another one.
      await writer
        .updateTable('live_calls')
        .set({ ends: JSON.stringify(left) })
        .where('call_id', '=', call_id)
        .execute();
    }
    return calls;
  }
}

const ROWS = 500;
const MASKER = createRedactor({ maskNumbers: true });

/** Of JSON; what is none is a text. */
function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
