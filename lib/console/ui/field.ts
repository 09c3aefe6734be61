import { Problem } from '../api/client.ts';

/** What the router says of one field of the form that it was sent; undefined: nothing. */
export function faultOf(error: unknown, pointer: string): string | undefined {
  return error instanceof Problem ? error.errors.find((one) => one.pointer === pointer)?.detail : undefined;
}

/** What is wrong and belongs to none of these fields. */
export function restOf(error: unknown, pointers: readonly string[]): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (
    error instanceof Problem &&
    error.errors.some(({ pointer }) => pointer !== undefined && pointers.includes(pointer))
  ) {
    return undefined;
  }
  return error.message;
}
