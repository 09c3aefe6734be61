import { expect } from 'chai';
import type { Call } from '../../lib/channel.ts';
import type { Command } from '../../lib/esl/command.ts';
import type { Reply } from '../../lib/esl/connection.ts';
import { Guard, isGuardKnown, scheduledGuard, toldGuard } from '../../lib/guard.ts';
import type { Leg } from '../../lib/leg.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { callOf } from '../support/scheme.ts';

const UUID = callOf().uuid;
const BESIDE: Command = { kind: 'api', command: 'uuid_ring_ready', args: UUID };
const deletion = (id: number): Command => ({ kind: 'api', command: 'sched_del', args: String(id) });

/** A leg that takes every command; `replies` by the name of an API command. */
function stage(call: Partial<Call> = {}, replies: Readonly<Record<string, string>> = {}) {
  const clock = new ManualClock();
  const said: Command[][] = [];
  const whole = callOf({ guardSeconds: 8, guardId: 17, ...call });
  const leg = {
    call: whole,
    command: (commands: readonly Command[]) => {
      said.push([...commands]);
      return Promise.resolve(
        commands.map((command): Partial<Reply> => {
          const text = command.kind === 'api' ? (replies[command.command] ?? '+OK') : '+OK';
          return { ok: true, text };
        }),
      );
    },
    completed: () => Promise.resolve({ get: () => '31' }),
  };
  return { clock, said, guard: new Guard(leg as unknown as Leg, toldGuard(whole), clock) };
}

describe('guard', () => {
  it('may fire a second early, since FreeSWITCH counts whole ones', () => {
    const { guard, clock } = stage();
    clock.advance(6_999);
    expect(guard.isDue).to.equal(false);
    clock.advance(1);
    expect(guard.isDue).to.equal(true);
    expect(stage({ guardSeconds: null, guardId: null }).guard.isDue).to.equal(false);
  });

  it('counts from the channel, since a connection may have stood in a queue', () => {
    const { guard, clock } = stage({ ageMs: 6_500 });
    clock.advance(499);
    expect(guard.isDue).to.equal(false);
    clock.advance(1);
    expect(guard.isDue).to.equal(true);
  });

  it('is pushed back by the time of ringing and its own, under an id that FreeSWITCH gives', async () => {
    const { guard, clock, said } = stage({}, { sched_api: '+OK Added: 23' });
    expect(await guard.pushBack(30, [BESIDE])).to.deep.equal([deletion(17)]);
    const args = `+38 ${UUID} uuid_transfer ${UUID} esl_router_fallback XML public`;
    expect(said).to.deep.equal([[{ kind: 'api', command: 'sched_api', args }, BESIDE]]);
    expect(guard.bridgeVariables()).to.deep.equal({ api_before_bridge: 'sched_del 23' });
    clock.advance(36_999);
    expect(guard.isDue).to.equal(false);
    clock.advance(1);
    expect(guard.isDue).to.equal(true);
    expect(guard.lift()).to.deep.equal([deletion(23)]);
    expect(guard.lift(), 'only once').to.deep.equal([]);
  });

  it('is pushed back by the application where the uuid can not stand in an API command', async () => {
    const { guard, said } = stage({ uuid: 'u{cX820%bek@host' });
    expect(await guard.pushBack(30, [])).to.deep.equal([deletion(17)]);
    expect(said[0]?.[0]).to.include({ app: 'sched_transfer', arg: '+38 esl_router_fallback XML public' });
    expect(guard.bridgeVariables()).to.deep.equal({ api_before_bridge: 'sched_del 31' });
  });

  it('is lifted where the context can not be named, and is not there where the dialplan has none', async () => {
    expect(await stage({ context: 'a b' }).guard.pushBack(30, [BESIDE])).to.deep.equal([
      deletion(17),
      BESIDE,
    ]);
    const none = stage({ guardSeconds: null, guardId: null });
    expect(await none.guard.pushBack(30, [BESIDE])).to.deep.equal([BESIDE]);
    expect([none.said, none.guard.lift(), none.guard.bridgeVariables()]).to.deep.equal([[], [], {}]);
  });

  it('a FreeSWITCH that does not schedule is told of', async () => {
    const { guard } = stage({}, { sched_api: '-ERR' });
    const failure: unknown = await guard.pushBack(30, []).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'esl_protocol' });
  });

  for (const [reply, fired] of [
    ['+OK Deleted: 0', true],
    ['+OK Deleted: 1', false],
  ] as const) {
    it(`behind a move: ${reply} means that it has ${fired ? '' : 'not '}fired`, async () => {
      const { guard, said } = stage({}, { sched_del: reply });
      expect(await guard.hasFired()).to.equal(fired);
      expect(said).to.deep.equal([[deletion(17)]]);
      expect(await guard.hasFired(), 'it is lifted').to.equal(false);
    });
  }
});

describe('the guard that is really scheduled', () => {
  const tasks = (...rows: [id: number, description: string, group: string, at: number][]): Reply =>
    ({
      text: JSON.stringify({
        row_count: rows.length,
        rows: rows.map(([id, description, group, at]) => ({
          task_id: String(id),
          task_desc: description,
          task_group: group,
          task_runtime: String(at),
        })),
      }),
    }) as Reply;
  const TRANSFER = 'switch_ivr_schedule_transfer';
  const HANGUP = 'switch_ivr_schedule_hangup';

  it('is asked for where the dialplan says something and not all', () => {
    const known = (call: Partial<Call>): boolean => isGuardKnown(callOf(call));
    expect(known({})).to.equal(true);
    expect(known({ guardTold: '8', guardSeconds: 8, guardId: 3 })).to.equal(true);
    expect(known({ guardTold: '8', guardSeconds: 8 })).to.equal(false);
    expect(known({ guardTold: '8s', guardId: 3 })).to.equal(false);
    expect(known({ lastTaskId: 3 })).to.equal(false);
  });

  it('is the transfer of this channel, and no task of others', () => {
    const call = callOf({ guardTold: '8', guardSeconds: 8, lastTaskId: 5, switchSeconds: 1_000 });
    const reply = tasks([4, TRANSFER, UUID, 1_008], [5, HANGUP, UUID, 1_006], [6, TRANSFER, 'other', 1_002]);
    const { seconds, id, notes } = scheduledGuard(call, reply);
    expect([seconds, id]).to.deep.equal([8, 4]);
    expect(notes.join()).to.match(/esl_router_guard_id is not set: add <action .*last_sched_id/);
  });

  it('has the seconds that are left of it where the dialplan does not say them', () => {
    const call = callOf({ guardTold: '8s', lastTaskId: 5, switchSeconds: 1_000 });
    const { seconds, id, notes } = scheduledGuard(call, tasks([5, TRANSFER, UUID, 1_007]));
    expect([seconds, id]).to.deep.equal([7, 5]);
    expect(notes[0]).to.match(/esl_router_guard is "8s".*esl_router_guard=SECONDS/);
  });

  it('is none when nothing is scheduled, whatever the dialplan says', () => {
    const told = callOf({ guardTold: '8', guardSeconds: 8 });
    expect(scheduledGuard(told, { text: '{"row_count":0}' } as Reply)).to.deep.include({
      seconds: null,
      id: null,
    });
    expect(scheduledGuard(told, { text: '-ERR no such command' } as Reply).notes.join()).to.match(
      /no sched_transfer/,
    );
    expect(scheduledGuard(callOf({ lastTaskId: 3 }), tasks([3, HANGUP, UUID, 1])).notes).to.deep.equal([]);
  });
});
