import { expect } from 'chai';
import type { Call } from '../../../lib/call/channel.ts';
import type { Move } from '../../../lib/call/move.ts';
import type { Command } from '../../../lib/esl/command.ts';
import type { Reply } from '../../../lib/esl/connection.ts';
import { findGuard, Guard, guardAmong, tasksOf, type ScheduledTask } from '../../../lib/leg/guard.ts';
import type { Leg } from '../../../lib/leg/leg.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callOf } from '../../support/scheme.ts';

const UUID = callOf().uuid;
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
    commandHere: async (
      commands: readonly Command[],
      read: (replies: readonly Partial<Reply>[]) => void = () => undefined,
    ) => {
      read(await leg.command(commands));
    },
    completed: () => Promise.resolve({ get: () => '31' }),
  };
  const told = { seconds: whole.guardSeconds, id: whole.guardId, notes: [] };
  return { clock, said, leg: leg as unknown as Leg, guard: new Guard(leg as unknown as Leg, told, clock) };
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
    expect(await guard.pushBack(30)).to.deep.equal([deletion(17)]);
    const args = `+38 ${UUID} uuid_transfer ${UUID} esl_router_fallback XML public`;
    expect(said).to.deep.equal([[{ kind: 'api', command: 'sched_api', args }]]);
    guard.replaced();
    expect(guard.bridgeVariables()).to.deep.equal({ api_before_bridge: 'sched_del 23' });
    expect(guard.legVariables()).to.deep.equal({
      esl_router_guard_id: '23',
      api_before_bridge_esl_router: 'sched_del 23',
      execute_on_blind_transfer_esl_router: 'sched_cancel 23',
    });
    clock.advance(36_999);
    expect(guard.isDue).to.equal(false);
    clock.advance(1);
    expect(guard.isDue).to.equal(true);
    expect(guard.lift()).to.deep.equal([deletion(23)]);
    expect(guard.lift(), 'only once').to.deep.equal([]);
  });

  it('lifts both when the leg is taken before the bridge is sent', async () => {
    const { guard } = stage({}, { sched_api: '+OK Added: 23' });
    await guard.pushBack(30);
    expect(guard.lift()).to.deep.equal([deletion(17), deletion(23)]);
  });

  it('is pushed back by the application where the uuid cannot stand in an API command', async () => {
    const { guard, said } = stage({ uuid: 'u{cX820%bek@host' });
    expect(await guard.pushBack(30)).to.deep.equal([deletion(17)]);
    expect(said[0]?.[0]).to.include({ app: 'sched_transfer', arg: '+38 esl_router_fallback XML public' });
    expect(guard.bridgeVariables()).to.deep.equal({ api_before_bridge: 'sched_del 31' });
  });

  it('is lifted where the context cannot be named, and is not there where the dialplan has none', async () => {
    expect(await stage({ context: 'a b' }).guard.pushBack(30)).to.deep.equal([deletion(17)]);
    const none = stage({ guardSeconds: null, guardId: null });
    expect(await none.guard.pushBack(30)).to.deep.equal([]);
    expect([none.said, none.guard.lift(), none.guard.bridgeVariables()]).to.deep.equal([[[]], [], {}]);
  });

  it('a FreeSWITCH that does not schedule is told of', async () => {
    const { guard } = stage({}, { sched_api: '-ERR' });
    const failure: unknown = await guard.pushBack(30).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'esl_protocol' });
  });

  it('leaves what is asked behind a bridge the seconds of the dialplan again', async () => {
    const { guard, said, clock } = stage({}, { sched_api: '+OK Added: 23' });
    await guard.rearm();
    expect(said, 'it still stands').to.deep.equal([]);
    await guard.pushBack(30);
    guard.replaced();
    clock.advance(20_000);
    await guard.rearm();
    expect(
      said.flat().map((command) => (command.kind === 'api' ? command.args?.split(' ')[0] : '')),
    ).to.deep.equal(['+38', '+8', '23', UUID]);
  });

  const to = (place: string): Move => ({ atMs: 0, from: 'asked', by: 'transfer', to: place, source: '' });

  for (const [reply, fired] of [
    ['+OK Deleted: 0', true],
    ['+OK Deleted: 1', false],
  ] as const) {
    it(`behind a move: ${reply} means that the dialplan's own has ${fired ? '' : 'not '}fired`, async () => {
      const { guard, said } = stage({}, { sched_del: reply });
      expect(await guard.hasFired(to('night public'))).to.equal(fired);
      expect(said).to.deep.equal([[deletion(17)]]);
      expect(guard.lift()).to.deep.equal([]);
    });
  }

  it('behind a move: one that was pushed back has fired when the caller is in the fallback', async () => {
    const moved = async (place: string): Promise<boolean> => {
      // Whoever takes the leg elsewhere has FreeSWITCH lift it: nothing is left to be deleted.
      const { guard } = stage({}, { sched_api: '+OK Added: 23', sched_del: '+OK Deleted: 0' });
      await guard.pushBack(30);
      return guard.hasFired(to(place));
    };
    expect(await moved('700 default')).to.equal(false);
    expect(await moved('esl_router_fallback public')).to.equal(true);
  });
});

