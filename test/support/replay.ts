import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { parseCall } from '../../lib/call/channel.ts';
import { systemClock } from '../../lib/clock.ts';
import { Connection } from '../../lib/esl/connection.ts';
import type { EslEvent } from '../../lib/esl/parser.ts';
import { Leg } from '../../lib/leg/leg.ts';
import type { LegState } from '../../lib/leg/state.ts';

/** What a real FreeSWITCH said to one socket, read by the router's own leg as it was on the wire. */

const FOLDER = join(import.meta.dirname, '../fixtures/esl-transcripts');

interface Line {
  readonly dir: string;
  readonly data: string;
}

export interface Replay {
  readonly leg: Leg;
  /** Its states in order, each said once. */
  readonly states: readonly LegState['kind'][];
  /** CHANNEL_HANGUP and CHANNEL_HANGUP_COMPLETE of this leg, where the recording goes on so long. */
  readonly hangups: readonly EslEvent[];
}

/** FreeSWITCH's side of a socket: the replay pushes, and what the leg says goes nowhere. */
class Wire extends Duplex {
  override _read(): void {
    // The replay pushes.
  }

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
}

/** Of `connect`, `linger` and `myevents`; the leg itself sends no others, and is answered none. */
const REPLIES = 3;

/** Plays FreeSWITCH's side to the end of the recording; the recording's controller did nothing but bridge. */
export async function replay(name: string): Promise<Replay> {
  const wire = new Wire();
  const connection = new Connection(wire, { replyTimeoutMs: 60_000 });
  const pending = connection.send([
    { kind: 'connect' },
    { kind: 'linger', seconds: 5 },
    { kind: 'myevents' },
  ]);
  for (const promise of pending) promise.catch(() => undefined);
  let leg: Leg | null = null;
  let replies = 0;
  const states: LegState['kind'][] = [];
  const hangups: EslEvent[] = [];
  for (const { dir, data } of linesOf(name)) {
    const [, bridge] = /execute-app-name: bridge\nevent-uuid: (\S+)/.exec(data) ?? [];
    if (dir === '>fs' && bridge !== undefined) leg?.bridging(bridge);
    if (dir !== 'fs>') continue;
    if (isReply(data) && ++replies > REPLIES) continue;
    wire.push(Buffer.from(data.endsWith('\n') ? data : `${data}\n\n`, 'latin1'));
    await new Promise((resolve) => setImmediate(resolve));
    if (leg !== null || replies === 0) continue;
    leg = await legOf(connection, pending[0], states);
    connection.on((event) => {
      if (event.name.startsWith('CHANNEL_HANGUP')) hangups.push(event);
    });
  }
  connection.destroy();
  if (leg === null) throw new Error(`${name} has no reply to connect`);
  return { leg, states, hangups };
}

async function legOf(
  connection: Connection,
  connect: ReturnType<Connection['send']>[number] | undefined,
  states: LegState['kind'][],
): Promise<Leg> {
  if (connect === undefined) throw new Error('connect was not sent');
  const { headers } = (await connect).message;
  const call = parseCall(headers, { didFrom: [], variables: [] });
  const leg = new Leg(connection, call, headers, systemClock, () => undefined);
  void leg.until((state): state is LegState => {
    if (states.at(-1) !== state.kind) states.push(state.kind);
    return false;
  });
  return leg;
}

function linesOf(name: string): Line[] {
  const text = readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Line);
}

function isReply(data: string): boolean {
  return !data.startsWith('Content-Length') && /Content-Type: (command\/reply|api\/response)/.test(data);
}
