#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { guarded } from '../lib/emitter.ts';

// The edge of the process: everything within is handed what it needs and can be run in a test.

// From bin/ in a checkout and from dist/bin/ when built.
const packageFile = [
  new URL('../package.json', import.meta.url),
  new URL('../../package.json', import.meta.url),
].find((file) => existsSync(file));

function version(): string {
  if (packageFile === undefined) return '0.0.0';
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}

/** For the program itself, 32 places in the queue of the port, and 48 calls. */
const LEAST_DESCRIPTORS = 256;

/** What Linux allows this process; Node has raised it as far as it may. Elsewhere unknown, and taken for enough. */
function descriptorLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}

/** What still holds the event loop after a stop, such as a DNS question, may do so no longer. */
const EXIT_MS = 300;

/** Without secrets, as soon as the program is loaded that knows them. */
let crashText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
const toStderr = (error: unknown): Promise<void> => {
  process.stderr.write(`esl-router: ${crashText(error)}\n`);
  return Promise.resolve();
};
/** A file system that is only slow, as on a busy machine, answers within it. */
const ANSWER_MS = 3_000;
/**
 * Node waits at its exit for what a file system has not answered, if that takes hours. Nothing is left to be done by then, and the
 * kernel ends the process at once: by a signal, which is the price.
 */
const isHung = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
const endHung = (): void => {
  if (!isHung()) return;
  process.stderr.write('esl-router: a file system does not answer: ended without it\n');
  process.kill(process.pid, 'SIGKILL');
};
const leave = (code?: number, since = performance.now()): void => {
  if (isHung() && performance.now() - since < ANSWER_MS) {
    setTimeout(leave, 20, code, since);
    return;
  }
  endHung();
  process.exit(code);
};
let onCrash = toStderr;
let crashed = false;
const exitSoon = (): void => {
  setTimeout(leave, EXIT_MS).unref();
};
let stopped: () => void = () => undefined;

// A rejection that nobody handles comes here too.
process.on('uncaughtException', (error) => {
  // The next one has nothing to add.
  if (crashed) return;
  crashed = true;
  setTimeout(leave, EXIT_MS, 1);
  void onCrash(error)
    .catch(toStderr)
    .finally(() => {
      leave(1);
    });
});
// Whoever read it has gone, the calls have not.
for (const stream of [process.stdin, process.stdout, process.stderr]) guarded(stream);

const maxDescriptors = descriptorLimit();
if (maxDescriptors < LEAST_DESCRIPTORS) {
  process.stderr.write(
    `esl-router: ${maxDescriptors} files and sockets may be open at once, at least ${LEAST_DESCRIPTORS} are needed: raise ulimit -n (LimitNOFILE)\n`,
  );
  process.exit(2);
}
// Loading it takes a hundred files at once: below that limit it would end in the loader.
const cli = await import('../lib/cli.ts');
crashText = (error) => cli.crashText(error, process.env);
process.exitCode = await cli.runCli(process.argv.slice(2), {
  version: version(),
  packageFolder: fileURLToPath(new URL('.', packageFile ?? import.meta.url)),
  env: process.env,
  configurationFolders: ['conf', '/etc/esl-router'],
  maxDescriptors,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onStop: (callback) => {
    // Said twice by many supervisors: it changes nothing. A second Ctrl-C is a person who won't wait.
    const stop = (): void => {
      stopped = exitSoon;
      callback();
    };
    process.on('SIGTERM', stop);
    process.once('SIGINT', () => {
      process.once('SIGINT', () => {
        leave(130);
      });
      stop();
    });
  },
  onReload: (callback) => {
    process.on('SIGHUP', callback);
  },
  onDebug: (callback) => {
    process.on('SIGUSR2', callback);
  },
  onCrash: (callback) => {
    onCrash = callback;
  },
});
stopped();
// After a fault that a file's silence was.
setTimeout(endHung, ANSWER_MS).unref();
