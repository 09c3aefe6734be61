import { expect } from 'chai';
import {
  answers,
  busy,
  DID,
  fails,
  rings,
  scenarios,
  type Outcome,
  type Scenario,
} from '../support/scenario.ts';

/** A test for each field outside `webhook` that fails when the field is ignored. */

const braces = ({ record }: Outcome, n = 0): string => record.bridges[n]?.dialString ?? '';
const crmSays = (destination: string) => ({ json: { destination } });
const sent = ({ report }: Outcome, text: string): number =>
  report.commands.findIndex((command) => command.text.includes(text));

/** From the reply to `connect` to the caller's ringing, and to the first bridge. */
/** Time for a CRM that is slow on purpose. */
const patient = { webhook: { timeoutSeconds: 8 } };

function ringing(outcome: Outcome): { ringMs: number; bridgeMs: number } {
  const { commands, timings } = outcome.report;
  const after = (text: string): number =>
    (commands[sent(outcome, text)]?.atMs ?? NaN) - (timings.connectReplyMs ?? NaN);
  return { ringMs: after('uuid_ring_ready'), bridgeMs: after('execute-app-name: bridge') };
}

const where: Scenario[] = [
  {
    title: 'forwardingTimeoutSeconds is the originate_timeout, and ends the ringing',
    scheme: { forwardingTimeoutSeconds: 3 },
    callees: { '201': rings },
    check: (outcome) => {
      expect(braces(outcome)).to.match(/^\{originate_timeout=3,/);
      expect(outcome.report.bridges[0]?.outcome).to.equal('NO_ANSWER');
      expect(outcome.marker('result')).to.equal('no_answer');
    },
  },
  {
    title: 'gateway: a name',
    scheme: { gateway: 'other' },
    reply: crmSays('380501234567'),
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['sofia/gateway/other/380501234567']);
    },
  },
  {
    title: 'gateway: from the configuration when the scheme has none',
    reply: crmSays('380501234567'),
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['sofia/gateway/crm/380501234567']);
    },
  },
  ...['GATEWAY_DOWN', 'INVALID_GATEWAY', 'NORMAL_TEMPORARY_FAILURE', 'NETWORK_OUT_OF_ORDER'].map(
    (cause): Scenario => ({
      title: `gateway: a list is tried in order when the first fails with ${cause}`,
      scheme: { gateway: ['first', 'second'], fallback: { onUnreachable: [{ dial: '900' }] } },
      reply: crmSays('380501234567'),
      call: { callee: ({ gateway }) => (gateway === 'first' ? fails(cause) : answers()) },
      check: ({ dialled, record }) => {
        expect(dialled).to.deep.equal([
          'sofia/gateway/first/380501234567',
          'sofia/gateway/second/380501234567',
        ]);
        expect(record).to.include({ end: 'bridged', via: 'primary', result: 'routed' });
        expect(record.bridges.map((bridge) => bridge.cause)).to.deep.equal([cause, 'NORMAL_CLEARING']);
      },
    }),
  ),
  ...['USER_BUSY', 'CALL_REJECTED', 'UNALLOCATED_NUMBER', 'NO_USER_RESPONSE'].map((cause): Scenario => ({
    title: `gateway: the second is not tried after ${cause}`,
    scheme: { gateway: ['first', 'second'], forwardingTimeoutSeconds: 20 },
    reply: crmSays('380501234567'),
    call: { callee: () => fails(cause) },
    check: ({ dialled, report }) => {
      expect(dialled).to.deep.equal(['sofia/gateway/first/380501234567']);
      expect(report.end.kind).to.equal('dialplan');
    },
  })),
  {
    title: 'bridge.progressTimeoutSeconds: a gateway that stays silent gives way',
    scheme: {
      gateway: ['first', 'second'],
      bridge: { progressTimeoutSeconds: 2 },
      forwardingTimeoutSeconds: 20,
    },
    reply: crmSays('380501234567'),
    call: { callee: ({ gateway }) => (gateway === 'first' ? { kind: 'silent' } : answers()) },
    check: (outcome) => {
      expect(braces(outcome)).to.include('leg_progress_timeout=2');
      expect(outcome.record.bridges[0]).to.include({ cause: 'PROGRESS_TIMEOUT', outcome: 'unreachable' });
      expect(outcome.dialled[1]).to.equal('sofia/gateway/second/380501234567');
    },
  },
  {
    title: 'bridge.progressTimeoutSeconds: 6 with several gateways, none for a user',
    scheme: { gateway: ['first', 'second'], forwardingTimeoutSeconds: 20 },
    reply: { json: { destination: ['380501234567', '201'] } },
    callees: { '380501234567': busy },
    check: (outcome) => {
      expect(braces(outcome)).to.include('leg_progress_timeout=6');
      expect(braces(outcome, 1)).not.to.include('progress_timeout');
    },
  },
  {
    title: 'bridge.progressTimeoutSeconds: the last gateway has as long as the number takes to ring',
    scheme: { gateway: ['first', 'second'] },
    reply: crmSays('380501234567'),
    call: {
      callee: ({ gateway }) =>
        gateway === 'first' ? { kind: 'fail', cause: 'GATEWAY_DOWN', afterMs: 20 } : answers(),
    },
    check: (outcome) => {
      expect(braces(outcome)).to.include('leg_progress_timeout=1');
      expect(outcome.dialled[1]).to.equal('sofia/gateway/second/380501234567');
      expect(braces(outcome, 1)).not.to.include('progress_timeout');
    },
  },
  {
    title: 'gateway: users who have rung beside a number are not rung again through the next gateway',
    scheme: { gateway: ['first', 'second'] },
    reply: { json: { destination: [['380501234567', '201']] } },
    call: {
      callee: ({ gateway }) =>
        gateway === 'second' ? answers() : { kind: 'fail', cause: 'GATEWAY_DOWN', afterMs: 20 },
    },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal([
        'sofia/gateway/first/380501234567',
        'user/201@pbx.example',
        'sofia/gateway/second/380501234567',
      ]);
    },
  },
  {
    title: 'targets: a context read from the call when it is on the list',
    scheme: { targets: { desk: { transfer: { extension: '*98', context: 'var:domain_name' } } } },
    reply: { json: { destination: 'desk' } },
    call: { variables: { domain_name: 'a.example' } },
    check: ({ report }) => {
      expect(report.end).to.deep.equal({ kind: 'transfer', extension: '*98', context: 'a.example' });
    },
  },
  {
    title: 'fallback: a context read from the call and not on the list is refused, and the next step runs',
    scheme: {
      fallback: {
        onNoRoute: [
          { transfer: { extension: '600', context: 'var:domain_name' } },
          { hangup: 'NORMAL_CIRCUIT_CONGESTION' },
        ],
      },
    },
    reply: { status: 204 },
    call: { variables: { domain_name: 'evil.example' } },
    check: ({ report }) => {
      expect(report.end).to.include({ kind: 'hangup', sipCode: 503 });
    },
  },
  {
    title: 'domain: fixed',
    scheme: { domain: 'sales.example' },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/201@sales.example']);
    },
  },
  {
    title: 'domain: read from the call when it is on the list',
    scheme: { domain: 'var:domain_name' },
    call: { variables: { domain_name: 'b.example' } },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/201@b.example']);
    },
  },
  {
    title: 'domain: read from the call and not on the list is refused',
    scheme: { domain: 'var:domain_name', fallback: { onError: [{ hangup: 'NORMAL_CIRCUIT_CONGESTION' }] } },
    call: { variables: { domain_name: 'evil.example' } },
    check: ({ dialled, marker, report }) => {
      expect(dialled).to.deep.equal([]);
      expect([marker('result'), marker('reason')]).to.deep.equal(['refused', 'no_domain']);
      expect(report.end).to.include({ kind: 'hangup', sipCode: 503 });
    },
  },
  {
    title: 'extensions: user',
    scheme: { extensions: 'user' },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/201@pbx.example']);
    },
  },
  {
    title: 'extensions: dialplan',
    scheme: { extensions: 'dialplan' },
    check: ({ dialled, report, record }) => {
      expect(dialled).to.deep.equal([]);
      expect(report.end).to.deep.equal({ kind: 'transfer', extension: '201', context: 'internal' });
      expect(record.end).to.equal('transferred');
    },
  },
  {
    title: 'targets: a word of the CRM is a key and nothing else',
    scheme: { targets: { 'the support team': { transfer: { extension: '900', context: 'ivr' } } } },
    reply: crmSays('the support team'),
    check: ({ report, marker }) => {
      expect(report.end).to.deep.equal({ kind: 'transfer', extension: '900', context: 'ivr' });
      expect([marker('result'), marker('destination')]).to.deep.equal(['routed', '900']);
    },
  },
  ...(
    [
      ['digits', '380501234567'],
      ['plus', '+380501234567'],
      ['national', '0501234567'],
      ['as-given', '0501234567'],
    ] as const
  ).map(([dialAs, number]): Scenario => ({
    title: `numbering: UA, dialAs ${dialAs}`,
    scheme: { numbering: { country: 'UA', dialAs } },
    reply: crmSays('050 123-45-67'),
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal([`sofia/gateway/crm/${number}`]);
    },
  })),
  {
    title: 'numbering: without a country nobody knows whose national number it is',
    reply: crmSays('050 123-45-67'),
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal([]);
      expect(record.requests[0]?.detail).to.match(/begins with 0: set numbering.country/);
    },
  },
];

