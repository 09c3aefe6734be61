import type { BridgeReport, CallEnd, DialledLeg, MoveReport, SentCommand } from './types.ts';

/** What is written down while a call goes on, for its report and for the judge. */
export class Book {
  readonly commands: SentCommand[] = [];
  readonly violations: string[] = [];
  readonly dialled: DialledLeg[] = [];
  readonly bridges: BridgeReport[] = [];
  /** What others have done to the call. */
  readonly moves: MoveReport[] = [];
  /** Every command that ends or moves the call, and the closing of the socket. */
  readonly decisionsMs: number[] = [];
  /** Every end of a step that left the leg parked. */
  readonly stepsMs: number[] = [];
  connectReplyMs: number | null = null;
  end: CallEnd | null = null;
  settledMs: number | null = null;

  readonly #began = performance.now();

  /** Milliseconds since the call began, to the microsecond. */
  now(): number {
    return Math.round((performance.now() - this.#began) * 1000) / 1000;
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  /** The first word on a caller's fate is the last. */
  settle(end: CallEnd): void {
    if (this.end !== null) return;
    this.end = end;
    this.settledMs = this.now();
  }
}
