/**
 * Why the database failed. `row`: it rejects this very row; `busy`: somebody else holds it; `gone`: it can't be reached, is
 * full or read-only; `tables`: its tables are not there; `refused`: it wants another password, user or name; `version`: its tables are of a later program.
 */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly kind: 'row' | 'busy' | 'gone' | 'tables' | 'refused' | 'version' | 'closed';
  /** The database's own code: `SQLITE_FULL`, `53300`. */
  readonly code: string;

  constructor(kind: StoreFault['kind'], message: string, code = '') {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** Somebody else holds the lock: as soon as he lets it go it can be had. */
export function isBusy(error: unknown): boolean {
  return error instanceof StoreFault && error.kind === 'busy';
}
