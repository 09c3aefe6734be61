import { expect } from 'chai';
import { concealCaller, parseCall } from '../../../lib/call/channel.ts';

const CONNECT = {
  'Unique-ID': '13583afd-d473-4d23-851b-d44ad9c16731',
  'Event-Sequence': '437',
  'FreeSWITCH-Switchname': 'fs1',
  'Caller-Caller-ID-Number': '+38 (044) 111-22-33',
  'Caller-Caller-ID-Name': 'Lab Caller',
  'Caller-Destination-Number': '15005550100',
  'Caller-Context': 'public',
  'Caller-Network-Addr': '192.0.2.9',
  'Caller-Privacy-Hide-Number': 'false',
  'Answer-State': 'ringing',
  'Socket-Mode': 'async',
  Control: 'full',
  variable_sip_call_id: 'abc@127.0.0.1',
  variable_sip_network_ip: '192.0.2.1',
};

const DID_FROM = ['var:esl_router_did', 'destination_number'];

function call(
  headers: Record<string, string> = {},
  didFrom: readonly string[] = DID_FROM,
  variables: string[] = [],
) {
  return parseCall(new Map(Object.entries({ ...CONNECT, ...headers })), { didFrom, variables });
}

describe('channel', () => {
  it('reads the call from the connect reply', () => {
    expect(call()).to.deep.equal({
      uuid: '13583afd-d473-4d23-851b-d44ad9c16731',
      callId: 'abc@127.0.0.1',
      caller: '+380441112233',
      callerRaw: '+38 (044) 111-22-33',
      callerName: 'Lab Caller',
      withheld: false,
      withheldNumbers: [],
      did: '15005550100',
      destinationNumber: '15005550100',
      context: 'public',
      domain: '',
      sourceIp: '192.0.2.1',
      switch: 'fs1',
      divertedFrom: '',
      hops: 0,
      path: '',
      schemeVariable: '',
      answered: false,
      socketData: '',
      takenAway: false,
      hungUp: false,
      guardSeconds: null,
      guardTold: '',
      guardId: null,
      lastTaskId: null,
      transferSource: '',
      passed: { passes: 0, trace: '' },
      switchMs: 0,
      ageMs: 0,
      eventSequence: 437,
      socketMode: { async: true, full: true },
      variables: new Map(),
    });
  });

  it('knows how long FreeSWITCH had the channel', () => {
    const created = { 'Caller-Channel-Created-Time': '1795339920595228' };
    expect(call({ ...created, 'Event-Date-Timestamp': '1795339920635282' }).ageMs).to.be.closeTo(
      40.054,
      0.001,
    );
    expect(call({ ...created, 'Event-Date-Timestamp': '1795339920595227' }).ageMs).to.equal(0);
    expect(call(created).ageMs).to.equal(0);
    expect(call({ 'Event-Date-Timestamp': '1795339920635282' }).ageMs).to.equal(0);
  });

  it('reads the guard that the dialplan tells of, and the passes of the channel', () => {
    const told = (variables: Record<string, string>) =>
      call(Object.fromEntries(Object.entries(variables).map(([name, value]) => [`variable_${name}`, value])));
    expect(told({ esl_router_guard: '8', esl_router_guard_id: '17', last_sched_id: '18' })).to.include({
      guardSeconds: 8,
      guardId: 17,
      lastTaskId: 18,
    });
    expect(told({ esl_router_guard: '8s', esl_router_guard_id: '${last_sched_id}' })).to.include({
      guardSeconds: null,
      guardTold: '8s',
      guardId: null,
    });
    expect(told({ esl_router_pass: '2:0f3c-11' }).passed).to.deep.equal({ passes: 2, trace: '0f3c-11' });
    expect(told({ esl_router_pass: 'twice' }).passed).to.deep.equal({ passes: 0, trace: '' });
  });

  it('believes a count of hops only when it is one', () => {
    const hops = (text: string): number => call({ 'variable_sip_h_X-ESL-Router-Hops': text }).hops;
    expect(['0', '1', '7', '100', '999999999'].map(hops)).to.deep.equal([0, 1, 7, 99, 99]);
    expect(['', '-1', '1.5', ' 2', '2,3', '0x7', '1e3', '٣', '9999999999'].map(hops)).to.deep.equal(
      Array<number>(9).fill(0),
    );
  });

  it('takes the called number from the first of didFrom that is set', () => {
    expect(call({ variable_esl_router_did: '+1 500 555-0199' }).did).to.equal('+15005550199');
    const fusion = ['var:caller_destination', 'var:sip_req_user'];
    expect(call({ variable_caller_destination: '', variable_sip_req_user: '777' }, fusion).did).to.equal(
      '777',
    );
    expect(call({}, fusion).did).to.equal('');
  });

  for (const [why, headers] of Object.entries({
    'the privacy flag': { 'Caller-Privacy-Hide-Number': 'true' },
    anonymous: { 'Caller-Caller-ID-Number': 'Anonymous' },
    unknown: { 'Caller-Caller-ID-Number': 'unknown' },
    'an empty number': { 'Caller-Caller-ID-Number': '' },
  })) {
    it(`knows a withheld caller by ${why}`, () => {
      expect(call(headers).withheld).to.equal(true);
    });
  }

  it('conceals a withheld caller wherever the number stands', () => {
    const withheld = call(
      {
        'Caller-Privacy-Hide-Number': 'true',
        'variable_sip_P-Asserted-Identity': '<sip:+380441112233@host>',
        variable_note: 'call back 380441112233',
        variable_shop: 'north',
      },
      DID_FROM,
      ['sip_P-Asserted-Identity', 'note', 'shop'],
    );
    const hidden = concealCaller(withheld);
    expect(JSON.stringify([hidden, [...hidden.variables]])).not.to.include('380441112233');
    expect(hidden).to.include({ caller: '', callerRaw: '', callerName: '', withheld: true });
    expect(hidden.variables.get('shop')).to.equal('north');
  });

  /** `what: value`, each as a header of a caller with this number who withheld it. */
  const shownOf = (number: string, variables: Record<string, string>, more: Record<string, string> = {}) => {
    const told = Object.entries(variables).map(([name, value]) => [`variable_${name}`, value] as const);
    const headers: Record<string, string> = {
      'Caller-Caller-ID-Number': number,
      'Caller-Privacy-Hide-Number': 'true',
      ...Object.fromEntries(told),
      ...more,
    };
    const hidden = concealCaller(call(headers, DID_FROM, Object.keys(variables)));
    return { hidden, shown: [...hidden.variables].filter(([, value]) => value !== '').map(([name]) => name) };
  };

  it('conceals a withheld caller in every spelling of the number', () => {
    const spellings = {
      'sip_h_X-National': '0441112233',
      'sip_h_X-Grouped': '+380 (44) 111-22-33',
      'sip_h_X-Dotted': '38.044.111.22.33',
      'sip_h_X-Prefix': '00380441112233',
      'sip_h_X-Outside-Line': '9,0441112233',
      'sip_h_X-Local': '111-22-33',
      'sip_h_X-Uri': 'sip:%2B380%2044%20111%2022%2033@pbx.test',
      'sip_h_X-Two': '380445550000, 380441112233',
      'sip_h_X-Arabic': '٠٤٤١١١٢٢٣٣',
      'sip_h_X-Json': '{"n":"eyJuIjoiMzgwNDQxMTEyMjMzIn0="}',
      channel_name: 'sofia/external/380441112233@10.0.0.1',
    };
    const others = { 'sip_h_X-Other': '0441112234', sip_to_user: '380445550000', shop: 'north' };
    for (const number of ['+380441112233', '0441112233', '380 44 111 22 33']) {
      expect(shownOf(number, { ...spellings, ...others }).shown, number).to.deep.equal(Object.keys(others));
    }
    const byOthers = { 'Caller-ANI': '380441112233' };
    expect(shownOf('anonymous', { ...spellings, ...others }, byOthers).shown).to.deep.equal(
      Object.keys(others),
    );
    const asserted = { 'variable_sip_P-Asserted-Identity': '"A" <sip:+380441112233@10.20.30.40:5060>' };
    expect(shownOf('anonymous', { ...spellings, ...others }, asserted).shown).to.deep.equal(
      Object.keys(others),
    );
    const byUser = { variable_sip_from_user: '+380441112233;cpc=ordinary' };
    expect(shownOf('anonymous', { ...spellings, ...others }, byUser).shown).to.deep.equal(
      Object.keys(others),
    );
    for (const user of ['+380441112233;cpc=ordinary', '+380441112233:pass', '%2B380441112233']) {
      const escaped = { 'variable_sip_P-Asserted-Identity': `<sip:${user}@10.20.30.40>` };
      expect(shownOf('anonymous', { ...spellings, ...others }, escaped).shown, user).to.deep.equal(
        Object.keys(others),
      );
    }
  });

  it('looks for him in headers of 60 KB without a pause', () => {
    const from = process.cpuUsage();
    for (const text of ['a', '1', 'a:', '1;', '@', '<', 'tel:', 'a@'])
      call({
        'Caller-Privacy-Hide-Number': 'true',
        'variable_sip_P-Asserted-Identity': `<${text.repeat(60_000 / text.length)}`,
      });
    // Backtracking takes minutes; of a busy machine's time only what this takes counts.
    expect(process.cpuUsage(from).user / 1000).to.be.below(1000);
  });

  it('conceals what names a caller by its nature, whatever stands there', () => {
    const naming = [
      ...['sip_from_user', 'sip_from_uri', 'sip_full_from', 'sip_contact_uri', 'sip_cid_type', 'presence_id'],
      ...[
        'sip_P-Asserted-Identity',
        'sip_P-Preferred-Identity',
        'sip_Remote-Party-ID',
        'sip_h_P-Charge-Info',
      ],
      ...['sip_h_History-Info', 'sip_h_Diversion', 'sip_h_Identity', 'sip_h_Referred-By', 'sip_h_Reply-To'],
      ...['sip_i_p_asserted_identity', 'sip_h_Call-Info', 'sip_h_P-Served-User', 'sip_h_X-Caller-ID', 'ani'],
      ...['effective_caller_id_name', 'origination_caller_id_number', 'sip_auth_username', 'user_name'],
    ];
    const others = [
      'sip_to_user',
      'sip_req_uri',
      'sip_h_X-Account',
      'sip_user_agent',
      'domain_name',
      'context',
    ];
    const all = Object.fromEntries([...naming, ...others].map((name) => [name, 'u-ivanenko']));
    expect(shownOf('anonymous', all).shown).to.deep.equal(others);
  });

  it('conceals him in his name, in the Call-ID that his telephone made of his number, and as who redirected', () => {
    const { hidden, shown } = shownOf(
      '+380441112233',
      { 'sip_h_X-Card': 'Card of OLENA KOVAL', 'sip_h_X-Shop': 'north' },
      {
        'Caller-Caller-ID-Name': 'Olena Koval',
        variable_sip_call_id: '380441112233-17@10.0.0.1',
        'Unique-ID': '380441112233-17@10.0.0.1',
        'Caller-RDNIS': '0441112233',
      },
    );
    expect(shown).to.deep.equal(['sip_h_X-Shop']);
    expect(hidden).to.include({ callId: '', uuid: '', divertedFrom: '', callerName: '' });
    expect(JSON.stringify(hidden)).not.to.include('1112233');
  });

  it('leaves a name of a channel that is not a Call-ID as it is', () => {
    const uuid = '5c9d1d7e-0201-4b52-9d6b-6d5f5f0c-201';
    const { hidden } = shownOf('201', {}, { variable_sip_call_id: '201@10.0.0.1', 'Unique-ID': uuid });
    expect(hidden).to.include({ callId: '', uuid });
  });

  it('conceals an extension where it needs a line of its own, and no number that has its digits', () => {
    const { shown } = shownOf('201', { a: '2013', b: 'line 201', c: '380442013456' });
    expect(shown).to.deep.equal(['a', 'c']);
  });

  it('reads what the dialplan told', () => {
    const told = call({
      variable_esl_router_guard: '8',
      variable_esl_router_scheme: 'sales',
      variable_socket_path: '/night/',
      'Answer-State': 'answered',
      Control: 'single-channel',
      'Socket-Mode': 'static',
      variable_sip_h_Diversion: '<sip:+380441110000@pbx.test>;reason=unconditional',
    });
    expect(told).to.include({
      guardSeconds: 8,
      schemeVariable: 'sales',
      path: 'night',
      answered: true,
      divertedFrom: '+380441110000',
    });
    expect(told.socketMode).to.deep.equal({ async: false, full: false });
  });

  const FIRST = '<sip:+380441110001@pbx.test>;reason=no-answer;counter=1';
  const SECOND = '"Last, \\"One\\" <sip:+1@x>" <sip:+380441110002@pbx.test>;reason=unconditional';
  const DIVERSIONS: Readonly<Record<string, string>> = {
    [FIRST]: '+380441110001',
    [`${SECOND}, ${FIRST}`]: '+380441110001',
    [`${FIRST},${SECOND}`]: '+380441110002',
    [`${SECOND}, ${FIRST}, `]: '+380441110001',
    'sip:+380441110003@h;reason=user-busy, sip:+380441110004@h': '+380441110004',
    '<tel:+380-44-111-0005>;reason=deflection': '+380441110005',
    '<SIP:1,2@h>;text="a, <sip:+3@z>"': '1,2',
    '"unfinished <sip:+1@x>, <sip:+2@y>': '700',
    nonsense: '700',
    '': '700',
  };
  for (const [diversion, first] of Object.entries(DIVERSIONS)) {
    it(`takes the first redirecting party of Diversion ${JSON.stringify(diversion)}`, () => {
      const headers = { variable_sip_h_Diversion: diversion, 'Caller-RDNIS': '700' };
      expect(call(headers).divertedFrom).to.equal(first);
    });
  }

  for (const guard of ['', '0', '-3', '8s', '1e3']) {
    it(`takes a guard of ${JSON.stringify(guard)} for none`, () => {
      expect(call({ variable_esl_router_guard: guard }).guardSeconds).to.equal(null);
    });
  }

  it('keeps the variables that are asked for and no others', () => {
    const kept = call({ variable_a: '1', variable_b: '2', variable_c: '' }, DID_FROM, ['a', 'c', 'd']);
    expect([...kept.variables]).to.deep.equal([
      ['a', '1'],
      ['c', ''],
    ]);
  });
});
