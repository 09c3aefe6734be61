import { expect } from 'chai';
import { getEventListeners, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { RouterError } from '../../../lib/errors.ts';
import { plainAddress } from '../../../lib/esl/allow.ts';
import { Connection, type ConnectionOptions } from '../../../lib/esl/connection.ts';
import type { EslEvent } from '../../../lib/esl/parser.ts';
import * as wire from './wire.ts';

async function rejection(promise: Promise<unknown>): Promise<RouterError> {
  try {
    await promise;
  } catch (error) {
    return error as RouterError;
  }
  throw new Error('did not reject');
}

/** A connection whose other end is held by the test. */
function inMemory(options?: ConnectionOptions): { connection: Connection; fs: Duplex } {
  const [ours, fs] = duplexPair();
  return { connection: new Connection(ours, options), fs };
}

async function heard(fs: Duplex, text: string): Promise<void> {
  for (let all = ''; !all.includes(text);) {
    const [chunk] = (await once(fs, 'data')) as [Buffer];
    all += chunk.toString();
  }
}

describe('esl/connection', () => {
  describe('replies', () => {
    it('answer the commands in their order, whatever events come between', async () => {
      const { connection, fs } = inMemory();
      const names: string[] = [];
      connection.on((event) => names.push(event.name));
      const replies = connection.send([
        { kind: 'connect' },
        { kind: 'linger', seconds: 10 },
        { kind: 'api', command: 'sched_del', args: 'u' },
        { kind: 'execute', app: 'nope' },
      ]);
      fs.write(wire.event('CHANNEL_PARK'));
      fs.write(wire.connectReply({ 'Caller-Caller-ID-Name': 'Andr%E9' }));
      fs.write(wire.commandReply('+OK will linger 10 seconds') + wire.event('CHANNEL_HANGUP'));
      fs.write(wire.apiResponse('-ERR No such task!\n') + wire.commandReply('-ERR invalid: reason'));
      const [first, ...others] = await Promise.all(replies);
      expect(first?.ok).to.equal(true);
      expect(first?.text).to.equal('+OK');
      expect(first?.message.headers.get('Caller-Caller-ID-Name')).to.equal('André');
      expect(others.map(({ ok, text }) => [ok, text])).to.deep.equal([
        [true, '+OK will linger 10 seconds'],
        [false, '-ERR No such task!'],
        [false, '-ERR invalid: reason'],
      ]);
      expect(names).to.deep.equal(['CHANNEL_PARK', 'CHANNEL_HANGUP']);
    });

    it('and the events behind one in its chunk: who listens after it hears them, once', async () => {
      const { connection, fs } = inMemory();
      const reply = connection.request({ kind: 'connect' });
      fs.write(wire.connectReply() + wire.event('CHANNEL_PARK') + wire.event('CHANNEL_HANGUP'));
      await reply;
      const names: string[] = [];
      const later: string[] = [];
      connection.on((event) => names.push(event.name));
      connection.on((event) => later.push(event.name));
      expect(names).to.deep.equal(['CHANNEL_PARK', 'CHANNEL_HANGUP']);
      const last = connection.waitFor(({ name }) => name === 'CHANNEL_HANGUP_COMPLETE');
      fs.write(wire.event('CHANNEL_HANGUP_COMPLETE'));
      await last;
      expect(names).to.deep.equal(['CHANNEL_PARK', 'CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE']);
      expect(later).to.deep.equal(['CHANNEL_HANGUP_COMPLETE']);
    });

    it('keep no events of an earlier chunk', async () => {
      const { connection, fs } = inMemory();
      const replies = connection.send([{ kind: 'connect' }, { kind: 'linger', seconds: 10 }]);
      fs.write(wire.event('CHANNEL_PARK') + wire.connectReply());
      await replies[0];
      fs.write(wire.commandReply('+OK will linger'));
      await replies[1];
      const names: string[] = [];
      connection.on((event) => names.push(event.name));
      expect(names).to.deep.equal([]);
    });

    it('of api are ok unless they begin with -ERR', async () => {
      const { connection, fs } = inMemory();
      const reply = connection.request({ kind: 'api', command: 'uuid_exists', args: 'u' });
      fs.write(wire.apiResponse('true'));
      expect(await reply).to.include({ ok: true, text: 'true' });
    });

    it('are asked for in one write, and in none when a value is unsafe', () => {
      const [ours] = duplexPair();
      const written: unknown[] = [];
      ours.write = (text: unknown) => written.push(text) > 0;
      const connection = new Connection(ours);
      expect(() => connection.send([{ kind: 'connect' }, { kind: 'hangup', cause: 'A\n' }])).to.throw(
        RouterError,
      );
      expect(written).to.deep.equal([]);
      void connection.send([
        { kind: 'connect' },
        { kind: 'execute', app: 'set', arg: 'a=b' },
        { kind: 'exit' },
      ]);
      expect(written).to.have.length(1);
      expect(connection.send([])).to.deep.equal([]);
      expect(written).to.have.length(1);
      connection.destroy();
    });

    it('that nobody asked for are dropped', async () => {
      const { connection, fs } = inMemory();
      fs.write(wire.commandReply('stray') + 'line4 15551230001\n\n' + wire.apiResponse('stray'));
      fs.write('Content-Type: log/data\nContent-Length: 3\n\nabc');
      fs.write(wire.event('CHANNEL_PARK'));
      await connection.waitFor(() => true);
      const reply = connection.request({ kind: 'myevents' });
      fs.write(wire.commandReply('+OK Events Enabled'));
      expect((await reply).text).to.equal('+OK Events Enabled');
    });

    it('that do not come in time end the connection, the overdue one by name', async () => {
      const { connection, fs } = inMemory({ replyTimeoutMs: 30 });
      const first = connection.request({ kind: 'connect' });
      fs.write(wire.connectReply());
      await first;
      const [second, third] = connection.send([{ kind: 'myevents' }, { kind: 'linger', seconds: 1 }]);
      const error = await rejection(second!);
      expect(error.code).to.equal('esl_timeout');
      expect(error.message).to.contain('myevents').and.contain('30 ms');
      expect(await rejection(third!)).to.equal(error);
      const ignored = inMemory({ replyTimeoutMs: 10 }).connection;
      void ignored.request({ kind: 'connect' });
      expect(await ignored.closed).to.have.nested.property('error.code', 'esl_timeout');
      expect(await connection.closed).to.deep.equal({ kind: 'error', error });
      expect(connection.isClosed).to.equal(true);
    });

    it('in time are not taken for late ones', async () => {
      const { connection, fs } = inMemory({ replyTimeoutMs: 300 });
      for (let i = 0; i < 4; i++) {
        const reply = connection.request({ kind: 'myevents' });
        await new Promise((resolve) => setTimeout(resolve, 100));
        fs.write(wire.commandReply('+OK'));
        await reply;
      }
      expect(connection.isClosed).to.equal(false);
      connection.destroy();
    });

    it('that lie in the socket after a stall of this process are in time', async () => {
      await overTcp(
        async ({ connection, fs }) => {
          const reply = connection.request({ kind: 'connect' });
          await heard(fs, 'connect\n\n');
          // The bytes are in the kernel and the time is up before the loop turns.
          fs.write(wire.connectReply());
          const until = performance.now() + 120;
          while (performance.now() < until);
          expect((await reply).ok).to.equal(true);
        },
        { replyTimeoutMs: 60 },
      );
    });
  });

  describe('events', () => {
    it('reach each listener in order until it leaves, even from within a delivery', async () => {
      const { connection, fs } = inMemory();
      const seen: string[] = [];
      const leave = connection.on((event) => {
        seen.push(`a ${event.name}`);
        leave();
        leaveB();
        connection.on((later) => seen.push(`c ${later.name}`));
      });
      const leaveB = connection.on((event) => seen.push(`b ${event.name}`));
      fs.write(wire.event('ONE') + wire.event('TWO') + wire.event('THREE'));
      await connection.waitFor((event) => event.name === 'THREE');
      expect(seen).to.deep.equal(['a ONE', 'c TWO', 'c THREE']);
    });

    it('are waited for by content', async () => {
      const { connection, fs } = inMemory();
      const done = connection.waitFor(
        (event) => event.name === 'CHANNEL_EXECUTE_COMPLETE' && event.get('Application-UUID') === 'mine',
      );
      const { signal } = new AbortController();
      const listening = connection.waitFor(() => true, { signal, timeoutMs: 5_000 });
      fs.write(wire.event('CHANNEL_EXECUTE_COMPLETE', { Application: 'socket' }));
      await listening;
      expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
      fs.write(
        wire.event('CHANNEL_EXECUTE_COMPLETE', {
          'Application-UUID': 'mine',
          'Application-Response': 'x%3A y',
        }),
      );
      expect((await done).get('Application-Response')).to.equal('x: y');
    });

    it('are waited for so long, and until the signal', async () => {
      const { connection } = inMemory();
      const late = await rejection(connection.waitFor(() => true, { timeoutMs: 10 }));
      expect(late.code).to.equal('esl_timeout');
      const abort = new AbortController();
      const waiting = connection.waitFor(() => true, { signal: abort.signal, timeoutMs: 5_000 });
      const reason = new Error('the caller hung up');
      abort.abort(reason);
      expect(await rejection(waiting)).to.equal(reason);
      expect(await rejection(connection.waitFor(() => true, { signal: abort.signal }))).to.equal(reason);
      expect(getEventListeners(abort.signal, 'abort')).to.deep.equal([]);
      connection.destroy();
      expect((await rejection(connection.waitFor(() => true))).code).to.equal('switch_lost');
    });

    it('end only their connection when a listener throws', async () => {
      const { connection, fs } = inMemory();
      const later: EslEvent[] = [];
      connection.on(() => {
        throw new TypeError('a bug');
      });
      connection.on((event) => later.push(event));
      const reply = connection.request({ kind: 'myevents' });
      fs.write(wire.event('ONE') + wire.commandReply('+OK') + wire.event('TWO'));
      const closed = await connection.closed;
      expect(closed.kind).to.equal('error');
      expect(closed).to.have.nested.property('error.code', 'internal');
      expect(closed).to.have.nested.property('error.message', 'a bug');
      expect((await rejection(reply)).code).to.equal('internal');
      expect(later).to.deep.equal([]);
    });
  });

  describe('the end', () => {
    it('by FreeSWITCH fails what is open, once, and leaves no rejection behind', async () => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      try {
        const { connection, fs } = inMemory();
        const replies = connection.send([{ kind: 'connect' }, { kind: 'myevents' }]);
        const event = connection.waitFor(() => true);
        void connection.request({ kind: 'exit' });
        void connection.waitFor(() => false);
        fs.end();
        expect(await connection.closed).to.deep.equal({ kind: 'switch' });
        for (const open of [...replies, event]) expect((await rejection(open)).code).to.equal('switch_lost');
        expect(connection.isClosed).to.equal(true);
        void connection.request({ kind: 'exit' });
        expect((await rejection(connection.request({ kind: 'exit' }))).code).to.equal('switch_lost');
        await new Promise((resolve) => setImmediate(resolve));
        await connection.end();
        connection.destroy(new RouterError('internal'));
        expect(await connection.closed).to.deep.equal({ kind: 'switch' });
      } finally {
        process.off('unhandledRejection', note);
      }
      expect(unhandled).to.deep.equal([]);
    });

    it('is announced by two kinds of notice, of which the linger one closes nothing', async () => {
      const { connection, fs } = inMemory();
      fs.write(wire.LINGER_NOTICE + wire.event('CHANNEL_HANGUP_COMPLETE'));
      await connection.waitFor((event) => event.name === 'CHANNEL_HANGUP_COMPLETE');
      await connection.lingers;
      expect(connection).to.include({ disconnected: false, isClosed: false });
      fs.end(wire.DISCONNECT_NOTICE);
      expect(await connection.closed).to.deep.equal({ kind: 'switch' });
      expect(connection.disconnected).to.equal(true);
    });

    it('is the disconnect notice: what FreeSWITCH still owes fails at once, and the socket is closed in order', async () => {
      await overTcp(async ({ connection, socket, fs }) => {
        const [connect, myevents, api] = connection.send([
          { kind: 'connect' },
          { kind: 'myevents' },
          { kind: 'api', command: 'uuid_exists', args: 'u' },
        ]);
        const event = connection.waitFor(() => false);
        await heard(fs, 'uuid_exists');
        const gone = once(fs, 'end');
        // FreeSWITCH does not close: the notice alone has to do.
        fs.write(wire.connectReply() + wire.DISCONNECT_NOTICE);
        expect((await connect!).ok).to.equal(true);
        for (const open of [myevents!, api!, event]) {
          expect((await rejection(open)).code).to.equal('switch_lost');
        }
        expect(await connection.closed).to.deep.equal({ kind: 'switch' });
        expect(connection).to.include({ disconnected: true, isClosed: true, noticedUuid: 'u' });
        expect((await rejection(connection.request({ kind: 'exit' }))).code).to.equal('switch_lost');
        // A FIN, no reset.
        await gone;
        fs.end();
        await once(socket, 'close');
      });
    });

    it('is not the linger notice: what is owed still comes', async () => {
      const { connection, fs } = inMemory();
      const [connect, linger] = connection.send([{ kind: 'connect' }, { kind: 'linger', seconds: 1 }]);
      fs.write(wire.connectReply() + wire.LINGER_NOTICE);
      await connect;
      await connection.lingers;
      fs.write(wire.commandReply('+OK will linger 1 seconds'));
      expect((await linger!).ok).to.equal(true);
      expect(connection).to.include({ disconnected: false, isClosed: false });
    });

    it('of a call whose data is too large: what it begins with is kept, and commands still work', async () => {
      const { connection, fs } = inMemory({ limits: { headerBytes: 300, bodyBytes: 2_000 } });
      const [connect, myevents] = connection.send([{ kind: 'connect' }, { kind: 'myevents' }]);
      const data = { 'Unique-ID': 'u-1', 'Caller-Caller-ID-Number': '380441110001' };
      fs.write(wire.connectReply({ ...data, variable_a: 'x'.repeat(3_000) }));
      const error = await rejection(connect!);
      expect(error.code).to.equal('esl_protocol');
      expect(error.message).to.contain('esl.bodyBytes').and.contain('u-1').and.contain('380441110001');
      expect(connection.cutReply?.get('Caller-Caller-ID-Number')).to.equal('380441110001');
      expect(connection.isClosed).to.equal(false);
      fs.write(
        wire.commandReply('+OK Events Enabled') + wire.event('CHANNEL_PARK', { a: 'x'.repeat(3_000) }),
      );
      expect((await myevents!).ok).to.equal(true);
      const asked = connection.request({ kind: 'getvar', name: 'a' });
      fs.write(wire.commandReply('b'));
      expect((await asked).text).to.equal('b');
      connection.destroy();
    });

    it('by bytes that are not event socket names the reason, after what was good', async () => {
      const { connection, fs } = inMemory({ limits: { headerBytes: 200, bodyBytes: 200 } });
      const reply = connection.request({ kind: 'myevents' });
      fs.write(`${wire.commandReply('+OK')}Content-Length: -5\n\n`);
      expect((await reply).ok).to.equal(true);
      const closed = await connection.closed;
      expect(closed).to.have.nested.property('error.code', 'esl_protocol');
      expect(closed).to.have.nested.property('error.message').that.contains('Content-Length "-5"');
    });

    it('by a rejection says what FreeSWITCH said', async () => {
      const { connection, fs } = inMemory();
      fs.write('Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n');
      const closed = await connection.closed;
      expect(closed).to.have.nested.property('error.code', 'switch_lost');
      expect(closed).to.have.nested.property('error.message').that.contains('Access Denied, go away.');
    });

    it('by exit waits for FreeSWITCH to close, and happens once', async () => {
      const { connection, fs } = inMemory();
      const ended = [connection.end(), connection.end()];
      await heard(fs, 'exit\n\n');
      fs.end(wire.commandReply('+OK bye') + wire.DISCONNECT_NOTICE);
      await Promise.all(ended);
      expect(await connection.closed).to.deep.equal({ kind: 'local' });
      expect(fs.readableLength).to.equal(0);
    });

    it('by exit takes a second at most when FreeSWITCH does not close', async () => {
      const { connection } = inMemory();
      const start = performance.now();
      await connection.end();
      expect(performance.now() - start).to.be.above(900);
      expect(await connection.closed).to.deep.equal({ kind: 'local' });
    });
  });

  describe('over TCP', () => {
    it('knows its peer, and a FIN for the end', () =>
      overTcp(async ({ connection, fs }) => {
        expect(connection.peer).to.equal('127.0.0.1');
        expect(plainAddress('::ffff:10.1.2.3')).to.equal('10.1.2.3');
        expect(plainAddress('fd00::2')).to.equal('fd00::2');
        const gone = once(fs, 'close');
        fs.end(wire.event('CHANNEL_HANGUP'));
        expect(await connection.closed).to.deep.equal({ kind: 'switch' });
        await gone;
      }));

    it('outlives a reset', () =>
      overTcp(async ({ connection, fs }) => {
        const reply = connection.request({ kind: 'connect' });
        fs.resetAndDestroy();
        const closed = await connection.closed;
        expect(closed).to.have.nested.property('error.code', 'switch_lost');
        expect(closed).to.have.nested.property('error.message').that.contains('ECONNRESET');
        expect((await rejection(reply)).code).to.equal('switch_lost');
      }));

    it('takes a reset behind the disconnect notice, or behind exit, for a close', async () => {
      await overTcp(async ({ connection, fs }) => {
        fs.write(wire.event('CHANNEL_HANGUP') + wire.DISCONNECT_NOTICE);
        await connection.waitFor((event) => event.name === 'CHANNEL_HANGUP');
        fs.resetAndDestroy();
        expect(await connection.closed).to.deep.equal({ kind: 'switch' });
      });
      await overTcp(async ({ connection, fs }) => {
        const ended = connection.end();
        await heard(fs, 'exit');
        fs.resetAndDestroy();
        await ended;
        expect(await connection.closed).to.deep.equal({ kind: 'local' });
      });
    });

    it('says so of a socket that was closed before it was taken over', () =>
      overTcp(async ({ socket }) => {
        socket.destroy();
        expect((await new Connection(socket).closed).kind).to.equal('error');
      }));

    it('reads a whole recorded session as FreeSWITCH wrote it, header block and body apart', () =>
      overTcp(async ({ connection, fs }) => {
        const said = wire.recorded('01-answered-caller-hangs-up', 'fs>');
        const names: string[] = [];
        connection.on((event) => names.push(event.name));
        const commands = wire.recorded('01-answered-caller-hangs-up', '>fs');
        const replies = connection.send(commands.map(() => ({ kind: 'myevents' })));
        for (const message of said) {
          const body = message.indexOf('\n\n') + 2;
          fs.write(message.slice(0, body));
          if (body < message.length) fs.write(message.slice(body));
        }
        fs.end();
        expect(await connection.closed).to.deep.equal({ kind: 'switch' });
        expect((await Promise.all(replies)).every((reply) => reply.ok)).to.equal(true);
        expect(names).to.have.length(14);
        expect(names.at(-1)).to.equal('CHANNEL_HANGUP_COMPLETE');
        await connection.lingers;
        expect(connection.disconnected).to.equal(true);
      }));
  });
});

interface Ends {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly fs: Socket;
}

async function overTcp(test: (ends: Ends) => Promise<void>, options?: ConnectionOptions): Promise<void> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fs = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  fs.on('error', () => undefined);
  fs.resume();
  try {
    await test({ connection: new Connection(socket, options), socket, fs });
  } finally {
    fs.destroy();
    socket.destroy();
    server.close();
  }
}
