import { expect } from 'chai';
import {
  answers,
  busy,
  CALLER,
  DID,
  rings,
  scenarios,
  type Outcome,
  type Scenario,
} from '../support/scenario.ts';

/** Legs that are special: answered before, withheld, shown to gateways in their own way. */

const NUMBER = '380501234567';
const sent = ({ report }: Outcome, text: string): number =>
  report.commands.findIndex((command) => command.text.includes(text));
const variable = ({ report }: Outcome, name: string, leg = 0): string | undefined =>
  report.legs[leg]?.variables.get(name);

const answered: Scenario[] = [
  {
    title: 'answered by an IVR: counted as answered when the bridge is up',
    scheme: { forwardingTimeoutSeconds: 20 },
    call: { answered: true },
    callees: { '201': { kind: 'answer', afterMs: 150, talkMs: 100, hangup: 'callee' } },
    check: (outcome) => {
      expect(outcome.record).to.include({ end: 'bridged', reason: 'answered', hungUpBy: 'callee' });
      expect(outcome.record.answeredMs).to.be.above(100);
      expect(sent(outcome, 'uuid_ring_ready')).to.equal(-1);
    },
  },
  {
    title: 'answered by an IVR: a busy callee is busy and not answered',
    scheme: { fallback: { onBusy: [{ dial: '302' }] } },
    call: { answered: true },
    callees: { '201': busy },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(['user/201@pbx.example', 'user/302@pbx.example']);
      expect(record.bridges.map(({ outcome }) => outcome)).to.deep.equal(['busy', 'answered']);
    },
  },
  {
    title: 'answered by an IVR: nobody picks up, back to the dialplan',
    call: { answered: true },
    callees: { '201': rings },
    check: ({ report, record }) => {
      expect(report.end.kind).to.equal('dialplan');
      expect(record).to.include({ end: 'dialplan', result: 'no_answer', answeredMs: null });
    },
  },
  {
    title: 'answered by an IVR: early media of the callee is not an answer',
    scheme: { fallback: { onNoAnswer: [{ dial: '301' }] } },
    call: { answered: true },
    callees: { '201': { kind: 'early-media', afterMs: 5 } },
    check: ({ dialled, record }) => {
      expect(dialled).to.have.length(2);
      expect(record.bridges[0]).to.include({ outcome: 'no_answer', cause: 'NO_ANSWER' });
    },
  },
  {
    title: 'answered by an IVR: hung up by a step',
    scheme: { fallback: { onBusy: [{ hangup: 'USER_BUSY' }] } },
    call: { answered: true },
    callees: { '201': busy },
    check: ({ report, record }) => {
      expect(report.end).to.include({ kind: 'hangup', cause: 'USER_BUSY' });
      expect(record).to.include({ end: 'hangup', hungUpBy: 'router' });
    },
  },
  {
    title: 'early media, and then an answer',
    callees: { '201': { kind: 'early-media', afterMs: 5 }, '202': answers() },
    reply: { json: { destination: [['201', '202']] } },
    check: ({ report }) => {
      expect(report.end).to.have.nested.property('leg.user', '202');
    },
  },
  {
    title: "the A leg's variables are set before the first bridge",
    call: { sipHeaders: { 'X-Secret': 'internal' } },
    check: (outcome) => {
      const wanted = ['continue_on_fail=true', 'hangup_after_bridge=true', 'sip_copy_custom_headers=false'];
      for (const text of wanted) {
        expect(sent(outcome, text)).to.be.within(0, sent(outcome, 'app-name: bridge') - 1);
      }
    },
  },
];

/** Variables of the leg to a gateway, by its settings. */
const SHOWN: readonly (readonly [string, string, Record<string, string | undefined>])[] = [
  [
    'by default the caller, no name, PAI',
    'plain',
    {
      origination_caller_id_number: CALLER,
      origination_caller_id_name: '_undef_',
      sip_cid_type: 'pid',
      sip_h_Diversion: undefined,
      origination_privacy: undefined,
    },
  ],
  ['callerId did', 'did', { origination_caller_id_number: DID, sip_cid_type: 'pid' }],
  ['callerId of its own', 'own', { origination_caller_id_number: '+380440000000' }],
  ['sendName', 'named', { origination_caller_id_number: CALLER, origination_caller_id_name: 'Ivan B' }],
  ['identity rpid', 'rpid', { sip_cid_type: 'rpid' }],
  ['identity none', 'none', { sip_cid_type: 'none' }],
];

