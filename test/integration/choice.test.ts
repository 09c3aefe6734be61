import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallScript,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Which scheme serves a call: variable, path, the first match in file-name order, the default, none. `try` says the same. */

interface Choice {
  readonly title: string;
  readonly call: Partial<CallScript>;
  /** Null: none. */
  readonly scheme: string | null;
  readonly reason?: string;
}

const CHOICES: readonly Choice[] = [
  {
    title: 'the variable wins over the path',
    call: { variables: { esl_router_scheme: 'by-did' }, path: 'by-caller' },
    scheme: 'by-did',
  },
  {
    title: 'the path wins over a match',
    call: { path: 'by-caller', did: '380445550101' },
    scheme: 'by-caller',
  },
  { title: 'match.did: a glob', call: { did: '380445550101' }, scheme: 'by-did' },
  { title: 'match.did: one of a list', call: { did: '777' }, scheme: 'by-did' },
  {
    title: 'match.did: however the number is written',
    call: { did: '+38 (044) 555-01-01' },
    scheme: 'by-did',
  },
  { title: 'match.did: with 00 in front', call: { did: '00380445550101' }, scheme: 'by-did' },
  {
    title: 'match.did: the national number, by the country of the scheme',
    call: { did: '0445550101' },
    scheme: 'by-did',
  },
  { title: 'match.did: a SIP user', call: { did: 'front.desk' }, scheme: 'by-name' },
  { title: 'match.context', call: { context: 'from-branch-3' }, scheme: 'by-context' },
  { title: 'match.caller', call: { caller: '+44 20 7946 0000' }, scheme: 'by-caller' },
  { title: 'match: all parts have to fit', call: { did: '999999', context: 'vip' }, scheme: 'by-two' },
  { title: 'match: one part of two is not enough', call: { did: '999999' }, scheme: 'the-default' },
  {
    title: 'match: the first in the order of file names',
    call: { did: '380445550101', context: 'from-branch-3' },
    scheme: 'by-context',
  },
  { title: 'nothing fits: the default', call: {}, scheme: 'the-default' },
  {
    title: 'an unknown name in the path',
    call: { path: 'nobody' },
    scheme: null,
    reason: 'scheme_unknown',
  },
  {
    title: 'an unknown name in the variable',
    call: { variables: { esl_router_scheme: 'x y\tz' }, path: 'by-did' },
    scheme: null,
    reason: 'scheme_unknown',
  },
  {
    title: 'an emergency number goes back unasked',
    call: { did: '112', path: 'by-did' },
    scheme: null,
    reason: 'emergency_called',
  },
  {
    title: 'an emergency number that the dialplan has moved elsewhere goes back unasked',
    call: { did: '911', variables: { esl_router_did: '380445550101' } },
    scheme: null,
    reason: 'emergency_called',
  },
];

/** As `try` is told of the call. */
function argumentsFor({
  caller = CALLER,
  did = DID,
  context,
  path,
  variables = {},
}: Choice['call']): string[] {
  return [
    ...['--caller', caller, '--did', did],
    ...(context === undefined ? [] : ['--context', context]),
    ...(path === undefined ? [] : ['--path', path]),
    ...Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}=${value}`]),
  ];
}

const MATCHES: Readonly<Record<string, SchemeDocument['match']>> = {
  'by-caller': { caller: '+44*' },
  'by-context': { context: 'from-branch-?' },
  'by-did': { did: ['+380 (44) 555*', '777'] },
  'by-name': { did: 'front.desk' },
  'by-two': { did: '999999', context: 'vip' },
  'the-default': undefined,
};

const SETTINGS = { DEFAULT_SCHEME: 'the-default', DOMAIN: 'pbx.example' };

describe('choice of the scheme', () => {
  let schemes: readonly SchemeDocument[];
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let freeswitch: SimulatedFreeSwitch;

  before(async () => {
    crm = await startCrm(() => ({ status: 200, body: '{"destination":"201"}' }));
    schemes = Object.entries(MATCHES).map(([name, match]): SchemeDocument => ({
      name,
      webhook: { url: `${crm.url}/${name}` },
      ...(match && { match }),
      numbering: { country: 'UA' },
    }));
    daemon = await Daemon.start({ schemes, settings: SETTINGS });
    freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
  });

  for (const { title, call, scheme, reason } of CHOICES) {
    it(title, async () => {
      const before = crm.requests.length;
      const report = await freeswitch.call({
        caller: CALLER,
        did: DID,
        guardSeconds: 100,
        callee: () => answers(),
        ...call,
      });
      const record = await daemon.record(report.uuid);
      const asked = crm.requests.slice(before).map(({ url }) => url);
      expect(report.violations).to.deep.equal([]);
      expect(report.lost).to.equal(null);
      expect(record.scheme?.name ?? null).to.equal(scheme);
      expect(asked).to.deep.equal(scheme === null ? [] : [`/${scheme}`]);
      expect(report.end.kind).to.equal(scheme === null ? 'dialplan' : 'answered');
      if (reason !== undefined) {
        expect(report.variables.get('esl_router_reason')).to.equal(reason);
        const line = await daemon.line(report.uuid);
        expect(line.level).to.equal(reason === 'scheme_unknown' ? 'warn' : 'info');
      }
      const files = Object.fromEntries(
        schemes.map((document) => [`schemes/${document.name}.json`, document]),
      );
      const run = await runInside(['try', '--json', ...argumentsFor(call)], { settings: SETTINGS, files });
      const tried = JSON.parse(run.stdout) as CallRecord & { steps: readonly string[] };
      expect(tried.scheme).to.deep.equal(record.scheme);
      expect(tried.steps).to.deep.equal(scheme === null ? ['dialplan'] : ['dial 201']);
      expect(run.code).to.equal(reason === 'scheme_unknown' ? 1 : 0);
      if (scheme === null) expect([tried.result, tried.reason]).to.deep.equal([record.result, record.reason]);
    });
  }

  after(async () => {
    await crm.close();
    await daemon.stop();
  });
});

describe('a daemon without any scheme', () => {
  it('starts, says so, and gives every call back', async () => {
    const daemon = await Daemon.start();
    try {
      expect(daemon.lines.map(({ level, message }) => `${level} ${message}`)).to.include(
        'warn there is no scheme: every call is given back to the dialplan',
      );
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
      const report = await freeswitch.call({
        caller: CALLER,
        did: DID,
        guardSeconds: 100,
        callee: () => answers(),
      });
      expect(report.end.kind).to.equal('dialplan');
      expect(report.violations).to.deep.equal([]);
      expect(report.variables.get('esl_router_reason')).to.equal('no_scheme');
      expect((await daemon.record(report.uuid)).end).to.equal('dialplan');
    } finally {
      await daemon.stop();
    }
  });
});
