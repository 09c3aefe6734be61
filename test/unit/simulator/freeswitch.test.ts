import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SimulatedFreeSwitch, type CalleeBehaviour } from '../../../lib/simulator/index.ts';
import { answers, execute, greet, leave, listen, parked, play, routes, type Wire } from './support.ts';

const rings = (): CalleeBehaviour => ({ kind: 'ring' });
const busy = (): CalleeBehaviour => ({ kind: 'fail', cause: 'USER_BUSY', afterMs: 5 });
const number = 'sofia/gateway/crm/380441234567';

/** Runs the commands, and gives the call back. */
function givesBack(...commands: string[]): (wire: Wire) => Promise<void> {
  return async (wire) => {
    await greet(wire);
    await parked(wire);
    wire.send(`${commands.join('')}exit\n\n`);
    await wire.closed;
  };
}

const silent = (wire: Wire): Promise<void> => wire.closed.then(() => undefined);

describe('the simulated FreeSWITCH', () => {
  describe('on the wire', () => {
    it('says nothing before connect, and then shows the whole channel', async () => {
      const { report } = await play(
        async (wire) => {
          await delay(30);
          expect(wire.messages).to.be.empty;
          const { headers, raw } = await greet(wire);
          expect(headers.size).to.be.within(140, 200);
          expect(raw.length).to.be.within(5000, 7500);
          expect(headers.get('Content-Length')).to.be.undefined;
          expect(headers.get('Socket-Mode')).to.equal('async');
          expect(headers.get('Control')).to.equal('full');
          expect(headers.get('Caller-Caller-ID-Number')).to.equal('380441110001');
          expect(headers.get('Caller-Destination-Number')).to.equal('15005550100');
          expect(headers.get('variable_socket_path')).to.equal('sales');
          expect(headers.get('variable_sip_h_X-Card')).to.equal('a: b');
          expect(headers.get('variable_mine')).to.equal('1');
          expect(headers.get('Caller-Privacy-Hide-Number')).to.equal('true');
          await parked(wire);
          wire.send('exit\n\n');
          await wire.closed;
        },
        { path: 'sales', sipHeaders: { 'X-Card': 'a: b' }, variables: { mine: '1' }, privacy: true },
      );
      expect(report.end).to.deep.equal({ kind: 'dialplan' });
      expect(report.lost).to.be.null;
      expect(report.violations).to.deep.equal([]);
      expect(report.closedByRouter).to.be.true;
    });

    it('carries a Latin-1 display name as %E9', async () => {
      await play(
        async (wire) => {
          const { raw } = await greet(wire);
          expect(raw).to.contain('\nCaller-Caller-ID-Name: Ren%E9%20100%25\n');
          wire.send('exit\n\n');
          await wire.closed;
        },
        { callerName: Buffer.from('Ren\xe9 100%', 'latin1') },
      );
    });

    it('runs all that is queued at the next look', async () => {
      await play(async (wire) => {
        await greet(wire);
        const sets = ['a=1', 'b=2', 'c=3'].map((text) => execute('set', text)).join('');
        wire.send(sets + execute('answer', '', 'event-uuid: last\n'));
        const last = await wire.event('CHANNEL_EXECUTE_COMPLETE', 'answer');
        expect(last.headers.get('Application-UUID')).to.equal('last');
        expect(last.headers.get('variable_c')).to.equal('3');
        wire.send('exit\n\n');
        await wire.closed;
      });
    });

    it('runs a command inside what plays, and holds it back behind event-lock (23, 23b)', async () => {
      const order = async (lock: string): Promise<string[]> => {
        const { wires } = await play(async (wire) => {
          await greet(wire);
          wire.send(execute('playback', 'tone_stream://%(80,0,440)', lock));
          await wire.event('CHANNEL_EXECUTE', 'playback');
          wire.send(execute('set', 'n=1', lock));
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'playback');
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'set');
          wire.send('exit\n\n');
          await wire.closed;
        });
        return wires[0]!.summary().filter((kind) => kind.startsWith('CHANNEL_EXECUTE_COMPLETE'));
      };
      expect((await order(''))[0]).to.equal('CHANNEL_EXECUTE_COMPLETE set');
      expect((await order('event-lock: true\n'))[0]).to.equal('CHANNEL_EXECUTE_COMPLETE playback');
    });

    it('loses the last events without linger, sometimes (01c)', async () => {
      const complete = async (seed: number): Promise<boolean> => {
        const { wires } = await play(
          async (wire) => {
            wire.send(`connect\n\nmyevents plain\n\n${execute('hangup', 'USER_BUSY')}`);
            await wire.closed;
          },
          {},
          { seed },
        );
        return wires[0]!.find('CHANNEL_HANGUP_COMPLETE') !== undefined;
      };
      const runs = await Promise.all(Array.from({ length: 12 }, (_, seed) => complete(seed)));
      expect(new Set(runs).size).to.equal(2);
    });

    it('puts the linger notice before the last events, sometimes, and closes after linger seconds', async () => {
      const place = async (seed: number): Promise<number> => {
        const { wires, report } = await play(
          async (wire) => {
            wire.send(`connect\n\nlinger 1\n\nmyevents plain\n\n${execute('hangup', 'USER_BUSY')}`);
            await wire.closed;
          },
          {},
          { seed },
        );
        expect(report.lingered).to.be.true;
        expect(report.closedByRouter).to.be.false;
        const kinds = wires[0]!.summary();
        expect(kinds).to.include('CHANNEL_HANGUP_COMPLETE');
        return kinds.indexOf('CHANNEL_HANGUP_COMPLETE') - kinds.indexOf('notice linger');
      };
      const places = await Promise.all(Array.from({ length: 12 }, (_, seed) => place(seed)));
      expect(places.some((n) => n < 0)).to.be.true;
      expect(places.some((n) => n > 0)).to.be.true;
    });
  });

  describe('bridging', () => {
    it('reports an answered call', async () => {
      const { report } = await play(
        routes(
          execute('multiset', '^^;continue_on_fail=true;hangup_after_bridge=true') +
            execute('bridge', `{originate_timeout=20}${number}`),
        ),
      );
      expect(report.end).to.deep.include({ kind: 'answered', hangupBy: 'callee' });
      expect(report.legs[0]).to.deep.include({
        endpoint: number,
        gateway: 'crm',
        user: '380441234567',
        domain: null,
      });
      expect(report.legs[0]!.variables.get('originate_timeout')).to.equal('20');
      expect(report.bridges[0]).to.deep.include({ outcome: 'SUCCESS' });
      expect(report.lost).to.be.null;
      expect(report.violations).to.deep.equal([]);
      expect(report.timings.firstDecisionMs).to.be.at.least(0);
    });

    it('does not answer an A leg twice, and bridges it (an IVR in front)', async () => {
      const { wires, report } = await play(
        async (wire) => {
          const { headers } = await greet(wire);
          expect(headers.get('Answer-State')).to.equal('answered');
          wire.send(
            execute('ring_ready') + execute('set', 'hangup_after_bridge=true') + execute('bridge', number),
          );
          await leave(wire);
        },
        { answered: true },
      );
      const kinds = wires[0]!.summary();
      expect(kinds)
        .to.include('CHANNEL_BRIDGE')
        .and.not.to.include.members(['CHANNEL_ANSWER', 'CHANNEL_PROGRESS']);
      expect(report.end.kind).to.equal('answered');
    });

    it('keeps what the first bridge left behind (10)', async () => {
      const { wires } = await play(
        async (wire) => {
          await greet(wire);
          wire.send(
            execute('multiset', '^^;continue_on_fail=true;hangup_after_bridge=true') +
              execute('bridge', 'sofia/gateway/crm/1'),
          );
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'bridge');
          wire.send(execute('bridge', 'sofia/gateway/crm/2'));
          await leave(wire);
        },
        { callee: ({ user }) => (user === '1' ? busy() : answers()) },
      );
      const { headers } = wires[0]!.find('CHANNEL_BRIDGE')!;
      expect(headers.get('variable_originate_disposition')).to.equal('SUCCESS');
      expect(headers.get('variable_last_bridge_hangup_cause')).to.equal('USER_BUSY');
      expect(headers.get('variable_originate_failed_cause')).to.equal('USER_BUSY');
      expect(headers.get('variable_originate_causes')).to.match(/^ARRAY::.*;USER_BUSY\|:.*;NONE$/);
    });

    const REFUSALS: readonly (readonly [string, CalleeBehaviour, string[], string, number])[] = [
      [
        "with the callee's code, whatever the cause",
        busy(),
        ['hangup NORMAL_TEMPORARY_FAILURE'],
        'NORMAL_TEMPORARY_FAILURE',
        486,
      ],
      [
        'with its own code after sip_ignore_remote_cause',
        busy(),
        ['set sip_ignore_remote_cause=true', 'hangup NORMAL_TEMPORARY_FAILURE'],
        'NORMAL_TEMPORARY_FAILURE',
        503,
      ],
      ['with what respond says', busy(), ['respond 503 Try Later'], 'NORMAL_TEMPORARY_FAILURE', 503],
      [
        'with its own code when the callee gave none',
        rings(),
        ['hangup CALL_REJECTED'],
        'CALL_REJECTED',
        603,
      ],
    ];
    for (const [title, callee, commands, cause, sipCode] of REFUSALS) {
      it(`refuses the caller after a failed bridge ${title} (39, 39b)`, async () => {
        const { report } = await play(
          async (wire) => {
            await greet(wire);
            wire.send(
              execute('set', 'continue_on_fail=true') + execute('bridge', `{originate_timeout=2}${number}`),
            );
            await wire.event('CHANNEL_EXECUTE_COMPLETE', 'bridge');
            wire.send(
              commands
                .map((text) => execute(text.split(' ')[0]!, text.slice(text.indexOf(' ') + 1)))
                .join(''),
            );
            await leave(wire);
          },
          { callee: () => callee },
        );
        expect(report.end).to.deep.equal({ kind: 'hangup', cause, sipCode });
      });
    }

    it('scales the seconds of FreeSWITCH', async () => {
      const took = async (secondMs: number): Promise<number> => {
        const bridge = execute('bridge', `{originate_timeout=3}${number}`);
        const { report } = await play(
          async (wire) => {
            await greet(wire);
            wire.send(bridge);
            await wire.event('CHANNEL_EXECUTE_COMPLETE', 'bridge');
            wire.send('exit\n\n');
            await wire.closed;
          },
          { callee: rings },
          { secondMs },
        );
        const [{ startedMs, endedMs, outcome }] = report.bridges as [(typeof report.bridges)[0]];
        expect(outcome).to.equal('NO_ANSWER');
        return endedMs - startedMs;
      };
      // After N-1 to N seconds; later only on a machine that is busy, and not three times.
      const fastest = async (secondMs: number): Promise<number> =>
        Math.min(await took(secondMs), await took(secondMs), await took(secondMs));
      expect(await fastest(40)).to.be.within(78, 1000);
      expect(await fastest(100)).to.be.within(198, 1200);
    });

    it('rings legs together, and drops those that lose', async () => {
      const { report, wires } = await play(
        routes(
          execute('set', 'hangup_after_bridge=true') +
            execute('bridge', '{a=1}[b=2]user/ring@d,user/agent@d'),
        ),
        { callee: ({ user }) => (user === 'ring' ? rings() : answers()) },
      );
      expect(report.legs.map(({ user }) => user)).to.deep.equal(['ring', 'agent']);
      expect([...report.legs[0]!.variables]).to.deep.equal([
        ['a', '1'],
        ['b', '2'],
      ]);
      expect(report.end).to.deep.include({ kind: 'answered', leg: report.legs[1] });
      expect(wires[0]!.find('CHANNEL_BRIDGE')!.headers.get('variable_last_bridge_hangup_cause')).to.equal(
        'LOSE_RACE',
      );
    });

    it('ends only the ringing B leg by its origination_uuid', async () => {
      const { report } = await play(
        async (wire) => {
          await greet(wire);
          wire.send(
            execute('set', 'continue_on_fail=true') + execute('bridge', `{origination_uuid=b1}${number}`),
          );
          await wire.event('CHANNEL_PROGRESS');
          expect((await wire.ask('api uuid_kill b1 NORMAL_CLEARING\n\n')).body).to.equal('+OK\n');
          await wire.event('CHANNEL_EXECUTE_COMPLETE', 'bridge');
          wire.send('exit\n\n');
          await wire.closed;
        },
        { callee: rings },
      );
      expect(report.bridges[0]!.outcome).to.equal('NORMAL_CLEARING');
      expect(report.end).to.deep.equal({ kind: 'dialplan' });
    });

    it('bounds an answered call by sched_hangup', async () => {
      const { report } = await play(
        routes(execute('sched_hangup', '+3 ALLOTTED_TIMEOUT') + execute('bridge', number)),
        {
          callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 4000, hangup: 'callee' }),
        },
      );
      expect(report.end).to.deep.include({ kind: 'answered', hangupBy: 'router' });
      expect(report.variables.get('hangup_cause')).to.equal('ALLOTTED_TIMEOUT');
    });

    it('lets a redirected call into the dialplan again: a second socket for the same leg', async () => {
      const uuids: string[] = [];
      const { report } = await play(
        async (wire, visit) => {
          uuids.push((await greet(wire)).headers.get('Unique-ID')!);
          wire.send(
            execute('set', 'hangup_after_bridge=true') + execute('bridge', `sofia/gateway/crm/${visit}`),
          );
          await leave(wire);
        },
        { callee: ({ user }) => (user === '1' ? { kind: 'redirect' } : answers()) },
      );
      expect(uuids).to.have.length(2);
      expect(new Set(uuids).size).to.equal(1);
      expect(report.end.kind).to.equal('answered');
      expect(report.violations.join()).to.contain('302');
    });
  });

  describe('around socket', () => {
    it('leaves the caller parked in silence when the socket closes before he is', async () => {
      const { report } = await play(async (wire) => {
        wire.send('connect\n\nexit\n\n');
        await wire.closed;
      });
      expect(report.end).to.deep.equal({ kind: 'silence' });
      expect(report.lost).to.equal('the caller was left parked in silence');
    });

    it('asks the next router when the first refuses', async () => {
      const refused = createServer();
      refused.listen(0, '127.0.0.1');
      await once(refused, 'listening');
      const { port } = refused.address() as { port: number };
      refused.close();
      const listener = await listen((wire) => {
        void givesBack()(wire);
      });
      const routers = [port, listener.port].map((each) => ({ host: '127.0.0.1', port: each }));
      const script = { caller: '1', did: '2', callee: answers };
      const second = await new SimulatedFreeSwitch({ routers }).call(script);
      const none = await new SimulatedFreeSwitch({ routers: routers.slice(0, 1) }).call(script);
      await listener.close();
      expect(second.end).to.deep.equal({ kind: 'dialplan' });
      expect(none.end).to.deep.equal({ kind: 'no-router' });
      expect(none.lost).to.be.null;
    });

    it('goes on behind socket when the router dies, and lets a ringing bridge ring on (11e)', async () => {
      const dies = async (wire: Wire): Promise<void> => {
        await greet(wire);
        wire.send(execute('bridge', `{originate_timeout=3}${number}`));
        await wire.event('CHANNEL_PROGRESS');
        wire.socket.resetAndDestroy();
      };
      const unanswered = await play(dies, { callee: rings });
      expect(unanswered.report.end).to.deep.equal({ kind: 'dialplan' });
      expect(unanswered.report.bridges[0]!.outcome).to.equal('NO_ANSWER');
      const answered = await play(dies, {
        callee: () => ({ kind: 'answer', afterMs: 80, talkMs: 10, hangup: 'callee' }),
        dialplanSetsBridgeVariables: true,
      });
      expect(answered.report.end).to.deep.include({ kind: 'answered' });
    });

    it('keeps the markers for the fallback extension', async () => {
      const { report } = await play(async (wire) => {
        const uuid = (await greet(wire)).headers.get('Unique-ID')!;
        wire.send(
          `api uuid_setvar_multi ${uuid} esl_router_result=error;esl_router_reason=webhook_timeout\n\nexit\n\n`,
        );
        await wire.closed;
      });
      expect(report.variables.get('esl_router_result')).to.equal('error');
      expect(report.variables.get('esl_router_reason')).to.equal('webhook_timeout');
    });

    it('follows a transfer with its events, and reports where to', async () => {
      const { wires, report } = await play(async (wire) => {
        await greet(wire);
        wire.send(execute('transfer', '900 XML default', 'event-uuid: t1\n'));
        await wire.event('CHANNEL_EXECUTE_COMPLETE', 'transfer');
        await wire.event('CHANNEL_EXECUTE_COMPLETE', 'socket');
        await wire.event('CHANNEL_EXECUTE', 'playback');
        wire.send('exit\n\n');
        await wire.closed;
      });
      expect(report.end).to.deep.equal({ kind: 'transfer', extension: '900', context: 'default' });
      const kinds = wires[0]!.summary();
      expect(kinds.indexOf('CHANNEL_EXECUTE_COMPLETE transfer')).to.be.below(kinds.indexOf('CHANNEL_UNPARK'));
      expect(
        wires[0]!.find('CHANNEL_EXECUTE', 'playback')!.headers.get('Caller-Destination-Number'),
      ).to.equal('900');
    });

    it('hears of a caller who hangs up while waiting, ringing and talking', async () => {
      const bridge = execute('set', 'hangup_after_bridge=true') + execute('bridge', number);
      const waiting = await play(routes(), { hangupAt: 'connected', hangupAfterMs: 10 });
      expect(waiting.report.end).to.deep.equal({ kind: 'caller-hangup', at: 'waiting' });
      const ringing = await play(routes(bridge), { callee: rings, hangupAt: 'ringing', hangupAfterMs: 10 });
      expect(ringing.report.end).to.deep.equal({ kind: 'caller-hangup', at: 'ringing' });
      expect(ringing.report.bridges[0]!.outcome).to.equal('ORIGINATOR_CANCEL');
      const talking = await play(routes(bridge), {
        callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 4000, hangup: 'callee' }),
        hangupAt: 'answered',
        hangupAfterMs: 10,
      });
      expect(talking.report.end).to.deep.include({ kind: 'answered', hangupBy: 'caller' });
    });
  });

  describe('in limbo', () => {
    const closes = (wire: Wire): Promise<void> => {
      wire.socket.destroy();
      return Promise.resolve();
    };

    it('leaves the caller in silence when the router accepts and closes', async () => {
      const { report } = await play(closes);
      expect(report.end).to.deep.equal({ kind: 'silence' });
      expect(report.lost).to.contain('silence');
    });

    it('leaves him there when the router says nothing, after 25 seconds', async () => {
      const { report } = await play(silent, {}, { secondMs: 10 });
      expect(report.end).to.deep.equal({ kind: 'silence' });
      expect(report.timings.settledMs).to.be.within(240, 20_000);
      const patient = await play(closes, { hangupAfterMs: 60 });
      expect(patient.report.end).to.deep.equal({ kind: 'silence' });
    });

    it('is ended by the guard alone', async () => {
      const greetsOnly = (wire: Wire): Promise<void> => greet(wire).then(() => silent(wire));
      for (const router of [closes, silent, greetsOnly]) {
        const { report } = await play(router, { guardSeconds: 4 });
        expect(report.end).to.deep.equal({ kind: 'guard' });
        expect(report.timings.settledMs).to.be.within(110, 3900);
        expect(report.lost).to.be.null;
      }
    });
  });

  describe('what a router must not do', () => {
    const CASES: readonly (readonly [string, (wire: Wire) => Promise<void>])[] = [
      ['an expansion character', givesBack(execute('set', 'a=${b}'))],
      ['not a command', givesBack('foobar\n\n')],
      ['extra legs', routes(execute('bridge', 'user/a@d|user/b@d') + execute('hangup'))],
      [
        'not connect',
        async (wire) => {
          wire.send('myevents plain\n\nconnect\n\nexit\n\n');
          await wire.closed;
        },
      ],
      ['still queued', givesBack(execute('set', 'a=b'))],
      [
        'in the middle of a command',
        async (wire) => {
          await greet(wire);
          wire.socket.end('sendmsg\ncall-comm');
          await wire.closed;
        },
      ],
      [
        'a bridge inside a ringing bridge',
        async (wire) => {
          await greet(wire);
          wire.send(execute('bridge', 'user/ring@d'));
          await wire.event('CHANNEL_PROGRESS');
          wire.send(execute('bridge', 'user/a@d') + execute('hangup'));
          await leave(wire);
        },
      ],
    ];
    for (const [fault, router] of CASES) {
      it(`is noted: ${fault}`, async () => {
        const callee = ({ user }: { user: string }): CalleeBehaviour =>
          user === 'ring' ? rings() : answers();
        const { report } = await play(router, { callee });
        expect(report.violations.join('\n')).to.contain(fault);
      });
    }
  });

  it('judges a call lost whose router says connect and no more', async () => {
    const { report } = await play(
      async (wire) => {
        await greet(wire);
        await wire.closed;
      },
      { hangupAt: 'connected', hangupAfterMs: 1150 },
      { budgetMs: 100 },
    );
    expect(report.end).to.deep.equal({ kind: 'caller-hangup', at: 'waiting' });
    expect(report.lost).to.contain('no command that ends or moves the call');
  });

  it('ends what is not over in time', async () => {
    const { report } = await play((wire) => greet(wire).then(() => silent(wire)), {}, { maxCallMs: 120 });
    expect(report.end).to.deep.equal({ kind: 'silence' });
    expect(report.violations).to.deep.equal(['not over after 120 ms']);
  });

  it('counts its calls, and is empty after close', async () => {
    const listener = await listen((wire) => {
      void greet(wire);
    });
    const freeswitch = new SimulatedFreeSwitch({ routers: [{ host: '127.0.0.1', port: listener.port }] });
    const calls = [1, 2, 3].map((n) => freeswitch.call({ caller: String(n), did: '2', callee: answers }));
    expect(freeswitch.active).to.equal(3);
    await freeswitch.close();
    await Promise.all(calls);
    expect(freeswitch.active).to.equal(0);
    await listener.close();
  });
});
