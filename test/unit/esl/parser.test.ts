import { expect } from 'chai';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RouterError } from '../../../lib/errors.ts';
import { decodeValue, HeaderBlock, parseEvent, Parser, type Message } from '../../../lib/esl/parser.ts';
import { readStream } from '../../fuzz/reader.ts';
import * as wire from './wire.ts';

const LIMITS = { headerBytes: 65_536, bodyBytes: 1_048_576 };

const KINDS = {
  'the connect reply': wire.connectReply({
    'Caller-Caller-ID-Name': wire.encode('Zoë: 50% off'),
    'Caller-Caller-ID-Number': '_undef_',
    variable_sip_from_display: 'M%FCller',
  }),
  'a command reply': wire.commandReply('-ERR reason: X: 100%25'),
  'an api response': wire.apiResponse('+OK Deleted: 1\n'),
  'an event': wire.event('CHANNEL_ANSWER', { 'Unique-ID': 'u-1', Empty: '' }),
  'an event with a body': wire.event(
    'BACKGROUND_JOB',
    { 'Job-UUID': 'j' },
    'line: 1\n\nUnique-ID: not mine\n\n',
  ),
  'the linger notice': wire.LINGER_NOTICE,
  'the disconnect notice': wire.DISCONNECT_NOTICE,
  'a rejection': 'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
};

/** Everything a message holds, in the form of the independent reader. */
function shape(message: Message): unknown {
  const isEvent = message.headers.get('Content-Type') === 'text/event-plain';
  const event = isEvent ? parseEvent(message) : null;
  return {
    headers: [...message.headers.entries()],
    body: message.body?.toString('latin1') ?? null,
    event: event && {
      name: event.name,
      headers: [...event.entries()],
      body: event.body?.toString('latin1') ?? null,
    },
  };
}

function parse(...chunks: (string | Buffer)[]): unknown[] {
  const parser = new Parser();
  // A copy, since a chunk is the parser's own.
  return chunks.flatMap((chunk) => parser.push(Buffer.from(chunk as string))).map(shape);
}

function faultOf(limits: typeof LIMITS, ...chunks: string[]): RouterError {
  const parser = new Parser(limits);
  try {
    for (const chunk of chunks) parser.push(Buffer.from(chunk));
  } catch (error) {
    expect(error).to.be.instanceOf(RouterError);
    expect(() => parser.push(Buffer.from('x'))).to.throw(RouterError);
    expect(parser.pendingBytes).to.equal(0);
    return error as RouterError;
  }
  throw new Error('no fault');
}

function slices(text: string, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(Buffer.from(text.slice(at, at + size)));
  return pieces;
}

