import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

/** The hosts file, read again when it has changed. Synchronous: a local file of a few lines, asked per new connection. */
export class HostsFile {
  readonly #path: string;
  #stamp = '';
  #names = new Map<string, string[]>();

  constructor(path: string) {
    this.#path = path;
  }

  /** In the order of the file; undefined for a name that is not in it. */
  addressesOf(name: string): readonly string[] | undefined {
    const stamp = stampOf(this.#path);
    if (stamp !== this.#stamp) {
      this.#names = stamp === '' ? new Map<string, string[]>() : read(this.#path);
      this.#stamp = stamp;
    }
    return this.#names.get(name);
  }
}

/** Empty when there is no file to be read. Two changes may fall into one tick of the file system's clock. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '';
  }
}

function read(path: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const line of textOf(path).split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase().replace(/\.$/, '');
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  return names;
}

/** One that can't be read is as good as none: DNS is asked. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
