import { expect } from 'chai';
import { Socket } from 'node:net';
import { APPLICATIONS } from '../../../lib/simulator/application.ts';
import { OTHERS } from '../../../lib/simulator/author.ts';
import type { Exchange } from '../../../lib/simulator/exchange.ts';
import { Leg } from '../../../lib/simulator/leg.ts';
import { CommandQueue } from '../../../lib/simulator/queue.ts';
import { Random } from '../../../lib/simulator/random.ts';
import { Session } from '../../../lib/simulator/session.ts';
import { Tasks } from '../../../lib/simulator/tasks.ts';
import { answers } from './support.ts';

/** A socket that goes nowhere and tells what was written, write by write. */
class Wiretap extends Socket {
  readonly writes: string[] = [];

  override write(chunk: string | Uint8Array): boolean {
    this.writes.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1'));
    return true;
  }

  say(text: string): void {
    this.emit('data', Buffer.from(text, 'latin1'));
  }
}

function exchange(lean: boolean): Exchange {
  return {
    coreUuid: 'core',
    nextSequence: () => 1,
    random: new Random(1),
    secondMs: 1000,
    lean,
    sessionCount: 1,
    tasks: new Tasks(new Random(1), 1000),
    knowsGateway: () => true,
    knowsExtension: () => true,
    refuses: () => false,
    missingUser: () => null,
    legs: new Map(),
    listeners: new Set(),
  };
}

function tapped(lean: boolean): { leg: Leg; tap: Wiretap; session: Session } {
  const leg = new Leg({ caller: '1', did: '2', callee: answers }, exchange(lean), APPLICATIONS);
  const tap = new Wiretap();
  const session = new Session(tap, leg, { async: true, full: true });
  tap.say('connect\n\nmyevents plain\n\n');
  return { leg, tap, session };
}

describe('a session', () => {
  it('sends the header block and the body of an event in two writes', () => {
    const { leg, tap, session } = tapped(false);
    leg.emit('CHANNEL_PARK');
    const [head, body] = tap.writes.slice(2);
    expect(head).to.match(/^Content-Length: \d+\nContent-Type: text\/event-plain\n\n$/);
    expect(body).to.match(/^Event-Name: CHANNEL_PARK\n/);
    expect(body).to.have.length(Number(/\d+/.exec(head!)![0]));
    session.destroy();
  });

  it('is about as long as the recorded one', () => {
    const { leg, tap, session } = tapped(false);
    leg.emit('CHANNEL_PARK');
    expect(tap.writes[0]!.length).to.be.within(5500, 6600); // recorded: 6,100
    expect(tap.writes[3]!.length).to.be.within(4500, 5500); // recorded: 5,000
    session.destroy();
  });

  it('says one turn of a lean switch in one write', async () => {
    const { leg, tap, session } = tapped(true);
    leg.emit('CHANNEL_PARK');
    expect(tap.writes).to.be.empty;
    await new Promise(setImmediate);
    expect(tap.writes).to.have.length(1);
    expect(tap.writes[0]!.length).to.be.below(8000);
    session.destroy();
  });

  it('cuts what getvar says at 511 bytes', () => {
    const { leg, tap, session } = tapped(false);
    leg.channel.set('long', 'x'.repeat(600));
    tap.say('getvar long\n\ngetvar none\n\n');
    expect(tap.writes.slice(2)).to.deep.equal([
      `Content-Type: command/reply\nReply-Text: ${'x'.repeat(511)}\n\n`,
      'Content-Type: command/reply\nReply-Text: -ERR command not found\n\n',
    ]);
    session.destroy();
  });

  it('hears of other calls what it subscribed to, and nothing else of them', () => {
    const { leg, tap, session } = tapped(false);
    const other = new Leg({ caller: '3', did: '4', callee: answers }, leg.exchange, APPLICATIONS);
    other.emit('CHANNEL_PARK');
    expect(tap.writes).to.have.length(2);
    tap.say('event plain CHANNEL_PARK\n\n');
    other.emit('CHANNEL_PARK');
    other.emit('CHANNEL_UNPARK');
    expect(tap.writes.slice(3)).to.have.length(2);
    tap.say(`filter Unique-ID ${leg.uuid}\n\n`);
    other.emit('CHANNEL_PARK');
    expect(tap.writes.slice(6)).to.be.empty;
    session.destroy();
  });
});

describe('the queue of a leg', () => {
  it('is looked at every 20 ms, and not before', async () => {
    const queue = new CommandQueue();
    const looked = queue.nextPoll();
    const began = performance.now();
    for (let i = 0; i < 3; i++) queue.push(() => undefined);
    await looked;
    expect(performance.now() - began).to.be.greaterThan(15);
    expect(queue.length).to.equal(3);
  });

  it('is looked at once more when woken', async () => {
    const queue = new CommandQueue();
    const looked = queue.nextPoll();
    queue.wake();
    await looked;
    expect(queue.length).to.equal(0);
  });
});

describe('the scheduler', () => {
  const appointment = (group: string, seconds: number, run = (): void => undefined) =>
    ({ seconds, description: 'sched_api_function', group, owner: OTHERS, guard: false, run }) as const;

  it('fires after N-1 to N seconds, and forgets what is deleted', async () => {
    const tasks = new Tasks(new Random(3), 50);
    const began = performance.now();
    const { id } = tasks.add(appointment('a', 100));
    await new Promise<void>((resolve) => {
      tasks.add(appointment('b', 2, resolve));
    });
    expect(performance.now() - began).to.be.greaterThan(48);
    expect(tasks.of('b').map(({ outcome }) => outcome)).to.deep.equal(['fired']);
    expect(tasks.delete(id, 'others')).to.equal(1);
    // Until it is swept it is deleted again; then it is unknown.
    expect(tasks.delete(id, 'others')).to.equal(1);
    await new Promise((resolve) => setTimeout(resolve, 45));
    expect(tasks.delete(id, 'others')).to.equal(0);
    expect(tasks.due('a')).to.be.empty;
  });

  it('deletes a group, and no other', () => {
    const tasks = new Tasks(new Random(3), 50);
    const ids = [
      tasks.add(appointment('a', 9)),
      tasks.add(appointment('a', 9)),
      tasks.add(appointment('b', 9)),
    ];
    expect(ids.map(({ id }) => id)).to.deep.equal([1, 2, 3]);
    expect(tasks.deleteGroup('a', 'others')).to.equal(2);
    expect(tasks.deleteGroup('a', 'others')).to.equal(0);
    expect(tasks.due('b')).to.have.length(1);
    tasks.forget('b');
  });

  it('shows a task a while after it was scheduled, as FreeSWITCH does', async () => {
    const tasks = new Tasks(new Random(3), 1000);
    tasks.add(appointment('a', 9));
    expect(tasks.show(true)).to.equal('{"row_count": 0}\n');
    expect(tasks.show(false)).to.equal('\n0 total.\n');
    await new Promise((resolve) => setTimeout(resolve, 170));
    const shown = JSON.parse(tasks.show(true)) as { row_count: number; rows: Record<string, string>[] };
    expect(shown.row_count).to.equal(1);
    expect(shown.rows[0]).to.include({ task_id: '1', task_desc: 'sched_api_function', task_group: 'a' });
    expect(tasks.show(false)).to.match(
      /^task_id,task_desc,task_group,task_runtime,task_sql_manager,hostname\n1,sched_api_function,a,\d{10},0,fs1\n\n1 total\.\n$/,
    );
    tasks.forget('a');
  });
});
