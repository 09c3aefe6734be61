import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInside, runProgram } from '../../support/cli.ts';
import { Daemon, type LogLine } from '../../support/daemon.ts';
import { callRecord, openStore } from '../../support/stored.ts';

describe('command line: calls, why, store', function () {
  this.timeout(60_000);
  let folder: string;
  let settings: Record<string, string>;
  const now = Date.now();
  const records = [
    callRecord({
      at: new Date(now - 7_200_000),
      callerName: 'Olena',
      caller: '380441112299',
      scheme: 'night',
    }),
    callRecord({ at: new Date(now - 600_000), result: 'no_answer', reason: 'busy' }),
    callRecord({ at: new Date(now - 60_000), callerName: '\u001b[31mred', destination: '102' }),
  ];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-store-'));
    settings = { STORE_URL: `sqlite:${join(folder, 'store.db')}` };
    const store = await openStore({ url: settings['STORE_URL'] ?? '' });
    for (const record of records) store.record(record);
    await store.close();
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]) => runInside(args, { settings });

  it('calls: a table, the newest first', async () => {
    const { code, stdout } = await run('calls');
    const lines = stdout.trimEnd().split('\n');
    expect(code).to.equal(0);
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(/^time \(UTC\) +caller +called +scheme/);
    expect(lines[1]).to.match(/380441112233 +15005550100 +sales +routed +routed +102 +bridged +120 ms +60 s/);
    expect(lines[2]).to.contain('busy');
    expect(lines[3]).to.contain(records[0]?.id);
  });

  it('calls: filters, a page and the way to the next one, a JSON object a line', async () => {
    expect((await run('calls', '--since', '1h')).stdout.split('\n')).to.have.length(4);
    expect((await run('calls', '--reason', 'busy', '--result', 'error', 'no_answer')).stdout).to.contain(
      'busy',
    );
    expect((await run('calls', '--caller', '044 111 22 99')).stdout).to.contain('night');
    const none = await run('calls', '--scheme', 'nothing');
    expect([none.code, none.stdout, none.stderr]).to.deep.equal([0, '', 'no matching calls\n']);
    const page = await run('calls', '--limit', '2', '--json');
    const shown = page.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string });
    expect(shown.map(({ id }) => id)).to.deep.equal([records[2]?.id, records[1]?.id]);
    const [, cursor = ''] = /--cursor (\d+)/.exec(page.stderr) ?? [];
    expect((await run('calls', '--cursor', cursor, '--json')).stdout).to.contain(records[0]?.id);
    expect(page.stdout).not.to.contain('\u001b');
  });

  for (const words of [
    ['--since', 'yesterday'],
    ['--since', '2026-13-45'],
    ['--until', '2026-02-30'],
    ['--limit', '0'],
    ['--limit', '501'],
  ]) {
    it(`calls ${words.join(' ')}: wrong usage`, async () => {
      expect((await run('calls', ...words)).code).to.equal(2);
    });
  }

  it('why: by trace, by uuid, and the last call of a caller, in 25 lines at most', async () => {
    const [, second, third] = records;
    for (const meant of [third?.id ?? '', third?.call?.uuid ?? '', '0441112233']) {
      const { code, stdout } = await run('why', meant);
      expect(code, meant).to.equal(0);
      const lines = stdout.trimEnd().split('\n');
      expect(lines.length).to.be.at.most(25);
      expect(lines[0]).to.contain(`trace ${third?.id ?? ''}`);
      expect(stdout).to.match(
        / {8}3 ms {2}asks the CRM \(scheme sales, attempt 1\): POST https:\/\/crm\.example\/route/,
      );
      expect(stdout).to.contain('routed (routed): the call was sent where the CRM said');
      expect(stdout).to.contain('sent to 102 by primary, decided in 120 ms, talked 1 min 0 s');
      expect(stdout).not.to.contain('\u001b');
    }
    const json = await run('why', second?.id ?? '', '--json');
    expect(JSON.parse(json.stdout)).to.deep.equal(JSON.parse(JSON.stringify(second)));
    const none = await run('why', '380999999999');
    expect([none.code, none.stdout]).to.deep.equal([1, '']);
    expect(none.stderr).to.contain('no call with the trace, uuid or caller 380999999999 in the store');
  });

  it('why: the last call of exactly this number, before a later one of a number that only ends so', async () => {
    const settings = { STORE_URL: `sqlite:${join(folder, 'endings.db')}` };
    const store = await openStore({ url: settings.STORE_URL });
    const ours = callRecord({ at: new Date(now - 700_000), caller: '0501234567' });
    store.record(ours);
    const later = Array.from({ length: 501 }, (_, index) => new Date(now - 600_000 + index * 1000));
    for (const at of later) store.record(callRecord({ at, caller: '+12501234567' }));
    await store.close();
    const told = async (number: string) => (await runInside(['why', number], { settings })).stdout;
    expect(await told('050 123-45-67'))
      .to.contain(`trace ${ours.id}`)
      .and.to.match(/^a later call, of \+12501234567, has the same last digits: [0-9a-f]{32}$/m);
    expect(await told('+1 250 123 4567'))
      .to.contain('\n+12501234567 ')
      .and.not.to.contain('last digits');
    const [, , third, ...rest] = (await told('380501234567')).trimEnd().split('\n');
    expect(third).to.equal('the caller is +12501234567, found by the last digits of 380501234567');
    expect(rest.length).to.be.at.most(22);
    expect((await runInside(['why', '380501234567', '--json'], { settings })).stderr).to.equal(`${third}\n`);
  });

  it('why --log: out of log files, the whole record where it is there', async () => {
    const [first, second] = records;
    const file = join(folder, 'router.log');
    const line = (fields: object) => `${JSON.stringify({ timestamp: 'x', level: 'info', ...fields })}\n`;
    writeFileSync(
      file,
      line({ message: 'listening', port: 1 }) +
        line({ message: 'record', ...first }) +
        line({
          message: 'ended',
          trace: first?.id,
          uuid: 'u1',
          caller: '1',
          result: 'routed',
          reason: 'routed',
        }) +
        line({
          message: 'ended',
          trace: second?.id,
          uuid: 'u2',
          caller: '2',
          result: 'no_answer',
          reason: 'busy',
          endedMs: 7,
        }) +
        'not JSON u2\n',
    );
    const whole = await runInside(['why', first?.id ?? '', '--log', file]);
    expect(whole.stdout).to.contain('asks the CRM');
    const short = await runInside(['why', 'u2', '--log', file]);
    expect(short.stdout).to.contain('reason: busy, the destination is busy');
    expect(short.stdout).to.contain('endedMs: 7');
    expect((await runInside(['why', 'u3', '--log', file])).code).to.equal(1);
    expect((await runInside(['why', 'u3', '--log', join(folder, 'none.log')])).code).to.equal(2);
  });

  it('store: status, a backup that overwrites nothing, a number erased', async () => {
    const status = await run('store', 'status', '--json');
    expect(JSON.parse(status.stdout)).to.include({
      kind: 'sqlite',
      records: 3,
      newest: records[2]?.startedAt,
    });
    const copy = join(folder, 'copy.db');
    expect((await run('store', 'backup', copy)).code).to.equal(0);
    const again = await run('store', 'backup', copy);
    expect([again.code, again.stderr]).to.match(/^2,.*overwrites nothing/);
    const erased = await run('store', 'erase', '+380 44 111 22 99');
    expect(erased.stdout).to.match(/^1 records no longer hold/);
    expect((await run('calls', '--caller', '380441112299')).stdout).to.equal('');
    const kept = await runInside(['calls', '--caller', '380441112299'], {
      settings: { STORE_URL: `sqlite:${copy}` },
    });
    expect(kept.stdout).to.contain('night');
    expect((await run('store', 'backup')).code).to.equal(2);
    expect((await run('store', 'vacuum')).code).to.equal(2);
  });

  it('says what to do where there is no store, or it is off', async () => {
    const off = await runInside(['calls'], { settings: { STORE_URL: 'off' } });
    expect([off.code, off.stderr]).to.match(/^2,the store is off: see store.url/);
    const none = await runInside(['calls'], { settings: { STORE_URL: 'sqlite:FOLDER/none.db' } });
    expect([none.code, none.stderr]).to.match(/^2,there is no store yet/);
    const wrong = await runInside(['check'], { settings: { STORE_URL: 'postgres://u:hunter2@h' } });
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.contain('ESL_ROUTER_STORE_URL').and.to.contain('postgres://user@host/database');
    expect(wrong.stderr).not.to.contain('hunter2');
    const shown = await runInside(['config'], {
      settings: { STORE_URL: 'postgres://u:hunter2@h/d', STORE_PASSWORD: 'hunter3' },
    });
    expect(shown.stdout)
      .to.contain('postgres://u:***@h/d')
      .and.not.to.match(/hunter/);
  });

  it('the daemon writes its calls, and without a folder data/ it has no store', async () => {
    const daemon = await Daemon.start({
      settings: { STORE_URL: `sqlite:${join(folder, 'daemon.db')}`, HEALTH_PORT: '0' },
    });
    const health = daemon.lines.find(({ message }: LogLine) => message === 'health');
    const { port } = daemon.address;
    const simulated = await runProgram([
      'simulate',
      '--router',
      `127.0.0.1:${port}`,
      '--calls',
      '5',
      '--rate',
      '50',
    ]);
    expect(simulated.code).to.equal(0);
    const ready = await fetch(`http://127.0.0.1:${String(health?.['port'])}/readyz`);
    expect(await ready.json())
      .to.have.property('store')
      .that.includes({ status: 'up', lost: 0 });
    await daemon.stop();
    const { stdout } = await runInside(['calls', '--json'], {
      settings: { STORE_URL: `sqlite:${join(folder, 'daemon.db')}` },
    });
    const traces = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    const logged = daemon.lines.filter(({ message }) => message === 'ended').map(({ trace }) => trace);
    expect(traces).to.have.members(logged);
    expect(traces).to.have.length(5);

    const bare = await Daemon.start();
    await bare.until(({ message }) => message.startsWith('store: off'));
    await bare.stop();
    mkdirSync(join(folder, 'data'));
    const on = await Daemon.start({ settings: { STORE_DIR: join(folder, 'data') } });
    expect(await on.until(({ message }) => message === 'store')).to.include({
      kind: 'sqlite',
      place: join(folder, 'data', 'esl-router.db'),
    });
    await on.stop();
  });

  it('a newer store, or a database that refuses: exit code 2, and what to do', async () => {
    const file = join(folder, 'newer.db');
    await (await openStore({ url: `sqlite:${file}` })).close();
    const { default: Database } = await import('libsql');
    const db = new Database(file);
    db.exec("insert into schema_versions values (99, 'x', '9')");
    db.close();
    const started = await runProgram(['start'], {
      settings: { STORE_URL: `sqlite:${file}`, LISTEN_PORT: '0' },
    });
    expect([started.code, started.stderr]).to.match(/^2,.*a newer esl-router made them/);
  });
});
