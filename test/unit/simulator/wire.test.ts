import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { CommandReader, executionOf } from '../../../lib/simulator/command.ts';
import { readAssignments, readDialString, readEndpoint } from '../../../lib/simulator/dialstring.ts';
import { bytesOf, encodeValue, eventFrame, textOf } from '../../../lib/simulator/message.ts';
import { decode, recording } from './support.ts';

describe('the encoding of values', () => {
  it('is that of every header of every recording', () => {
    const folder = new URL('../../fixtures/esl-transcripts/', import.meta.url);
    const lines = new Set<string>();
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
      for (const { dir, data } of recording(file.replace(/\.jsonl$/, ''))) {
        if (dir !== 'fs>' || !data.includes('Event-Name: CHANNEL_')) continue;
        for (const line of data.slice(data.indexOf('Event-Name')).split('\n')) lines.add(line);
      }
    }
    const values = [...lines]
      .filter((line) => line.includes(': '))
      .map((line) => line.slice(line.indexOf(': ') + 2));
    expect(values).to.have.length.greaterThan(3000);
    expect(values.filter((value) => encodeValue(decode(value)) !== value)).to.deep.equal([]);
  });

  it('leaves an upper-case %XX alone, and no other', () => {
    expect(encodeValue('100%25')).to.equal('100%25');
    expect(encodeValue('100%')).to.equal('100%25');
    expect(encodeValue('%e9')).to.equal('%25e9');
    expect(encodeValue('%2')).to.equal('%252');
  });

  it('passes bytes that are not UTF-8 through as %E9', () => {
    expect(encodeValue(bytesOf(Buffer.from('Ren\xe9', 'latin1')))).to.equal('Ren%E9');
    expect(encodeValue(bytesOf('René'))).to.equal('Ren%C3%A9');
    expect(textOf(bytesOf('Zoë 你好'))).to.equal('Zoë 你好');
  });

  it('counts a frame in bytes', () => {
    const [head, body] = eventFrame('Event-Name: X\n', bytesOf('é'));
    expect(head).to.equal('Content-Length: 35\nContent-Type: text/event-plain\n\n');
    expect(body).to.equal('Event-Name: X\nContent-Length: 2\n\n\xc3\xa9');
  });
});

describe('the reader of commands', () => {
  const read = (text: string) => new CommandReader().read(Buffer.from(text, 'utf8'));

  it('reads the same whatever the chunks', () => {
    const text =
      'connect\n\nlinger 5\n\nsendmsg\ncall-command: execute\nexecute-app-name: set\n' +
      'content-type: text/plain\ncontent-length: 5\n\na=b c' +
      'api uuid_exists x\n\nexit\n\n';
    const whole = read(text);
    expect(whole.map(({ name }) => name)).to.deep.equal(['connect', 'linger', 'sendmsg', 'api', 'exit']);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: text.length })), (cuts) => {
        const reader = new CommandReader();
        const sorted = [0, ...cuts.sort((a, b) => a - b), text.length];
        const parts = sorted.slice(1).map((end, i) => Buffer.from(text.slice(sorted[i], end)));
        expect(parts.flatMap((part) => reader.read(part))).to.deep.equal(whole);
        expect(reader.rest).to.equal('');
      }),
    );
  });

  it('takes an argument from its header or from the body', () => {
    const [inHeader] = read(
      'sendmsg\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: a=b: c\n\n',
    );
    const [inBody] = read(
      'sendmsg\ncall-command: execute\nexecute-app-name: set\nevent-uuid: u1\nevent-lock: true\n' +
        'content-type: text/plain\ncontent-length: 6\n\na=b: c',
    );
    expect(executionOf(inHeader!)).to.deep.equal({
      application: 'set',
      argument: 'a=b: c',
      uuid: null,
      locked: false,
    });
    expect(executionOf(inBody!)).to.deep.equal({
      application: 'set',
      argument: 'a=b: c',
      uuid: 'u1',
      locked: true,
    });
    expect([...inHeader!.faults, ...inBody!.faults]).to.deep.equal([]);
  });

  const FAULTS: readonly (readonly [string, string])[] = [
    ['api status ${x}\n\n', 'an expansion character'],
    [
      'sendmsg\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: a=\\b\n\n',
      'an expansion character',
    ],
    [
      'sendmsg\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: a=b\nX-Evil: 1\n\n',
      'an unknown header x-evil',
    ],
    [
      'sendmsg\ncall-command: execute\nexecute-app-arg: a\nexecute-app-arg: b\n\n',
      'the header execute-app-arg twice',
    ],
    ['sendmsg\ncall-command: execute\nloose words\n\n', 'a line that is not a header'],
    ['sendmsg\ncontent-length: 3\n\na\nb', 'a newline inside an argument'],
    ['connect\r\n\r\n', 'a CR'],
    ['api a\0b\n\n', 'a NUL'],
    ['sendmsg\nexecute-app-arg: unload mod_event_socket\n\n', 'names the module'],
    ['linger 5\nX: y\n\n', 'headers under the command linger'],
    ['sendmsg\ncontent-length: x\n\n', 'a Content-Length that is not a number'],
  ];
  for (const [text, fault] of FAULTS) {
    it(`notes ${fault}`, () => {
      expect(read(text)[0]!.faults.join('; ')).to.contain(fault);
    });
  }
});

