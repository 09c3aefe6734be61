import { expect } from 'chai';
import { whatToDo } from '../../lib/errors.ts';
import type { CallRecord } from '../../lib/call/record.ts';
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
      .to.match(/number \+380501234567, national in UA/)
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
      .and.to.match(/^step: dialplan$/m)
      .and.to.include(`what to do: ${whatToDo('http_status')}`);
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

  it('--caller-name, --context and --var stand in for the call', async () => {
    const scheme = {
      name: 'v',
      webhook: { url: `${crm.url}/route?x={{var.x}}&n={{caller_name}}&c={{context}}&t={{sip.X-Tenant}}` },
    };
    await runInside(
      args(
        ...['--scheme', 'v', '--caller-name', 'Ivan', '--context', 'office'],
        ...['--var', 'x=1=2', '--var', 'sip_h_X-Tenant=acme'],
      ),
      options({ files: { 'schemes/v.json': scheme } }),
    );
    expect(crm.requests.at(-1)?.url).to.equal('/route?x=1%3D2&n=Ivan&c=office&t=acme');
  });

  it('chooses as a call does, and says by what', async () => {
    const files = {
      'reply.json': REPLY,
      'schemes/kyiv.json': {
        name: 'kyiv',
        match: { did: '044 555*' },
        numbering: { country: 'UA' },
        webhook: { url: 'http://127.0.0.1:9/' },
      },
    };
    const chosen = async (...more: string[]): Promise<string> => {
      const words = ['try', '--caller', CALLER, '--reply', 'FOLDER/reply.json', ...more];
      const settings = { DEFAULT_SCHEME: 'sales', DOMAIN: 'pbx.example', SECRET_TOKEN: SECRET };
      const { stdout } = await runInside(words, options({ settings, files }));
      return /^scheme .*$/m.exec(stdout)?.[0] ?? stdout;
    };
    for (const [more, expected] of [
      [['--did', '+380445550101'], 'scheme kyiv, chosen by its match'],
      [['--did', '+380445550101', '--path', 'down'], 'scheme down, chosen by the path of the socket address'],
      [
        ['--did', DID, '--path', '/down', '--var', 'esl_router_scheme=kyiv'],
        'scheme kyiv, chosen by the variable esl_router_scheme',
      ],
      [['--did', DID], 'scheme sales, chosen by default'],
      [['--did', '0445550101', '--scheme', 'down'], 'scheme down, chosen by the command line'],
    ] as const)
      expect(await chosen(...more)).to.equal(expected);
  });

  for (const [title, more, code, shown] of [
    [
      'an emergency number',
      ['--did', '112', '--scheme', 'sales'],
      0,
      /^result: no_route \(emergency_called\)\nreason: the caller dialled an emergency number\nstep: dialplan$/m,
    ],
    [
      'no scheme for it',
      ['--did', DID],
      0,
      /^note: no match fits, and there is no default scheme; the schemes are: down, sales\n\nresult: no_route \(no_scheme\)\nreason: no scheme matches the call\nstep: dialplan$/m,
    ],
    [
      'an unknown scheme in the path',
      ['--did', DID, '--path', 'gone'],
      1,
      /^note: there is no scheme "gone", which the path of the socket address names\nnote: the schemes are: down, sales\n\nresult: error \(scheme_unknown\)\nreason: .*\nstep: dialplan$/m,
    ],
    [
      'a hop too many',
      ['--did', DID, '--var', 'sip_h_X-ESL-Router-Hops=6'],
      1,
      /^result: refused \(hop_limit\)\nreason: .*\nstep: dialplan$/m,
    ],
  ] as const) {
    it(`${title}: given back, nobody asked, exit code ${code}`, async () => {
      const before = crm.requests.length;
      const run = await runInside(['try', '--caller', CALLER, ...more], options());
      expect([run.code, run.stderr]).to.deep.equal([code, '']);
      expect(run.stdout).to.match(shown);
      expect(crm.requests).to.have.length(before);
    });
  }

  it('--withheld: the number is in no request, no macro and no record', async () => {
    for (const withheld of ['hide', 'send'] as const) {
      const scheme = {
        name: 'w',
        webhook: {
          url: `${crm.url}/route?c={{caller}}&r={{caller_raw}}&e={{caller_e164}}&n={{caller_name}}&f={{var.sip_from_user}}`,
          withheld,
        },
      };
      const more = [
        '--scheme',
        'w',
        '--withheld',
        '--caller-name',
        'Ivan',
        '--var',
        `sip_from_user=${CALLER}`,
      ];
      for (const json of [[], ['--json']]) {
        const run = await runInside(args(...more, ...json), options({ files: { 'schemes/w.json': scheme } }));
        const told = `${run.stdout}${crm.requests.at(-1)?.url ?? ''}${crm.requests.at(-1)?.body.toString() ?? ''}`;
        if (withheld === 'hide') expect(told).not.to.include(CALLER).and.not.to.include('Ivan');
        else expect(told).to.include(`c=${CALLER}&`).and.to.include('Ivan');
        expect(run.stdout)
          .to.include('origination_privacy=')
          .and.not.to.include(`caller_id_number=${CALLER}`);
      }
    }
    const run = await runInside(args('--scheme', 'sales', '--withheld'), options());
    expect(run.stdout).to.match(/^call from a withheld number to 15005550100, context public$/m);
  });

  it('--did is the DID wherever the configuration reads it, unless --var says what stands there', async () => {
    const scheme = { name: 'd', webhook: { url: `${crm.url}/route?d={{did}}` } };
    const asked = async (didFrom: string, ...more: string[]): Promise<string | undefined> => {
      const settings = { DID_FROM: didFrom, DOMAIN: 'pbx.example', GATEWAY: 'crm', SECRET_TOKEN: SECRET };
      await runInside(
        args('--scheme', 'd', ...more),
        options({ settings, files: { 'schemes/d.json': scheme } }),
      );
      return crm.requests.at(-1)?.url;
    };
    const elsewhere = 'var:caller_destination,var:sip_req_user';
    expect(await asked('destination_number')).to.equal(`/route?d=${DID}`);
    expect(await asked(elsewhere)).to.equal(`/route?d=${DID}`);
    expect(await asked(elsewhere, '--var', 'caller_destination=777')).to.equal('/route?d=777');
    expect(await asked(elsewhere, '--var', 'sip_req_user=778')).to.equal('/route?d=778');
    expect(await asked('var:esl_router_did,destination_number', '--var', 'esl_router_did=779')).to.equal(
      '/route?d=779',
    );
  });

  it('a guard leaves as much time as for a call', async () => {
    const run = await runInside(args('--scheme', 'sales', '--var', 'esl_router_guard=2'), options());
    expect(run.code).to.equal(1);
    expect(run.stdout).to.match(
      /^answer: guard_too_short: the dialplan's guard of 2 s leaves no time to ask/m,
    );
    const patient = await startCrm(() => ({ status: 200, body: REPLY, delayMs: 4000 }));
    try {
      const files = { 'schemes/slow.json': { name: 'slow', webhook: { url: patient.url } } };
      const slow = await runInside(
        args('--scheme', 'slow', '--var', 'esl_router_guard=3'),
        options({ files }),
      );
      expect(slow.stdout).to.match(
        /^answer: webhook_timeout: no reply within (1000|9\d\d) ms \(webhook\.timeoutSeconds\): connected to 127\.0\.0\.1:\d+, and nothing came back$/m,
      );
    } finally {
      await patient.close();
    }
  });

  it('names the caps and limits that would count, and what is refused', async () => {
    const files = {
      'reply.json': '{"destination":["19005550123","380501234567"]}',
      'schemes/capped.json': {
        name: 'capped',
        webhook: { url: 'http://127.0.0.1:9/' },
        numbering: { country: 'UA' },
        limits: { calls: 10, callsPerMinute: 60 },
        maxDurationSeconds: 600,
        fallback: { onNoAnswer: [{ dial: [DID, '380671234567'] }] },
      },
    };
    const settings = {
      GATEWAY: 'crm',
      SECRET_TOKEN: SECRET,
      MAX_DURATION: '900',
      NUMBERS_LIMITS: '{"380":{"calls":5},"38050":{"callsPerMinute":3},"38067":{"calls":1},"49":{"calls":2}}',
    };
    const run = await runInside(
      args('--scheme', 'capped', '--reply', 'FOLDER/reply.json'),
      options({ settings, files }),
    );
    const counted = '; a running router counts them, try does not';
    expect(run.stdout).to.match(
      /^ {2}\[0\] "19005550123": refused: "19005550123" is a premium-rate number$/m,
    );
    expect(run.stdout.match(/^note: .*$/gm)).to.deep.equal([
      `note: steps for no_answer, busy, rejected, unreachable: [0].dial[0] "${DID}": refused: "${DID}" is the called number`,
      `note: the scheme capped: at most 10 calls at the same time, at most 60 a minute${counted}`,
      `note: the prefix 380: at most 5 calls at the same time${counted}`,
      `note: the prefix 38050: at most 3 a minute${counted}`,
      `note: the prefix 38067: at most 1 call at the same time${counted}`,
      'note: a conversation is hung up 600 s after the answer (maxDurationSeconds of the scheme capped)',
    ]);
  });

  it('says what follows when nobody answers', async () => {
    const scheme = {
      name: 'next',
      webhook: { url: 'http://127.0.0.1:9/' },
      fallback: {
        onNoAnswer: [{ dial: ['900', '380671234567'] }, { transfer: { extension: 'vm' } }, { dial: '901' }],
        onBusy: [{ webhook: 'https://backup.example.com/' }, { scheme: 'down' }, { dial: '902' }],
        onRejected: [{ hangup: 'USER_BUSY' }],
        onError: [{ dial: '903' }],
      },
    };
    const trying = async (reply: string, ...more: string[]): Promise<Run> =>
      runInside(
        args('--scheme', 'next', '--reply', 'FOLDER/reply', ...more),
        options({ files: { 'schemes/next.json': scheme, reply } }),
      );
    const { stdout } = await trying('{"destination":"201"}');
    expect(stdout.slice(stdout.indexOf('step: '))).to.match(
      /^step: dial 201\ndial string: .*user\/201@pbx\.example\nif no_answer, unreachable: dial 900, dial 380671234567, transfer vm default\n {2}dial string: .*user\/900@pbx\.example\n {2}dial string: .*sofia\/gateway\/crm\/380671234567\nif busy: webhook https:\/\/backup\.example\.com\/, scheme down\nif rejected: hangup USER_BUSY\n$/,
    );
    const json = JSON.parse((await trying('{"destination":"201"}', '--json')).stdout) as { next: unknown[] };
    expect(json.next[2]).to.deep.equal({
      outcomes: ['rejected'],
      steps: ['hangup USER_BUSY'],
      dialStrings: [],
    });
    // Its own list ends the call.
    expect((await trying('{"destination":["201",{"hangup":"USER_BUSY"}]}')).stdout).not.to.match(/^if /m);
    expect((await trying('{"destination":{"dialplan":true}}')).stdout).not.to.match(/^if /m);
    // A fallback that nobody answers is followed by the dialplan.
    expect((await trying('{')).stdout).to.match(/^if no_answer, busy, rejected, unreachable: dialplan$/m);
  });

  for (const [title, more, fault] of [
    [
      'a scheme that is not there',
      ['--did', DID, '--scheme', 'gone'],
      /^there is no scheme "gone"; known: down, sales$/m,
    ],
    ['a variable without a value', ['--did', DID, '--var', 'x'], /^--var "x": expected name=value$/m],
    ['a variable without a name', ['--did', DID, '--var', '=x'], /^--var "=x": expected name=value$/m],
    [
      'a variable that is empty',
      ['--did', DID, '--var', 'esl_router_scheme='],
      /^--var esl_router_scheme: has no value/m,
    ],
    [
      'a variable that nothing reads',
      ['--did', DID, '--var', 'esl_router_shceme=down'],
      /^--var esl_router_shceme: nothing reads the variable "esl_router_shceme"; variables that are read: .*esl_router_scheme/m,
    ],
    ['an empty path', ['--did', DID, '--path', ''], /--path/],
    ['an empty DID', ['--did', ' '], /--did/],
    ['a DID of separators', ['--did', '--'], /--did/],
    ['an option that is no more', ['--did', DID, '--name', 'Ivan'], /unknown option '--name'/],
    [
      'a reply that is not there',
      ['--did', DID, '--scheme', 'sales', '--reply', 'FOLDER/no'],
      /cannot read the reply .*no/,
    ],
    [
      'a status that is none',
      ['--did', DID, '--scheme', 'sales', '--reply', 'FOLDER/config.json', '--status', 'ok'],
      /status/,
    ],
  ] as const) {
    it(`${title}: exit code 2`, async () => {
      const { code, stdout, stderr } = await runInside(['try', '--caller', CALLER, ...more], options());
      expect(stderr)
        .to.match(fault)
        .and.not.to.match(/\n\s+at /);
      expect([code, stdout]).to.deep.equal([2, '']);
    });
  }
});

