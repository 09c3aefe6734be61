import { expect } from 'chai';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import { startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { runInside, runProgram, type Run, type RunOptions } from '../support/cli.ts';
import { CALLER, DID, scenarios } from '../support/scenario.ts';

/** `try`: the path of a call without a call. */

const SECRET = 'tok-4f2a';

/** Everything that a dial string can carry. */
const FULL: Omit<SchemeDocument, 'name' | 'webhook'> & { webhook: Partial<SchemeDocument['webhook']> } = {
  webhook: {
    auth: { type: 'bearer', token: '{{secret.TOKEN}}' },
    parameters: { phone: '{{caller}}', k: '{{secret.TOKEN}}' },
  },
  gateway: ['one', 'two'],
  forwardingTimeoutSeconds: 17,
  numbering: { country: 'UA', dialAs: 'plus' },
  bridge: { headers: { 'X-Card': '{{reply.card}}' } },
};
const REPLY = '{"destination":[{"destination":"050 123 45 67","timeout":9},"201"],"card":"a,b"}';

describe('try', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;

  const options = (more: Partial<RunOptions> = {}): RunOptions => ({
    settings: { GATEWAY: 'crm', DOMAIN: 'pbx.example', SECRET_TOKEN: SECRET },
    ...more,
    files: {
      'schemes/sales.json': {
        name: 'sales',
        ...FULL,
        webhook: { url: `${crm.url}/route?k={{secret.TOKEN}}`, ...FULL.webhook },
      },
      'schemes/down.json': {
        name: 'down',
        webhook: { url: 'http://127.0.0.1:9/' },
        fallback: { onError: [{ dial: '900' }] },
      },
      ...more.files,
    },
  });
  const args = (...more: string[]): string[] => ['try', '--caller', CALLER, '--did', DID, ...more];

  function checkShown({ code, stdout, stderr }: Run): void {
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.include(`POST ${crm.url}/route?k=***`).and.to.include('X-ESL-Router-Dry-Run: 1');
    expect(stdout).to.include('  Authorization: ***');
    expect(stdout).to.include(`"phone":"${CALLER}"`);
    expect(stdout).to.include('reply 200').and.to.include(REPLY);
    expect(stdout)
      .to.match(/number \+380501234567, by the numbering plan of UA/)
      .and.to.match(/extension 201/);
    expect(stdout).to.match(/^result: routed \(routed\), primary$/m);
    expect(stdout).to.match(
      /^dial string: \{originate_timeout=9,.*\}\[.*\]sofia\/gateway\/one\/\+380501234567$/m,
    );
    expect(stdout).to.match(
      /^dial string: \{originate_timeout=9,.*\}\[.*\]sofia\/gateway\/two\/\+380501234567$/m,
    );
    expect(stdout).to.match(
      /^dial string: \{originate_timeout=17,.*sip_h_X-Card=a%2Cb,sip_h_X-ESL-Router-Hops=1\}\[.*\]user\/201@pbx\.example$/m,
    );
    expect(stdout).not.to.include(SECRET);
  }

  before(async () => {
    crm = await startCrm({ '/route': { status: 200, body: REPLY } });
  });

  after(() => crm.close());

  it('really asks, marked as a dry run, and shows request, reply, reading and dial string', async () => {
    const before = crm.requests.length;
    checkShown(await runProgram(args('--scheme', 'sales'), options()));
    expect(crm.requests).to.have.length(before + 1);
    const request = crm.requests.at(-1);
    expect(request?.headers).to.include({ 'x-esl-router-dry-run': '1', authorization: `Bearer ${SECRET}` });
    expect(request?.url).to.equal(`/route?k=${SECRET}`);
  });

  it('--reply FILE uses that reply and asks nobody', async () => {
    const before = crm.requests.length;
    const run = await runInside(
      args('--scheme', 'sales', '--reply', 'FOLDER/reply.json'),
      options({ files: { 'reply.json': REPLY } }),
    );
    checkShown(run);
    expect(crm.requests).to.have.length(before);
  });

  it('--status with --reply', async () => {
    const run = await runInside(
      args('--scheme', 'sales', '--reply', 'FOLDER/r', '--status', '404'),
      options({ files: { r: 'gone' } }),
    );
    expect(run.code).to.equal(1);
    expect(run.stdout)
      .to.match(/^result: error \(http_status\), fallback$/m)
      .and.to.match(/^step: dialplan$/m);
  });

  it('--json prints the record', async () => {
    const run = await runInside(args('--scheme', 'sales', '--json', '--withheld'), options());
    const record = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(record).to.include({ result: 'routed', via: 'primary', end: null });
    expect(record).to.have.nested.property('requests[0].reply.body', REPLY);
    expect(record['dialStrings']).to.have.length(3);
    expect(run.stdout).not.to.include(SECRET).and.not.to.include(CALLER);
  });

  it('a CRM that is down: the fallback, exit code 1', async () => {
    const run = await runInside(args('--scheme', 'down'), options());
    expect(run.code).to.equal(1);
    expect(run.stdout).to.match(/^answer: connect_failed: .*ECONNREFUSED/m);
    expect(run.stdout).to.match(/^dial string: .*user\/900@pbx\.example$/m);
  });

  it('--name, --context and --var stand in for the call', async () => {
    const scheme = {
      name: 'v',
      webhook: { url: `${crm.url}/route?x={{var.x}}&n={{caller_name}}&c={{context}}` },
    };
    await runInside(
      args('--scheme', 'v', '--var', 'x=1=2', '--name', 'Ivan', '--context', 'office'),
      options({ files: { 'schemes/v.json': scheme } }),
    );
    expect(crm.requests.at(-1)?.url).to.equal('/route?x=1%3D2&n=Ivan&c=office');
  });

  for (const [title, more, fault] of [
    ['a scheme that is not there', ['--scheme', 'gone'], /there is no scheme "gone"; known are down, sales/],
    [
      'no scheme and no default',
      [],
      /there is no default scheme: name one with --scheme; known are down, sales/,
    ],
    [
      'a reply that is not there',
      ['--scheme', 'sales', '--reply', 'FOLDER/no'],
      /can not read the reply .*no/,
    ],
    [
      'a status that is none',
      ['--scheme', 'sales', '--reply', 'FOLDER/config.json', '--status', 'ok'],
      /status/,
    ],
  ] as const) {
    it(`${title}: exit code 2`, async () => {
      const { code, stderr } = await runInside(args(...more), options());
      expect(stderr)
        .to.match(fault)
        .and.not.to.match(/\n\s+at /);
      expect(code).to.equal(2);
    });
  }
});

