import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { runCli } from '../../lib/cli.ts';
import { startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { runInside, runProgram } from '../support/cli.ts';

/** Last month's callers against a CRM on a real socket: the last digit of the caller says what it answers. */
describe('try --csv', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-csv-'));
    crm = await startCrm(({ body, url }) => {
      if (url === '/hangs') return { hang: true };
      const { caller = '' } = JSON.parse(String(body)) as { caller?: string };
      switch (caller.slice(-1)) {
        case '1':
          return { status: 200, body: '{"destination":"201"}' };
        case '2':
          return { status: 200, body: '{"destination":null}' };
        case '3':
          return { status: 200, body: '{"destination":"112"}' };
        default:
          return { status: 500, body: 'broken' };
      }
    });
  });
  after(async () => {
    await crm.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const files = (csv: string, path = 'route') => ({
    'calls.csv': csv,
    'schemes/sales.json': {
      name: 'sales',
      domain: 'pbx.example',
      webhook: {
        url: `${crm.url}/${path}`,
        timeoutSeconds: 30,
        parameters: { caller: '{{caller}}', did: '{{did}}', vip: '{{var.vip}}' },
      },
    },
  });
  const settings = { DEFAULT_SCHEME: 'sales', STORE_URL: 'off' };
  const run = (csv: string, ...more: string[]) =>
    runInside(['try', '--csv', 'FOLDER/calls.csv', '--rate', '1000', ...more], {
      settings,
      files: files(csv),
    });

  it('reports who was reached, nobody, refused and why', async () => {
    const rows = ['380441110001', '380441110011', '380441110002', '380441110003', '380441110004'];
    const out = join(folder, 'out.jsonl');
    const csv = ['Caller,DID,date', ...rows.map((caller) => `${caller},15005550100,"1, 2"`)].join('\r\n');
    const { code, stdout, stderr } = await run(csv, '--out', out);
    expect(code, stderr).to.equal(1);
    expect(stderr).to.equal('nothing reads the columns date\n');
    expect(stdout).to.match(/^5 rows in [\d.]+ s\n/);
    expect(stdout).to.match(/^reached +2 +40.0 %$/m);
    expect(stdout).to.match(/^nobody +1 +20.0 %$/m);
    expect(stdout).to.match(/^refused +1 +20.0 %$/m);
    expect(stdout).to.match(/^error +1 +20.0 %$/m);
    expect(stdout).to.match(/^refused +emergency_number +1 +/m);
    expect(stdout).to.match(/^error +http_status +1 +/m);
    const written = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { caller: string });
    expect(written.map(({ caller }) => caller).sort()).to.deep.equal([...rows].sort());
    expect(written.find(({ caller }) => caller === rows[0])).to.deep.include({
      result: 'routed',
      scheme: 'sales',
      steps: ['dial 201'],
    });
    expect(statSync(out).mode & 0o777).to.equal(0o600);
    const again = await run(csv, '--out', out);
    expect(again.code).to.equal(2);
    expect(again.stderr).to.contain('EEXIST');
  });

  for (const [title, csv] of [
    [
      'semicolons and a BOM, as a spreadsheet saves it',
      '\ufeffcaller;did;vip\r\n380441110001;15005550100;"a;""b"""\r\n',
    ],
    ['tabs', 'caller\tdid\tvip\n380441110001\t15005550100\ta;"b"\n'.replace('a;"b"', '"a;""b"""')],
    [
      'another order, a line break in a cell and an empty line',
      'var.vip,note,DID, Caller\n"a;""b""","x\ny",15005550100,380441110001\n\n',
    ],
    [
      'numbers that a spreadsheet is told to leave as they are, and rows of separators alone',
      '\n;;\ncaller;did;vip\n;;\n="380441110001";"=""15005550100""";"a;""b"""\n ; ;\n',
    ],
    [
      'quotes in the middle of a cell, and spaces around them',
      'caller,did,vip,name,firm\n"380441110001" , "15005550100" ,"a;""b""",Joe "Bob" Smith,"Bob" and sons\n',
    ],
    [
      'a cell of several lines that begins with a quote',
      'caller,did,vip,note\n380441110001,15005550100,"a;""b""","""Hello, Bob"",\nhe said, and left"\n',
    ],
  ] as const) {
    it(`reads ${title}`, async () => {
      const from = crm.requests.length;
      const { code, stdout, stderr } = await run(csv, '--json');
      expect(code, stderr).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.include({ rows: 1, reached: 1, stopped: false });
      const [request, ...others] = crm.requests.slice(from);
      expect(others).to.deep.equal([]);
      expect(JSON.parse(String(request?.body))).to.deep.equal({
        caller: '380441110001',
        did: '15005550100',
        vip: 'a;"b"',
      });
      expect(request?.headers['x-esl-router-dry-run']).to.equal('1');
    });
  }

  it('names what it can not read, by line', async () => {
    const { code, stdout } = await run(
      'caller,did\n380441110001,15005550100\n3.80E+11,15005550100\n380441110001,\n',
    );
    expect(code).to.equal(1);
    expect(stdout).to.match(/^unreadable +2 /m);
    expect(stdout).to.contain('line 3: 3.80E+11: a spreadsheet has rounded this number');
    expect(stdout).to.contain('line 4: no called number');
    for (const [file, fault] of [
      ['phone,did\n1,2\n', /expected a column "caller"/],
      ['caller\n380441110001\n', /expected a column "did", or --did/],
      ['caller,did\n"380', /calls.csv: .*[Qq]uote/],
    ] as const) {
      const wrong = await run(file);
      expect(wrong.code).to.equal(2);
      expect(wrong.stderr).to.match(fault);
    }
    expect((await run('caller\n380441110001\n', '--did', '15005550100')).code).to.equal(0);
    expect(
      (await runInside(['try', '--csv', 'FOLDER/none.csv'], { settings, files: files('') })).stderr,
    ).to.match(/cannot read .*none.csv/);
    expect((await runInside(['try', '--did', '1'], { settings, files: files('') })).stderr).to.contain(
      '--caller: say',
    );
  });

  const ROW = '380441110001,15005550100';
  const rowsOf = (count: number): string[] => Array.from({ length: count }, () => `${ROW},`);

  it('with --did takes no row of separators alone for a withheld caller', async () => {
    const { code, stdout } = await run('caller;note\n380441110001;\n;\n', '--did', '1', '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ rows: 1, reached: 1 });
  });

  for (const [title, more] of [
    ['to the end of the file', 20],
    ['for longer than any row', 50_000],
  ] as const) {
    it(`a quote that is open ${title}: the report of all rows before it, and exit code 1`, async () => {
      const csv = ['caller,did,name', ...rowsOf(200), `${ROW},"Joe`, ...rowsOf(more)];
      const { code, stdout } = await run(csv.join('\n'));
      expect(code).to.equal(1);
      expect(stdout).to.match(/^200 rows in [\d.]+ s, stopped before the end of the file$/m);
      expect(stdout).to.match(/calls\.csv: a quote after line 201 is not closed$/m);
      expect(stdout).to.match(/^reached +200 /m);
    });
  }

  it('a quote that is open up to the next one: that row is unreadable, and all others are asked', async () => {
    const csv = ['caller,did,name', ...rowsOf(3), `${ROW},"Joe`, ...rowsOf(2), `${ROW},"Ann"`, ...rowsOf(4)];
    const { code, stdout } = await run(csv.join('\n'));
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/^8 rows in [\d.]+ s$/m)
      .and.to.match(/^reached +7 /m);
    expect(stdout).to.contain('line 8: a quote after line 4 is not closed');
  });

  it('--out on a disk that is full: the report of what was tried, and exit code 1', async () => {
    const { code, stdout, stderr } = await runProgram(
      ['try', '--csv', 'FOLDER/calls.csv', '--rate', '1000', '--out', 'FOLDER/out.jsonl'],
      // 4 KiB is the largest file that the process may write.
      { settings, files: files(['caller,did,name', ...rowsOf(1_000)].join('\n')), shell: 'ulimit -f 8' },
    );
    expect([code, stderr]).to.deep.equal([1, 'nothing reads the columns name\n']);
    expect(stdout).to.match(/^\d+ rows in [\d.]+ s, stopped before the end of the file\n.*out\.jsonl: EFBIG/);
    const [, reached = ''] = /^reached +(\d+) /m.exec(stdout) ?? [];
    expect(Number(reached)).to.be.within(1, 999);
  });

  it('asks no faster than it may, and Ctrl-C ends it with a report', async () => {
    const csv = ['caller,did', ...Array.from({ length: 500 }, () => '380441110001,15005550100')].join('\n');
    let stop: () => void = () => undefined;
    const texts = { stdout: '', stderr: '' };
    const sink = (name: 'stdout' | 'stderr') =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          texts[name] += chunk.toString();
          done();
        },
      });
    const { writeFileSync, mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'schemes'));
    for (const [name, content] of Object.entries(files(csv, 'hangs')))
      writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    const from = crm.requests.length;
    const running = runCli(['try', '--csv', join(folder, 'calls.csv'), '--rate', '1000'], {
      version: '0',
      packageFolder: '/',
      env: {
        ESL_ROUTER_SCHEMES_DIR: join(folder, 'schemes'),
        ESL_ROUTER_DEFAULT_SCHEME: 'sales',
        ESL_ROUTER_STORE_URL: 'off',
      },
      configurationFolders: [folder],
      maxDescriptors: Infinity,
      stdin: Readable.from([]),
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      onStop: (callback) => {
        stop = callback;
      },
      onReload: () => undefined,
      onDebug: () => undefined,
      onCrash: () => undefined,
    });
    while (crm.requests.length < from + 50) await new Promise(setImmediate);
    // Fifty hang: no other one is asked.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(crm.requests.length).to.equal(from + 50);
    stop();
    expect(await running, texts.stderr).to.equal(1);
    expect(texts.stdout).to.match(/^0 rows in [\d.]+ s, stopped before the end of the file/);
  });
});
