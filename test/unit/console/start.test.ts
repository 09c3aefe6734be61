import { expect } from 'chai';
import type { CallRecord } from '../../../lib/api/types.ts';
import {
  draftFrom,
  FIRST,
  gatewayOfText,
  mapOfText,
  reaching,
  stepFrom,
  textOfMap,
  withField,
  withShape,
  withWay,
} from '../../../lib/console/pages/start/draft.ts';
import { momentsOf } from '../../../lib/console/pages/start/moments.ts';

describe('console: the draft of the first steps', () => {
  it('survives being kept, and forgets what is no draft', () => {
    const draft = reaching(withWay(FIRST, 'domain', 'pbx.test'), 'rings');
    expect(draftFrom(JSON.stringify(draft))).to.deep.equal(draft);
    for (const text of [null, '', 'null', '7', '{}', '{"reached":"elsewhere","document":{}}'])
      expect(draftFrom(text), String(text)).to.deep.equal(FIRST);
  });

  it('opens no step that is not reached', () => {
    expect(stepFrom('call', FIRST)).to.equal('crm');
    const further = reaching(FIRST, 'rings');
    expect(stepFrom('try', further)).to.equal('try');
    expect(stepFrom('call', further)).to.equal('rings');
    expect(stepFrom('nonsense', further)).to.equal('rings');
    expect(reaching(further, 'crm').reached).to.equal('rings');
  });

  it('forgets what was tried when the question changes, and only then', () => {
    const tried = { ...FIRST, tried: { result: 'routed' } as never };
    expect(withField(tried, ['webhook', 'url'], 'http://crm.test').tried).to.equal(null);
    expect(withShape(tried, 'text', { webhook: {} }).document).to.deep.equal({ name: 'main', webhook: {} });
    expect(withWay(tried, 'gateway', 'crm').tried).to.equal(tried.tried);
  });

  it('reads maps and gateways as they are typed', () => {
    expect(mapOfText('17 = 201\n\n 18=202 \nhalf\n=9\na=b=c')).to.deep.equal({
      17: '201',
      18: '202',
      a: 'b=c',
    });
    expect(textOfMap({ 17: '201' })).to.equal('17 = 201');
    expect(gatewayOfText(' a , b,')).to.deep.equal(['a', 'b']);
    expect(gatewayOfText('a,')).to.equal('a');
    expect(gatewayOfText(' ')).to.equal(undefined);
  });

  it('tells a call in the order of its moments', () => {
    const record = {
      call: { caller: '1', did: '2' },
      requests: [
        { atMs: 2, method: 'POST', url: 'u', reply: { status: 200, body: 'x' }, phases: { total: 3 } },
      ],
      bridges: [{ atMs: 7, dialString: 'user/201@d' }],
      ...{ destination: '201', result: 'routed', end: 'bridged', hangupCause: 'NORMAL_CLEARING' },
      ...{ decidedMs: 6, answeredMs: 9, endedMs: 20, answeredBy: '201' },
    } as unknown as CallRecord;
    expect(momentsOf(record).map(({ atMs, what }) => `${atMs} ${what}`)).to.deep.equal([
      '0 came',
      '2 asked',
      '5 replied',
      '6 decided',
      '7 dialled',
      '9 answered',
      '20 ended',
    ]);
  });
});
