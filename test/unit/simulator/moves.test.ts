import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallReport, Move } from '../../../lib/simulator/index.ts';
import { sideBySide } from '../../support/wait.ts';
import { execute, greet, leave, parked, play, type Played, type Wire } from './support.ts';

const number = 'sofia/gateway/crm/380441234567';
const bridge =
  execute('set', 'hangup_after_bridge=true') + execute('bridge', `{originate_timeout=9}${number}`);

/** Asks for ever, lets it ring for ever, or talks for ever: as long as nobody else does something. */
const ROUTERS: Readonly<Record<'asked' | 'ringing' | 'talking', (wire: Wire) => Promise<void>>> = {
  asked: (wire) => greet(wire).then(() => leave(wire)),
  ringing: async (wire) => {
    await greet(wire);
    wire.send(bridge);
    await leave(wire);
  },
  talking: async (wire) => {
    await greet(wire);
    wire.send(bridge);
    await leave(wire);
  },
};

const AT = { asked: 'connected', ringing: 'ringing', talking: 'answered' } as const;

function moved(
  from: keyof typeof ROUTERS,
  move: Omit<Move, 'at' | 'afterMs'>,
  router = ROUTERS[from],
  script: Parameters<typeof play>[1] = {},
): Promise<Played> {
  return play(router, {
    moves: [{ at: AT[from], afterMs: 40, talkMs: 60, ...move }],
    callee: () =>
      from === 'ringing' ? { kind: 'ring' } : { kind: 'answer', afterMs: 5, talkMs: 3000, hangup: 'callee' },
    ...script,
  });
}

/** What came from the move on, without what varies. */
function since(wire: Wire, first: string): string[] {
  const kinds = wire.summary().filter((kind) => !kind.startsWith('notice'));
  return kinds.slice(kinds.indexOf(first));
}

