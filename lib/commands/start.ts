import { createLogger } from '../log.ts';
import { start } from '../main.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';

/** Runs the router until it is told to stop. */
export async function startCommand(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const { config, secrets, notes } = await load(context, options);
  const log = createLogger({ ...config.log, stream: context.stdout });
  for (const note of notes) log.warn(note);
  const router = await start({ config, secrets, log, version: context.version });
  context.onReload(() => void router.reload());
  await new Promise<void>((resolve) => {
    context.onStop(resolve);
  });
  await router.stop();
  return 0;
}
