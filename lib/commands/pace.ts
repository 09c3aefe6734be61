import { systemClock } from '../clock.ts';
import type { CommandContext } from './context.ts';

/** Of a command that goes on by itself. It is over when a person ends it, or when nobody reads it any more: `top | head`. */
export interface Pace {
  readonly isOver: () => boolean;
  /** Waits so long, or until it is over. */
  readonly pause: (ms: number) => Promise<void>;
}

export function paceOf({ onStop, stdout }: Pick<CommandContext, 'onStop' | 'stdout'>): Pace {
  let isOver = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  onStop(end);
  // The process itself lives on without a reader, as a router has to: what only writes ends here.
  stdout.once('error', end);
  stdout.once('close', end);
  return {
    isOver: () => isOver,
    pause: async (ms) => {
      if (isOver) return;
      await new Promise<void>((resolve) => {
        const cancel = systemClock.after(ms, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
    },
  };
}