describe('a call that others move', () => {
  const KINDS = ['transfer', 'refer-by-callee', 'park', 'bridge', 'attended', 'pickup'] as const;
  const ROWS = KINDS.flatMap((kind) =>
    (['asked', 'ringing', 'talking'] as const).map((from) => {
      // Who was never answered is not bridged but hung up.
      const joined = from !== 'talking' && (kind === 'bridge' || kind === 'attended');
      return { kind, from, joined };
    }),
  );
  let played: Promise<Played>[] = [];
  before(() => {
    played = sideBySide(ROWS, ({ kind, from, joined }) =>
      moved(from, { kind, to: '700', hangup: 'other' }, ROUTERS[from], { lateAnswer: joined }),
    );
    for (const each of played) each.catch(() => undefined);
  });
  for (const [index, { kind, from, joined }] of ROWS.entries()) {
    it(`lives on after ${kind} while it was ${from}${joined ? ', if it was answered' : ''}`, async () => {
      const { report, wires } = (await played[index]) as Played;
      const { end, violations, lost } = report;
      expect(violations).to.deep.equal([]);
      expect(lost).to.be.null;
      expect(end).to.deep.include({ kind: 'moved', by: kind, endedBy: 'other' });
      expect(report.moves.map((each) => each.from)).to.deep.equal([from]);
      const complete = wires[0]!.find('CHANNEL_EXECUTE_COMPLETE', 'socket')!.headers;
      expect(complete.get('Answer-State')).not.to.equal('hangup');
      const source = complete.get('Caller-Transfer-Source');
      if (kind === 'park') expect(source).to.be.undefined;
      else expect(source).to.match(/:bl_xfer:700\/public\/XML$|:uuid_br:[0-9a-f-]{36}$/);
      expect(complete.get('Caller-Profile-Index')).to.equal(kind === 'park' ? '1' : '2');
    });
  }

  const after = (kind: 'transfer-after-bridge' | 'park-after-bridge'): Promise<Played> =>
    moved('asked', { kind, to: '700/other' }, ROUTERS.talking, {
      callee: () => ({ kind: 'answer', afterMs: 150, talkMs: 50, hangup: 'callee' }),
    });

  it('lives on when the callee hangs up, by transfer_after_bridge and park_after_bridge', async () => {
    const { report, wires } = await after('transfer-after-bridge');
    expect(report.end).to.deep.equal({
      kind: 'moved',
      by: 'transfer-after-bridge',
      to: '700/other',
      endedBy: 'caller',
    });
    const { headers } = wires[0]!.find('CHANNEL_EXECUTE_COMPLETE', 'bridge')!;
    expect(headers.get('Caller-Destination-Number')).to.equal('700');
    expect(wires[0]!.find('CHANNEL_UNBRIDGE')!.headers.get('Caller-Destination-Number')).to.equal(
      '15005550100',
    );
    expect((await after('park-after-bridge')).report.end).to.deep.include({
      kind: 'moved',
      by: 'park-after-bridge',
    });
  });

  it('is hung up by uuid_bridge when it was never answered', async () => {
    const { report } = await moved('asked', { kind: 'bridge' });
    expect(report.end).to.deep.equal({ kind: 'moved', by: 'bridge', to: '700', endedBy: 'switch' });
    expect(report.variables.get('hangup_cause')).to.equal('DESTINATION_OUT_OF_ORDER');
  });

  it('ends where it was sent when there is no such extension', async () => {
    const { report, wires } = await moved('asked', { kind: 'transfer', to: 'nope' }, ROUTERS.asked, {});
    expect(report.end.kind).to.equal('moved');
    expect(wires).to.have.length(1);
    const none = await play(
      ROUTERS.asked,
      { moves: [{ at: 'connected', afterMs: 20, kind: 'transfer', to: 'nope' }] },
      { extensions: ['700'] },
    );
    expect(none.report.variables.get('hangup_cause')).to.equal('NO_ROUTE_DESTINATION');
    expect(since(none.wires[0]!, 'CHANNEL_UNPARK').slice(0, 3)).to.deep.equal([
      'CHANNEL_UNPARK',
      'CHANNEL_EXECUTE_COMPLETE socket',
      'CHANNEL_STATE',
    ]);
  });

  it('can be moved once more', async () => {
    const { report } = await moved('talking', { kind: 'park' }, ROUTERS.talking, {
      moves: [
        { at: 'answered', afterMs: 20, kind: 'park', talkMs: 2000 },
        { at: 'moved', afterMs: 20, kind: 'bridge', to: '800', talkMs: 40, hangup: 'hupall' },
      ],
    });
    expect(report.end).to.deep.equal({ kind: 'moved', by: 'bridge', to: '800', endedBy: 'switch' });
    expect(report.moves.map(({ by, from }) => `${by} ${from}`)).to.deep.equal([
      'park talking',
      'bridge moved',
    ]);
    expect(report.violations).to.deep.equal([]);
  });

  it('is moved by a task of the dialplan', async () => {
    const { report } = await play(ROUTERS.asked, {
      schedules: [{ application: 'sched_transfer', seconds: 2, argument: '701' }],
    });
    expect(report.end).to.deep.equal({
      kind: 'moved',
      by: 'sched_transfer',
      to: '701/public',
      endedBy: 'caller',
    });
    expect(report.tasks[0]).to.include({ owner: 'dialplan', guard: false, outcome: 'fired' });
  });
});