describe('the guard that is really scheduled', () => {
  const task = (id: number, what: 'transfer' | 'hangup' | 'broadcast', atSeconds: number): ScheduledTask => ({
    id,
    group: UUID,
    description: `switch_ivr_schedule_${what}`,
    atSeconds,
  });

  it('is read from what FreeSWITCH lists', () => {
    const listed =
      '{"row_count":1,"rows":[{"task_id":"7","task_desc":"switch_ivr_schedule_transfer","task_group":"u-1","task_runtime":"1795662396","task_sql_manager":"0","hostname":"fs1"}]}';
    expect(tasksOf(listed)).to.deep.equal([
      { id: 7, group: 'u-1', description: 'switch_ivr_schedule_transfer', atSeconds: 1_795_662_396 },
    ]);
    expect([tasksOf('{"row_count":0}'), tasksOf('-ERR no such command')]).to.deep.equal([[], []]);
  });

  it('is not asked for where the dialplan says all of it, or has scheduled nothing', async () => {
    const told = stage({ guardTold: '8' });
    expect(await findGuard(told.leg, told.clock)).to.deep.equal({ seconds: 8, id: 17, notes: [] });
    const none = stage({ guardSeconds: null, guardId: null });
    expect(await findGuard(none.leg, none.clock)).to.deep.equal({ seconds: null, id: null, notes: [] });
    const lie = stage({ guardTold: '8', guardId: null });
    expect(await findGuard(lie.leg, lie.clock)).to.deep.include({ seconds: null, id: null });
    expect([told.said, none.said, lie.said]).to.deep.equal([[], [], []]);
  });

  it('is asked for until its task is listed', async () => {
    const listed = JSON.stringify({
      rows: [
        { task_id: '5', task_desc: 'switch_ivr_schedule_transfer', task_group: UUID, task_runtime: '1008' },
      ],
    });
    const call = { guardTold: '8s', guardSeconds: null, guardId: null, lastTaskId: 5, switchMs: 1_000_000 };
    const { leg, clock, said } = stage(call, { show: listed });
    expect(await findGuard(leg, clock)).to.deep.include({ seconds: 8, id: 5 });
    expect(said).to.have.length(1);
  });

  it('is the transfer of this channel, and no task of others', () => {
    const call = callOf({ guardTold: '8', guardSeconds: 8, lastTaskId: 5 });
    const { seconds, id, notes } = guardAmong(
      [task(3, 'hangup', 6), task(4, 'transfer', 8), task(5, 'broadcast', 2)],
      call,
    );
    expect([seconds, id]).to.deep.equal([8, 4]);
    expect(notes.join()).to.match(/esl_router_guard_id is not set: add <action .*last_sched_id/);
  });

  it('has the seconds that are left of it where the dialplan does not say them', () => {
    const call = callOf({ guardTold: '8s', lastTaskId: 5, switchMs: 1_000_000 });
    const { seconds, id, notes } = guardAmong([task(5, 'transfer', 1_007)], call);
    expect([seconds, id]).to.deep.equal([7, 5]);
    expect(notes[0]).to.match(/esl_router_guard is "8s".*esl_router_guard=SECONDS/);
  });

  it('is none when no transfer is scheduled, whatever the dialplan says', () => {
    const told = callOf({ guardTold: '8', guardSeconds: 8, lastTaskId: 3 });
    expect(guardAmong([], told)).to.deep.include({ seconds: null, id: null });
    expect(guardAmong([], told).notes.join()).to.match(/no sched_transfer/);
    expect(guardAmong([task(3, 'broadcast', 1)], callOf({ lastTaskId: 3 })).notes).to.deep.equal([]);
  });
});
