import { expect } from 'chai';
import { createRedactor } from '../../../lib/redact/redactor.ts';

const MASKING = createRedactor({ maskNumbers: true });

describe('masking', () => {
  const masked: readonly (readonly [string, string])[] = [
    ['380441112233', '*****33'],
    ['+38 (044) 111-22-33', '*****33'],
    ['{"phone":"380441112233","line":"15005550100"}', '{"phone":"*****33","line":"*****00"}'],
    ['https://crm.example/c?p=%2B380441112233', 'https://crm.example/c?p=*****33'],
    ['https://crm.example/c?p=380%2044%20111%2022%2033', 'https://crm.example/c?p=*****33'],
    [
      '{originate_timeout=30}sofia/gateway/crm/380441112233',
      '{originate_timeout=30}sofia/gateway/crm/*****33',
    ],
    ['5550100', '*****00'],
    ['380\u00a067\u2013482\u20119105', '*****05'],
    ['380 - 67 - 482 - 9105', '*****05'],
    ['p=380+67+482+9105', 'p=*****05'],
    ['%2B380%2067%20482%2D9105', '*****05'],
    ['380%C2%A067%C2%A0482%28910%295', '*****05'],
    ['380\\u00a067\\u2013482\\u20119105', '*****05'],
    ["380'67'482'9105", '*****05'],
    ['origination_caller_id_name=380%27674829105', 'origination_caller_id_name=*****05'],
    ['٣٨٠٦٧٤٨٢٩١٠٥', '*****05'],
    ['380.441.112.233', '*****33'],
    ['+38.044.111.233', '*****33'],
    ['380\t44\t111\t22\t33', '*****33'],
    ['380_44_111_22_33', '*****33'],
    ['380\u200b44\u2060111\u00ad22\ufeff33', '*****33'],
    ['\u202d380441112233\u202c', '\u202d*****33\u202c'],
    ['３８０４４１１１２２３３', '*****33'],
    ['𝟑𝟖𝟎𝟒𝟒𝟏𝟏𝟏𝟐𝟐𝟑𝟑', '*****33'],
    ['③⑧⓪④④①①①②②③③', '*****33'],
    ['%33%38%30%34%34%31%31%31%32%32%33%33', '*****33'],
    ['\\u0033\\u00380441112233', '*****33'],
    ['&#51;&#x38;0441112233', '*****33'],
    ['MzgwNDQxMTEyMjMz', '*****33'],
    ['{"n":"eyJwaG9uZSI6IiszODAgNDQgMTExLTIyLTMzIn0="}', '{"n":"eyJwaG9uZSI6I*****33In0="}'],
    ['333830343431313132323333', '*****33'],
    ['38%3034%2534111%25%32%30%32233', '*****33'],
  ];
  for (const [text, expected] of masked) {
    it(`hides the number in ${text}`, () => {
      expect(MASKING.text(text)).to.equal(expected);
    });
  }

  for (const text of [
    '201',
    '202,203',
    '123456',
    '127.0.0.1:8084',
    '192.168.100.200',
    '10.0.0.5, 10.0.0.6',
    '10.0.0.0/8',
    '2001:db8::1:5060',
    'HTTP 503',
    'after 4000 ms',
  ]) {
    it(`leaves ${text}`, () => {
      expect(MASKING.text(text)).to.equal(text);
    });
  }

  it('leaves what is given as it is, and copies only what holds something to hide', () => {
    const { value } = createRedactor({ secrets: ['s3cret-of-the-crm'] });
    const clean = { a: ['x', { headers: { accept: 'text/plain' } }], n: 1 };
    expect(value(clean)).to.equal(clean);
    const given = {
      clean,
      list: ['a', 'the s3cret-of-the-crm', 'b'],
      headers: { 's3cret-of-the-crm': 'x', b: 'y' },
    };
    const before = structuredClone(given);
    const shown = value(given) as typeof given;
    expect(shown).to.deep.equal({ clean, list: ['a', 'the ***', 'b'], headers: { '***': 'x', b: 'y' } });
    expect(shown.clean).to.equal(clean);
    expect(Object.keys(shown)).to.deep.equal(['clean', 'list', 'headers']);
    expect(given).to.deep.equal(before);
  });

  it('leaves ids, times and JSON numbers, at any depth', () => {
    const ID = 'msg_12345678-1234-4234-8234-123456789012';
    const record = {
      uuid: '12345678-1234-1234-1234-123456789012',
      startedAt: '2026-11-22T10:00:00.000Z',
      endedMs: 1_234_567.8,
      call: { caller: '380441112233', callId: '1234567890@10.0.0.1' },
      requests: [{ webhookId: ID, headers: { 'webhook-id': ID, id: '380441112233' }, body: '380441112233' }],
    };
    expect(MASKING.value(record)).to.deep.equal({
      ...record,
      call: { caller: '*****33', callId: '1234567890@10.0.0.1' },
      requests: [{ webhookId: ID, headers: { 'webhook-id': ID, id: '*****33' }, body: '*****33' }],
    });
  });
});
