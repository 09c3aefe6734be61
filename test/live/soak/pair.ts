import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../journal.ts';
import { Router } from '../router.ts';
import type { Strike } from './timetable.ts';

/** The two routers, and what is done to them. */

/** One process, from its start to its end. */
export interface Life {
  readonly name: string;
  readonly readyMs: number;
  readonly firstKib: number | null;
  lastKib: number | null;
  /** `exit 0`, or the signal that ended it; null while it runs. */
  ended: string | null;
  /** How it has to end. */
  due: 'exit 0' | 'SIGKILL';
  readonly router: Router;
}

/** A decision and FreeSWITCH's last events have to fit in. */
const DRAIN_MS = 20_000;

export class Pair {
  readonly lives: Life[] = [];
  readonly #settings: readonly Readonly<Record<string, string>>[];
  readonly #current: Life[] = [];

  private constructor(settings: readonly Readonly<Record<string, string>>[]) {
    this.#settings = settings;
  }

  static async start(settings: readonly Readonly<Record<string, string>>[]): Promise<Pair> {
    const pair = new Pair(settings);
    for (const nth of settings.keys()) await pair.#start(nth);
    return pair;
  }

  /** Resolves when the router is back. */
  async strike({ signal, router, forSeconds }: Strike, abort: AbortSignal): Promise<string> {
    const life = this.#current[router];
    if (life === undefined) throw new Error(`no router ${router}`);
    const wait = (): Promise<void> => delay(forSeconds * 1000, undefined, { signal: abort });
    const startedMs = now();
    life.lastKib = life.router.rssKib;
    if (signal === 'SIGSTOP') {
      life.router.suspend();
      await wait();
      life.router.resume();
      return `${life.name} goes on`;
    }
    let tookMs = 0;
    const ended = (signal === 'SIGTERM' ? terminate(life) : kill(life)).then(() => {
      tookMs = now() - startedMs;
    });
    await Promise.all([wait(), ended]);
    const next = await this.#start(router);
    return `${life.name}: ${life.ended ?? ''} after ${seconds(tookMs)}; started again, ready after ${seconds(next.readyMs)}`;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#current.map(async (life) => {
        life.lastKib = life.router.rssKib ?? life.lastKib;
        await life.router.stop();
        life.ended = await life.router.end;
      }),
    );
  }

  /** How the calls ended, as the routers themselves wrote it: `end` of each call's line in their logs. */
  ends(): Map<string, number> {
    const ends = new Map<string, number>();
    for (const { router } of this.lives) {
      for (const line of router.log(['"end":'])) {
        const { end } = JSON.parse(line) as { end?: unknown };
        if (typeof end === 'string') ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    }
    return ends;
  }

  /** The log of each life, for `--keep`. */
  writeLogs(folder: string): void {
    for (const [nth, { name, router }] of this.lives.entries()) {
      const file = join(folder, `${name.replace(' ', '-')}.${nth}.log`);
      writeFileSync(file, `${router.log([]).join('\n')}\n`);
    }
  }

  async #start(nth: number): Promise<Life> {
    const startedMs = now();
    const name = `router ${nth + 1}`;
    const router = await Router.start(name, this.#settings[nth] ?? {});
    const { rssKib } = router;
    const life: Life = {
      name,
      readyMs: now() - startedMs,
      firstKib: rssKib,
      lastKib: rssKib,
      ended: null,
      due: 'exit 0',
      router,
    };
    this.lives.push(life);
    this.#current[nth] = life;
    return life;
  }
}

async function terminate(life: Life): Promise<void> {
  life.router.terminate();
  const timer = setTimeout(() => void life.router.kill(), DRAIN_MS);
  life.ended = await life.router.end;
  clearTimeout(timer);
}

async function kill(life: Life): Promise<void> {
  life.due = 'SIGKILL';
  await life.router.kill();
  life.ended = await life.router.end;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
