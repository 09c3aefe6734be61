import { readFileSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { createLogger } from '../log.ts';
import { createNotifier } from '../router/notify.ts';
import { start } from '../router/router.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';

/** Runs the router until it is told to stop. */
export async function startCommand(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const { config, secrets, secretTexts, notes } = await load(context, options);
  const log = createLogger({ ...config.log, secrets: secretTexts, stream: context.stdout });
  for (const note of notes) log.warn(note);
  context.onCrash((error) => {
    const { stack } = error instanceof Error ? error : {};
    log.error('uncaught error: the router ends', { error: messageOf(error), stack });
    return log.flushed();
  });
  // Before the first line that says "listening": whoever waits for it may send a signal at once.
  const stopped = new Promise<void>((resolve) => {
    context.onStop(resolve);
  });
  let reload: () => void = () => undefined;
  context.onReload(() => {
    reload();
  });
  const maxDescriptors = descriptorLimit();
  // Files may be slow to be read, and whoever stops the router waits for none.
  const router = await Promise.race([
    start({ config, secrets, log, version: context.version, maxDescriptors }),
    stopped.then(() => null),
  ]);
  if (router === null) return 0;
  reload = () => void router.reload();
  const notifier = createNotifier({
    env: context.env,
    clock: systemClock,
    onError: (error) => {
      log.error('systemd is not told', { error: error.message });
    },
  });
  notifier.ready();
  await stopped;
  notifier.stopping();
  await router.stop();
  notifier.close();
  await log.flushed();
  return 0;
}

/** What Linux allows this process; Node has raised it as far as it may. Elsewhere unknown, and taken for enough. */
function descriptorLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}