const bridgeAndWaiting: Scenario[] = [
  {
    title: 'bridge.ringback: of two tones, as in Britain',
    scheme: { bridge: { ringback: '%(400,200,400,450);%(400,2000,400,450)' } },
    call: { answered: true },
    check: ({ report, dialled }) => {
      expect(dialled).to.deep.equal(['user/201@pbx.example']);
      const { variables } = report;
      expect(variables.get('transfer_ringback')).to.equal('%(400,200,400,450);%(400,2000,400,450)');
      expect(variables.get('continue_on_fail')).to.equal('true');
      expect(variables.get('esl_router_result')).to.equal('routed');
    },
  },
  {
    title: 'targets: a feature code',
    scheme: { targets: { voicemail: { transfer: { extension: '*98', context: 'default' } } } },
    reply: { json: { destination: 'voicemail' } },
    check: ({ record, marker }) => {
      expect(record.end).to.equal('transferred');
      expect(marker('destination')).to.equal('*98');
    },
  },
  {
    title: 'bridge.ringback: an answered caller hears it',
    scheme: { bridge: { ringback: '%(400,200,425)' } },
    call: { answered: true },
    check: (outcome) => {
      expect(sent(outcome, 'transfer_ringback=%(400,200,425)')).to.be.within(0, sent(outcome, 'bridge'));
      expect(outcome.report.variables.get('transfer_ringback')).to.equal('%(400,200,425)');
    },
  },
  {
    title: 'bridge.headers: of the reply and of macros, for the callee',
    scheme: { bridge: { headers: { 'X-CRM-Card': '{{reply.card.url}}', 'X-Line': '{{did}}' } } },
    reply: { json: { destination: '201', card: { url: "https://crm.example/?id=7&n=O'Hara, {x}" } } },
    check: ({ report }) => {
      const variables = report.legs[0]?.variables;
      expect(variables?.get('sip_h_X-CRM-Card')).to.equal('https://crm.example/?id=7&n=O%27Hara%2C %7Bx%7D');
      expect(variables?.get('sip_h_X-Line')).to.equal(DID);
    },
  },
  {
    title: 'waiting.ringAfterMs: a number',
    scheme: { waiting: { ringAfterMs: 1000 }, ...patient },
    reply: { json: { destination: '201' }, delayMs: 4000 },
    check: (outcome) => {
      const { ringMs, bridgeMs } = ringing(outcome);
      expect(ringMs).to.be.within(990, bridgeMs - 50);
    },
  },
  {
    title: 'waiting.ringAfterMs: 0 rings at once',
    scheme: { waiting: { ringAfterMs: 0 }, ...patient },
    reply: { json: { destination: '201' }, delayMs: 3000 },
    check: (outcome) => {
      const { ringMs, bridgeMs } = ringing(outcome);
      expect(ringMs).to.be.below(bridgeMs - 50);
    },
  },
  {
    title: 'waiting.ringAfterMs: null rings with the bridge only',
    scheme: { waiting: { ringAfterMs: null } },
    reply: { json: { destination: '201' }, delayMs: 1100 },
    check: (outcome) => {
      const { ringMs } = ringing(outcome);
      expect(ringMs).to.be.above(1090);
      expect(sent(outcome, 'uuid_ring_ready')).to.be.below(sent(outcome, 'execute-app-name: bridge'));
    },
  },
  {
    title: 'waiting.ringAfterMs: 700 when nothing is said',
    scheme: patient,
    reply: { json: { destination: '201' }, delayMs: 4000 },
    check: (outcome) => {
      const { ringMs, bridgeMs } = ringing(outcome);
      expect(ringMs).to.be.within(690, bridgeMs - 50);
    },
  },
  {
    title: 'title: accepted, and free text',
    scheme: { title: 'Продажі: “day” & night' },
    check: ({ dialled, line }) => {
      expect(dialled).to.deep.equal(['user/201@pbx.example']);
      expect(line.level).to.equal('info');
    },
  },
];

