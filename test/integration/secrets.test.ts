import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { redactorOf } from '../../lib/commands/context.ts';
import { startCrm, SimulatedFreeSwitch, type CrmReply } from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Secrets are sent where the scheme says, and show nowhere: not in logs at any level, not in `config`, not in `try`. */

const SETTINGS = {
  SECRET_URL: 'sec-url-1',
  SECRET_HEADER: 'sec-header-2',
  SECRET_BODY: 'sec-body-3',
  SECRET_AUTH: 'sec-auth-4',
  GATEWAY: 'crm',
  DOMAIN: 'pbx.example',
};
const VALUES = Object.values(SETTINGS).filter((value) => value.startsWith('sec-'));
const BASIC = Buffer.from('crm:sec-auth-4').toString('base64');

const schemes = (crm: string): object[] => [
  {
    name: 'everywhere',
    webhook: {
      url: `${crm}/{{secret.URL}}/x?k={{secret.URL}}`,
      headers: { 'X-Key': 'k {{secret.HEADER}}' },
      parameters: { key: '{{secret.BODY}}', phone: '{{caller}}' },
      auth: { type: 'basic', user: 'crm', password: '{{secret.AUTH}}' },
    },
    bridge: { headers: { 'X-Card': '{{reply.card}}' } },
  },
  {
    name: 'in-headers',
    webhook: {
      url: `${crm}/headers`,
      submission: 'http',
      parametersIn: 'headers',
      parameters: { 'X-Token': '{{secret.HEADER}}' },
      auth: { type: 'bearer', token: '{{secret.AUTH}}' },
    },
  },
  {
    name: 'gone',
    webhook: { url: 'http://127.0.0.1:9/{{secret.URL}}', headers: { 'X-Key': '{{secret.HEADER}}' } },
  },
  { name: 'nowhere', webhook: { url: 'http://crm.invalid/{{secret.URL}}', timeoutSeconds: 1 } },
];
const NAMES = ['everywhere', 'in-headers', 'gone', 'nowhere'];

function checkClean(text: string): void {
  for (const value of [...VALUES, BASIC]) expect(text).not.to.include(value);
}

