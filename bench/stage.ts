/** The other side of every controller: the switch process and the CRM process, for the length of the benchmark. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { died, start, stop, SWITCH_CORE } from './child.ts';
import type { CrmOrder, CrmReport, LoadOrder, LoadResult, SwitchOrder, SwitchReport } from './order.ts';

/** Beyond the time that its calls take by the clock; then the switch or the controller hangs. */
const PATIENCE_MS = 180_000;

export type Load = Omit<LoadOrder, 'fullEvents'> & { readonly onProgress?: (ended: number) => void };

export class Stage {
  readonly crmUrl: string;
  readonly #switch: ChildProcess;
  readonly #crm: ChildProcess;
  readonly #died: Promise<never>;
  readonly #fullEvents: boolean;

  private constructor(
    switchChild: ChildProcess,
    crmChild: ChildProcess,
    crmUrl: string,
    fullEvents: boolean,
  ) {
    this.#switch = switchChild;
    this.#crm = crmChild;
    this.crmUrl = crmUrl;
    this.#fullEvents = fullEvents;
    this.#died = Promise.race([died(switchChild, 'the switch'), died(crmChild, 'the CRM')]);
    this.#died.catch(() => undefined);
  }

  static async open(fullEvents: boolean): Promise<Stage> {
    const crm = play('./crm.ts');
    const answer = await heard<CrmReport>(crm, ({ kind }) => kind === 'ready');
    const switchChild = play('./switch.ts');
    await heard<SwitchReport>(switchChild, ({ kind }) => kind === 'ready');
    return new Stage(switchChild, crm, answer.kind === 'ready' ? answer.url : '', fullEvents);
  }

  /** Plays one load against the controller that listens there. */
  async load({ onProgress, ...order }: Load): Promise<LoadResult> {
    const report = this.#whileAlive(
      heard<SwitchReport>(this.#switch, (message) => {
        if (message.kind === 'progress') onProgress?.(message.ended);
        return message.kind === 'result' || message.kind === 'failed';
      }),
      PATIENCE_MS + (order.calls / Math.min(order.callsPerSecond, 100)) * 1000,
    );
    this.#tell({ kind: 'load', ...order, fullEvents: this.#fullEvents });
    const last = await report;
    if (last.kind === 'result') return last.result;
    throw new Error(last.kind === 'failed' ? last.error : 'the switch did not say how it went');
  }

  /** Ends the calls of the load that is being played. */
  release(): void {
    this.#tell({ kind: 'release' });
  }

  crm(order: CrmOrder): void {
    this.#crm.send(order);
  }

  /** Requests that the CRM has had since it was told what to do with them. */
  async asked(): Promise<number> {
    const report = this.#whileAlive(
      heard<CrmReport>(this.#crm, ({ kind }) => kind === 'asked'),
      PATIENCE_MS,
    );
    this.crm({ kind: 'count' });
    const answer = await report;
    return answer.kind === 'asked' ? answer.count : 0;
  }

  async close(): Promise<void> {
    await Promise.all([stop(this.#switch), stop(this.#crm)]);
  }

  #tell(order: SwitchOrder): void {
    this.#switch.send(order);
  }

  async #whileAlive<T>(promise: Promise<T>, ms: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`nothing came within ${Math.round(ms / 1000)} s`));
      }, ms);
    });
    try {
      return await Promise.race([promise, this.#died, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function play(script: string): ChildProcess {
  return start(fileURLToPath(new URL(script, import.meta.url)), {
    core: SWITCH_CORE,
    nodeArguments: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function heard<Report>(child: ChildProcess, fits: (report: Report) => boolean): Promise<Report> {
  return new Promise((resolve) => {
    const listen = (report: Report): void => {
      if (!fits(report)) return;
      child.off('message', listen);
      resolve(report);
    };
    child.on('message', listen);
  });
}