scenarios('fields of a scheme', [...where, ...bridgeAndWaiting], {
  settings: { DOMAINS: 'a.example,b.example', EXTENSION_CONTEXT: 'internal' },
});

/** Where each domain has a dialplan of its own, as FusionPBX has. */
scenarios(
  'extensionContext: read from the call',
  [
    {
      title: 'an extension of the dialplan is one of the domain of the call',
      scheme: { extensions: 'dialplan' },
      reply: { json: { destination: '201' } },
      call: { variables: { domain_name: 'b.example' } },
      check: ({ report, marker }) => {
        expect(report.end).to.deep.equal({ kind: 'transfer', extension: '201', context: 'b.example' });
        expect(marker('reason')).to.equal('crm_transfer');
      },
    },
    ...['', 'evil.example'].map((domain): Scenario => {
      return {
        title: `${domain === '' ? 'a call without a domain' : 'a domain that is not on the list'} is refused`,
        scheme: { extensions: 'dialplan' },
        reply: { json: { destination: '201' } },
        call: { variables: { domain_name: domain } },
        check: ({ report, marker, record }) => {
          expect(report.end).to.deep.equal({ kind: 'dialplan' });
          expect([marker('result'), marker('reason')]).to.deep.equal(['refused', 'no_context']);
          expect(JSON.stringify(record.decisions)).to.contain(JSON.stringify(domain).slice(1, -1));
        },
      };
    }),
  ],
  { settings: { DOMAINS: 'a.example,b.example', EXTENSION_CONTEXT: 'var:domain_name' } },
);
