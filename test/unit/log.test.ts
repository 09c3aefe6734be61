import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { createLogger, type LogOptions } from '../../lib/log.ts';

const SECRET = 'k3y/with+5igns';

async function linesOf(
  options: Pick<LogOptions, 'format'> & Partial<LogOptions>,
  message: string,
  fields: object,
): Promise<string> {
  const stream = new PassThrough();
  const log = createLogger({ level: 'debug', maskNumbers: false, secrets: [SECRET], stream, ...options });
  log.info(message, fields);
  await log.flushed();
  return String(stream.read());
}

describe('log', () => {
  for (const format of ['pretty', 'json'] as const) {
    it(`lets no caller write to the terminal or begin a line (${format})`, async () => {
      const hostile = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\n12:00 error x\u202e\u2028\u200b';
      const text = await linesOf({ format }, `call ${hostile}`, {
        caller: hostile,
        [hostile]: 1,
        deep: [{ caller: hostile }],
        word: '\u009b31m',
      });
      expect(text).to.match(/^[^\n]*\n$/);
      expect(text.trimEnd()).not.to.match(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(text).to.include('\\u001b').and.include('\\u009b');
    });

    it(`holds no secret, wherever a field holds it (${format})`, async () => {
      const text = await linesOf({ format }, `breaker open: ${encodeURIComponent(SECRET)}`, {
        webhook: `https://crm.example/${SECRET}`,
        faults: [`Bearer ${SECRET}`],
        requests: [
          { reply: { headers: { [`x-${SECRET}`]: Buffer.from(`u:${SECRET}`).toString('base64') } } },
        ],
      });
      expect(text).not.to.match(/k3y|5igns|azN5/);
      expect(text.match(/\*\*\*/g)).to.have.length(5);
    });
  }

  it('hides a secret that changed, and the one of before', async () => {
    const stream = new PassThrough();
    const log = createLogger({
      level: 'info',
      format: 'json',
      maskNumbers: false,
      secrets: [SECRET],
      stream,
    });
    log.hide(['new/k3y-9f']);
    log.info(`old ${SECRET} new/k3y-9f`);
    await log.flushed();
    expect((JSON.parse(String(stream.read())) as { message: string }).message).to.equal('old *** ***');
  });

  it('is JSON that reads back as what was logged', async () => {
    const fields = { caller: 'Олена\u009b\u200b "x"', list: ['\u2028', 1, null, { a: true }] };
    const text = await linesOf({ format: 'json' }, 'call', fields);
    expect(JSON.parse(text)).to.deep.include({ level: 'info', message: 'call', ...fields });
  });

  it('masks numbers in what CRMs call their headers, and leaves ids that are ours', async () => {
    const id = 'msg_12345678-1234-4234-8234-123456789012';
    const fields = {
      uuid: '12345678-1234-1234-1234-123456789012',
      reply: { headers: { id: '380441112233', a: id } },
    };
    const text = await linesOf({ format: 'json', maskNumbers: true }, 'call', fields);
    expect(JSON.parse(text)).to.deep.include({ ...fields, reply: { headers: { id: '*****33', a: id } } });
  });

  it('has local date, time and zone in pretty, and colours where they are wanted alone', async () => {
    const stamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d /;
    for (const colour of [true, false]) {
      const stream = new PassThrough();
      const log = createLogger({ level: 'info', format: 'pretty', maskNumbers: false, stream, colour });
      const before = Date.now();
      log.warn('late');
      await log.flushed();
      const text = String(stream.read());
      const [shown = ''] = stamp.exec(text) ?? [];
      expect(Date.parse(shown.trim().replace(/ (?=[+-])/, ''))).to.be.within(before, Date.now());
      expect(text.slice(shown.length)).to.equal(colour ? '\u001b[33mwarn \u001b[39m late\n' : 'warn  late\n');
    }
  });
});
