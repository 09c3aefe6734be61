import type { Row } from './row.ts';
import { Stage } from './stage.ts';
import type { World } from './world.ts';

/** Plays rows, several at a time and then those that want to be alone, each within its seconds; cleans up after each. */

const ROW_SECONDS = 60;
/** Rows at the same time. More of them only lengthen each other's times on a small machine. */
const AT_ONCE = 6;

export interface Result {
  readonly row: Row;
  readonly tookMs: number;
  readonly figures: string;
  /** null when it passed. */
  readonly failure: { readonly message: string; readonly report: readonly string[] } | null;
}

/** null when the signal came first. */
export async function runRows(
  world: World,
  rows: readonly Row[],
  signal: AbortSignal,
  report: (result: Result) => void,
): Promise<Result[] | null> {
  const entries = [...rows.entries()];
  const together = entries.filter(([, row]) => row.alone !== true);
  const alone = entries.filter(([, row]) => row.alone === true);
  const results: Result[] = [];
  const stages = new Set<Stage>();
  const stopped = (): boolean => signal.aborted;
  const worker = async (queue: [number, Row][]): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !stopped(); next = queue.shift()) {
      const [index, row] = next;
      const stage = new Stage(world, row, index);
      stages.add(stage);
      const result = await runRow(stage);
      if (stopped()) return;
      stages.delete(stage);
      results.push(result);
      report(result);
    }
  };
  const interrupt = new Promise<null>((resolve) => {
    const abort = (): void => {
      resolve(null);
    };
    if (stopped()) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  const done = Promise.all(Array.from({ length: AT_ONCE }, () => worker(together)))
    .then(() => worker(alone))
    .then(() => results);
  const outcome = await Promise.race([done, interrupt]);
  await Promise.all([...stages].map((stage) => stage.close()));
  return outcome;
}

async function runRow(stage: Stage): Promise<Result> {
  const { row, world } = stage;
  const limit = row.seconds ?? ROW_SECONDS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not over after ${limit} s`));
    }, limit * 1000);
  });
  const play = async (): Promise<string> => {
    stage.routers.push(...(await world.startRouters(row)));
    return row.run(stage);
  };
  let figures = '';
  let failure: Result['failure'] = null;
  try {
    figures = await Promise.race([play(), late]);
  } catch (error) {
    failure = { message: error instanceof Error ? error.message : String(error), report: stage.report() };
  } finally {
    clearTimeout(timer);
    await stage.close();
  }
  return { row, tookMs: performance.now() - stage.startedMs, figures, failure };
}