describe('what others do to a call, other than to move it', () => {
  const does = (from: keyof typeof ROUTERS, kind: Move['kind']): Promise<Played> => moved(from, { kind });

  it('ends it: uuid_kill, hupall, the end of the callee', async () => {
    const ended = async (from: keyof typeof ROUTERS, kind: Move['kind']): Promise<string> => {
      const { end, variables } = (await does(from, kind)).report;
      const by = end.kind === 'answered' ? ` by ${end.hangupBy}` : '';
      return `${end.kind}${by} ${variables.get('hangup_cause') ?? ''} ${variables.get('sip_hangup_disposition') ?? ''}`;
    };
    expect(await ended('asked', 'kill')).to.equal('hangup NORMAL_CLEARING send_refuse');
    expect(await ended('ringing', 'hupall')).to.equal('hangup MANAGER_REQUEST send_refuse');
    expect(await ended('talking', 'kill')).to.equal('answered by switch NORMAL_CLEARING send_bye');
    expect(await ended('talking', 'kill-callee')).to.equal('answered by switch NORMAL_CLEARING send_bye');
    expect(await ended('talking', 'transfer-callee')).to.equal('answered by switch NORMAL_CLEARING send_bye');
    expect(await ended('talking', 'refer-by-caller')).to.equal('answered by caller NORMAL_CLEARING send_bye');
  });

  it('leaves it with a failed bridge when the ringing callee is sent elsewhere', async () => {
    const { report, wires } = await moved('ringing', { kind: 'transfer-callee' }, async (wire) => {
      await greet(wire);
      wire.send(execute('set', 'continue_on_fail=true') + bridge);
      await wire.event('CHANNEL_EXECUTE_COMPLETE', 'bridge');
      wire.send('exit\n\n');
      await wire.closed;
    });
    expect(report.bridges[0]!.outcome).to.equal('ORIGINATOR_CANCEL');
    expect(report.end).to.deep.equal({ kind: 'dialplan' });
    expect(wires[0]!.find('CHANNEL_HANGUP')).to.be.undefined;
  });

  it('answers the caller: the CHANNEL_ANSWER is not the callee’s', async () => {
    const { wires, report } = await moved(
      'asked',
      { kind: 'answer' },
      async (wire) => {
        await greet(wire);
        await wire.event('CHANNEL_ANSWER');
        wire.send(bridge);
        await leave(wire);
      },
      { callee: () => ({ kind: 'answer', afterMs: 30, talkMs: 30, hangup: 'callee' }) },
    );
    expect(wires[0]!.summary().filter((kind) => kind === 'CHANNEL_ANSWER')).to.have.length(1);
    expect(wires[0]!.find('CHANNEL_PROGRESS')).to.be.undefined;
    expect(report.end.kind).to.equal('answered');
  });

  it('plays something into it', async () => {
    const { wires, report } = await moved('talking', { kind: 'broadcast' }, ROUTERS.talking, {
      callee: () => ({ kind: 'answer', afterMs: 30, talkMs: 200, hangup: 'callee' }),
    });
    expect(wires[0]!.summary()).to.include('CHANNEL_EXECUTE playback');
    expect(report.end).to.deep.include({ kind: 'answered', hangupBy: 'callee' });
    expect(report.violations).to.deep.equal([]);
  });

  it('has answered it before the socket, and says so late', async () => {
    const { wires } = await play(
      async (wire) => {
        const { headers } = await greet(wire);
        const answer = await wire.event('CHANNEL_ANSWER');
        expect(Number(answer.headers.get('Event-Sequence'))).to.be.below(
          Number(headers.get('Event-Sequence')),
        );
        await parked(wire);
        wire.send('exit\n\n');
        await wire.closed;
      },
      { lateAnswer: true },
    );
    expect(wires[0]!.messages[0]!.headers.get('Answer-State')).to.equal('answered');
  });
});

