import { expect } from 'chai';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { runInside, runProgram, type Run, type RunOptions } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';

/** The command line: usage, check, config, start with faults, demo, simulate. */

const TRACE = /\n\s+at .+:\d+/;
const scheme = (name: string, more: object = {}) => ({
  name,
  webhook: { url: 'http://127.0.0.1:9/route' },
  ...more,
});

const USAGE: readonly (readonly [string, readonly string[]])[] = [
  ['an unknown command', ['nonsense']],
  ['an unknown option', ['start', '--nonsense']],
  ['an unknown option of a command', ['check', '--caller', '1']],
  ['a missing option', ['new', 'sales']],
  ['an option without its value', ['check', '--config']],
  ['a number that is none', ['simulate', '--calls', 'many']],
  ['a number out of range', ['simulate', '--rate', '0']],
  ['a caller that is no number', ['simulate', '--caller', 'anonymous']],
];

describe('command line: usage', function () {
  this.timeout(60_000);

  it('a mistyped option is named, though the required one is missing then', async () => {
    for (const [args, meant] of [
      [['try', '--calller', '38', '--did', '1'], 'unknown option \'--calller\' (did you mean "--caller"?)'],
      [['try', '--caller', '38', '--dod=1'], 'unknown option \'--dod\' (did you mean "--did"?)'],
      [['new', 'a', '--prset', 'odoo'], 'unknown option \'--prset\' (did you mean "--preset"?)'],
      [['version'], 'unknown command \'version\' (did you mean "--version"?)'],
    ] as const)
      expect((await runInside(args)).stderr).to.include(`error: ${meant}`);
    // What follows an option is its value, whatever it looks like.
    expect((await runInside(['try', '--caller', '--x', '--did', '1'])).stderr).not.to.include(
      'unknown option',
    );
  });

  for (const [title, args] of USAGE) {
    it(`${title}: exit code 2 and one line where to look`, async () => {
      const { code, stdout, stderr } = await runInside(args);
      expect(code).to.equal(2);
      expect(stderr)
        .to.match(/^error: /m)
        .and.to.match(/^See esl-router --help/m)
        .and.not.to.match(/^Usage:/m);
      expect(stderr).not.to.match(TRACE);
      expect(stdout).to.equal('');
    });
  }

  it('try without a number and without a file says what is missing', async () => {
    const { code, stderr } = await runInside(['try', '--caller', '380441110001']);
    expect([code, stderr]).to.deep.equal([
      2,
      '--did: say which number, or name a file of calls with --csv\n',
    ]);
  });

  it('wrong usage of the program itself: exit code 2 and one line where to look', async () => {
    const { code, stderr } = await runProgram(['nonsense']);
    expect(code).to.equal(2);
    expect(stderr)
      .to.match(/^See esl-router --help/m)
      .and.not.to.match(TRACE);
  });

  it('--version', async () => {
    const { code, stdout } = await runProgram(['--version']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it('--help names every command', async () => {
    const { code, stdout, stderr } = await runInside(['--help']);
    expect([code, stderr]).to.deep.equal([0, '']);
    for (const command of ['start', 'check', 'try', 'demo', 'simulate', 'config'])
      expect(stdout).to.include(`  ${command}`);
  });
});

/** Faults in settings, in the configuration file, in schemes; each named with file and path. */
const FAULTY: RunOptions = {
  settings: { LISTEN_PORT: '80abc', LOG_LEVEL: 'loud' },
  files: {
    'config.json': { esl: { lingerSeconds: 0 }, nonsense: 1 },
    'schemes/a.json': scheme('Bad Name', { forwardingTimeoutSeconds: 1, extra: true }),
    'schemes/b.json': '{"name": "b",',
    'schemes/c.json': {
      name: 'c',
      webhook: { url: 'ftp://x/{{nonsense}}', submission: 'json-rpc', timeoutSeconds: 31 },
    },
    'schemes/d.json': scheme('same', { fallback: { onError: [{ hangup: 'CRASH' }, { scheme: 'nobody' }] } }),
    'schemes/e.json': scheme('same', { webhook: { url: 'http://h/{{secret.NOT_SET}}' } }),
  },
};
const SCHEME_FAULTS = [
  /schemes\/a\.json: name: .*lower-case letters/,
  /schemes\/a\.json: forwardingTimeoutSeconds: /,
  /schemes\/a\.json: .*extra/,
  /schemes\/b\.json: line 1, column \d+: expected /,
  /schemes\/c\.json: webhook\.url: .*nonsense/,
  /schemes\/c\.json: webhook\.timeoutSeconds: /,
  /schemes\/d\.json: fallback\.onError\.0/,
];
const CONFIG_FAULTS = [
  /ESL_ROUTER_LISTEN_PORT: .*a whole number from 0 to 65535.*"80abc"/,
  /ESL_ROUTER_LOG_LEVEL: .*one of error, warn, info, debug/,
  /config\.json: .*esl\.lingerSeconds/,
  /config\.json: .*nonsense/,
];

function checkFaults({ code, stderr }: Run, faults: readonly RegExp[]): void {
  expect(code).to.equal(2);
  for (const fault of faults) expect(stderr).to.match(fault);
  expect(stderr).not.to.match(TRACE);
}

describe('command line: faults', function () {
  this.timeout(60_000);
  const { settings = {}, files = {} } = FAULTY;
  const schemesOnly = Object.fromEntries(
    Object.entries(files).filter(([name]) => name.startsWith('schemes/')),
  );

  it('check: every fault of every scheme at once', async () => {
    checkFaults(await runInside(['check'], { files: schemesOnly }), SCHEME_FAULTS);
  });

  it('check: every fault of environment and file at once', async () => {
    checkFaults(
      await runInside(['check'], { settings, files: { 'config.json': files['config.json'] } }),
      CONFIG_FAULTS,
    );
  });

  it('check: configuration and schemes together', async () => {
    checkFaults(await runInside(['check'], FAULTY), [...CONFIG_FAULTS, ...SCHEME_FAULTS]);
  });

  it('check: faults between schemes, two of the same name, a secret that is not set', async () => {
    const run = await runInside(['check'], {
      files: {
        'schemes/d.json': scheme('d', { fallback: { onError: [{ scheme: 'nobody' }, { dial: '112' }] } }),
        'schemes/e.json': scheme('e', { webhook: { url: 'http://h/{{secret.NOT_SET}}' } }),
        'schemes/f.json': scheme('e'),
      },
    });
    checkFaults(run, [
      /d\.json: fallback\.onError\.0: there is no scheme "nobody"/,
      /d\.json: fallback\.onError\.1\.dial: "112" is refused/,
      /e\.json: .*ESL_ROUTER_SECRET_NOT_SET is not set/,
      /f\.json: name: "e" is also the name of .*e\.json/,
      /^4 faults$/m,
    ]);
  });

  it('check: the scheme of the environment, by the names of its variables', async () => {
    const run = await runInside(['check'], {
      settings: { WEBHOOK_URL: 'nothing', WEBHOOK_METHOD: 'FETCH', WEBHOOK_SUBMISSION: 'json-rpc' },
    });
    checkFaults(run, [/ESL_ROUTER_WEBHOOK_URL: /, /ESL_ROUTER_WEBHOOK_METHOD: /]);
  });

  it('check: what is fine, and notes', async () => {
    const { code, stdout, stderr } = await runInside(['check'], {
      settings: { DEFAULT_SCHEME: 'a', NOT_THERE: '1' },
      files: {
        'schemes/a.json': scheme('a', { webhook: { url: 'http://h/', method: 'GET' } }),
        'schemes/b.json': scheme('b'),
      },
    });
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^note: ESL_ROUTER_NOT_THERE is set, and there is no such setting$/m);
    expect(stdout).to.match(/^note: .*a\.json: webhook\.method: "GET" has no effect.*POST$/m);
    expect(stdout).to.match(/^a \(default\): POST http:\/\/h\/, revision [0-9a-f]{12}$/m);
    expect(stdout).to.match(/^fine: 2 schemes$/m);
  });

  it('check --dialplan: what loses callers, with file, extension and the line to write, beside other faults', async () => {
    const extension = (actions: string): string =>
      `<extension name="in"><condition>\n${actions}\n<action application="voicemail" data="x"/></condition></extension>`;
    const run = await runInside(
      ['check', '--dialplan', 'FOLDER/a.xml', 'FOLDER/b.xml', '--dialplan', 'FOLDER/c.xml'],
      {
        files: {
          'schemes/a.json': scheme('Bad Name'),
          'a.xml': extension('<action application="socket" data="127.0.0.1:8084 async full"/>'),
          'b.xml': '<extension>\n<condition></extension>',
        },
      },
    );
    checkFaults(run, [
      /schemes\/a\.json: name: /,
      /a\.xml:2: extension "in": no guard before socket.*\n {4}write: <action application="sched_transfer" data="\+8 esl_router_fallback XML /,
      /b\.xml:2: broken XML: /,
      /c\.xml: there is no such file \(ENOENT\)/,
      /^4 faults$/m,
    ]);
  });

  it('check --dialplan: notes, and what is fine', async () => {
    const text = await readFile('freeswitch/dialplan/esl-router.xml', 'utf8');
    const files = { 'schemes/a.json': scheme('a'), 'fine.xml': text };
    const fine = await runInside(['check', '--dialplan', 'FOLDER/fine.xml'], { files });
    expect([fine.code, fine.stderr]).to.deep.equal([0, '']);
    expect(fine.stdout)
      .to.match(/fine\.xml: fine$/m)
      .and.not.to.match(/^note: .*\.xml/m);
    const stray = await runInside(['check', '--dialplan', 'FOLDER/stray.xml'], {
      files: { 'schemes/a.json': scheme('a'), 'stray.xml': text.replace(':8184', ':8085') },
      settings: { API_PORT: 'auto' },
    });
    expect([stray.code, stray.stderr]).to.deep.equal([0, '']);
    expect(stray.stdout).to.match(/^note: .*stray\.xml:\d+: .*127\.0\.0\.1:8085, which is the API of this/m);
    const slow = scheme('a', { webhook: { url: 'http://h/', timeoutSeconds: 9 } });
    const short = await runInside(['check', '--dialplan', 'FOLDER/fine.xml'], {
      files: { ...files, 'schemes/a.json': slow },
    });
    expect([short.code, short.stderr]).to.deep.equal([0, '']);
    expect(short.stdout).to.match(
      /^note: .*fine\.xml:\d+: extension "esl_router": the guard of 8 s is shorter.*11 s/m,
    );
  });

  it('start: a broken scheme ends it with exit code 2', async () => {
    checkFaults(await runProgram([], { files: schemesOnly }), SCHEME_FAULTS);
  });

  it('try: a broken scheme ends it with exit code 2', async () => {
    checkFaults(
      await runInside(['try', '--caller', '1', '--did', '2'], { files: schemesOnly }),
      SCHEME_FAULTS,
    );
  });

  it('start: a configuration file that is not there', async () => {
    checkFaults(await runInside(['start', '--config', 'no.json']), [
      /the configuration file no\.json: there is no such file/,
    ]);
  });

  it('start: a default scheme that is not there', async () => {
    checkFaults(await runInside([], { settings: { DEFAULT_SCHEME: 'gone' } }), [
      /ESL_ROUTER_DEFAULT_SCHEME.*"gone"/,
    ]);
  });

  it('start: the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const run = await runProgram([], { settings: { LISTEN_PORT: String(port) } });
    server.close();
    checkFaults(run, [new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`, 'm')]);
  });

  it('start: a secret and its file that cannot be read', async () => {
    const run = await runInside([], { settings: { SECRET_TOKEN_FILE: '/nowhere/token' } });
    checkFaults(run, [/ESL_ROUTER_SECRET_TOKEN_FILE: cannot read \/nowhere\/token/]);
  });
});

describe('command line: config, demo, simulate', function () {
  this.timeout(60_000);

  it('config: each setting, its value, where it came from, its variable', async () => {
    const { code, stdout, stderr } = await runInside(['config', '--schemes', 'elsewhere'], {
      settings: { GATEWAY: 'a, b', SECRET_TOKEN: 'tok-13' },
      files: { 'config.json': { domain: 'file.example' } },
    });
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^gateway +\["a","b"\] +environment +ESL_ROUTER_GATEWAY$/m);
    expect(stdout).to.match(/^domain +"file\.example" +\S+config\.json:1 +ESL_ROUTER_DOMAIN$/m);
    expect(stdout).to.match(/^schemes\.dir +"elsewhere" +command line +ESL_ROUTER_SCHEMES_DIR$/m);
    expect(stdout).to.match(/^listen\.port +8084 +default +ESL_ROUTER_LISTEN_PORT$/m);
    expect(stdout).not.to.include('tok-13');
  });

  it('demo --once: each call, a table, none lost', async () => {
    const { code, stdout, stderr } = await runProgram(['demo', '--once']);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout)
      .to.match(/^13 calls, 0 lost$/m)
      .and.to.match(/^ +call +the CRM +the caller +decided in$/m);
    for (const text of ['by the fallback', 'a withheld number', 'ECONNREFUSED', 'refused', 'no_answer']) {
      expect(stdout).to.include(text);
    }
  });

  it('simulate: plays calls against a running router and reports', async () => {
    const daemon = await Daemon.start();
    const target = ['--router', `127.0.0.1:${daemon.address.port}`, '--calls', '20', '--rate', '50'];
    try {
      const json = await runInside(['simulate', ...target, '--json']);
      expect([json.code, json.stderr]).to.deep.equal([0, '']);
      expect(JSON.parse(json.stdout)).to.deep.include({
        calls: 20,
        lost: 0,
        violations: 0,
        ends: { dialplan: 20 },
      });
      const text = await runInside(['simulate', ...target]);
      expect(text.stdout)
        .to.match(/^calls +20$/m)
        .and.to.match(/^lost +0$/m);
    } finally {
      await daemon.stop();
    }
  });

  it('simulate: callers as they are named, or withheld', async () => {
    const daemon = await Daemon.start({ settings: { LOG_LEVEL: 'info' } });
    const target = ['--router', `127.0.0.1:${daemon.address.port}`, '--calls', '2', '--rate', '50'];
    const callers = async (...options: string[]): Promise<unknown[]> => {
      const from = daemon.lines.length;
      expect((await runInside(['simulate', ...target, ...options])).code).to.equal(0);
      let ended: unknown[];
      do {
        await daemon.until(({ message }) => message === 'ended', 6000, from);
        ended = daemon.lines
          .slice(from)
          .flatMap((line) => (line.message === 'ended' ? [line['caller']] : []));
      } while (ended.length < 2);
      return ended;
    };
    try {
      expect(await callers('--caller', '+380441112233')).to.have.members(['+380441112233', '+380441112234']);
      expect(await callers('--caller', '0099')).to.have.members(['0099', '0100']);
      expect(await callers('--withheld')).to.deep.equal(['', '']);
    } finally {
      await daemon.stop();
    }
  });

  it('simulate: an address that is none', async () => {
    checkFaults(await runInside(['simulate', '--router', 'nowhere']), [/expected host:port, got "nowhere"/]);
  });
});
