import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** Processes of the test. However it ends, none of them outlives it, a stopped one (SIGSTOP) neither. */
const children = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it has ended, or could not be started. */
  readonly exited: Promise<string>;
}

export function start(command: string, args: readonly string[], options: SpawnOptions): Child {
  const child = spawn(command, args, options);
  children.add(child);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal ?? `exit ${code ?? ''}`);
    });
    child.once('error', (error) => {
      resolve(error.message);
    });
  });
  void exited.then(() => children.delete(child));
  return { process: child, exited };
}

/** Asks it to end, and after a while no longer asks. */
export async function end({ process: child, exited }: Child, withinMs: number): Promise<void> {
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await exited;
  clearTimeout(timer);
}
