import { VoidRun, type Outcome, type Row } from './row.ts';
import { Stage, type StageOptions } from './stage.ts';

/** One line of the table. */
export interface Result {
  readonly row: string;
  readonly fault: string;
  readonly target: string;
  readonly figure: string;
  /** null: nothing was measured. */
  readonly reached: boolean | null;
  /** What the control did; null when the row has none. A control that passes makes the row worthless. */
  readonly control: string | null;
  readonly controlFailed: boolean | null;
  readonly tookMs: number;
}

export interface RunOptions extends StageOptions {
  /** Leave the control out. */
  readonly bare?: boolean;
}

const SECONDS = 300;

/** Plays a row and then its control. Never rejects. */
export async function runRow(row: Row, options: RunOptions): Promise<Result> {
  const { name, fault, target, control, seconds = SECONDS } = row;
  const began = performance.now();
  const own = await play(row.run, seconds, options);
  const other =
    control === undefined || options.bare === true || options.signal.aborted
      ? null
      : await play(control.run, seconds, options);
  return {
    row: name,
    fault,
    target,
    figure: own.figure,
    reached: own.reached,
    control: other && `${control?.what ?? ''}: ${other.figure}`,
    controlFailed: other && other.reached === false,
    tookMs: performance.now() - began,
  };
}

type Played = Omit<Outcome, 'reached'> & { readonly reached: boolean | null };

async function play(run: Row['run'], seconds: number, options: RunOptions): Promise<Played> {
  const { signal } = options;
  const late = AbortSignal.timeout(seconds * 1000);
  const stage = new Stage({ ...options, signal: AbortSignal.any([signal, late]) });
  const stopped = new Promise<never>((_, reject) => {
    stage.signal.addEventListener('abort', () => {
      reject(new Error(signal.aborted ? 'interrupted' : `not over after ${seconds} s`));
    });
  });
  stopped.catch(() => undefined);
  try {
    return await Promise.race([run(stage), stopped]);
  } catch (error) {
    if (error instanceof VoidRun) return { figure: `VOID: ${error.message}`, reached: null };
    return {
      figure: error instanceof Error ? error.message : String(error),
      reached: signal.aborted ? null : false,
    };
  } finally {
    await stage.close();
  }
}
