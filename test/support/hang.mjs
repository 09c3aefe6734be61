import fs, { constants } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * A file system that hangs: a pipe called `hangs.json` says that it is a file, and is opened so that the kernel waits for its
 * writer. To be imported before the program.
 */
const { open, stat } = fs.promises;

fs.promises.stat = async (path, ...rest) => {
  const found = await stat(path, ...rest);
  if (String(path).endsWith('hangs.json')) found.isFile = () => true;
  return found;
};
fs.promises.open = async (path, flags, ...rest) => {
  if (!String(path).endsWith('hangs.json')) return open(path, flags, ...rest);
  const handle = await open(path, flags & ~constants.O_NONBLOCK, ...rest);
  const ofHandle = handle.stat.bind(handle);
  handle.stat = async (...options) => Object.assign(await ofHandle(...options), { isFile: () => true });
  return handle;
};
syncBuiltinESMExports();