describe('the reader of dial strings', () => {
  it('reads variables, legs together, alternatives and threads', () => {
    const { threads } = readDialString(
      "{a=1,b='x, y'}[leg_timeout=5]sofia/gateway/g/1,user/u@d|sofia/gateway/h/2:_:{c=3}user/v@d",
    );
    expect(threads).to.have.length(2);
    expect([...threads[0]!.variables]).to.deep.equal([
      ['a', '1'],
      ['b', 'x, y'],
    ]);
    const endpoints = threads.map(({ alternatives }) =>
      alternatives.map((legs) => legs.map((leg) => leg.endpoint)),
    );
    expect(endpoints).to.deep.equal([
      [['sofia/gateway/g/1', 'user/u@d'], ['sofia/gateway/h/2']],
      [['user/v@d']],
    ]);
    expect([...threads[0]!.alternatives[0]![0]!.variables]).to.deep.equal([['leg_timeout', '5']]);
    expect([...threads[1]!.variables]).to.deep.equal([['c', '3']]);
  });

  it('lets a bare comma out, and not one that is quoted, escaped or beside another delimiter (22d1-22d4)', () => {
    const names = (inside: string) => [...readDialString(`{${inside}}user/u@d`).threads[0]!.variables.keys()];
    expect(names('a=1,name=A,sip_h_X-Evil=1')).to.deep.equal(['a', 'name', 'sip_h_X-Evil']);
    expect(names("name='A,sip_h_X-Evil=1'")).to.deep.equal(['name']);
    expect(names('name=A\\,sip_h_X-Evil=1')).to.deep.equal(['name']);
    expect(names('^^;a=1;name=A,sip_h_X-Evil=1')).to.deep.equal(['a', 'name']);
    expect(readAssignments('^^;a=1;b=x y', ' ')).to.deep.equal([
      ['a', '1'],
      ['b', 'x y'],
    ]);
  });

  it('ends the block at the first brace (22d5)', () => {
    expect(readDialString('{a=x}y}user/u@d').threads[0]!.alternatives[0]![0]!.endpoint).to.equal(
      'y}user/u@d',
    );
  });

  it('tells endpoints apart', () => {
    expect(readEndpoint('sofia/gateway/crm/380441234567')).to.deep.equal({
      kind: 'gateway',
      gateway: 'crm',
      user: '380441234567',
    });
    expect(readEndpoint('user/agent_007@pbx.test')).to.deep.equal({
      kind: 'user',
      user: 'agent_007',
      domain: 'pbx.test',
    });
    expect(readEndpoint('sofia/external/sip:bob@pbx.test')).to.deep.equal({
      kind: 'uri',
      user: 'bob',
      domain: 'pbx.test',
    });
    expect(readEndpoint('loopback/app=system:reboot').kind).to.equal('unknown');
  });
});