/** The daemon decides as `try` does: the same request, the same dial strings. */
scenarios(
  'try and the daemon',
  [
    {
      title: 'decide alike',
      // `try` knows of none, and a dial string names it.
      guard: null,
      scheme: FULL,
      reply: { text: REPLY },
      call: {
        callerName: '',
        callee: () => ({ kind: 'fail', cause: 'NORMAL_TEMPORARY_FAILURE', afterMs: 5 }),
      },
      check: async ({ record, requests }) => {
        const { url, body } = requests[0]!;
        const crm = await startCrm(() => ({ status: 200, body: REPLY }));
        try {
          const files = {
            'schemes/s.json': { name: 's', ...FULL, webhook: { url: `${crm.url}${url}`, ...FULL.webhook } },
          };
          const settings = { GATEWAY: 'crm', DOMAIN: 'pbx.example', SECRET_TOKEN: SECRET };
          const run = await runInside(['try', '--json', '--scheme', 's', '--caller', CALLER, '--did', DID], {
            settings,
            files,
          });
          const tried = JSON.parse(run.stdout) as { dialStrings: string[]; readings: unknown };
          expect(tried.dialStrings).to.deep.equal(record.bridges.map(({ dialString }) => dialString));
          expect(tried.readings).to.deep.equal(record.readings);
          expect(crm.requests[0]?.body.toString()).to.equal(body.toString());
        } finally {
          await crm.close();
        }
      },
    },
  ],
  { settings: { SECRET_TOKEN: SECRET } },
);
