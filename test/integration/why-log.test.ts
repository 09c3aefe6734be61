import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInside } from '../support/cli.ts';
import { callRecord, type Given } from '../support/stored.ts';

/** Log files as they lie about: rotated, compressed, out of a journal. */
describe('why --log', function () {
  this.timeout(60_000);
  const CALLER = '380441112233';
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-log-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 28, 10, minute));
  const written = (moment: Date, message: string, fields: object): string =>
    JSON.stringify({ timestamp: moment.toISOString(), level: 'info', message, ...fields });
  /** The line of one call. */
  const ended = (minute: number, fields: object = {}): string =>
    written(at(minute), 'ended', {
      ...{ result: 'routed', reason: 'routed', trace: `t${minute}`, uuid: `u${minute}`, caller: CALLER },
      ...fields,
    });
  const file = (name: string, ...lines: string[]): string => {
    const path = join(folder, name);
    const text = Buffer.from(`${lines.join('\n')}\n`);
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
    return path;
  };
  const why = async (meant: string, ...files: string[]) => {
    const { code, stdout, stderr } = await runInside(['why', meant, '--json', '--log', ...files]);
    if (code !== 0) return stderr;
    const { trace, id } = JSON.parse(stdout) as { trace?: string; id?: string };
    return trace ?? id;
  };

  it('tells the latest call, in whatever order the files are, and reads those that are compressed', async () => {
    const files = [
      file('router.log', ended(30)),
      file('router.log.1', ended(20), ended(25)),
      file('router.log.2.gz', ended(10)),
    ];
    expect(await why(CALLER, ...files)).to.equal('t30');
    expect(await why(CALLER, ...files.toReversed())).to.equal('t30');
    expect(await why(CALLER, ...files.slice(1))).to.equal('t25');
    expect(await why('u10', ...files)).to.equal('t10');
    writeFileSync(join(folder, 'cut.gz'), gzipSync(ended(40)).subarray(0, 30));
    expect(await why(CALLER, join(folder, 'cut.gz'))).to.match(/^cannot read the log .*cut\.gz: /);
    expect(await why(CALLER, join(folder, 'none.gz'))).to.match(/^cannot read the log .*none\.gz: ENOENT/);
  });

  it('finds a number in any spelling, and no other number', async () => {
    const other = ended(20, { trace: 'other', caller: '380441112299' });
    for (const logged of [CALLER, `+${CALLER}`, '0441112233']) {
      const log = file('router.log', ended(10, { trace: 'ours', caller: logged }), other);
      for (const meant of [
        CALLER,
        `+${CALLER}`,
        '+380 (44) 111-22-33',
        '00380441112233',
        '0441112233',
        '1112233',
      ])
        expect(await why(meant, log), `${meant} in a call of ${logged}`).to.equal('ours');
      expect(await why('380441112234', log)).to.match(/^no call with/);
    }
  });

  it('finds a trace with hyphens or without, and a uuid in capitals', async () => {
    const record = callRecord({ at: at(10) });
    const { id, call } = record;
    const uuid = call?.uuid ?? '';
    const log = file('router.log', written(at(11), 'ended', { trace: id, uuid, caller: '' }));
    const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    for (const meant of [id, dashed, dashed.toUpperCase(), uuid, uuid.toUpperCase()])
      expect(await why(meant, log), meant).to.equal(id);
  });

  it('reads lines of a journal', async () => {
    const prefix = 'Nov 28 10:10:00 pbx esl-router[12]: ';
    expect(await why(CALLER, file('journal.txt', `${prefix}${ended(10)}`, `${prefix}${CALLER} {`))).to.equal(
      't10',
    );
  });

  it('prefers a record to its line, in whatever file', async () => {
    const record = callRecord({ at: at(10) });
    const line = file('line', ended(11, { trace: record.id }));
    const whole = file('whole', written(at(10), 'record', record));
    for (const files of [
      [line, whole],
      [whole, line],
    ]) {
      const { stdout } = await runInside(['why', CALLER, '--log', ...files]);
      expect(stdout).to.contain('asks the CRM');
    }
  });

  it('prefers the number as it is written to a later call whose number only ends so, and says so if there is no other', async () => {
    const call = (minute: number, given: Given): string => {
      const moment = at(minute);
      return written(moment, 'record', callRecord({ at: moment, ...given }));
    };
    const canada = [call(20, { caller: '+12501234567' }), ended(30, { trace: 'c', caller: '+12501234567' })];
    const both = file('both', call(10, { caller: '0501234567' }), ...canada);
    const ours = await runInside(['why', '0501234567', '--log', both]);
    expect(ours.stdout)
      .to.contain('\n0501234567 "Iryna" called')
      .and.to.contain('\na later call, of +12501234567, has the same last digits: c\n');
    for (const lines of [canada, canada.slice(0, 1)]) {
      const { stdout } = await runInside(['why', '0501234567', '--log', file('one', ...lines)]);
      expect(stdout.split('\n').slice(0, 3).join('\n')).to.contain(
        'the caller is +12501234567, found by the last digits of 0501234567',
      );
    }
  });

  it('finds lines that lie across what is read at once, and the last one without its end', async () => {
    const filler = 'x'.repeat(1000);
    const lines = Array.from({ length: 3000 }, (_, index) =>
      index === 1048 ? ended(10, { notes: [filler, filler] }) : filler,
    );
    const log = join(folder, 'big.log');
    writeFileSync(log, [...lines, ended(20, { caller: '380500000000' })].join('\n'));
    expect(await why(CALLER, log)).to.equal('t10');
    expect(await why('380500000000', log)).to.equal('t20');
  });
});
