import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { RouterError } from '../../../lib/errors.ts';
import { Connection } from '../../../lib/esl/connection.ts';
import {
  Listener,
  type Admission,
  type Counts,
  type Handler,
  type ListenerOptions,
  type Refusal,
} from '../../../lib/esl/listener.ts';
import { eventually } from '../../support/wait.ts';
import { dialling, judging, LOOPBACK, serve, withListener } from './stage.ts';

async function dial(listener: Listener, host = listener.address.host): Promise<Socket> {
  const socket = connect(listener.address.port, host);
  await once(socket, 'connect');
  return socket;
}

async function configFault(options: Partial<ListenerOptions>): Promise<string> {
  try {
    const listener = await Listener.listen({ ...LOOPBACK, ...options }, serve);
    await listener.drain();
  } catch (error) {
    expect(error).to.be.instanceOf(RouterError);
    expect(error).to.include({ code: 'config_invalid' });
    return (error as RouterError).message;
  }
  throw new Error('it listens');
}

describe('esl/listener', () => {
  it('speaks first, also to a peer that is not allowed', () =>
    withListener({ allow: ['10.0.0.0/8', '::1'] }, serve, async (listener) => {
      const socket = await dial(listener);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      expect(chunk.toString()).to.contain('connect\n\n');
      socket.destroy();
    }));

  const peers: [string[], string, Refusal | null][] = [
    [['127.0.0.1'], '127.0.0.1', null],
    [['127.0.0.0/8'], '127.0.0.1', null],
    [['0.0.0.0/0'], '127.0.0.1', null],
    [['10.0.0.0/8', '127.0.0.1/32'], '127.0.0.1', null],
    [['127.0.0.2'], '127.0.0.1', 'peer_not_allowed'],
    [['::1/128'], '127.0.0.1', 'peer_not_allowed'],
    [['::ffff:127.0.0.0/104'], '127.0.0.1', null],
    [[], '127.0.0.1', 'peer_not_allowed'],
    [['::1'], '::1', null],
    [['127.0.0.1'], '::1', 'peer_not_allowed'],
  ];
  for (const [allow, from, verdict] of peers) {
    it(`judges ${from} by [${allow.join(', ')}] on both families: ${verdict ?? 'welcome'}`, () => {
      const { verdicts, handler, next } = judging();
      return withListener({ allow, host: '::' }, handler, async (listener) => {
        const judged = next();
        const socket = await dial(listener, from);
        await judged;
        expect(verdicts).to.deep.equal([verdict]);
        expect(listener.counts.calls).to.equal(verdict === null ? 1 : 0);
        socket.destroy();
      });
    });
  }

  for (const entry of [
    '',
    'localhost',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/',
    '10.0.0/8',
    '1.2.3.4/8/9',
    '1.2.3.4/-1',
    'fe80::1%lo',
    ' 10.0.0.1',
  ]) {
    it(`does not start with ${JSON.stringify(entry)} on the allow-list`, async () => {
      expect(await configFault({ allow: ['127.0.0.1', entry] })).to.contain(JSON.stringify(entry));
    });
  }

  it('names the address that it cannot listen on', () =>
    withListener({}, serve, async ({ address }) => {
      expect(await configFault({ port: address.port }))
        .to.contain(`127.0.0.1:${address.port}`)
        .and.contain('EADDRINUSE');
      expect(await configFault({ host: '192.0.2.1' }))
        .to.contain('192.0.2.1:0')
        .and.contain('EADDRNOTAVAIL');
    }));

  it('counts calls, refuses those over the cap, and welcomes again when one has ended', () => {
    const { verdicts, handler, next } = judging();
    const admit: ListenerOptions['admit'] = ({ calls }) => (calls < 2 ? null : 'over_capacity');
    return withListener({ admit }, handler, async (listener) => {
      const sockets: Socket[] = [];
      for (let i = 0; i < 4; i++) {
        const judged = next();
        sockets.push(await dial(listener));
        await judged;
      }
      expect(verdicts).to.deep.equal([null, null, 'over_capacity', 'over_capacity']);
      expect(listener.counts).to.include({ calls: 2, refused: 2, waiting: 0 });
      sockets[0]!.end();
      await once(sockets[0]!.resume(), 'close');
      const judged = next();
      sockets.push(await dial(listener));
      await judged;
      expect(verdicts.at(-1)).to.equal(null);
      for (const socket of sockets) socket.destroy();
    });
  });

  it('survives handlers that throw or reject, tells of them, and closes their sockets', async () => {
    const errors: string[] = [];
    const failing: Handler[] = [
      () => Promise.reject(new Error('rejected')),
      () => {
        throw new Error('thrown');
      },
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what a bug may do
      () => Promise.reject('no error at all'),
    ];
    const handler: Handler = (socket, admission) => failing.shift()!(socket, admission);
    const onError = (error: Error): void => void errors.push(error.message);
    await withListener({ onError }, handler, async (listener) => {
      for (let i = 0; i < 3; i++) await once((await dial(listener)).resume(), 'close');
      expect(listener.counts.calls).to.equal(0);
    });
    expect(errors).to.deep.equal(['rejected', 'thrown', 'no error at all']);
  });

  it('outlives resets, at once and later', () =>
    withListener({}, serve, async (listener) => {
      for (let i = 0; i < 20; i++) (await dial(listener)).resetAndDestroy();
      const socket = await dial(listener);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      expect(chunk.toString()).to.equal('connect\n\n');
      socket.resetAndDestroy();
    }));

  it('outlives a reset before its handler has taken the socket over', async () => {
    let reset: () => void = () => undefined;
    const afterReset = new Promise<void>((resolve) => (reset = resolve));
    const closed: unknown[] = [];
    const handler: Handler = async (socket) => {
      await afterReset;
      closed.push(await new Connection(socket.resume()).closed);
    };
    await withListener({}, handler, async (listener) => {
      (await dial(listener)).resetAndDestroy();
      // A second one that has been accepted shows that the first one's reset has been read.
      const socket = await dial(listener);
      await new Promise((resolve) => setTimeout(resolve, 50));
      reset();
      socket.destroy();
      await listener.drain();
      await listener.idle();
    });
    expect(closed).to.have.length(2);
  });

  it('drains: closes when nobody is queued, serves who came meanwhile, waits for its calls', async () => {
    const { verdicts, handler, next } = judging();
    await withListener({}, handler, async (listener) => {
      let judged = next();
      const call = await dial(listener);
      await judged;
      const drained = listener.drain();
      judged = next();
      const late = await dial(listener);
      await judged;
      expect(verdicts).to.deep.equal([null, null]);
      await drained;
      const refused = connect(listener.address.port, '127.0.0.1');
      const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNREFUSED');

      let idle = false;
      const becameIdle = listener.idle().then(() => (idle = true));
      late.destroy();
      await new Promise((resolve) => setImmediate(resolve));
      expect(idle).to.equal(false);
      call.destroy();
      await becameIdle;
      expect(listener.counts.calls).to.equal(0);
    });
  });

  it('closes for a while, serves what was queued, and opens the same port again', () => {
    const { verdicts, handler } = judging();
    const waits: number[] = [];
    const admit = (_: Counts, waitedMs: number): null => {
      waits.push(waitedMs);
      return null;
    };
    return withListener({ admit }, handler, async (listener) => {
      const queued = Array.from({ length: 30 }, () => connect(listener.address.port, '127.0.0.1'));
      await Promise.all(queued.map((socket) => once(socket, 'connect')));
      await listener.pause();
      expect(listener.isOpen).to.equal(false);
      while (verdicts.length < 30) await new Promise((resolve) => setImmediate(resolve));
      expect(verdicts).to.deep.equal(queued.map(() => null));
      expect(listener.counts).to.include({ calls: 30, waiting: 0 });
      expect(waits.at(-1), 'accepted by a port about to close').to.be.above(0);
      const refused = connect(listener.address.port, '127.0.0.1');
      const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNREFUSED');
      await listener.resume();
      expect(listener.isOpen).to.equal(true);
      (await dial(listener)).destroy();
      for (const socket of queued) socket.destroy();
    });
  });

  it('tries again when another process has taken its port meanwhile', async () => {
    const errors: string[] = [];
    const onError = (error: Error): void => void errors.push(error.message);
    await withListener({ onError }, serve, async (listener) => {
      await listener.pause();
      const thief = createServer().listen(listener.address.port, '127.0.0.1');
      await once(thief, 'listening');
      const resumed = listener.resume();
      while (errors.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(errors[0]).to.include('EADDRINUSE');
      thief.close();
      await resumed;
      (await dial(listener)).destroy();
    });
  });

  it('a drain ends a pause, and an attempt to open again', async () => {
    for (const resume of [false, true]) {
      const listener = await Listener.listen(LOOPBACK, serve);
      void listener.pause();
      if (resume) void listener.resume();
      await listener.drain();
      await listener.idle();
      const refused = connect(listener.address.port, '127.0.0.1');
      const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNREFUSED');
    }
  });

  describe('after a standstill of this process', () => {
    /** Connects so often, and resets every other one; then says so. */
    const CALLERS = `
      const { connect } = require('node:net');
      process.on('message', ({ port, count }) => {
        let made = 0;
        for (let i = 0; i < count; i++) {
          const socket = connect(port, '127.0.0.1', () => {
            if (i % 2 === 1) socket.resetAndDestroy();
            made++;
          });
          socket.on('error', () => undefined);
        }
      });
      process.send('ready');`;

    async function standstill(
      options: Partial<ListenerOptions>,
      after: () => Promise<void>,
    ): Promise<Admission[]> {
      const admissions: Admission[] = [];
      const handler: Handler = async (socket, admission) => {
        admissions.push(admission);
        await new Connection(socket).closed;
      };
      const callers = spawn(process.execPath, ['-e', CALLERS], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      try {
        await once(callers, 'message');
        await withListener(options, handler, async (listener) => {
          callers.send({ port: listener.address.port, count: 20 });
          const until = performance.now() + 500;
          while (performance.now() < until);
          await after();
        });
      } finally {
        callers.kill();
      }
      return admissions;
    }

    it('tells of each connection that was reset in the queue, and how long it may have stood there', async () => {
      const unserved: { waitedMs: number; stalledMs: number }[] = [];
      let lagMs = 500;
      const options: Partial<ListenerOptions> = {
        // As measured by a timer: it is over when the first of them has been accepted.
        lagMs: () => {
          const measured = lagMs;
          lagMs = 0;
          return measured;
        },
        onUnserved: (times) => void unserved.push(times),
      };
      const admissions = await standstill(options, async () => {
        await eventually('ten of them', () => unserved.length === 10);
      });
      expect(unserved).to.deep.equal(Array.from({ length: 10 }, () => ({ waitedMs: 0, stalledMs: 500 })));
      expect(admissions).to.deep.equal(
        Array.from({ length: 10 }, () => ({ refusal: null, waitedMs: 0, stalledMs: 500 })),
      );
    });

    it('and then no more', async () => {
      let lagMs = 500;
      const stalls: number[] = [];
      const handler: Handler = async (socket, { stalledMs }) => {
        stalls.push(stalledMs);
        await new Connection(socket).closed;
      };
      await withListener({ lagMs: () => lagMs }, handler, async (listener) => {
        const first = await dial(listener);
        await new Promise((resolve) => setTimeout(resolve, 20));
        lagMs = 3;
        const second = await dial(listener);
        await eventually('the second', () => stalls.length === 2);
        expect(stalls).to.deep.equal([500, 3]);
        for (const socket of [first, second]) socket.destroy();
      });
    });
  });

  it('stops though calls never cease, and gives nobody back', async function () {
    this.timeout(60_000);
    const { verdicts, handler } = judging();
    await withListener({}, handler, async (listener) => {
      const sockets: Socket[] = [];
      const timer = setInterval(() => {
        sockets.push(connect(listener.address.port, '127.0.0.1').on('error', () => undefined));
      }, 20);
      await listener.drain();
      clearInterval(timer);
      expect(verdicts.every((verdict) => verdict === null)).to.equal(true);
      for (const socket of sockets) socket.destroy();
    });
  });

  it('resets nothing that is queued while the process is busy and about to stop', async function () {
    this.timeout(60_000);
    const { result } = await dialling({ count: 300 }, (listener) => {
      void listener.drain();
      const until = performance.now() + 700;
      while (performance.now() < until);
      return () => undefined;
    });
    expect(result).to.include({ greeted: 300, lost: 0 });
  });
});
