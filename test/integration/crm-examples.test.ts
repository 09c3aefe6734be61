import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createContext, runInContext } from 'node:vm';
import type { CallRecord } from '../../lib/call/record.ts';
import { parseScheme } from '../../lib/scheme/scheme.ts';
import { runInside } from '../support/cli.ts';

/** examples/crm, run as their first lines say, and asked by the router. */

const FOLDER = 'examples/crm';
const README = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const SCHEME = JSON.parse(/```json\n([^]*?)```/.exec(README)?.[1] ?? '') as { webhook: object };
const SECRET = 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMjQtYnl0ZXM=';

/** Node is the one that runs this; the others where they are installed. */
const SERVICES = [
  ['answer.mjs', process.execPath, () => ['answer.mjs']],
  ['answer.py', 'python3', () => ['answer.py']],
  [
    'answer.php',
    process.env['PHP_BIN'] ?? 'php',
    (port: number) => ['-n', '-S', `127.0.0.1:${port}`, 'answer.php'],
  ],
] as const;

const NOW = String(Math.floor(Date.now() / 1000));

describe('examples/crm', function () {
  this.timeout(60_000);

  it('are all named by their README, whose scheme is valid', () => {
    for (const file of readdirSync(FOLDER)) {
      if (file !== 'README.md') expect(README).to.include(`(${file})`);
    }
    expect(parseScheme(SCHEME, '')).to.include({ ok: true });
  });

  for (const [file, program, argumentsOf] of SERVICES) {
    describe(file, () => {
      let child: ChildProcess | undefined;
      let url = '';

      before(async function () {
        if (spawnSync(program, ['-v']).error !== undefined) return this.skip();
        const port = await freePort();
        url = `http://127.0.0.1:${port}/`;
        child = spawn(program, argumentsOf(port), {
          cwd: FOLDER,
          env: { ...process.env, CRM_SECRET: SECRET, PORT: String(port) },
          stdio: 'ignore',
        });
        await listening(port, child);
      });

      after(async () => {
        if (child === undefined) return;
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      });

      /** What `try` makes of the service's answer. */
      async function ask(caller: string, secret = SECRET): Promise<CallRecord> {
        const args = ['try', '--scheme', 'sales', '--caller', caller, '--did', '15005550100', '--json'];
        const { stdout } = await runInside(args, {
          settings: { GATEWAY: 'trunk', DOMAIN: 'pbx.example', SECRET_CRM: secret },
          files: { 'schemes/sales.json': { ...SCHEME, webhook: { ...SCHEME.webhook, url } } },
        });
        return JSON.parse(stdout) as CallRecord;
      }

      it('names the owner of a caller whom it knows, within 200 ms', async () => {
        await ask('+380501234567');
        const record = await ask('+380501234567');
        expect(record).to.include({ result: 'routed', reason: 'routed' });
        expect(record.readings.map(({ text }) => text)).to.deep.equal(['201']);
        expect(record.requests[0]?.phases?.total).to.be.below(200);
      });

      it('names both owners, to be rung together', async () => {
        const record = await ask('+15005550123');
        expect(record.readings.map(({ path, text }) => [path, text])).to.deep.equal([
          ['[0][0]', '201'],
          ['[0][1]', '202'],
        ]);
      });

      for (const caller of ['+380501234568', '380501234567', '__proto__', 'constructor', '']) {
        it(`knows nobody for ${JSON.stringify(caller)}`, async () => {
          expect(await ask(caller)).to.include({ result: 'no_route', reason: 'empty_value' });
        });
      }

      it('refuses a question that another secret signed', async () => {
        const record = await ask('+380501234567', 'whsec_b3RoZXI=');
        expect(record).to.include({ result: 'error', reason: 'http_status' });
        expect(record.requests[0]?.reply?.status).to.equal(401);
      });

      it('goes on when the router leaves in the middle of a question: the caller hung up', async () => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        socket.write('POST / HTTP/1.1\r\nHost: crm\r\nContent-Length: 100\r\n\r\n{"event":');
        await delay(50);
        socket.resetAndDestroy();
        await delay(50);
        expect(await ask('+380501234567')).to.include({ result: 'routed' });
      });

      it('takes an event, and the same one again', async () => {
        const body = JSON.stringify({
          event_id: 'e1',
          event: 'ended',
          caller: '+380501234567',
          destination: '201',
        });
        const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
        const signature = createHmac('sha256', key).update(`e1.${NOW}.${body}`).digest('base64');
        const headers = {
          'webhook-id': 'e1',
          'webhook-timestamp': NOW,
          'webhook-signature': `v1,${signature}`,
        };
        for (let times = 0; times < 2; times++) {
          const taken = await fetch(url, { method: 'POST', body, headers });
          expect([taken.status, await taken.json()]).to.deep.equal([200, {}]);
        }
      });

      for (const [what, headers] of [
        ['no signature', {}],
        [
          'a signature that is not one',
          { 'webhook-id': 'm', 'webhook-timestamp': NOW, 'webhook-signature': 'v1,\u00ef' },
        ],
        [
          'a time that is none',
          { 'webhook-id': 'm', 'webhook-timestamp': 'x', 'webhook-signature': 'v1,AAAA' },
        ],
        [
          'one of yesterday',
          { 'webhook-id': 'm', 'webhook-timestamp': '1795338000', 'webhook-signature': 'v1,AAAA v2,' },
        ],
      ] as const) {
        it(`refuses ${what}, and goes on`, async () => {
          const refused = await fetch(url, { method: 'POST', body: '{"caller":"+380501234567"}', headers });
          expect([refused.status, await refused.json()]).to.deep.equal([
            401,
            { error: 'the signature is wrong' },
          ]);
          expect(await ask('+380501234567')).to.include({ result: 'routed' });
        });
      }
    });
  }

  describe('google-sheet.gs', () => {
    const rows = [
      ['phone', 'extension'],
      ['+380501234567', '201'],
      ['+1 (500) 555-0123', '201'],
      ['+15005550123', '202'],
      ['+442079460000', ' 203 '],
      ['+44 20 7946 0000', '203'],
      ['', '204'],
    ];

    /** Apps Script, as far as the script uses it. */
    function get(parameter: Record<string, string>, key: string | null = 'k'): unknown {
      const sandbox = createContext({
        ContentService: {
          MimeType: { JSON: 'application/json' },
          createTextOutput: (text: string) => ({ setMimeType: () => text }),
        },
        PropertiesService: { getScriptProperties: () => ({ getProperty: () => key }) },
        SpreadsheetApp: {
          getActive: () => ({
            getSheetByName: () => ({ getDataRange: () => ({ getDisplayValues: () => rows }) }),
          }),
        },
        e: { parameter },
      });
      const text = runInContext(
        `${readFileSync(join(FOLDER, 'google-sheet.gs'), 'utf8')}\ndoGet(e)`,
        sandbox,
      ) as string;
      return JSON.parse(text);
    }

    for (const [what, phone, destination] of [
      ['the extension beside the number', '+380501234567', '201'],
      ['one owner who stands there twice', '+442079460000', '203'],
      ['nobody for two owners', '+15005550123', null],
      ['nobody for an unknown caller', '+380501234568', null],
      ['nobody for a caller without a number', '', null],
    ] as const) {
      it(`answers with ${what}`, () => {
        expect(get({ phone, key: 'k' })).to.deep.equal({ destination });
      });
    }

    it('refuses a wrong key, and any key while it has none', () => {
      expect(get({ phone: '+380501234567', key: 'x' })).to.deep.equal({ error: 'wrong key' });
      expect(get({ phone: '+380501234567' }, null)).to.deep.equal({ error: 'wrong key' });
      expect(get({ phone: '+380501234567', key: '' }, '')).to.deep.equal({ error: 'wrong key' });
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Until somebody answers the port. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    const socket = connect(port, '127.0.0.1');
    const came = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      delay(1000, false),
    ]);
    socket.destroy();
    if (came) return;
    await delay(50);
  }
  throw new Error('the service does not listen');
}
