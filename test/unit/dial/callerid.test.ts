import { expect } from 'chai';
import fc from 'fast-check';
import { parseCall, type Call } from '../../../lib/call/channel.ts';
import {
  callerIdNote,
  callerIdVariables,
  DEFAULT_GATEWAY,
  nameText,
  type GatewaySettings,
} from '../../../lib/dial/callerid.ts';
import { DIAL_TEMPLATES, serializeDialString } from '../../../lib/dial/dialstring.ts';

const call: Call = {
  ...parseCall(new Map(), { didFrom: [], variables: [] }),
  caller: '+15551230001',
  callerRaw: '+15551230001',
  callerName: 'Lab Caller',
  withheld: false,
  did: '380441112233',
  switch: 'fs1',
};
/** A caller as FreeSWITCH names him. */
const from = (raw: string, more: Partial<Call> = {}): Call => ({
  ...call,
  ...parseCall(new Map([['Caller-Caller-ID-Number', raw]]), { didFrom: [], variables: [] }),
  ...more,
});
const withheld: Call = { ...call, withheld: true };
const gateway = (settings: Partial<GatewaySettings>): GatewaySettings => ({
  ...DEFAULT_GATEWAY,
  ...settings,
});

describe('callerid', () => {
  it('shows the caller to a user of this switch, under the name that the CRM knows', () => {
    expect(callerIdVariables(call, null, null)).to.deep.equal({
      origination_caller_id_number: '+15551230001',
      origination_caller_id_name: 'Lab Caller',
    });
    expect(callerIdVariables(call, null, 'Ганна')).to.include({ origination_caller_id_name: 'Ганна' });
    expect(callerIdVariables({ ...call, callerName: '<>' }, null, '')).to.include({
      origination_caller_id_name: '+15551230001',
    });
  });

  it("shows a gateway the caller's number and no name by default", () => {
    expect(callerIdVariables(call, DEFAULT_GATEWAY, 'Anna')).to.deep.equal({
      origination_caller_id_number: '+15551230001',
      origination_caller_id_name: '_undef_',
      sip_cid_type: 'pid',
    });
  });

  it('shows a gateway what it wants to see', () => {
    const shown = (settings: Partial<GatewaySettings>) => callerIdVariables(call, gateway(settings), 'Anna');
    expect(shown({ callerId: 'did' })).to.include({ origination_caller_id_number: '380441112233' });
    expect(shown({ callerId: '380440000000' })).to.include({ origination_caller_id_number: '380440000000' });
    expect(shown({ identity: 'rpid' })).to.include({ sip_cid_type: 'rpid' });
    expect(shown({ identity: 'none' }))
      .to.include({ sip_cid_type: 'none' })
      .and.not.have.property('sip_h_Privacy');
    expect(shown({ sendName: true })).to.include({ origination_caller_id_name: 'Anna' });
    expect(shown({ diversion: true })).to.include({
      sip_h_Diversion: '<sip:380441112233@fs1>;reason=unconditional',
    });
  });

  it('keeps the privacy of the caller: neither his number nor his name reaches the new leg', () => {
    const HIDDEN = 'hide_name:hide_number:screen';
    expect(callerIdVariables(withheld, null, 'Anna')).to.deep.equal({
      origination_caller_id_number: 'anonymous',
      origination_caller_id_name: 'Anonymous',
      origination_privacy: HIDDEN,
    });
    expect(callerIdVariables(withheld, gateway({ callerId: 'did' }), 'Anna')).to.deep.equal({
      origination_caller_id_number: '380441112233',
      origination_caller_id_name: '_undef_',
      origination_privacy: HIDDEN,
      sip_cid_type: 'pid',
    });
    expect(callerIdVariables(withheld, gateway({ identity: 'none', sendName: true }), 'Anna')).to.deep.equal({
      origination_caller_id_number: 'anonymous',
      origination_caller_id_name: 'Anonymous',
      origination_privacy: HIDDEN,
      sip_cid_type: 'none',
      sip_h_Privacy: 'id',
    });
    // Nothing of it can be written: he did not ask for that.
    expect(callerIdVariables(from('💥'), null, null)).to.include({
      origination_caller_id_number: 'anonymous',
    });
    expect(callerIdVariables(from('💥'), null, null)).not.to.have.property('origination_privacy');
  });

  describe('a number', () => {
    for (const [raw, number, name] of [
      ['+380 44 111-22-33', '+380441112233', '+380 44 111-22-33'],
      ['(044)111-22-33', '0441112233', '(044)111-22-33'],
      // Not 98, who is somebody else.
      ['*98', '*98', '98'],
      ['*21#', '*21%23', '21'],
      ['agent.007_x-1', 'agent.007_x-1', 'agent.007x-1'],
      ['Иван', '%D0%98%D0%B2%D0%B0%D0%BD', 'Иван'],
      ['café', 'caf%C3%A9', 'café'],
      ['中文', '%E4%B8%AD%E6%96%87', '中文'],
      ['हिन्दी', '%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80', 'हिन्दी'],
      ['١٢٣', '%D9%A1%D9%A2%D9%A3', '١٢٣'],
      ['john doe', 'john%20doe', 'john doe'],
      ["o'brien", 'o%27brien', 'o%27brien'],
      ['a,b', 'a%2Cb', 'ab'],
      ['user@host', 'user%40host', 'userhost'],
      ['alice&bob', 'alice%26bob', 'alice&bob'],
      ['x\r\nX-Evil:1', 'xX-Evil1', 'xX-Evil1'],
      ['%{x}', 'x', 'x'],
      ['1;cpc=priority', '1cpc%3Dpriority', '1cpcpriority'],
      ['q"<sip:evil@x>', 'qsipevil%40x', 'qsipevilx'],
      ['\u202eevil', 'evil', 'evil'],
      ['💥', 'anonymous', '_undef_'],
      ['*', '*', '_undef_'],
      ['!!', '%21%21', '_undef_'],
      ['mod_event_socket', 'anonymous', 'modeventsocket'],
      ['中'.repeat(40), '%E4%B8%AD'.repeat(32), '中'.repeat(40)],
    ] as const) {
      it(`${JSON.stringify(raw)} is shown as ${number}`, () => {
        expect(callerIdVariables(from(raw), null, null)).to.deep.equal({
          origination_caller_id_number: number,
          origination_caller_id_name: name,
        });
      });
    }
  });

  it('takes the called number for a caller ID only when it is one', () => {
    const shown = (did: string) =>
      callerIdVariables({ ...call, did }, gateway({ callerId: 'did' }), null)['origination_caller_id_number'];
    expect(shown('380441112233')).to.equal('380441112233');
    expect(shown('201')).to.equal('201');
    expect(shown('sales')).to.equal('+15551230001');
    expect(shown('')).to.equal('+15551230001');
    expect(callerIdVariables({ ...withheld, did: 's' }, gateway({ callerId: 'did' }), null)).to.include({
      origination_caller_id_number: 'anonymous',
    });
  });

  it('says what is shown otherwise than one would expect', () => {
    const note = (of: Call, settings: GatewaySettings | null = null) => callerIdNote(of, settings, [1, 6]);
    const did = gateway({ callerId: 'did' });
    expect(note(call)).to.equal(null);
    expect(note(withheld)).to.equal(null);
    expect(note(from('Иван'))).to.equal(null);
    expect(note(from('💥'))).to.match(/"💥" can't be used in a SIP address: anonymous is shown/);
    expect(note(from('💥'), gateway({ callerId: '380440000000' }))).to.equal(null);
    expect(note(call, did)).to.equal(null);
    expect(note({ ...call, did: '201' }, did)).to.match(/"201" is an extension, see didFrom/);
    expect(note({ ...call, did: 's' }, did)).to.match(/"s" is not a number: the caller's is shown/);
  });

  it('carries an apostrophe as the one escape that mod_sofia may undo, and 64 of them', () => {
    const name = (given: string) => callerIdVariables(call, null, given)['origination_caller_id_name'];
    expect(name("O'Brien (Sales)")).to.equal('O%27Brien (Sales)');
    expect(name("'27'")).to.equal('%2727%27');
    expect(name('O%27Brien')).to.equal('O27Brien');
    expect(name("'".repeat(70))).to.equal('%27'.repeat(64));
  });

  describe('a name', () => {
    for (const [text, cleaned] of [
      ['Anna & Co. +1-2', 'Anna & Co. +1-2'],
      ['  Ганна Їжак  ', 'Ганна Їжак'],
      ["O'Brien (Sales)", "O'Brien (Sales)"],
      ['O%27Brien %28Sales%29', 'O27Brien 28Sales29'],
      ['हिन्दी', 'हिन्दी'],
      ['Zoe\u0308', 'Zoë'],
      ['A, B', 'A B'],
      ['a%0d%0aX-Evil: 1', 'a0d0aX-Evil 1'],
      ['%0d%0aX: y', '0d0aX y'],
      ['${system(id)}', 'system(id)'],
      ['<script>"[]{}|\\^`', 'script'],
      ['مكتب ١٢٣', 'مكتب ١٢٣'],
      ['½²Ⅷ', ''],
      ['𝒜'.repeat(70), '𝒜'.repeat(64)],
      ['\u202eevil\u0000\r\n', 'evil'],
    ] as const) {
      it(`${JSON.stringify(text)} -> ${JSON.stringify(cleaned)}`, () => {
        expect(nameText(text)).to.equal(cleaned);
      });
    }
  });

  it('gives values that a dial string can carry, whatever the caller sends', function () {
    this.timeout(60_000);
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom(
        '1,sip_h_X-Evil=1',
        "'",
        '${x}',
        '%24%7Bx%7D',
        '1]loopback/app=system:id',
        ':_:',
        '^^;a',
        '\\r\\n',
      ),
      fc.constantFrom(
        'ARRAY::a|:b',
        'a\r\nX: 1',
        'mod_event_socket',
        'origination_nested_vars=true',
        '<sip:x@y>;a',
      ),
    );
    const settings = fc.record({
      callerId: fc.oneof(fc.constantFrom('caller', 'did'), hostile),
      diversion: fc.boolean(),
      identity: fc.constantFrom('pid' as const, 'rpid' as const, 'none' as const),
      sendName: fc.boolean(),
    });
    const calls = fc.record({
      caller: hostile,
      callerRaw: hostile,
      callerName: hostile,
      did: hostile,
      switch: hostile,
      withheld: fc.boolean(),
    });
    fc.assert(
      fc.property(calls, fc.option(settings), fc.option(hostile), (sent, to, name) => {
        const variables = callerIdVariables({ ...call, ...sent }, to, name);
        expect(Object.values(variables)).not.to.include('');
        const endpoint = { kind: 'user', user: '201', domain: 'pbx.test' } as const;
        expect(serializeDialString([{ endpoint, variables }], {}, DIAL_TEMPLATES)).to.match(
          /^\[[^[\]]*\]user\/201@pbx\.test$/,
        );
      }),
      { numRuns: 1000 },
    );
  });
});
