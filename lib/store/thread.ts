import { Worker } from 'node:worker_threads';
import { guarded } from '../emitter.ts';
import { StoreFault } from './fault.ts';
import { storable } from './parameters.ts';

/** Our side of a thread that has a SQLite file open: queries go out in order, answers come back in order. */

export interface ThreadSettings {
  readonly file: string;
  readonly readonly: boolean;
  /** How long a locked file is waited for. */
  readonly busyMs: number;
}

/** Beside the answers: the file had been deleted or replaced, and the one of that name was opened. */
export const REPLACED = 'replaced';

type Asked =
  | { readonly sql: string; readonly parameters: readonly unknown[] }
  /** Records, all of them or none: see line.ts. */
  | { readonly batch: Uint8Array<ArrayBuffer> };
export type ThreadQuestion = { readonly id: number } & Asked;

export type ThreadAnswer =
  | { readonly id: number; readonly ok: true; readonly rows: unknown[]; readonly changes: number }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly code: string };

interface Waiting {
  readonly resolve: (answer: { rows: unknown[]; changes: number }) => void;
  readonly reject: (error: Error) => void;
}

const BUILT = !import.meta.url.endsWith('.ts');
const WORKER = new URL(BUILT ? './worker.js' : './worker.ts', import.meta.url);
/** In a checkout: the hook that lets Node run TypeScript works only in the first thread. */
const FROM_SOURCE = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(WORKER.href)}); })`;
/** A disk that does not answer holds up the thread for this long, and nothing else. */
const CLOSE_MS = 2_000;

export class SqliteThread {
  readonly #settings: ThreadSettings;
  readonly #onReplaced: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #last = 0;
  #closed = false;

  constructor(settings: ThreadSettings, onReplaced: () => void = () => undefined) {
    this.#settings = settings;
    this.#onReplaced = onReplaced;
  }

  ask(sql: string, parameters: readonly unknown[]): Promise<{ rows: unknown[]; changes: number }> {
    return this.#ask({ sql, parameters: storable(parameters) });
  }

  /** All of it or nothing. The thread takes the batch's memory: it is empty here afterwards. */
  async append(batch: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#ask({ batch });
  }

  #ask(asked: Asked): Promise<{ rows: unknown[]; changes: number }> {
    if (this.#closed) return Promise.reject(new StoreFault('closed', 'the store is closed'));
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      worker.postMessage({ ...asked, id }, 'batch' in asked ? [asked.batch.buffer] : []);
      this.#waiting.set(id, { resolve, reject });
      // It keeps the process alive while somebody waits for an answer, and no longer.
      worker.ref();
    });
  }

  /** What was asked before is answered first. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === null) return;
    const ended = new Promise<void>((resolve) =>
      worker.once('exit', () => {
        resolve();
      }),
    );
    worker.postMessage('close');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([ended, late]);
    clearTimeout(timer);
    void worker.terminate();
  }

  #start(): Worker {
    const worker = new Worker(BUILT ? WORKER : FROM_SOURCE, {
      eval: !BUILT,
      workerData: this.#settings,
      name: 'store',
    });
    // A thread that ends is started again by the next question. It ends twice, by an error and by its exit: what waits then is the
    // next one's.
    const gone = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    guarded(worker, (error) => {
      gone(new StoreFault('gone', `the thread of the store ended: ${error.message}`));
    });
    worker.once('exit', () => {
      gone(new StoreFault('gone', 'the thread of the store ended'));
    });
    worker.on('message', (answer: ThreadAnswer | typeof REPLACED) => {
      if (answer === REPLACED) {
        this.#onReplaced();
        return;
      }
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) worker.unref();
      if (answer.ok) waiting?.resolve(answer);
      else waiting?.reject(new StoreFault(kindOf(answer), answer.message, answer.code));
    });
    return worker;
  }
}

/** `SQLITE_BUSY` passes, `SQLITE_CONSTRAINT` is about the row. */
function kindOf({ code, message }: { readonly code: string; readonly message: string }): StoreFault['kind'] {
  if (/^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/.test(code)) return 'row';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'busy';
  if (code === 'SQLITE_ERROR' && message.startsWith('no such table')) return 'tables';
  return 'gone';
}
