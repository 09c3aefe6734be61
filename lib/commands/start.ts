import { createLogger } from '../log.ts';
import { start } from '../main.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';

/** Runs the router until it is told to stop. */
export async function startCommand(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const { config, secrets, notes } = await load(context, options);
  const log = createLogger({ ...config.log, stream: context.stdout });
  for (const note of notes) log.warn(note);
  // Before the first line that says "listening": whoever waits for it may send a signal at once.
  const stopped = new Promise<void>((resolve) => {
    context.onStop(resolve);
  });
  let reload: () => void = () => undefined;
  context.onReload(() => {
    reload();
  });
  const router = await start({ config, secrets, log, version: context.version });
  reload = () => void router.reload();
  await stopped;
  await router.stop();
  return 0;
}
