import { accessSync, constants, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { end, start, type Child } from './child.ts';
import { EventSocket } from './event-socket.ts';
import { now, sleep } from './journal.ts';
import { switchConfig, type SwitchPlan } from './switch-config.ts';

/** A real FreeSWITCH, as its own process in a folder of its own, with the files of freeswitch/. */

/** What the project ships; the run edits a copy. */
const FILES = join(import.meta.dirname, '../../freeswitch');
const READY_MS = 20_000;
const STOP_MS = 10_000;
export const PASSWORD = 'ClueCon';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const UUID_LENGTH = 36;
/** Says nothing that helps: session descriptions, conditions that did not fit, turns of the state machine. */
const DULL =
  /^\S+ [a-z]=|^\S+ \w+ SDP:|Regex \(FAIL\)|parsing \[|\[DEBUG\] (switch_core_(state|session|media|codec|rtp|timer|io|sql)|switch_rtp|mod_sofia|sofia|switch_channel|switch_scheduler)/;
/** A row's part of the log, at most. */
const EXCERPT_LINES = 120;

/** Where FreeSWITCH is on this machine; null when it is not installed. */
export function findSwitch(env: NodeJS.ProcessEnv): string | null {
  const named = env['FREESWITCH_BIN'] ?? '';
  const candidates =
    named !== '' ? [named] : (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'freeswitch'));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export class Switch {
  readonly plan: SwitchPlan;
  readonly #child: Child;
  readonly #folder: string;
  readonly #events: EventSocket;

  private constructor(plan: SwitchPlan, child: Child, folder: string, events: EventSocket) {
    this.plan = plan;
    this.#child = child;
    this.#folder = folder;
    this.#events = events;
  }

  /** @throws Error when it is not ready in time; its log then is in the folder */
  static async start(
    binary: string,
    folder: string,
    plan: SwitchPlan,
    prepare: (conf: string) => void,
  ): Promise<Switch> {
    const conf = join(folder, 'conf');
    for (const name of ['conf', 'log', 'db', 'run']) mkdirSync(join(folder, name), { recursive: true });
    cpSync(FILES, join(conf, 'esl-router'), { recursive: true, dereference: true });
    prepare(conf);
    writeFileSync(join(conf, 'freeswitch.xml'), switchConfig(plan));
    const dir = (name: string): string[] => [`-${name}`, join(folder, name)];
    const child = start(
      binary,
      ['-nonat', '-nf', '-nc', '-np', ...['conf', 'log', 'db', 'run'].flatMap(dir)],
      {
        stdio: 'ignore',
        cwd: folder,
      },
    );
    try {
      return new Switch(plan, child, folder, await ready(child, plan.ports.eventSocket));
    } catch (error) {
      await end(child, STOP_MS);
      throw error;
    }
  }

  async version(): Promise<string> {
    return /Version ([\d.]+)/i.exec(await this.api('version'))?.[1] ?? 'unknown';
  }

  api(command: string): Promise<string> {
    return this.#events.api(command);
  }

  /** What the log says of the calls to, and the legs for, these numbers. */
  excerpt(numbers: readonly string[]): string[] {
    const lines = this.#log();
    const uuids = new Set<string>();
    for (const line of lines) {
      const uuid = UUID.exec(line)?.[0];
      const begins = /Processing .*->(\S+) in context|New Channel .*\/(\S+) \[/.exec(line);
      const number = begins?.[1] ?? begins?.[2];
      if (uuid !== undefined && number !== undefined && numbers.includes(number)) uuids.add(uuid);
    }
    return lines
      .filter(
        (line) => uuids.has(line.slice(0, UUID_LENGTH)) && !DULL.test(line) && line.length > UUID_LENGTH + 1,
      )
      .slice(-EXCERPT_LINES)
      .map((line) => line.slice(UUID_LENGTH + 1));
  }

  /** What FreeSWITCH itself calls an error, but for routers that are not there: rows make them so. */
  errors(): string[] {
    return this.#log().filter(
      (line) => /\[(ERR|CRIT|ALERT)\]/.test(line) && !/mod_event_socket\.c:\d+ Socket Error/.test(line),
    );
  }

  async stop(): Promise<void> {
    this.#events.close();
    await end(this.#child, STOP_MS);
  }

  #log(): string[] {
    return readFileSync(join(this.#folder, 'log/freeswitch.log'), 'latin1').split('\n');
  }
}

async function ready({ process }: Child, port: number): Promise<EventSocket> {
  const untilMs = now() + READY_MS;
  while (now() < untilMs && process.exitCode === null && process.signalCode === null) {
    try {
      const events = await EventSocket.open(port, PASSWORD);
      if ((await events.api('status')).includes('is ready')) return events;
      events.close();
    } catch {
      // Nobody listens there yet.
    }
    await sleep(100);
  }
  throw new Error('FreeSWITCH did not become ready');
}
