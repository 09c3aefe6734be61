import { spawn } from 'node:child_process';
import type { Clock } from '../clock.ts';
import { guarded } from '../emitter.ts';

/**
 * systemd's readiness protocol, sd_notify(3), by the program `systemd-notify`: Node has no Unix datagram sockets. It costs a
 * process every few seconds, and the unit needs NotifyAccess=all.
 */
export interface Notifier {
  ready(): void;
  stopping(): void;
  /** Stops the watchdog pings. */
  close(): void;
}

export interface NotifierOptions {
  /** Holds NOTIFY_SOCKET and WATCHDOG_USEC when systemd expects to be notified. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** `systemd-notify` is missing, or failed. Called once. */
  readonly onError: (error: Error) => void;
}

/** One that hangs is killed: systemd's own deadline decides then. */
const NOTIFY_MS = 2_000;

export function createNotifier({ env, clock, onError }: NotifierOptions): Notifier {
  if ((env['NOTIFY_SOCKET'] ?? '') === '') return SILENT;
  let failed = false;
  const fail = (error: Error): void => {
    if (!failed) onError(error);
    failed = true;
  };
  const say = (...words: string[]): void => {
    try {
      const child = guarded(
        spawn('systemd-notify', words, {
          // It gets none of our secrets.
          env: { PATH: env['PATH'], NOTIFY_SOCKET: env['NOTIFY_SOCKET'] },
          stdio: 'ignore',
          timeout: NOTIFY_MS,
          killSignal: 'SIGKILL',
        }),
        fail,
      );
      child.once('exit', (code) => {
        if (code !== 0) fail(new Error(`systemd-notify ended with ${code ?? 'a signal'}`));
      });
      // Nobody waits for it at the end of the router.
      child.unref();
    } catch (error) {
      // No memory or no descriptor for a process: the next one may succeed.
      fail(error as Error);
    }
  };
  const everyMs = Number(env['WATCHDOG_USEC'] ?? 0) / 2_000;
  let cancel: () => void = () => undefined;
  // A timer of the event loop: if the loop hangs there are no pings, and systemd kills the router.
  const feed = (): void => {
    cancel = clock.after(everyMs, () => {
      say('WATCHDOG=1');
      feed();
    });
  };
  return {
    ready: () => {
      say('--ready');
      if (everyMs > 0) feed();
    },
    stopping: () => {
      say('STOPPING=1');
    },
    close: () => {
      cancel();
    },
  };
}

const SILENT: Notifier = { ready: () => undefined, stopping: () => undefined, close: () => undefined };
