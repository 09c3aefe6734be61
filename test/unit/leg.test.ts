import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { parseCall } from '../../lib/channel.ts';
import { systemClock } from '../../lib/clock.ts';
import { Connection } from '../../lib/esl/connection.ts';
import type { HungUpBy } from '../../lib/hangup.ts';
import { Leg } from '../../lib/leg.ts';
import type { LegState } from '../../lib/legstate.ts';
import type { Move } from '../../lib/move.ts';

/**
 * What a real FreeSWITCH 1.11.1 said on the first socket of a call that was moved, hung up or given back to us, read by the
 * leg as it stands on the wire. The recordings' controller did nothing but bridge.
 */

const FOLDER = process.env['LAB'] ?? join(import.meta.dirname, '../fixtures/esl-transcripts');

interface Line {
  readonly dir: string;
  readonly data: string;
}

class Wire extends Duplex {
  override _read(): void {
    // The test pushes.
  }
  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
}

interface Replay {
  readonly leg: Leg;
  /** Its states, in order. */
  readonly states: LegState[];
  readonly bridge: string;
}

/** Plays FreeSWITCH's side to the end of the recording; `upTo` ends it at that text. */
async function replay(name: string, upTo?: string): Promise<Replay> {
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const wire = new Wire();
  const connection = new Connection(wire, { replyTimeoutMs: 60_000 });
  let leg: Leg | null = null;
  const states: LegState[] = [];
  let bridge = '';
  const pending = connection.send([
    { kind: 'connect' },
    { kind: 'linger', seconds: 5 },
    { kind: 'myevents' },
  ]);
  for (const promise of pending) promise.catch(() => undefined);
  let replies = 0;
  for (const { dir, data } of lines) {
    if (upTo !== undefined && data.includes(upTo)) break;
    if (dir === '>fs') {
      bridge = /execute-app-name: bridge\nevent-uuid: (\S+)/.exec(data)?.[1] ?? bridge;
      if (data.includes('execute-app-name: bridge')) leg?.bridging(bridge);
    }
    if (dir !== 'fs>') continue;
    const isReply =
      /Content-Type: (command\/reply|api\/response)/.test(data.slice(0, 9000)) &&
      !data.startsWith('Content-Length');
    if (isReply && ++replies > 3) continue;
    wire.push(Buffer.from(data.endsWith('\n') ? data : `${data}\n\n`, 'latin1'));
    await new Promise((resolve) => setImmediate(resolve));
    if (leg === null && replies === 1) {
      const [reply] = pending;
      const { headers } = (await reply!).message;
      leg = new Leg(
        connection,
        parseCall(headers, { didFrom: [], variables: [] }),
        headers,
        systemClock,
        () => undefined,
      );
      void leg.until((state): state is LegState => {
        if (states.at(-1) !== state) states.push(state);
        return false;
      });
    }
  }
  connection.destroy();
  if (leg === null) throw new Error(`${name} has no reply to connect`);
  return { leg, states, bridge };
}

interface Expected {
  readonly states: readonly LegState['kind'][];
  readonly by?: Move['by'];
  readonly from?: Move['from'];
  readonly to?: string | RegExp;
  readonly hungUpBy?: HungUpBy;
}

export const MOVES: Readonly<Record<string, Expected>> = {};
for (const file of readdirSync(FOLDER).filter((f) => f.endsWith('.jsonl'))) {
  describe('lab', () => {
    it(file, async () => {
      const { leg, states } = await replay(file.replace('.jsonl', ''));
      console.log(
        file.padEnd(34),
        states.map((s) => s.kind).join(' '),
        '|',
        leg.moves.map((m) => `${m.by} while ${m.from} to ${m.to}`).join('; '),
        '|',
        leg.hungUpBy,
        leg.hangupCause,
        leg.connected?.callee.number,
        leg.answered,
      );
      expect(true).to.equal(true);
    });
  });
}