const gateways: Scenario[] = [
  ...SHOWN.map(([title, gateway, wanted]): Scenario => ({
    title: `gateways: ${title}`,
    scheme: { gateway },
    reply: { json: { destination: NUMBER } },
    call: { callerName: 'Ivan "B"' },
    check: (outcome) => {
      for (const [name, value] of Object.entries(wanted))
        expect(variable(outcome, name), name).to.equal(value);
    },
  })),
  {
    title: 'gateways: diversion names the called number',
    scheme: { gateway: 'diverting' },
    reply: { json: { destination: NUMBER } },
    check: (outcome) => {
      expect(variable(outcome, 'sip_h_Diversion')).to.match(
        new RegExp(`^<sip:${DID}@[A-Za-z0-9.-]+>;reason=unconditional$`),
      );
    },
  },
  ...['plain', 'named', 'rpid', 'none'].map((gateway): Scenario => ({
    title: `withheld: at the gateway "${gateway}" the number is nowhere`,
    scheme: { gateway },
    reply: { json: { destination: NUMBER } },
    call: { privacy: true, callerName: 'Ivan' },
    check: (outcome) => {
      const shown = JSON.stringify([...(outcome.report.legs[0]?.variables ?? [])]);
      expect(shown).not.to.include(CALLER.slice(3)).and.not.to.include('Ivan');
      expect(variable(outcome, 'origination_caller_id_number')).to.equal('anonymous');
      expect(variable(outcome, 'origination_privacy')).to.include('hide_number');
      expect(variable(outcome, 'sip_h_Privacy')).to.equal(gateway === 'none' ? 'id' : undefined);
    },
  })),
  ...[
    ['asked for by privacy', { privacy: true }],
    ['anonymous', { caller: 'anonymous' }],
    ['unknown', { caller: 'Unknown' }],
    ['empty', { caller: '' }],
  ].map(([title, call]): Scenario => ({
    title: `withheld: ${title as string}`,
    call: call as object,
    check: (outcome) => {
      expect(JSON.parse(outcome.requests[0]?.body.toString() ?? '')).to.include({ caller: '' });
      expect(outcome.record.call).to.include({ withheld: true, caller: '' });
      expect(variable(outcome, 'origination_caller_id_number')).to.equal('anonymous');
      expect(variable(outcome, 'origination_caller_id_name')).to.equal('Anonymous');
    },
  })),
  ...(
    [
      ['Иван', '%D0%98%D0%B2%D0%B0%D0%BD'],
      ["o'brien", 'o%27brien'],
      ['*98', '*98'],
    ] as const
  ).flatMap(([caller, number]) =>
    ['201', NUMBER].map((destination): Scenario => ({
      title: `a caller called ${caller} is who he is to ${destination}`,
      reply: { json: { destination } },
      call: { caller },
      check: (outcome) => {
        expect(variable(outcome, 'origination_caller_id_number')).to.equal(number);
        expect(variable(outcome, 'origination_privacy')).to.equal(undefined);
      },
    })),
  ),
  {
    title:
      'a caller of whom nothing can be written in a SIP address: anonymous, not private, and the record says so',
    call: { caller: '💥' },
    check: (outcome) => {
      expect(variable(outcome, 'origination_caller_id_number')).to.equal('anonymous');
      expect(variable(outcome, 'origination_privacy')).to.equal(undefined);
      expect(outcome.record.notes.join()).to.include("can't be used in a SIP address");
    },
  },
  {
    title: 'callerId did, and the called number is an extension: the record says so, once',
    scheme: { gateway: ['did', 'diddy'], fallback: { onNoAnswer: [{ dial: NUMBER }] } },
    reply: { json: { destination: NUMBER } },
    call: { did: '900', callee: () => busy },
    check: ({ record }) => {
      expect(record.bridges).to.have.length(2);
      expect(record.notes.filter((text) => text.includes('see didFrom'))).to.have.length(1);
    },
  },
  {
    title: 'a number of a gateway’s own is shown for a withheld caller too, and stays private',
    scheme: { gateway: 'own' },
    reply: { json: { destination: NUMBER } },
    call: { privacy: true },
    check: (outcome) => {
      expect(variable(outcome, 'origination_caller_id_number')).to.equal('+380440000000');
      expect(variable(outcome, 'origination_privacy')).to.include('hide_number');
    },
  },
];

const GATEWAYS = {
  did: { callerId: 'did' },
  own: { callerId: '+380440000000' },
  named: { sendName: true },
  rpid: { identity: 'rpid' },
  none: { identity: 'none' },
  diverting: { diversion: true },
};

scenarios('legs', [...answered, ...gateways], { settings: { GATEWAYS: JSON.stringify(GATEWAYS) } });