describe('the judge of moved calls', () => {
  /** Once the first socket's own end is out, and a while later, the router says something. */
  const late =
    (commands: (uuid: string, wire: Wire) => string) =>
    async (wire: Wire): Promise<void> => {
      const uuid = (await greet(wire)).headers.get('Unique-ID')!;
      await wire.event('CHANNEL_EXECUTE_COMPLETE', 'socket');
      await delay(120);
      wire.send(commands(uuid, wire));
      await wire.closed;
    };
  const judged = async (commands: (uuid: string, wire: Wire) => string): Promise<CallReport> =>
    (await moved('asked', { kind: 'park', talkMs: 400 }, late(commands))).report;

  const TEARS: readonly (readonly [string, (uuid: string) => string])[] = [
    ['hangup', () => execute('hangup', 'USER_BUSY')],
    ['hangup', () => 'sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n'],
    ['uuid_kill', (uuid) => `api uuid_kill ${uuid}\n\n`],
    ['uuid_transfer', (uuid) => `api uuid_transfer ${uuid} 1 XML public\n\n`],
    ['transfer', () => execute('transfer', '1 XML public')],
    ['bridge', () => execute('bridge', number)],
    ['sched_transfer', () => execute('sched_transfer', '+90 1 XML public')],
    ['sched_api', (uuid) => `api sched_api +90 ${uuid} uuid_transfer ${uuid} 1 XML public\n\n`],
  ];
  let torn: Promise<CallReport>[] = [];
  before(() => {
    torn = sideBySide(TEARS, ([, command]) => judged(command));
    for (const report of torn) report.catch(() => undefined);
  });
  for (const [index, [what]] of TEARS.entries()) {
    it(`holds ${what} against a router that could know`, async () => {
      const { violations } = (await torn[index]) as CallReport;
      expect(violations.join('\n')).to.match(new RegExp(`^tore a moved call: ${what} \\d+ ms after`, 'm'));
    });
  }

  it('holds it against a router that kills the call to which others have joined its own', async () => {
    const router = late((_, wire) => {
      const { headers } = wire.messages.findLast(({ isEvent }) => isEvent)!;
      return `api uuid_kill ${headers.get('Other-Leg-Unique-ID')!}\n\n`;
    });
    const { report } = await moved('asked', { kind: 'pickup', talkMs: 400 }, router);
    expect(report.violations.join()).to.match(/^tore a moved call: uuid_kill/);
    expect(report.end).to.deep.include({ kind: 'moved', by: 'pickup', endedBy: 'other' });
  });

  it('lets a command cross the move', async () => {
    const { report } = await moved('asked', { kind: 'park', talkMs: 400 }, async (wire) => {
      await greet(wire);
      await wire.event('CHANNEL_UNPARK');
      wire.send(execute('hangup', 'USER_BUSY'));
      await leave(wire);
    });
    expect(report.violations).to.deep.equal([]);
    expect(report.end).to.deep.include({ kind: 'moved', endedBy: 'router' });
  });

  it('lets the router delete its guard, and nothing more', async () => {
    const router = late((_, wire) => {
      const id = wire.messages[0]!.headers.get('variable_esl_router_guard_id')!;
      return `api sched_del ${id}\n\n`;
    });
    const { report } = await moved('asked', { kind: 'transfer', talkMs: 3_200 }, router, {
      guardSeconds: 30,
    });
    expect(report.violations).to.deep.equal([]);
    expect(report.end).to.deep.include({ kind: 'moved', endedBy: 'caller' });
  });

  it('finds a moved caller whom the guard has torn away', async () => {
    const { report } = await moved('asked', { kind: 'transfer', talkMs: 900 }, ROUTERS.asked, {
      guardSeconds: 6,
    });
    expect(report.end).to.deep.equal({ kind: 'moved', by: 'transfer', to: '700/public', endedBy: 'guard' });
    expect(report.violations).to.deep.equal(['a guard tore a moved caller out of his new place']);
  });

  it('finds a socket that is closed too early, unless the router is stopped', async () => {
    const exits = late(() => 'exit\n\n');
    const talks = { kind: 'park', talkMs: 400 } as const;
    expect((await moved('asked', talks, exits)).report.violations).to.deep.equal([
      'closed the socket of a moved call before its end',
    ]);
    const stopped = await moved('asked', talks, exits, { routerStops: true });
    expect(stopped.report.violations).to.deep.equal([]);
    expect(stopped.report.end).to.deep.include({ kind: 'moved', endedBy: 'caller' });
  });
});

