import { expect } from 'chai';
import { answers, busy, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** Hostile replies and hostile callers: nothing that they write reaches FreeSWITCH as anything but a value. */

const UUID = '[0-9a-f-]{36}';
/** All that the daemon ever says here. */
const SAID = [
  /^connect\n\n$/,
  /^linger 10\n\n$/,
  /^myevents plain\n\n$/,
  /^exit\n\n$/,
  /^getvar transfer_source\n\n$/,
  /^api sched_del [1-9]\d{0,9}\n\n$/,
  new RegExp(`^api uuid_ring_ready ${UUID}\n\n$`),
  new RegExp(`^api sched_api \\+\\d+ (${UUID}) uuid_transfer \\1 esl_router_fallback XML public\n\n$`),
  new RegExp(`^api uuid_setvar_multi ${UUID} [A-Za-z0-9_.@:,+ %()=;-]*\n\n$`),
  new RegExp(
    `^sendmsg\ncall-command: execute\nexecute-app-name: bridge\nevent-uuid: ${UUID}\ncontent-type: text/plain\ncontent-length: \\d+\n\n[^\r\n$\\\\]+$`,
  ),
  new RegExp(
    `^sendmsg\ncall-command: execute\nexecute-app-name: set\ncontent-type: text/plain\ncontent-length: 54\n\nesl_router_parked=${UUID}$`,
  ),
  /^getvar esl_router_parked\n\n$/,
];

const LEG_VARIABLES = [
  'originate_timeout',
  'ignore_early_media',
  'api_before_bridge',
  'outbound_redirect_fatal',
  'origination_uuid',
  'origination_caller_id_number',
  'origination_caller_id_name',
  'origination_privacy',
  'sip_cid_type',
  'sip_h_Privacy',
  'sip_h_Diversion',
  'sip_h_X-Card',
  'sip_h_X-ESL-Router-Hops',
];

function checkSaid({ report }: Outcome): void {
  for (const { text } of report.commands) {
    expect(
      SAID.some((shape) => shape.test(text)),
      JSON.stringify(text),
    ).to.equal(true);
  }
  for (const { variables } of report.legs) expect(LEG_VARIABLES).to.include.members([...variables.keys()]);
}

const DESTINATIONS: readonly string[] = [
  '201,loopback/app=system:reboot',
  '201|202',
  '201:_:202',
  '[v=x]201',
  '{v=x}201',
  '%[v=x]201',
  '^^;v=x;201',
  '201@evil.example',
  '201;fs_path=sip:evil.example',
  '201^evil',
  '${system(reboot)}',
  '$${domain}',
  '%24%7Bsystem(reboot)%7D',
  '201\n\napi status',
  '201\r\nX: y',
  '201\u0000',
  "201'",
  '201\\',
  '201`id`',
  'user/201',
  'sofia/external/sip:201@evil.example',
  'loopback/201',
  'error/USER_BUSY',
  'null/',
  'mod_event_socket',
  'sip:201@evil.example;transport=tcp',
  'sips:201@evil.example',
  'tel:201;phone-context=+1',
  'tel:112',
  '+0112',
  '１１２',
  '201\u2028202',
  '__proto__',
  '../../bob',
  'x'.repeat(65),
  ' - ',
  '+',
  '*98',
];

const destinations = DESTINATIONS.map((destination): Scenario => ({
  title: `a destination ${JSON.stringify(destination)}`,
  scheme: { fallback: { onError: [{ dial: '900' }] } },
  reply: { json: { destination } },
  check: (outcome) => {
    checkSaid(outcome);
    expect(outcome.dialled).to.deep.equal(['user/900@pbx.example']);
    expect(outcome.marker('result')).to.equal('refused');
    const shown = outcome.record.readings[0]?.text ?? '';
    expect(shown).to.match(/^[^\p{C}]*$/u);
  },
}));

const NASTY = 'a,b|c:_:d[e=f]{g=h}${i}\\j\'k"l^m%24%7Bn%7D\r\n\r\napi o\u0000é';

const replies: Scenario[] = [
  {
    title: 'a name for the callee',
    reply: { json: { destination: '201', callerName: NASTY } },
    check: (outcome) => {
      checkSaid(outcome);
      const name = outcome.report.legs[0]?.variables.get('origination_caller_id_name');
      expect(name).to.match(/^(?:[\p{L}\p{N} .&+()-]|%27)+$/u);
    },
  },
  {
    title: 'a value for a header of the callee',
    scheme: { bridge: { headers: { 'X-Card': '{{reply.url}}' } } },
    reply: { json: { destination: '201', url: NASTY } },
    check: (outcome) => {
      checkSaid(outcome);
      const value = outcome.report.legs[0]?.variables.get('sip_h_X-Card') ?? '';
      expect(value).to.match(/^a%2Cb%7Cc/);
      expect(decodeURIComponent(value.replace(/%24%7Bn%7D/, ''))).to.include('é');
    },
  },
  {
    title: 'keys of the language instead of targets, maps and schemes',
    scheme: { targets: {}, webhook: { map: {} } },
    reply: {
      json: {
        destination: ['toString', '__proto__', { scheme: '__proto__' }, { hangup: 'toString' }, '201'],
      },
    },
    check: (outcome) => {
      checkSaid(outcome);
      expect(outcome.dialled).to.deep.equal(['user/toString@pbx.example', 'user/201@pbx.example']);
    },
    call: { callee: ({ user }) => (user === 'toString' ? busy : answers()) },
  },
  {
    title: 'a reply that pollutes prototypes',
    reply: {
      text: '{"__proto__":{"destination":"666"},"constructor":{"prototype":{"destination":"667"}},"destination":"201"}',
    },
    check: (outcome) => {
      checkSaid(outcome);
      expect(outcome.dialled).to.deep.equal(['user/201@pbx.example']);
    },
  },
  {
    title: 'a list of a million',
    reply: { text: `{"destination":[${'"1",'.repeat(16_000)}"2"]}` },
    check: (outcome) => {
      checkSaid(outcome);
      expect(outcome.report.legs.length).to.be.below(11);
    },
    call: { callee: () => ({ kind: 'fail', cause: 'USER_BUSY', afterMs: 1 }) },
  },
];

const NAMES: readonly (readonly [string, string | Buffer])[] = [
  ['Latin-1', Buffer.from('Jos\xe9 \xfc', 'latin1')],
  ['bytes that are not text at all', Buffer.from([0xff, 0xfe, 0x80, 0xc3, 0x28])],
  ['an expansion', '${system(touch /tmp/esl-router-owned)}'],
  ['an encoded expansion', '%24%7Bsystem(id)%7D'],
  ['line breaks', 'a\n\napi status\r\nb: c'],
  ['encoded line breaks', 'a%0d%0aX-Evil: 1'],
  ['everything at once', NASTY],
  ['the word of the module', 'unload mod_event_socket'],
  ['a list of FreeSWITCH', 'ARRAY::a|:b'],
  ['500 letters', 'é'.repeat(500)],
  ['quotes', `"';,"`],
  ['nothing that may stay', '<>{}'],
];

const callers: Scenario[] = [
  ...NAMES.map(([title, callerName]): Scenario => ({
    title: `a caller named by ${title}`,
    scheme: {
      webhook: {
        url: 'CRM/{{caller_name}}/route?n={{caller_name}}',
        headers: { 'X-Name': '{{caller_name}}' },
      },
    },
    reply: () => ({ json: { destination: [['201', '380501234567']] } }),
    call: { callerName },
    check: (outcome) => {
      checkSaid(outcome);
      expect(outcome.report.legs).to.have.length(2);
      const { url, headers } = outcome.requests[0] as Outcome['requests'][number];
      expect(url).to.match(/^[\x21-\x7e]+$/);
      expect(headers['x-name']).to.match(/^[\x20-\x7e]*$/);
      expect(url.split('/')).to.have.length(4);
    },
  })),
  {
    title: 'a caller with hostile numbers and headers',
    scheme: {
      webhook: {
        url: 'CRM/route?x={{sip.X-Evil}}&f={{diverted_from}}&v={{var.evil}}',
        headers: { 'X-Evil': '{{sip.X-Evil}}' },
        parameters: { evil: '{{sip.X-Evil}}', did: '{{did}}' },
      },
      bridge: { headers: { 'X-Card': '{{sip.X-Evil}} {{did}}' } },
    },
    reply: { json: { destination: [['201', '380501234567']] } },
    call: {
      caller: "38044'),a=b",
      callerName: NASTY,
      sipHeaders: { 'X-Evil': NASTY, Diversion: '<sip:1\r\nX: y@h>' },
      variables: { evil: NASTY, esl_router_did: NASTY },
      context: 'public${x}',
    },
    check: (outcome) => {
      checkSaid(outcome);
      const [first] = outcome.requests;
      // FreeSWITCH's encoding is lossy: what looks encoded already arrives decoded.
      const seen = NASTY.replace('%24%7Bn%7D', '${n}');
      expect((JSON.parse(first?.body.toString() ?? '') as { evil: string }).evil).to.equal(seen);
      expect(first?.url).to.match(/^[\x21-\x7e]+$/);
    },
  },
  {
    title: 'an unknown scheme with a hostile name',
    call: { path: '../${x}\n\nexit' },
    check: (outcome) => {
      checkSaid(outcome);
      expect(outcome.marker('reason')).to.equal('scheme_unknown');
    },
  },
];

const GATEWAYS = {
  crm: { callerId: 'did', diversion: true, identity: 'rpid', sendName: true },
};

scenarios('hostile', [...destinations, ...replies, ...callers], {
  settings: { GATEWAYS: JSON.stringify(GATEWAYS) },
});
