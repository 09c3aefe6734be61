import { systemClock } from '../clock.ts';
import type { Config, LogLevel } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import { createLogger, type Log } from '../log.ts';
import { createNotifier } from '../router/notify.ts';
import { start } from '../router/router.ts';
import { OwnWrites, readKept } from '../schemes/kept.ts';
import { lookAtSecrets, readSecretFiles, secretsOf } from '../schemes/secrets.ts';
import { isWanted } from '../store/place.ts';
import type { Store, StoreOptions } from '../store/store.ts';
import { Replaced } from '../upstream/replaced.ts';
import { coloured } from './print.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';

/** Runs the router until it is told to stop. */
export async function startCommand(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const { config, settings, secrets, secretTexts, secretFiles, notes } = await load(context, options);
  const log = createLogger({
    ...config.log,
    secrets: secretTexts,
    stream: context.stdout,
    colour: coloured(context),
  });
  for (const note of notes) log.warn(note);
  context.onCrash(async (error) => {
    const { stack } = error instanceof Error ? error : {};
    log.error('uncaught error: the router stops', { error: messageOf(error), stack });
    if (!(await log.flushed())) throw error;
  });
  // Before the first line that says "listening": the program that waits for it may send a signal at once.
  const stopped = new Promise<void>((resolve) => {
    context.onStop(resolve);
  });
  let reload: () => void = () => undefined;
  context.onReload(() => {
    reload();
  });
  context.onDebug(() => {
    toggleDebug(log, config.log.level);
  });
  const { version, maxDescriptors } = context;
  const store = await openStore({ config, log, clock: systemClock, version, secrets: secretTexts });
  const own = new OwnWrites();
  const hidden = hiding(store === null ? [log] : [log, store]);
  const tokenStore = { files: { read: readKept, write: own.write }, onTokens: hidden.tokens };
  let files = secretFiles;
  const secretSource = {
    read: async () => {
      const now = await readSecretFiles(context.env, files);
      const { secrets, texts } = secretsOf(now, config.secrets.hosts);
      files = now;
      // Before the first call may send one.
      hidden.secrets(texts);
      return secrets;
    },
    look: () => lookAtSecrets(context.env, own),
  };
  // Reading files may be slow, and stopping must not wait for it.
  const router = await Promise.race([
    start({
      ...{ config, settings, secrets, secretSource, tokenStore, log, version, maxDescriptors, store },
      ...(store === null ? {} : { sharedSchemes: store.shareSchemes() }),
    }),
    stopped.then(() => null),
  ]).catch(async (error: unknown) => {
    await store?.close();
    throw error;
  });
  if (router === null) {
    await store?.close();
    return 0;
  }
  tellOf(store, config, log);
  reload = () => void router.reload();
  const notifier = createNotifier({
    env: context.env,
    clock: systemClock,
    onError: (error) => {
      log.error('cannot notify systemd', { error: error.message });
    },
  });
  notifier.ready();
  await stopped;
  notifier.stopping();
  await router.stop();
  await store?.close();
  notifier.close();
  await log.flushed();
  return 0;
}

/** A router without one does not even load it. */
async function openStore(options: StoreOptions): Promise<Store | null> {
  if (!(await isWanted(options.config.store))) return null;
  const { Store } = await import('../store/store.ts');
  return Store.open(options);
}

/** Says how to get a store if there is none, unless it was turned off. */
function tellOf(store: Store | null, { store: { url, dir } }: Config, log: Log): void {
  if (store !== null) {
    const { kind, place } = store.state;
    log.info('store', { kind, place });
  } else if (url !== 'off') {
    log.info(
      'store: off, calls are only in the log; to keep them, create the folder store.dir (ESL_ROUTER_STORE_DIR)',
      { dir },
    );
  }
}

/** Turns debug lines on, for a fault that is there now, and off again, without disturbing calls. */
function toggleDebug(log: Log, configured: LogLevel): void {
  const isOn = log.level === 'debug';
  const level = isOn ? configured : 'debug';
  const text =
    configured === 'debug'
      ? 'log level stays debug, as log.level says (SIGUSR2)'
      : `log level is ${level} now (SIGUSR2${isOn ? '' : ': send it again for the previous level'})`;
  // Logged at whichever level lets it through.
  if (!isOn) log.level = level;
  log.info(text);
  if (isOn) log.level = level;
}

/** What no line and no record may hold beside the secrets of the start: tokens, and secrets that have changed since. */
function hiding(
  keepers: readonly Pick<Log, 'hide'>[],
): Readonly<Record<'tokens' | 'secrets', (texts: readonly string[]) => void>> {
  let tokens: readonly string[] = [];
  let changed: readonly string[] = [];
  let last: readonly string[] = [];
  const hide = (): void => {
    for (const keeper of keepers) keeper.hide([...tokens, ...changed]);
  };
  const secrets = new Replaced(systemClock, (texts) => {
    changed = texts;
    hide();
  });
  return {
    tokens: (texts) => {
      tokens = texts;
      hide();
    },
    secrets: (texts) => {
      // The old ones stay for a while: calls in progress send them, and a CRM may repeat them.
      for (const text of last) if (!texts.includes(text)) secrets.retire(text);
      secrets.add(texts);
      last = texts;
    },
  };
}
