import { RouterError } from '../errors.ts';
import { runLoad } from '../simulator/index.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { table } from './table.ts';

export interface SimulateOptions {
  readonly router: readonly string[];
  readonly calls: number;
  readonly rate: number;
  /** Digits, with or without `+`. */
  readonly caller: string;
  readonly withheld?: boolean;
  readonly did: string;
  readonly scheme?: string;
  readonly guard: number;
  readonly talk: number;
  readonly budget: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Plays FreeSWITCH against a running router. Exit code 1 when a call was lost, or found no router. */
export async function simulateCommand(context: CommandContext, options: SimulateOptions): Promise<ExitCode> {
  const { stdout } = context;
  const stop = new AbortController();
  context.onStop(() => {
    stop.abort();
  });
  const plus = options.caller.startsWith('+') ? '+' : '';
  const digits = options.caller.slice(plus.length);
  // Leading zeros are part of it.
  const numberOf = (n: number): string =>
    plus + String(BigInt(digits) + BigInt(n)).padStart(digits.length, '0');
  const report = await runLoad({
    routers: options.router.map(address),
    seed: options.seed,
    budgetMs: options.budget,
    calls: options.calls,
    callsPerSecond: options.rate,
    signal: stop.signal,
    script: (n) => ({
      caller: numberOf(n),
      ...(options.withheld === true ? { privacy: true } : {}),
      did: options.did,
      guardSeconds: options.guard,
      ...(options.scheme === undefined ? {} : { path: options.scheme }),
      callee: () => ({ kind: 'answer', afterMs: 50, talkMs: options.talk, hangup: 'caller' }),
    }),
  });
  // In FreeSWITCH a call that finds no router is not lost: the dialplan goes on. Here it means that there was no router to
  // test.
  const unserved = report.ends['no-router'] ?? 0;
  if (options.json === true) {
    printJson(stdout, report);
  } else {
    const { p50, p99, p999 } = report.decisionMs;
    const rows = [
      ['calls', String(report.calls)],
      ...Object.entries(report.ends).map(([end, count]) => [`  ${end}`, String(count)]),
      ['lost', String(report.lost)],
      // Without a router there was none.
      ...(unserved === report.calls
        ? []
        : [['decision', `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, p99.9 ${p999.toFixed(1)} ms`]]),
      ['rate', `${(report.calls / (report.durationMs / 1000)).toFixed(1)} calls/s`],
      ['late starts', `p99 ${report.lagMs.toFixed(1)} ms, worst ${report.worstLagMs.toFixed(1)} ms`],
    ];
    print(stdout, [table(rows)]);
  }
  if (unserved > 0) {
    const where = options.router.join(', ');
    const who = unserved === report.calls ? 'no router answered' : `${unserved} calls found no router`;
    print(context.stderr, [`${who} at ${where}: start one with esl-router start, or name it with --router`]);
  }
  return report.lost === 0 && unserved === 0 ? 0 : 1;
}

function address(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65535)
    throw new RouterError('config_invalid', `--router: expected host:port, got "${text}"`);
  return { host, port: Number(port) };
}
