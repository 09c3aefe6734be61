import { expect } from 'chai';
import { answers, busy, rings, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** The step `webhook`: the same question to another URL, and the time that all of them have. */

const FAILED = { status: 500, body: 'down' } as const;
const user = (...logins: string[]): string[] => logins.map((login) => `user/${login}@pbx.example`);
const json = (destination: string | string[]) => ({ json: { destination } });
const error = (...onError: NonNullable<NonNullable<Scenario['scheme']>['fallback']>['onError'] & object) => ({
  fallback: { onError },
});

/** How long the questions that were not answered had, together. */
const givenMs = ({ requests }: Outcome['record']): number =>
  requests
    .map(({ detail }) => /^no reply within (\d+) ms/.exec(detail ?? '')?.[1])
    .filter((ms) => ms !== undefined)
    .reduce((sum, ms) => sum + Number(ms), 0);

const webhooks: Scenario[] = [
  {
    title: 'webhook: the same question to another URL, without credentials',
    scheme: {
      webhook: {
        auth: { type: 'bearer', token: '{{secret.TOKEN}}' },
        headers: { 'X-Key': '{{secret.TOKEN}}' },
        parameters: { phone: '{{caller}}', key: 'k={{secret.TOKEN}}' },
      },
      ...error({ webhook: 'CRM/backup?did={{did}}' }),
    },
    reply: { route: FAILED, backup: json('204') },
    check: ({ dialled, requests, report }) => {
      expect(dialled).to.deep.equal(user('204'));
      const [first, backup] = requests as [Outcome['requests'][number], Outcome['requests'][number]];
      expect(first.headers).to.include({ authorization: 'Bearer tok-77', 'x-key': 'tok-77' });
      expect(backup.url).to.match(/\/backup\?did=15005550100$/);
      expect(backup.headers['webhook-id']).to.equal(first.headers['webhook-id']);
      expect(JSON.parse(backup.body.toString())).to.deep.equal({ phone: report.script.caller, key: 'k=' });
      expect(JSON.stringify(backup.rawHeaders) + backup.body.toString()).not.to.include('tok-77');
      expect(backup.headers).not.to.have.any.keys('authorization', 'x-key');
    },
  },
  {
    title: 'webhook: a backup that fails too gives way to the next step',
    scheme: error({ webhook: 'CRM/backup' }, { webhook: 'CRM/second' }, { dial: '205' }),
    reply: { route: FAILED, backup: FAILED, second: { status: 204 } },
    check: ({ dialled, requests, record }) => {
      expect(dialled).to.deep.equal(user('205'));
      expect(requests).to.have.length(3);
      expect(record.requests.map(({ answer }) => answer)).to.deep.equal([
        'http_status',
        'http_status',
        'no_content',
      ]);
      expect(record.requests.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
    },
  },
  {
    title: "webhook: the backup's list, each with the headers of its reply, then the rest of the fallback",
    scheme: {
      ...error({ webhook: 'CRM/backup' }, { dial: '205' }),
      bridge: { headers: { 'X-Card': '{{reply.card}}' } },
    },
    reply: { route: FAILED, backup: { json: { destination: ['201', '202'], card: '7' } } },
    callees: { '201': busy, '202': rings },
    check: ({ dialled, report }) => {
      expect(dialled).to.deep.equal(user('201', '202', '205'));
      const cards = report.legs.map(({ variables }) => variables.get('sip_h_X-Card'));
      expect(cards).to.deep.equal(['7', '7', undefined]);
    },
  },
  {
    title: 'webhook: the first attempt leaves the backup 40 % of the budget',
    scheme: { webhook: { timeoutSeconds: 4 }, ...error({ webhook: 'CRM/backup' }) },
    reply: { route: { hang: true }, backup: json('204') },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('204'));
      expect(record.requests[1]?.atMs).to.be.within(2390, 3990);
    },
  },
  {
    title: 'webhook: attempt and backup together never take longer than the budget',
    scheme: { webhook: { timeoutSeconds: 3 }, ...error({ webhook: 'CRM/backup' }, { dial: '205' }) },
    reply: { hang: true },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('205'));
      expect(record.requests.map(({ answer }) => answer)).to.deep.equal([
        'webhook_timeout',
        'webhook_timeout',
      ]);
      expect(givenMs(record)).to.be.within(1, 3000);
      expect(record.decidedMs).to.be.at.least(2980);
    },
  },
  {
    title: 'webhook: a hand-over goes on in the same budget',
    scheme: { webhook: { timeoutSeconds: 3 } },
    others: { night: { webhook: { timeoutSeconds: 30 }, fallback: { onError: [{ dial: '206' }] } } },
    reply: {
      route: { json: { destination: { scheme: 'OTHER-night' } }, delayMs: 500 },
      night: { hang: true },
    },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('206'));
      expect(givenMs(record)).to.be.within(1, 2500);
      expect(record.decidedMs).to.be.at.least(2980);
    },
  },
  {
    title: 'webhook: in onNoAnswer it has a fresh budget',
    scheme: { webhook: { timeoutSeconds: 1 }, fallback: { onNoAnswer: [{ webhook: 'CRM/backup' }] } },
    reply: { route: { ...json('201'), delayMs: 700 }, backup: { ...json('202'), delayMs: 700 } },
    callees: { '201': rings },
    check: ({ dialled, requests }) => {
      expect(dialled).to.deep.equal(user('201', '202'));
      expect(requests[1]?.headers['webhook-id']).not.to.equal(requests[0]?.headers['webhook-id']);
    },
  },
  {
    title: 'webhook: in onNoRoute',
    scheme: { fallback: { onNoRoute: [{ webhook: 'CRM/backup' }], onError: [{ hangup: 'USER_BUSY' }] } },
    reply: { route: { status: 204 }, backup: json('207') },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('207'));
      expect(record).to.include({ via: 'fallback', end: 'bridged' });
    },
  },
  {
    title: 'webhook: a backup that hangs up',
    scheme: error({ webhook: 'CRM/backup' }),
    reply: { route: FAILED, backup: { json: { destination: { hangup: 'USER_BUSY' } } } },
    call: { callee: () => answers() },
    check: ({ report }) => {
      expect(report.end).to.include({ kind: 'hangup', sipCode: 486 });
    },
  },
];

scenarios('backups of a fallback', webhooks, { settings: { SECRET_TOKEN: 'tok-77' } });
