import { RouterError } from '../errors.ts';
import type { CommandContext } from './context.ts';

/** Reads a password; never from the command line, where every user of the machine sees it. */

const MAX_BYTES = 4_096;

type Terminal = CommandContext['stdin'] & { setRawMode?(on: boolean): unknown };

/** Asked for at a terminal, unseen and twice; else the first line of standard input. */
export async function askPassword({ stdin, stderr }: CommandContext): Promise<string> {
  if (stdin.isTTY !== true) return line(stdin);
  const terminal: Terminal = stdin;
  terminal.setRawMode?.(true);
  try {
    stderr.write('password: ');
    const first = await line(stdin);
    stderr.write('\nagain: ');
    const second = await line(stdin);
    stderr.write('\n');
    if (first !== second) throw new RouterError('config_invalid', 'the passwords do not match');
    return first;
  } finally {
    terminal.setRawMode?.(false);
    stdin.pause();
  }
}

function line(stdin: CommandContext['stdin']): Promise<string> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const done = (settle: () => void): void => {
      stdin.off('data', read);
      stdin.off('end', ended);
      stdin.off('error', ended);
      stdin.pause();
      settle();
    };
    const ended = (): void => {
      done(() => {
        resolve(bytes.toString('utf8'));
      });
    };
    const read = (chunk: Buffer | string): void => {
      const more = Buffer.from(chunk);
      for (const [at, byte] of more.entries()) {
        if (byte === 0x03 && stdin.isTTY === true) {
          done(() => {
            reject(new RouterError('config_invalid', 'nothing was changed'));
          });
          return;
        }
        if (byte === 0x0a || byte === 0x0d) {
          const rest = more.subarray(at + 1);
          if (rest.length > 0) stdin.unshift(rest);
          ended();
          return;
        }
        const isErase = stdin.isTTY === true && (byte === 0x7f || byte === 0x08);
        bytes = isErase ? bytes.subarray(0, -1) : Buffer.concat([bytes, Buffer.of(byte)]);
        if (bytes.length > MAX_BYTES) {
          ended();
          return;
        }
      }
    };
    stdin.on('data', read);
    stdin.once('end', ended);
    stdin.once('error', ended);
    stdin.resume();
  });
}
