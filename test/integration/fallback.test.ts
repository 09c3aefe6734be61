import { expect } from 'chai';
import { busy, fails, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** Every step of a fallback, its lists, and the time that they have. */

const FAILED = { status: 500, body: 'down' } as const;
const NUMBER = '380441234567';
const user = (...logins: string[]): string[] => logins.map((login) => `user/${login}@pbx.example`);
const json = (destination: string | string[]) => ({ json: { destination } });
const error = (...onError: NonNullable<NonNullable<Scenario['scheme']>['fallback']>['onError'] & object) => ({
  fallback: { onError },
});
const marked = ({ marker }: Outcome): (string | undefined)[] => [marker('result'), marker('reason')];

const steps: Scenario[] = [
  {
    title: 'nothing configured: back to the dialplan',
    reply: FAILED,
    check: (outcome) => {
      expect(outcome.report.end.kind).to.equal('dialplan');
      expect(marked(outcome)).to.deep.equal(['error', 'http_status']);
      expect(outcome.record).to.include({ end: 'dialplan', via: 'fallback' });
    },
  },
  {
    title: 'an empty list ends in the dialplan too',
    scheme: error(),
    reply: FAILED,
    check: ({ report }) => {
      expect(report.end.kind).to.equal('dialplan');
    },
  },
  {
    title: 'dial: a number',
    scheme: error({ dial: NUMBER }),
    reply: FAILED,
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal([`sofia/gateway/crm/${NUMBER}`]);
      expect(outcome.record).to.include({ end: 'bridged', via: 'fallback', result: 'error' });
      expect([outcome.marker('result'), outcome.marker('destination')]).to.deep.equal(['error', NUMBER]);
    },
  },
  {
    title: 'dial: with a timeout of its own',
    scheme: error({ dial: '201', timeout: 9 }, { dial: '202' }),
    reply: FAILED,
    callees: { '201': busy },
    check: ({ record }) => {
      expect(record.bridges.map(({ dialString }) => dialString.slice(0, 20))).to.deep.equal([
        '{originate_timeout=9',
        '{originate_timeout=2',
      ]);
    },
  },
  {
    title: 'dial: a list in order, a list in it together',
    scheme: error({ dial: ['201', ['202', NUMBER], 'bob'] }),
    reply: FAILED,
    call: { callee: () => busy },
    check: ({ dialled, record, report }) => {
      expect(dialled).to.deep.equal([...user('201', '202'), `sofia/gateway/crm/${NUMBER}`, ...user('bob')]);
      expect(record.bridges).to.have.length(3);
      expect(report.end.kind).to.equal('dialplan');
    },
  },
  {
    title: 'a step that fails moves to the next of its list, whatever the outcome',
    scheme: {
      fallback: {
        onError: [{ dial: '201' }, { dial: '202' }, { dial: '203' }],
        onBusy: [{ dial: '999999' }],
      },
    },
    reply: FAILED,
    callees: { '201': busy, '202': fails('CALL_REJECTED') },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('201', '202', '203'));
      expect(record).to.include({ result: 'error', reason: 'http_status', end: 'bridged' });
    },
  },
  {
    title: 'transfer',
    scheme: error({ transfer: { extension: 'voicemail', context: 'office' } }),
    reply: FAILED,
    check: ({ report, record, marker }) => {
      expect(report.end).to.deep.equal({ kind: 'transfer', extension: 'voicemail', context: 'office' });
      expect(record).to.include({ end: 'transferred', via: 'fallback' });
      expect(marker('destination')).to.equal('voicemail');
    },
  },
  {
    title: 'transfer is final: the steps behind it are not taken',
    scheme: error({ transfer: { extension: '900' } }, { dial: '201' }),
    reply: FAILED,
    check: ({ report, dialled }) => {
      expect(report.end).to.deep.equal({ kind: 'transfer', extension: '900', context: 'default' });
      expect(dialled).to.deep.equal([]);
    },
  },
  {
    title: 'hangup',
    scheme: error({ hangup: 'NO_ROUTE_DESTINATION' }),
    reply: FAILED,
    check: ({ report, record }) => {
      expect(report.end).to.deep.equal({ kind: 'hangup', cause: 'NO_ROUTE_DESTINATION', sipCode: 404 });
      expect(record).to.include({ end: 'hangup', hungUpBy: 'router', hangupCause: 'NO_ROUTE_DESTINATION' });
    },
  },
  {
    title: "hangup after a failed dial: its own code, not the callee's",
    scheme: error({ dial: '201' }, { hangup: 'USER_BUSY' }),
    reply: FAILED,
    call: { callee: () => fails('CALL_REJECTED') },
    check: ({ report }) => {
      expect(report.end).to.deep.equal({ kind: 'hangup', cause: 'USER_BUSY', sipCode: 486 });
    },
  },
  {
    title: 'dialplan ends the list',
    scheme: error({ dialplan: true }, { dial: '201' }),
    reply: FAILED,
    check: ({ report, dialled }) => {
      expect(report.end.kind).to.equal('dialplan');
      expect(dialled).to.deep.equal([]);
    },
  },
  {
    title: 'scheme: its own CRM, gateway and fallbacks',
    scheme: { fallback: { onError: [{ scheme: 'OTHER-night' }], onBusy: [{ dial: '999999' }] } },
    others: { night: { gateway: 'night', fallback: { onBusy: [{ dial: '203' }] } } },
    reply: { route: FAILED, night: json(NUMBER) },
    callees: { [NUMBER]: busy },
    check: ({ dialled, marker, name }) => {
      expect(dialled).to.deep.equal([`sofia/gateway/night/${NUMBER}`, ...user('203')]);
      expect(marker('scheme')).to.equal(`${name}-night`);
    },
  },
  {
    title: 'scheme: one that was asked already is skipped',
    scheme: { fallback: { onError: [{ scheme: 'OTHER-night' }, { dial: '203' }] } },
    others: { night: { fallback: { onError: [{ scheme: 'OTHER-night' }, { dial: '204' }] } } },
    reply: FAILED,
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('204'));
      expect(record.notes.join()).to.include('scheme_loop');
    },
  },
];

scenarios('steps of a fallback', steps);
