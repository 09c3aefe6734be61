/** The processes of the benchmark: started pinned to a core, measured from /proc, ended by pid. */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The controller alone on one core, the switch and the CRM together on the other. */
export const CONTROLLER_CORE = 0;
export const SWITCH_CORE = 1;

/** Without a second core, or without taskset (util-linux), the system places the processes. */
export const PINNED = cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

const running = new Set<ChildProcess>();

export interface ChildOptions {
  readonly core: number;
  readonly nodeArguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdio: StdioOptions;
}

/** The command as it has to be spawned to run on that core alone. */
export function pinned(
  core: number,
  command: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  return PINNED ? ['taskset', '-c', String(core), ...command] : command;
}

/** One that was started by somebody else, with all that it starts from now on. */
export function pin(core: number, pid: number): void {
  if (PINNED) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** taskset becomes node by exec: the pid is node's own, and so is the IPC channel. */
export function start(script: string, options: ChildOptions): ChildProcess {
  const { core, nodeArguments = [], env = {}, cwd, stdio } = options;
  const [program, ...rest] = pinned(core, [process.execPath, ...nodeArguments, script]);
  const child = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio,
    // JSON knows no Infinity.
    serialization: 'advanced',
    ...(cwd === undefined ? {} : { cwd }),
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  // Nothing in it is worth saving, and one that was stopped hears nothing else.
  child.kill('SIGKILL');
  await gone;
}

export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Rejects when the child ends by itself: whoever waits for its answer would wait for ever. */
export function died(child: ChildProcess, name: string): Promise<never> {
  return new Promise((_, reject) => {
    child.once('exit', (code, signal) => {
      reject(new Error(`${name} ended by itself: ${signal ?? `exit code ${code ?? '?'}`}`));
    });
    child.once('error', reject);
  });
}

/** Resolves to the port of the first line of output that names one, and drains what follows. */
export async function portOf(child: ChildProcess): Promise<number> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the child has no output to read');
  let text = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    // The daemon has further ports, the API's among them.
    const lines = text
      .split('\n')
      .filter((line) => !line.includes('"message"') || line.includes('"listening"'));
    const port = /"port":(\d+)/.exec(lines.join('\n'))?.[1];
    if (port === undefined) continue;
    stdout.resume();
    return Number(port);
  }
  throw new Error(`it ended before it listened: ${text.slice(0, 500)}`);
}

/** CPU time of all threads so far, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [onCpu = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    nanoseconds += Number(onCpu);
  }
  return nanoseconds / 1000;
}

export function rssKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN);
}

/** Of the CPU that the benchmark wanted on its cores, others may have taken much: load average tells. */
export function loadAverage(): string {
  return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
}