describe('esl/parser', () => {
  for (const [kind, text] of Object.entries(KINDS)) {
    it(`reads ${kind}, whole, cut in two anywhere, and byte by byte`, () => {
      const bytes = Buffer.from(text + text);
      const expected = readStream(bytes.toString('latin1'), LIMITS).messages;
      expect(expected).to.have.length(2);
      expect(parse(bytes)).to.deep.equal(expected);
      for (let cut = 1; cut < bytes.length; cut++) {
        expect(parse(bytes.subarray(0, cut), bytes.subarray(cut)), `cut at ${cut}`).to.deep.equal(expected);
      }
      expect(parse(...[...bytes].map((byte) => Buffer.from([byte])))).to.deep.equal(expected);
    });
  }

  it('reads all kinds in a row, in chunks of any size, and holds nothing back', () => {
    const bytes = Buffer.from(Object.values(KINDS).join('\n\n\n'));
    const expected = readStream(bytes.toString('latin1'), LIMITS).messages;
    expect(expected).to.have.length(Object.keys(KINDS).length);
    for (const size of [2, 3, 7, 64, 500, 4096]) {
      const parser = new Parser();
      const messages: Message[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        messages.push(...parser.push(Buffer.from(bytes.subarray(at, at + size))));
      }
      expect(messages.map(shape)).to.deep.equal(expected);
      expect(parser.pendingBytes).to.equal(0);
    }
  });

  for (const name of wire.RECORDINGS) {
    it(`reads recording ${name} byte by byte`, () => {
      const said = wire.recorded(name, 'fs>');
      const bytes = Buffer.from(said.join(''));
      const parser = new Parser();
      const messages = [...bytes].flatMap((byte) => parser.push(Buffer.from([byte])));
      expect(messages).to.have.length(said.length);
      expect(messages.map(shape)).to.deep.equal(readStream(bytes.toString('latin1'), LIMITS).messages);
      expect(parser.pendingBytes).to.equal(0);
    });
  }

  it('finds what a real connect reply and the last event say', () => {
    const said = wire.recorded('01-answered-caller-hangs-up', 'fs>');
    const messages = new Parser().push(Buffer.from(said.join('')));
    const connect = messages[0]!.headers;
    expect(connect.get('Caller-Caller-ID-Name')).to.equal('Lab Caller');
    expect(connect.get('Reply-Text')).to.equal('+OK\n');
    expect(connect.get('variable_sip_full_from')).to.equal(
      '"Lab Caller" <sip:15551230001@127.0.0.1>;tag=f2k17i5gq',
    );
    expect(connect.get('ID')).to.equal(undefined);
    const events = messages.filter((message) => message.body?.includes('Event-Name')).map(parseEvent);
    const last = events.at(-1)!;
    expect(last.name).to.equal('CHANNEL_HANGUP_COMPLETE');
    expect(last.get('Hangup-Cause')).to.equal('NORMAL_CLEARING');
    const bridged = events.find((e) => e.get('Application-UUID') === 'b0b0b0b0-0000-4000-8000-000000000001');
    expect(bridged?.get('Application')).to.equal('bridge');
  });

  it('keeps UTF-8 that FreeSWITCH sends encoded, and raw in a reply', () => {
    const said = wire.recorded('15-non-ascii-display-and-percent', 'fs>');
    const messages = new Parser().push(Buffer.from(said.join('')));
    const name = 'Zoë Müller 50% off 你好 %{uuid} a,b|c';
    expect(messages[0]!.headers.get('Caller-Caller-ID-Name')).to.equal(name);
    expect(messages.map((message) => message.headers.get('Reply-Text'))).to.include(name);
  });

  describe('headers', () => {
    const block = new HeaderBlock(
      'A: 1\nB:\nC:x\nD: a: b:c\nA: 2\nno colon\n: nameless\nNot-A: 3\nE: _undef_\nF: %41\nvariable_sip_h_X-Card: 7',
      false,
    );

    it('gives the first value, keeps colons, and knows empty from absent', () => {
      expect(block.get('A')).to.equal('1');
      expect(block.get('B')).to.equal('');
      expect(block.get('C')).to.equal('x');
      expect(block.get('D')).to.equal('a: b:c');
      expect(block.get('E')).to.equal('');
      expect(block.get('F')).to.equal('%41');
      expect(block.get('Z')).to.equal(undefined);
      expect(block.has('B')).to.equal(true);
      expect(block.has('no colon')).to.equal(false);
      expect([...block.entries()].map(([name]) => name)).to.deep.equal([
        'A',
        'B',
        'C',
        'D',
        'A',
        'Not-A',
        'E',
        'F',
        'variable_sip_h_X-Card',
      ]);
    });

    it('takes the spelling of a SIP header as the caller may have written it', () => {
      expect(block.get('variable_sip_h_x-card')).to.equal('7');
      expect(block.get('a')).to.equal(undefined);
    });

    it('does not keep the block alive for a value that is kept', () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const memory = (): number => {
        // Twice: buffers go with the garbage that held them.
        collect();
        collect();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      const bytes = Buffer.from(wire.recorded('01-answered-caller-hangs-up', 'fs>')[0]!);
      const keep = (): string | undefined =>
        new Parser().push(Buffer.from(bytes))[0]?.headers.get('Unique-ID');
      const before = memory();
      const kept = Array.from({ length: 2_000 }, keep);
      const held = memory() - before;
      expect(new Set(kept)).to.deep.equal(new Set(['13583afd-d473-4d23-851b-d44ad9c16731']));
      expect(held / kept.length, 'bytes for each kept value').to.be.below(500);
    });
  });

  describe('events', () => {
    const read = (text: string) => parseEvent(new Parser().push(Buffer.from(text))[0]!);

    it('does not take lines of the inner body for headers', () => {
      const info = read(
        wire.event('RECV_INFO', { 'Unique-ID': 'mine' }, 'A: b\n\nApplication-UUID: forged\n\n'),
      );
      expect(info.get('Application-UUID')).to.equal(undefined);
      expect(info.get('A')).to.equal(undefined);
      expect(info.body?.toString()).to.equal('A: b\n\nApplication-UUID: forged\n\n');
    });

    it('counts an inner body in bytes, and survives one that lies about its length', () => {
      expect(read(wire.event('CUSTOM', {}, 'Zoë')).body?.toString()).to.equal('Zoë');
      expect(read(wire.event('CUSTOM', { 'Content-Length': '999' }, 'abc')).body?.toString()).to.equal('abc');
      expect(read(wire.event('CUSTOM', { 'Content-Length': '-1' }, 'abc')).body?.toString()).to.equal('abc');
      expect(read(wire.event('CUSTOM')).body).to.equal(null);
    });

    it('finds the name on any line, or none', () => {
      expect(parseEvent({ headers: new HeaderBlock('', false), body: null }).name).to.equal('');
      expect(
        parseEvent({ headers: new HeaderBlock('', false), body: Buffer.from('A: 1\n\n') }).name,
      ).to.equal('');
      const second = Buffer.from('Core-UUID: c\nEvent-Name: HEARTBEAT\n\n');
      expect(parseEvent({ headers: new HeaderBlock('', false), body: second }).name).to.equal('HEARTBEAT');
    });
  });

  describe('decodeValue', () => {
    it('keeps Latin-1 as Latin-1, UTF-8 as UTF-8, and a bad percent as it stands', () => {
      expect(decodeValue('Andr%E9')).to.equal('André');
      expect(decodeValue('Andr%C3%A9')).to.equal('André');
      expect(decodeValue('Andr\u00c3\u00a9')).to.equal('André');
      expect(decodeValue('100% %4 %zz %')).to.equal('100% %4 %zz %');
      expect(decodeValue('%e9%C3%A9')).to.equal('\u00e9\u00c3\u00a9');
      expect(decodeValue('a+b%00%0A')).to.equal('a+b\0\n');
    });

    it('is the inverse of the encoding for any text, and never throws', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme' }), (text) => {
          expect(decodeValue(wire.encode(text))).to.equal(text);
        }),
      );
      const latin1 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
      fc.assert(
        fc.property(fc.array(fc.oneof(latin1, fc.constantFrom('%', '%E', '%E9', '%C3%A9'))), (parts) => {
          expect(decodeValue(parts.join(''))).to.be.a('string');
        }),
      );
    });
  });

  describe('limits', () => {
    it('refuses a header block over the cap, finished or not, and takes one just under it', () => {
      const limits = { headerBytes: 100, bodyBytes: 100 };
      const exact = `A: ${'x'.repeat(97)}`;
      expect(new Parser(limits).push(Buffer.from(`${exact}\n\n`))).to.have.length(1);
      for (const text of [`${exact}x\n\n`, `${exact}x`]) {
        expect(faultOf(limits, text)).to.include({ code: 'esl_protocol' });
        expect(faultOf(limits, ...Array.from(text)).message).to.contain(
          'header block of more than 100 bytes',
        );
      }
    });

    it('takes a reply to connect that is as large as a body may be', () => {
      const limits = { headerBytes: 200, bodyBytes: 4_000 };
      const reply = wire.connectReply({ variable_a: 'x'.repeat(3_000), variable_b: '1' });
      for (const chunk of [reply.length, 7]) {
        const parser = new Parser(limits);
        const messages = slices(reply, chunk).flatMap((bytes) => parser.push(bytes));
        expect(messages).to.have.length(1);
        expect(messages[0]?.fault).to.equal(undefined);
        expect(messages[0]?.headers.get('variable_b')).to.equal('1');
        expect(messages[0]?.headers.get('Control')).to.equal('full');
      }
    });

    it('cuts a larger one, says whose call it is, and reads what comes behind', () => {
      const limits = { headerBytes: 200, bodyBytes: 4_000 };
      const call = { 'Unique-ID': 'u-1', 'Caller-Caller-ID-Number': '%2B380441112233' };
      const reply = wire.connectReply({ ...call, variable_a: 'x'.repeat(9_000), variable_b: '1' });
      const event = wire.event('CHANNEL_PARK', { variable_a: 'x'.repeat(9_000) });
      const stream = reply + event + wire.commandReply('+OK') + event + wire.event('CHANNEL_ANSWER');
      for (const chunk of [stream.length, 4_500, 7, 1]) {
        const parser = new Parser(limits);
        const [cut, ...behind] = slices(stream, chunk).flatMap((bytes) => parser.push(bytes));
        expect(cut?.fault).to.include({ code: 'esl_protocol' });
        expect(cut?.fault?.message)
          .to.contain('a reply to connect of more than 4000 bytes (esl.bodyBytes), ')
          .and.contain('uuid "u-1", caller "+380441112233"');
        expect(cut?.headers.get('Unique-ID')).to.equal('u-1');
        expect(cut?.headers.has('variable_a'), 'a value that is not whole').to.equal(false);
        // Events are as large, and passed over.
        expect(behind.map(({ headers }) => headers.get('Content-Type'))).to.deep.equal([
          'command/reply',
          'text/event-plain',
        ]);
        expect(parser.pendingBytes).to.equal(0);
      }
    });

    it('names no caller who wants to stay unknown', () => {
      const private_ = { 'Caller-Caller-ID-Number': '380441112233', 'Caller-Privacy-Hide-Number': 'true' };
      const reply = wire.connectReply({ 'Unique-ID': 'u-1', ...private_, variable_a: 'x'.repeat(900) });
      const [cut] = new Parser({ headerBytes: 300, bodyBytes: 300 }).push(Buffer.from(reply));
      expect(cut?.fault?.message).to.contain('uuid "u-1"').and.not.contain('380441112233');
    });

    it('holds nothing of what it passes over', () => {
      const parser = new Parser({ headerBytes: 200, bodyBytes: 4_000 });
      parser.push(Buffer.from(`Event-Name: CHANNEL_DATA\nvariable_a: ${'x'.repeat(5_000)}`));
      for (let i = 0; i < 100; i++) parser.push(Buffer.alloc(65_536, 'x'));
      expect(parser.pendingBytes).to.be.below(2);
      expect(parser.push(Buffer.from(`\n\n${wire.commandReply('+OK')}`))).to.have.length(1);
    });

    it('refuses a body over the cap before it comes', () => {
      const limits = { headerBytes: 100, bodyBytes: 100 };
      expect(
        new Parser(limits).push(Buffer.from(`Content-Length: 100\n\n${'x'.repeat(100)}`)),
      ).to.have.length(1);
      expect(faultOf(limits, 'Content-Length: 101\n\n').message).to.contain('a body of 101 bytes');
      expect(faultOf(LIMITS, `Content-Length: ${'9'.repeat(400)}\n\n`).code).to.equal('esl_protocol');
    });

    for (const length of ['-1', '+1', '1e3', '0x10', '1 2', '', 'NaN', '1.0', '\u0661']) {
      it(`refuses Content-Length ${JSON.stringify(length)}`, () => {
        expect(faultOf(LIMITS, `Content-Length: ${length}\n\nabc`).message).to.contain(
          'not a number of bytes',
        );
      });
    }

    it('gives what came before a fault in the same chunk, and dies then', () => {
      const parser = new Parser();
      const messages = parser.push(Buffer.from(`${KINDS['a command reply']}Content-Length: x\n\n`));
      expect(messages).to.have.length(1);
      expect(parser.fault?.code).to.equal('esl_protocol');
      expect(() => parser.push(Buffer.from('\n'))).to.throw(RouterError);
    });

    it('is not moved by floods of newlines', () => {
      const parser = new Parser();
      const flood = Buffer.alloc(65_536, '\n');
      for (let i = 0; i < 200; i++) expect(parser.push(Buffer.from(flood))).to.deep.equal([]);
      expect(parser.pendingBytes).to.equal(0);
      expect(parser.push(Buffer.from(KINDS['an event']))).to.have.length(1);
    });

    it('looks at no byte of a header block twice', function () {
      this.timeout(60_000);
      const parser = new Parser();
      const start = process.cpuUsage();
      const bytes = Buffer.from('A\n');
      for (let i = 0; i < 32_000; i++) for (const byte of bytes) parser.push(Buffer.from([byte]));
      const { user } = process.cpuUsage(start);
      // Linear takes 0.1 s of CPU; searching again for each byte takes 10.
      expect(user / 1_000).to.be.below(2_000);
      expect(parser.push(Buffer.from('\n'))).to.have.length(1);
    });

    it('takes a megabyte byte by byte in linear time', function () {
      this.timeout(60_000);
      const body = 1_048_576;
      const parser = new Parser();
      parser.push(Buffer.from(`Content-Length: ${body}\n\n`));
      const byte = Buffer.from('x');
      for (let i = 1; i < body; i++) parser.push(byte);
      expect(parser.pendingBytes).to.equal(body - 1);
      expect(parser.push(byte)[0]?.body).to.have.length(body);
      expect(parser.pendingBytes).to.equal(0);
    });
  });
});