describe('two sockets on one channel', () => {
  const again = { kind: 'transfer', to: { socket: true } } as const;
  const busy = execute('hangup', 'USER_BUSY');

  it('gives each its session, and judges the first by what is not its own any more', async () => {
    const uuids: string[] = [];
    const { report, wires } = await moved(
      'asked',
      again,
      async (wire) => {
        const { headers } = await greet(wire);
        uuids.push(headers.get('Unique-ID')!);
        if (uuids.length > 1) {
          expect(headers.get('Caller-Profile-Index')).to.equal('2');
          wire.send(`api sched_del ${headers.get('variable_esl_router_guard_id')!}\n\n${busy}`);
        } else {
          wire.send(`api sched_del ${headers.get('variable_esl_router_guard_id')!}\n\n`);
        }
        await leave(wire);
      },
      { guardSeconds: 90 },
    );
    expect(new Set(uuids).size).to.equal(1);
    expect(report.sessions).to.equal(2);
    expect(report.end).to.deep.equal({ kind: 'hangup', cause: 'USER_BUSY', sipCode: 486 });
    expect(report.violations).to.deep.equal([]);
    expect(wires[0]!.summary()).to.include('CHANNEL_HANGUP_COMPLETE').and.include('CHANNEL_EXECUTE socket');
  });

  it('lets the second go when the first is closed: the dialplan goes on', async () => {
    let first: Wire | null = null;
    const { report, wires } = await moved(
      'asked',
      again,
      async (wire) => {
        await greet(wire);
        if (first === null) {
          first = wire;
          await wire.closed;
          return;
        }
        await delay(120);
        first.socket.end();
        await leave(wire);
      },
      {},
    );
    expect(report.end).to.deep.equal({ kind: 'dialplan' });
    expect(report.violations).to.deep.equal(['closed the socket of a moved call before its end']);
    expect(since(wires[1]!, 'CHANNEL_UNPARK').slice(0, 2)).to.deep.equal([
      'CHANNEL_UNPARK',
      'CHANNEL_EXECUTE_COMPLETE socket',
    ]);
    expect(wires[1]!.summary()).to.include('CHANNEL_EXECUTE playback');
  });

  it('leads back to socket from the fallback, so often and no more', async () => {
    let visits = 0;
    const { report } = await play(
      async (wire) => {
        visits++;
        await greet(wire);
        await parked(wire);
        wire.send('exit\n\n');
        await wire.closed;
      },
      { fallback: 'socket' },
    );
    expect(visits).to.equal(8);
    expect(report.sessions).to.equal(8);
    expect(report.end).to.deep.equal({ kind: 'hangup', cause: 'EXCHANGE_ROUTING_ERROR', sipCode: 483 });
  });

  it('leads back to socket from the guard', async () => {
    let visits = 0;
    const { report } = await play(
      async (wire) => {
        visits++;
        const { headers } = await greet(wire);
        if (visits > 1) wire.send(`api sched_del ${headers.get('variable_esl_router_guard_id')!}\n\n${busy}`);
        await leave(wire);
      },
      { fallback: 'socket', guardSeconds: 3 },
    );
    expect(visits).to.equal(2);
    expect(report.violations).to.deep.equal([]);
    expect(report.tasks.map(({ outcome }) => outcome)).to.deep.equal(['fired', 'deleted']);
  });
});

describe('a switch that is not as one wishes', () => {
  it('refuses an API command', async () => {
    const says = async (script: object, options: object): Promise<string> => {
      const { wires } = await play(
        async (wire) => {
          const uuid = (await greet(wire)).headers.get('Unique-ID')!;
          await wire.ask(`api uuid_ring_ready ${uuid}\n\n`);
          await parked(wire);
          wire.send('exit\n\n');
          await wire.closed;
        },
        script,
        options,
      );
      return wires[0]!.summary().find((kind) => kind.startsWith('api '))!;
    };
    expect(await says({}, {})).to.equal('api +OK\n');
    expect(await says({ refuses: ['uuid_ring_ready'] }, {})).to.equal('api -ERROR\n');
    expect(await says({}, { refuses: ['uuid_ring_ready'] })).to.equal('api -ERROR\n');
  });

  it('has a uuid of any shape, and a connect reply of any length', async () => {
    for (const uuid of ['420009675@206.0.2.68', 'u{cX820%bek@host']) {
      const { report } = await play(
        async (wire) => {
          const { headers, raw } = await greet(wire);
          expect(headers.get('Unique-ID')).to.equal(uuid);
          expect(raw.length).to.be.above(70_000);
          wire.send(busy());
          await leave(wire);
        },
        { uuid, variables: { long: 'x'.repeat(70_000) } },
      );
      expect(report.uuid).to.equal(uuid);
    }
  });

  const busy = (): string => execute('hangup', 'USER_BUSY');
});
