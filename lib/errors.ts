import { NOTHING } from './reasons/about.ts';
import { REASONS } from './reasons/index.ts';

export type Reason = keyof typeof REASONS;

/** The one sentence that a person reads. */
export function sentenceOf(reason: Reason): string {
  return REASONS[reason][0];
}

/** What a person does about it; null for a call that is as it should be. */
export function whatToDo(reason: Reason): string | null {
  const [, , advice] = REASONS[reason];
  return advice === NOTHING ? null : advice;
}

/** A failure that nobody on the straight path can act on. Thrown with a stable code; shown without a stack. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly code: Reason;
  /** Another try a moment later would end in the same way, whatever the code promises. */
  readonly isLasting: boolean;

  constructor(
    code: Reason,
    detail?: string,
    { isLasting = false, ...options }: ErrorOptions & { readonly isLasting?: boolean } = {},
  ) {
    super(detail ?? REASONS[code][0], options);
    this.code = code;
    this.isLasting = isLasting;
  }
}

/** The text of anything that was thrown, for logs and records. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
