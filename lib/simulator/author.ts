/** On whose behalf a command is given, and to whose account its faults go. */
export interface Author {
  readonly kind: 'router' | 'dialplan' | 'others';
  /** The leg of the router, or of the dialplan. */
  readonly uuid: string;
  violate(what: string): void;
}

/** Somebody at the console: what he does is nobody's fault here. */
export const OTHERS: Author = { kind: 'others', uuid: '', violate: () => undefined };
