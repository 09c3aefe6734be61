import { systemClock } from '../clock.ts';
import { messageOf, RouterError } from '../errors.ts';
import { type CommandContext, type ExitCode } from './context.ts';
import { paceOf } from './pace.ts';
import { print } from './print.ts';
import { clipped, columnsOf } from './table.ts';
import { readNumbers } from './top-numbers.ts';
import { pageOf, type Glance, type Live } from './top-page.ts';

export interface TopOptions {
  readonly url: string;
  readonly token?: string;
  readonly count?: number;
}

const EVERY_MS = 1_000;
/** Rates are those of so many looks. */
const LOOKS = 10;
const ANSWER_MS = 3_000;
/** Where the height is not known. */
const LINES = 24;
const CLEAR = '\u001b[H\u001b[J';

/** Shows a running router, refreshed each second: on a terminal in place, else as one block after the other. */
export async function topCommand(context: CommandContext, options: TopOptions): Promise<ExitCode> {
  const { stdout, version } = context;
  const isTerminal = stdout.isTTY === true;
  const pace = paceOf(context);
  const title = `esl-router ${version} ${new URL(options.url).host}`;
  const looks: Glance[] = [];
  for (let shown = 0; ;) {
    const now = await glance(context, options).catch((error: unknown) => {
      // A router that is restarted comes back; one that was never there does not.
      if (looks.length === 0 || !isTerminal) throw error;
      return messageOf(error);
    });
    if (pace.isOver()) return 0;
    if (typeof now === 'string') looks.splice(0);
    else {
      // Numbers of a router that has been restarted begin with 0 again.
      looks.push(now);
      if (looks.length > LOOKS) looks.shift();
    }
    const height = isTerminal ? (stdout.rows ?? LINES) - 1 : Infinity;
    const paper = { width: columnsOf(context), height };
    const lines = typeof now === 'string' ? [title, now] : pageOf(title, looks[0] ?? now, now, paper);
    // A line that wraps would push the first one off the screen.
    const shownLines = isTerminal
      ? lines.slice(0, height).map((line) => clipped(line, paper.width))
      : [...lines, ''];
    if (isTerminal) stdout.write(CLEAR);
    print(stdout, shownLines);
    if (++shown === options.count) return 0;
    await pace.pause(EVERY_MS);
    if (pace.isOver()) return 0;
  }
}

async function glance({ env }: CommandContext, { url, token }: TopOptions): Promise<Glance> {
  const secret = token ?? env['ESL_ROUTER_TOKEN'] ?? '';
  if (secret === '')
    throw new RouterError(
      'config_invalid',
      'say who you are: --token or ESL_ROUTER_TOKEN, a token of the API (role viewer or more)',
    );
  const ask = async (path: string): Promise<Response> => {
    const response = await fetch(new URL(path, url), {
      headers: { Authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((error: unknown) => {
      const { cause } = error as { cause?: unknown };
      throw new RouterError('internal', `the router does not answer at ${url}: ${messageOf(cause ?? error)}`);
    });
    const { status } = response;
    if (status === 200) return response;
    if (status === 401 || status === 403)
      throw new RouterError('config_invalid', `the router refuses this token: ${status}`);
    throw new RouterError('internal', `${url}: ${path} answers ${status}`);
  };
  const [metrics, live] = await Promise.all([ask('/metrics'), ask('/api/v1/live')]);
  return {
    atMs: systemClock.now(),
    numbers: readNumbers(await metrics.text()),
    live: (await live.json()) as Live,
  };
}
