import { expect } from 'chai';
import fc from 'fast-check';
import { RouterError } from '../../../lib/errors.ts';
import { serialize, type Command } from '../../../lib/esl/command.ts';
import * as wire from './wire.ts';

/** What mod_event_socket makes of the bytes: header blocks up to a blank line, each with the body it announces. */
function readCommands(bytes: Buffer): { lines: string[]; body: string }[] {
  const commands = [];
  for (let rest = bytes; rest.length > 0;) {
    const blank = rest.indexOf('\n\n');
    if (blank < 0) throw new Error(`left over: ${JSON.stringify(rest.toString())}`);
    const lines = rest.toString('utf8', 0, blank).split('\n');
    const length = lines.find((line) => line.toLowerCase().startsWith('content-length:'));
    const end = blank + 2 + Number(length?.split(':')[1] ?? 0);
    if (end > rest.length) throw new Error('a body that never comes makes FreeSWITCH spin');
    commands.push({ lines, body: rest.toString('utf8', blank + 2, end) });
    rest = rest.subarray(end);
  }
  return commands;
}

function refusal(command: Command): RouterError {
  try {
    serialize(command);
  } catch (error) {
    expect(error).to.be.instanceOf(RouterError);
    return error as RouterError;
  }
  throw new Error(`was serialized: ${JSON.stringify(command)}`);
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\n',
    '\r',
    '\0',
    '$',
    '\\',
    '\n\n',
    '${system(id)}',
    'unload mod_event_socket',
    ': ',
    'é',
    '\u2028',
  ),
);
const value = fc.array(hostile, { maxLength: 6 }).map((parts) => parts.join(''));
const HARMLESS = 'a b Z 0 9 , | { } [ ] @ : ; = % \' " é 你 \t'.split(/(?<=.) /);
const harmless = fc.string({ unit: fc.constantFrom(...HARMLESS), minLength: 1 });

describe('esl/command', () => {
  it('writes what the recordings hold', () => {
    const said = new Set(wire.RECORDINGS.flatMap((name) => wire.recorded(name, '>fs')));
    const commands: Command[] = [
      { kind: 'connect' },
      { kind: 'myevents' },
      { kind: 'exit' },
      { kind: 'api', command: 'status' },
      { kind: 'api', command: 'sofia_contact', args: '*/agent_007@pbx.test' },
      { kind: 'hangup', cause: 'CALL_REJECTED' },
      { kind: 'execute', app: 'set', arg: 'lab_w=please unload mod_event_socket now' },
    ];
    for (const command of commands) expect(said).to.include(serialize(command));
  });

  it('writes an execute with everything, its argument counted in bytes', () => {
    expect(
      serialize({
        kind: 'execute',
        app: 'bridge',
        arg: "{a='Zoë'}user/7@x",
        eventUuid: 'b0-1',
        eventLock: true,
      }),
    ).to.equal(
      'sendmsg\ncall-command: execute\nexecute-app-name: bridge\nevent-uuid: b0-1\nevent-lock: true\n' +
        "content-type: text/plain\ncontent-length: 18\n\n{a='Zoë'}user/7@x",
    );
    expect(serialize({ kind: 'linger', seconds: 10 })).to.equal('linger 10\n\n');
  });

  it('announces no body for an empty argument', () => {
    const bare = 'sendmsg\ncall-command: execute\nexecute-app-name: ring_ready\n\n';
    expect(serialize({ kind: 'execute', app: 'ring_ready' })).to.equal(bare);
    expect(serialize({ kind: 'execute', app: 'ring_ready', arg: '' })).to.equal(bare);
    expect(serialize({ kind: 'api', command: 'status', args: '' })).to.equal('api status\n\n');
  });

  for (const bad of ['a\nb', 'a\rb', 'a\0b', 'a$b', 'a\\b', '\n', '${x}']) {
    it(`refuses ${JSON.stringify(bad)} in every value`, () => {
      const commands: Command[] = [
        { kind: 'execute', app: 'set', arg: bad },
        { kind: 'execute', app: bad },
        { kind: 'execute', app: 'set', eventUuid: bad },
        { kind: 'hangup', cause: bad },
        { kind: 'api', command: bad },
        { kind: 'api', command: 'status', args: bad },
      ];
      for (const command of commands) expect(refusal(command).code).to.equal('esl_unsafe_value');
    });
  }

  it('takes only plain words for names, and whole positive seconds', () => {
    for (const name of ['', 'a b', 'a:b', 'é', 'set ', 'a/b']) {
      refusal({ kind: 'execute', app: name });
      refusal({ kind: 'hangup', cause: name });
      refusal({ kind: 'api', command: name });
      refusal({ kind: 'execute', app: 'set', eventUuid: name });
    }
    for (const seconds of [0, -1, 1.5, NaN, Infinity, 1e21]) refusal({ kind: 'linger', seconds });
  });

  it('never lets a header block speak of unloading mod_event_socket, and lets a body (21e, 22w)', () => {
    for (const args of ['unload mod_event_socket', 'MOD_EVENT_SOCKET x ReLoad', 'reloadxmod_Event_socket']) {
      expect(refusal({ kind: 'api', command: 'x', args }).message).to.contain('unload');
      expect(serialize({ kind: 'execute', app: 'set', arg: args })).to.contain(args);
    }
    refusal({ kind: 'api', command: 'unload', args: 'mod_event_socket' });
    refusal({ kind: 'execute', app: 'unload', eventUuid: 'mod_event_socket' });
    expect(serialize({ kind: 'api', command: 'reload', args: 'mod_sofia' })).to.equal(
      'api reload mod_sofia\n\n',
    );
  });

  it('makes one command of one, whatever the values, or none', () => {
    fc.assert(
      fc.property(value, value, value, fc.boolean(), (app, arg, uuid, eventLock) => {
        const candidates: Command[] = [
          { kind: 'execute', app, arg, eventUuid: uuid, eventLock },
          { kind: 'execute', app: 'set', arg, eventLock },
          { kind: 'execute', app: 'set', arg, eventUuid: 'u' },
          { kind: 'hangup', cause: app },
          { kind: 'api', command: app, args: arg },
          { kind: 'api', command: 'status', args: arg },
        ];
        for (const command of candidates) {
          let text: string;
          try {
            text = serialize(command);
          } catch (error) {
            expect(error).to.include({ code: 'esl_unsafe_value' });
            continue;
          }
          const [only, ...more] = readCommands(Buffer.from(text));
          expect(more).to.deep.equal([]);
          expect(text).not.to.match(/[\r\0$\\]/);
          expect(only!.lines.join('\n')).not.to.match(
            /mod_event_socket[^]*(un|re)load|(un|re)load[^]*mod_event_socket/i,
          );
          const most = command.kind === 'execute' ? 7 : command.kind === 'hangup' ? 3 : 1;
          expect(only!.lines.length).to.be.at.most(most);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('carries every harmless argument to the byte, several commands in a row', () => {
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 5 }), (args) => {
        const text = args.map((arg) => serialize({ kind: 'execute', app: 'set', arg })).join('');
        expect(readCommands(Buffer.from(text)).map((command) => command.body)).to.deep.equal(args);
      }),
    );
  });
});
