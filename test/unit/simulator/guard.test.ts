import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import type { CalleeBehaviour, CallScript } from '../../../lib/simulator/index.ts';
import { execute, greet, leave, parked, play, routes } from './support.ts';

const number = 'sofia/gateway/crm/380441234567';

describe('the simulated FreeSWITCH and what is scheduled', () => {
  describe('the guard', () => {
    it('is told to the router by its id, and lifted by sched_del', async () => {
      const { report } = await play(
        async (wire) => {
          const { headers } = await greet(wire);
          expect(headers.get('variable_esl_router_guard')).to.equal('3');
          const id = headers.get('variable_esl_router_guard_id')!;
          expect(headers.get('variable_last_sched_id')).to.equal(id);
          wire.send(
            `api sched_del ${id}\n\n${execute('set', 'hangup_after_bridge=true')}${execute('bridge', number)}`,
          );
          await leave(wire);
          expect(wire.summary()).to.include('api +OK Deleted: 1\n');
        },
        { guardSeconds: 3, callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 200, hangup: 'callee' }) },
      );
      expect(report.end).to.deep.include({ kind: 'answered', hangupBy: 'callee' });
      expect(report.violations).to.deep.equal([]);
      expect(report.tasks).to.deep.equal([
        {
          id: 1,
          description: 'switch_ivr_schedule_transfer',
          owner: 'dialplan',
          guard: true,
          outcome: 'deleted',
          deletedBy: 'router',
        },
      ]);
    });

    /** Pushes the guard back, and bridges; `hooks` are in the braces. */
    const hunt = (hooks: (id: string, uuid: string) => string, script: Partial<CallScript> = {}) =>
      play(
        async (wire) => {
          const { headers } = await greet(wire);
          const uuid = headers.get('Unique-ID')!;
          const told = await wire.ask(
            `api sched_api +10 ${uuid} uuid_transfer ${uuid} esl_router_fallback XML public\n\n`,
          );
          const id = /^\+OK Added: (\d+)\n$/.exec(told.body)![1]!;
          wire.send(
            `api sched_del ${headers.get('variable_esl_router_guard_id')!}\n\n` +
              execute('multiset', '^^;hangup_after_bridge=true;continue_on_fail=true') +
              execute('bridge', `{originate_timeout=2,${hooks(id, uuid)}}${number}`),
          );
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'bridge');
          if (wire.find('CHANNEL_BRIDGE') === undefined) wire.send(`api sched_del ${id}\n\nexit\n\n`);
          else await leave(wire);
        },
        {
          guardSeconds: 8,
          callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 600, hangup: 'callee' }),
          ...script,
        },
      );
    const lift = (id: string): string => `api_before_bridge='sched_del ${id}'`;

    it('is lifted when the bridge is up, by every api_before_bridge in its order', async () => {
      const { report } = await hunt(
        (id, uuid) => `${lift(id)},api_before_bridge_x='sched_hangup +6 ${uuid} ALLOTTED_TIMEOUT'`,
      );
      expect(report.end).to.deep.include({ kind: 'answered', hangupBy: 'router' });
      expect(report.violations).to.deep.equal([]);
      expect(report.tasks.map(({ owner, outcome }) => `${owner} ${outcome}`)).to.deep.equal([
        'dialplan deleted',
        'router deleted',
        'router fired',
      ]);
    });

    it('stays when the callee answers and is gone, unless api_on_answer had lifted it', async () => {
      const callee = (): CalleeBehaviour => ({ kind: 'gone', afterMs: 25 });
      const { report, wires } = await hunt(lift, { callee });
      expect(report.end).to.deep.equal({ kind: 'dialplan' });
      expect(wires[0]!.summary()).to.include('api +OK Deleted: 1\n').and.not.include('CHANNEL_ANSWER');
      expect(report.bridges[0]!.outcome).to.equal('NORMAL_CLEARING');
      expect(report.violations).to.deep.equal([]);
      const atAnswer = await hunt((id) => `api_on_answer='sched_del ${id}'`, { callee });
      expect(atAnswer.report.violations.join()).to.match(
        /^a bridge that does not lift the guard \d+ when it is up$/,
      );
    });

    it('tears an answered call away when it was not lifted', async () => {
      const { report, wires } = await play(routes(execute('bridge', `{originate_timeout=2}${number}`)), {
        guardSeconds: 9,
        callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 4000, hangup: 'callee' }),
      });
      expect(report.end).to.deep.equal({ kind: 'guard' });
      expect(wires[0]!.summary()).to.include('CHANNEL_UNBRIDGE');
      expect(report.violations).to.deep.equal([
        'a bridge that does not lift the guard 1 when it is up',
        'a guard is still due while the callee talks',
      ]);
    });

    it('has to outlast the ringing', async () => {
      const { report } = await play(
        routes(execute('bridge', `{originate_timeout=9,${lift('1')}}${number}`)),
        {
          guardSeconds: 8,
          callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 40, hangup: 'callee' }),
          dialplanSetsBridgeVariables: true,
        },
      );
      expect(report.violations).to.deep.equal(['a bridge that rings longer than the guard waits']);
    });

    it('says UNPARK and the end of socket when it fires, and leaves nothing to lift', async () => {
      const { report } = await play(
        async (wire) => {
          const id = (await greet(wire)).headers.get('variable_esl_router_guard_id')!;
          await wire.event('CHANNEL_UNPARK');
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'socket');
          expect((await wire.ask(`api sched_del ${id}\n\n`)).body).to.equal('+OK Deleted: 0\n');
          wire.send('exit\n\n');
          await wire.closed;
        },
        { guardSeconds: 2 },
        { secondMs: 120 },
      );
      expect(report.end).to.deep.equal({ kind: 'guard' });
      expect(report.violations).to.deep.equal([]);
      expect(report.tasks[0]).to.include({ outcome: 'fired' });
    });
  });

  describe('the scheduler', () => {
    /** What the router says, on a call with tasks of the dialplan's own. */
    const says = (commands: (uuid: string) => string, script: Partial<CallScript> = {}) =>
      play(
        async (wire) => {
          const { headers } = await greet(wire);
          await parked(wire);
          wire.send(commands(headers.get('Unique-ID')!));
          await parked(wire);
          wire.send('exit\n\n');
          await wire.closed;
        },
        {
          guardSeconds: 90,
          schedules: [
            { application: 'sched_hangup', seconds: 95 },
            { application: 'sched_broadcast', seconds: 95, behindGuard: true },
          ],
          ...script,
        },
      );

    it('counts the ids of a switch up, and tells the last of a channel', async () => {
      const { report } = await says(() => 'api sched_del 2\n\n');
      expect(report.variables.get('esl_router_guard_id')).to.equal('2');
      expect(report.variables.get('last_sched_id')).to.equal('3');
      expect(report.violations).to.deep.equal([]);
      expect(report.tasks.map(({ guard, outcome }) => [guard, outcome])).to.deep.equal([
        [false, 'deleted'],
        [true, 'deleted'],
        [false, 'deleted'],
      ]);
      expect(report.tasks.map(({ deletedBy }) => deletedBy)).to.deep.equal([
        'dialplan',
        'router',
        'dialplan',
      ]);
      const old = await says(() => 'api sched_del 2\n\n', { tellsGuardId: false });
      expect(old.report.variables.has('esl_router_guard_id')).to.be.false;
    });

    const FAULTS: readonly (readonly [string, (uuid: string) => string])[] = [
      [
        'deletes a task that is not the guard: 1, switch_ivr_schedule_hangup of dialplan',
        () => 'api sched_del 1\n\n',
      ],
      ['deletes every task of a channel', (uuid) => `api sched_del ${uuid}\n\n`],
      ['deletes every task of a channel', () => execute('sched_cancel')],
      [
        "a guard in a group that is not its channel's",
        (uuid) => `api sched_api +90 x uuid_transfer ${uuid} f XML public\n\n`,
      ],
    ];
    for (const [fault, commands] of FAULTS) {
      it(`holds it against a router that ${fault}`, async () => {
        const { report } = await says(commands);
        expect(report.violations.join('\n')).to.contain(fault);
      });
    }

    it('runs its applications, and says the id in their EXECUTE_COMPLETE', async () => {
      await play(
        async (wire) => {
          const { headers } = await greet(wire);
          wire.send(execute('sched_transfer', '+50 esl_router_fallback XML public'));
          const done = await wire.event('CHANNEL_EXECUTE_COMPLETE', 'sched_transfer');
          expect(done.headers.get('variable_last_sched_id')).to.equal('2');
          wire.send(execute('sched_cancel', '1') + execute('sched_cancel', '2'));
          await delay(50);
          await wire.ask(`api sched_transfer +50 ${headers.get('Unique-ID')!} f XML public\n\n`);
          expect((await wire.ask('getvar last_sched_id\n\n')).headers.get('Reply-Text')).to.equal('2');
          expect((await wire.ask('api show tasks as json\n\n')).body).not.to.contain('"task_id":"3"');
          await delay(170);
          const { body } = await wire.ask('api show tasks as json\n\n');
          expect((JSON.parse(body) as { rows: object[] }).rows).to.deep.include.members([
            {
              ...(JSON.parse(body) as { rows: object[] }).rows[0],
              task_id: '3',
              task_desc: 'switch_ivr_schedule_transfer',
              task_group: headers.get('Unique-ID'),
            },
          ]);
          wire.send('api sched_del 3\n\nexit\n\n');
          await wire.closed;
        },
        { guardSeconds: 90 },
      );
    });

    it('runs any API command of sched_api', async () => {
      const { report } = await play(async (wire) => {
        const uuid = (await greet(wire)).headers.get('Unique-ID')!;
        await wire.ask(`api sched_api +1 x uuid_setvar ${uuid} seen yes\n\n`);
        await wire.ask('api sched_api +1 x no_such_command\n\n');
        await wire.ask(`api sched_api +3 x uuid_kill ${uuid} USER_BUSY\n\n`);
        await leave(wire);
      });
      expect(report.variables.get('seen')).to.equal('yes');
      expect(report.end).to.deep.equal({ kind: 'hangup', cause: 'USER_BUSY', sipCode: 486 });
    });
  });

  describe('a command behind the guard', () => {
    const bridges = (afterMs: number) =>
      play(
        async (wire) => {
          await greet(wire);
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'socket');
          await delay(afterMs);
          wire.send(execute('bridge', number));
          await leave(wire);
        },
        { guardSeconds: 2 },
        { secondMs: 300 },
      );

    it('may have crossed it', async () => {
      const { report } = await bridges(0);
      expect(report.violations).to.deep.equal([]);
    });

    it('is held against the router that could know of it', async () => {
      const { report } = await bridges(120);
      expect(report.violations.join()).to.match(/^bridge \d+ ms after the guard had taken the call$/);
    });
  });
});