/** The daemon decides as `try` does: the same scheme, the same request, the same dial strings, to the end of the fallback. */
scenarios(
  'try and the daemon',
  [
    {
      title: 'decide alike',
      // `try` knows of none, and a dial string names it.
      guard: null,
      scheme: { ...FULL, fallback: { onNoAnswer: [{ dial: ['900', '380671234567'], timeout: 11 }] } },
      reply: { text: REPLY },
      call: {
        callerName: '',
        callee: () => ({ kind: 'fail', cause: 'NORMAL_TEMPORARY_FAILURE', afterMs: 5 }),
      },
      check: async ({ record, requests, name }) => {
        const { url, body } = requests[0]!;
        const crm = await startCrm(() => ({ status: 200, body: REPLY }));
        try {
          const document = {
            ...FULL,
            name,
            fallback: { onNoAnswer: [{ dial: ['900', '380671234567'], timeout: 11 }] },
            webhook: { url: `${crm.url}${url}`, ...FULL.webhook },
          };
          const settings = { GATEWAY: 'crm', DOMAIN: 'pbx.example', SECRET_TOKEN: SECRET };
          const run = await runInside(['try', '--json', '--path', name, '--caller', CALLER, '--did', DID], {
            settings,
            files: { 'schemes/s.json': document },
          });
          const tried = JSON.parse(run.stdout) as CallRecord & {
            dialStrings: string[];
            next: { outcomes: string[]; dialStrings: string[] }[];
          };
          const next = tried.next.find(({ outcomes }) => outcomes.includes('unreachable'))!;
          expect([...tried.dialStrings, ...next.dialStrings]).to.deep.equal(
            record.bridges.map(({ dialString }) => dialString),
          );
          expect(tried.readings).to.deep.equal(record.readings.slice(0, tried.readings.length));
          expect(tried.scheme?.chosenBy).to.equal(record.scheme?.chosenBy);
          expect(tried.call).to.deep.include({ caller: record.call?.caller, did: record.call?.did });
          expect(tried.call?.context).to.equal(record.call?.context);
          expect(crm.requests[0]?.body.toString()).to.equal(body.toString());
        } finally {
          await crm.close();
        }
      },
    },
  ],
  { settings: { SECRET_TOKEN: SECRET } },
);
