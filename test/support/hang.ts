import fs, { constants, type PathLike, type Stats } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * A file system that hangs: a pipe called `hangs.json` says that it is a file, and is opened so that the kernel waits for its
 * writer. To be imported in front of the program.
 */

const { open, stat } = fs.promises;
const FILE = { isFile: () => true, isFIFO: () => false };

const hangs = (path: unknown): boolean => String(path).endsWith('hangs.json');

Object.assign(fs.promises, {
  stat: async (path: PathLike, options?: object): Promise<unknown> => {
    const found: Stats = await stat(path, options);
    return hangs(path) ? Object.assign(found, FILE) : found;
  },
  open: async (path: PathLike, flags: number): Promise<unknown> => {
    if (!hangs(path)) return open(path, flags);
    const handle = await open(path, flags & ~constants.O_NONBLOCK);
    const found = await handle.stat();
    return Object.assign(handle, { stat: () => Promise.resolve(Object.assign(found, FILE)) });
  },
});
syncBuiltinESMExports();
