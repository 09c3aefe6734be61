import { expect } from 'chai';
import { maskingReplacer, maskNumbers } from '../../lib/mask.ts';

describe('masking', () => {
  const masked: readonly (readonly [string, string])[] = [
    ['380441112233', '*****33'],
    ['+38 (044) 111-22-33', '*****33'],
    ['{"phone":"380441112233","line":"15005550100"}', '{"phone":"*****33","line":"*****00"}'],
    ['https://crm.example/c?p=%2B380441112233', 'https://crm.example/c?p=%2B*****33'],
    ['https://crm.example/c?p=380%2044%20111%2022%2033', 'https://crm.example/c?p=*****33'],
    [
      '{originate_timeout=30}sofia/gateway/crm/380441112233',
      '{originate_timeout=30}sofia/gateway/crm/*****33',
    ],
    ['5550100', '*****00'],
    ['380\u00a067\u2013482\u20119105', '*****05'],
    ['380 - 67 - 482 - 9105', '*****05'],
    ['p=380+67+482+9105', 'p=*****05'],
    ['%2B380%2067%20482%2D9105', '%2B*****05'],
    ['380%C2%A067%C2%A0482%28910%295', '*****05'],
    ['380\\u00a067\\u2013482\\u20119105', '*****05'],
    ["380'67'482'9105", '*****05'],
    ['origination_caller_id_name=380%27674829105', 'origination_caller_id_name=*****05'],
    ['٣٨٠٦٧٤٨٢٩١٠٥', '*****٠٥'],
  ];
  for (const [text, expected] of masked) {
    it(`hides the number in ${text}`, () => {
      expect(maskNumbers(text)).to.equal(expected);
    });
  }

  for (const text of [
    '201',
    '202,203',
    '123456',
    '127.0.0.1:8084',
    '192.168.100.200',
    'HTTP 503',
    'after 4000 ms',
  ]) {
    it(`leaves ${text}`, () => {
      expect(maskNumbers(text)).to.equal(text);
    });
  }

  it('leaves ids, times and JSON numbers, at any depth', () => {
    const record = {
      uuid: '12345678-1234-1234-1234-123456789012',
      startedAt: '2026-11-22T10:00:00.000Z',
      endedMs: 1_234_567.8,
      call: { caller: '380441112233', callId: '1234567890@10.0.0.1' },
      requests: [
        { webhookId: 'msg_12345678', headers: { 'webhook-id': 'msg_12345678' }, body: '380441112233' },
      ],
    };
    expect(JSON.parse(JSON.stringify(record, maskingReplacer))).to.deep.equal({
      ...record,
      call: { caller: '*****33', callId: '1234567890@10.0.0.1' },
      requests: [{ webhookId: 'msg_12345678', headers: { 'webhook-id': 'msg_12345678' }, body: '*****33' }],
    });
  });
});