describe('secrets', function () {
  this.timeout(60_000);

  it('are sent, and are in no line of the log at debug', async () => {
    const crm = await startCrm((): CrmReply => ({ status: 500, body: 'down' }));
    const daemon = await Daemon.start({ schemes: schemes(crm.url) as never, settings: SETTINGS });
    try {
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
      for (const path of NAMES) {
        const report = await freeswitch.call({ caller: CALLER, did: DID, path, callee: () => answers() });
        const record = await daemon.record(report.uuid);
        expect(record.reason).to.equal(
          path === 'gone' ? 'connect_failed' : path === 'nowhere' ? 'dns_failed' : 'http_status',
        );
      }
      const [everywhere, headers, ...others] = crm.requests;
      expect(others).to.deep.equal([]);
      expect(everywhere?.url).to.equal('/sec-url-1/x?k=sec-url-1');
      expect(everywhere?.headers).to.include({ 'x-key': 'k sec-header-2', authorization: `Basic ${BASIC}` });
      expect(everywhere?.body.toString()).to.include('sec-body-3');
      expect(headers?.headers).to.include({ 'x-token': 'sec-header-2', authorization: 'Bearer sec-auth-4' });
      checkClean(JSON.stringify(daemon.lines));
      // The record shows that there was something.
      expect(JSON.stringify(daemon.lines)).to.include('/***/x?k=***');
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });

  it('keeps telephone numbers out of the log with log.maskNumbers, at debug too', async () => {
    const destination = '380501234567';
    const crm = await startCrm((): CrmReply => ({
      status: 200,
      body: JSON.stringify({ destination: ['380441234567', destination], note: destination }),
    }));
    const scheme = {
      name: 'numbers',
      webhook: {
        url: `${crm.url}/{{caller}}?line={{did}}`,
        headers: { 'X-Caller': '{{caller_e164}}' },
        parameters: { phone: '{{caller}}', name: '{{caller_name}}' },
      },
    };
    const settings = { ...SETTINGS, LOG_MASK_NUMBERS: 'true' };
    const daemon = await Daemon.start({ schemes: [scheme] as never, settings });
    try {
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
      const report = await freeswitch.call({
        caller: CALLER,
        callerName: `Ann ${CALLER}`,
        did: DID,
        path: 'numbers',
        callee: ({ user }) =>
          user === destination ? answers() : { kind: 'fail', cause: 'USER_BUSY', afterMs: 5 },
      });
      const record = await daemon.record(report.uuid);
      expect(record.bridges).to.have.length(2);
      expect(record.call?.caller).to.equal(`*****${CALLER.slice(-2)}`);
      const written = JSON.stringify(daemon.lines);
      for (const number of [CALLER, DID, destination, '380441234567']) expect(written).not.to.include(number);
      expect(crm.requests[0]?.headers['x-caller'], 'the CRM gets it whole').to.include(CALLER);
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });

  it('are in no output of check, config and try', async () => {
    const crm = await startCrm((): CrmReply => ({ status: 200, body: '{"destination":"201","card":"c"}' }));
    try {
      const files = Object.fromEntries(
        schemes(crm.url).map((scheme, index) => [`schemes/${index}.json`, scheme]),
      );
      const runs = [
        ['check'],
        ['config'],
        ['config', '--json'],
        ...NAMES.flatMap((name) => {
          const args = ['try', '--scheme', name, '--caller', CALLER, '--did', DID];
          return [args, [...args, '--json']];
        }),
      ];
      for (const args of runs) {
        const { stdout, stderr } = await runInside(args, { settings: SETTINGS, files });
        checkClean(stdout + stderr);
        expect(stdout).not.to.equal('');
      }
      expect(crm.requests).to.have.length(4);
    } finally {
      await crm.close();
    }
  });

  it('shows of settings from secret files where they came from, and nothing else', async () => {
    const url = 'https://crm.example/hook/t0ken-of-url?key=k3y-of-url';
    const files = {
      url,
      parameters: '{"key":"p4rameter-text","caller":"{{caller}}"}',
      domain: 'pbx.example',
    };
    const settings = {
      WEBHOOK_URL_FILE: 'FOLDER/url',
      WEBHOOK_PARAMETERS_FILE: 'FOLDER/parameters',
      DOMAIN_FILE: 'FOLDER/domain',
    };
    for (const args of [['config'], ['config', '--json'], ['check']]) {
      const { stdout, stderr, code } = await runInside(args, { settings, files });
      expect(code, stderr).to.equal(0);
      expect(stdout + stderr).not.to.match(/t0ken|k3y-of|p4rameter/);
      if (args[0] === 'config')
        expect(stdout)
          .to.include('"***"')
          .and.match(/\/url\b/);
      if (args[0] === 'config') expect(stdout).not.to.include('pbx.example');
    }
  });

  it('shows of URL and parameters that stand in the environment their macros', async () => {
    const settings = {
      WEBHOOK_URL: 'https://crm.example/hook?key=k3y-of-url&c={{caller}}&t=Bearer-{{secret.T}}',
      WEBHOOK_PARAMETERS: '{"key":"p4rameter-text","caller":"{{caller}}"}',
      SECRET_T: 'n0body-sees-it',
    };
    const { stdout } = await runInside(['config'], { settings });
    expect(stdout).to.include('https://crm.example/hook?key=***&c={{caller}}&t=***{{secret.T}}');
    expect(stdout).to.include('{"key":"***","caller":"{{caller}}"}');
  });

  it('are in no fault', async () => {
    const broken = { parameters: '{"key":"p4rameter-text"', name: '\u001b[2Jsecond-5ecret' };
    const runs = [
      { settings: { WEBHOOK_PARAMETERS_FILE: 'FOLDER/parameters' }, files: broken },
      { settings: { DEFAULT_SCHEME_FILE: 'FOLDER/name' }, files: broken },
      { settings: { WEBHOOK_PARAMETERS: broken.parameters }, files: {} },
      { settings: { GATEWAY: 'x p4rameter-text', SECRET_A: 'p4rameter-text' }, files: {} },
      {
        settings: { SECRET_A: 'p4rameter-text' },
        files: {
          'schemes/a.json': {
            name: 'a',
            webhook: { url: 'ftp://x/p4rameter-text', 'p4rameter-text': '\u001b[2J' },
          },
        },
      },
    ];
    for (const run of runs) {
      for (const command of ['check', 'config', 'start']) {
        // It does not look at schemes.
        if (command === 'config' && [runs[1], runs[4]].includes(run)) continue;
        const { stdout, stderr, code } = await runInside([command], run);
        expect(code, stdout + stderr).to.equal(2);
        expect(stdout + stderr).not.to.match(/p4rameter|5ecret|\u001b/);
        expect(stderr).to.include('***');
      }
    }
  });

  it('that are not there are told beside the faults of settings', async () => {
    const settings = { SECRET_A_FILE: '/nowhere', LOG_LEVEL: 'loud' };
    const { stderr, code } = await runInside(['check'], { settings });
    expect(code).to.equal(2);
    expect(stderr).to.include('ESL_ROUTER_LOG_LEVEL: log.level: expected one of ');
    expect(stderr).to.include(
      'ESL_ROUTER_SECRET_A_FILE: cannot read /nowhere: there is no such file (ENOENT)',
    );
    expect(stderr).to.include('2 faults');
  });

  it('in a pipe are not waited for when a fault is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'esl-router-pipe-'));
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    try {
      const redactor = redactorOf({ ESL_ROUTER_SECRET_A_FILE: pipe, ESL_ROUTER_SECRET_B: 'n0body' });
      expect(redactor.text('n0body')).to.equal('***');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
