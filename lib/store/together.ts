import { Accounts } from './accounts.ts';
import { Audit } from './audit.ts';
import type { Database } from './database.ts';
import { Deliveries } from './deliveries.ts';
import { Problems } from './problems.ts';

/** What is changed in one transaction, so that no change is without its line in the audit log. */
export interface Parts {
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly deliveries: Deliveries;
  readonly problems: Problems;
}

/** All that the work writes, or nothing: when it rejects, nothing was written. It has the writer meanwhile, so it waits for nobody else. */
export type Together = <T>(work: (parts: Parts) => Promise<T>) => Promise<T>;

export function togetherIn(database: Database): Together {
  return (work) =>
    database.writer.transaction().execute((transaction) => {
      const inside: Database = { ...database, writer: transaction, reader: transaction };
      return work({
        accounts: new Accounts(inside),
        audit: new Audit(inside),
        deliveries: new Deliveries(inside),
        problems: new Problems(inside),
      });
    });
}
