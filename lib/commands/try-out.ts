import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';

/** The file that has a line for each row that was tried. A disk that is full ends the run, and not its report. */
export class Out {
  readonly #stream: WriteStream;
  #fault: string | null = null;

  private constructor(stream: WriteStream, file: string) {
    this.#stream = guarded(stream, (error) => {
      this.#fault ??= `${file}: ${messageOf(error)}`;
    });
  }

  /** Overwrites nothing, and is for its owner alone: it holds every number. */
  static async open(file: string): Promise<Out> {
    const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    try {
      await once(stream, 'open');
      return new Out(stream, file);
    } catch (error) {
      throw new RouterError('config_invalid', `cannot write ${file}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Why nothing more is written; null: it is. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Resolves when the line is written, or can't be. */
  async write(line: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stream.write(`${line}\n`, () => {
        resolve();
      });
    });
  }

  /** Resolves also if what is left could not be written. */
  async close(): Promise<void> {
    if (this.#stream.closed) return;
    const closed = new Promise<void>((resolve) => this.#stream.once('close', resolve));
    this.#stream.end();
    await closed;
  }
}
