import { expect } from 'chai';
import { soughtOf } from '../../../lib/store/sought.ts';
import { callRecord, type Given } from '../../support/stored.ts';

/** As the store asks: first the JSON, then what it says. */
function isIn(what: string, given: Given): boolean {
  const sought = soughtOf(what);
  const json = JSON.stringify(callRecord({ caller: '15005550001', callerName: 'Iryna', ...given }));
  const found = sought.isIn(JSON.parse(json));
  if (found) expect(sought.mayBeIn(json), `${what} is in ${json}`).to.equal(true);
  return found;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('who is looked for when he is to be erased', () => {
  it('is a login only as a whole word of a value, in any case', () => {
    for (const what of ['ted', 'art', 'ana', 'call', 'sales', 'reply', 'max', 'body', '5', 'pbx', 'routed'])
      expect(isIn(what, {}), what).to.equal(false);
    for (const destination of ['joanna', 'anna.k', 'agent_anna', 'anna2', 'a-anna', 'Ханна-anna'])
      expect(isIn('anna', { destination }), destination).to.equal(false);
    for (const destination of ['anna', 'ANNA', 'anna@pbx.example', '201,anna', 'sip:anna@pbx.example'])
      expect(isIn('anna', { destination }), destination).to.equal(true);
    expect(isIn('Олена', { callerName: 'ОЛЕНА Бондар' })).to.equal(true);
    expect(isIn('олена', { callerName: 'Солена' })).to.equal(false);
    expect(isIn('jos\u00e9', { destination: 'jose\u0301' })).to.equal(true);
  });

  it('is a login in every layer of a text, and no name of a field', () => {
    for (const reply of [
      '{"owner":"anna"}',
      '{"say":"ask \\u0061nna, please"}',
      'owner=%61nna&x=1',
      '<b>Anna</b>',
      base64('{"owner":"anna"}'),
      '{"a":{"b":["{\\"owner\\":\\"anna\\"}"]}}',
    ])
      expect(isIn('anna', { reply }), reply).to.equal(true);
    for (const reply of ['{"anna":"x"}', '{"anna":{"say":"\\"x\\""}}', base64('{"anna":"another"}')])
      expect(isIn('anna', { reply }), reply).to.equal(false);
    // Deeper than a program that calls itself can go.
    const deep = `${'['.repeat(30_000)}"anna"${']'.repeat(30_000)}`;
    expect(isIn('anna', { reply: deep })).to.equal(true);
  });

  it('is a short number where numbers stand, and not in times, ids, addresses and headers', () => {
    expect(isIn('200', {})).to.equal(false);
    expect(isIn('10', {})).to.equal(false);
    expect(isIn('150', { notes: ['waited 150 ms to be served'] })).to.equal(false);
    expect(isIn('500', { reply: '{"status":500}' })).to.equal(false);
    expect(isIn('101', { destination: '1017', reply: '' })).to.equal(false);
    expect(isIn('101', { destination: '102,101', reply: '' })).to.equal(true);
    expect(isIn('5', { destination: '5' })).to.equal(true);
    expect(isIn('234567', { caller: '23-45-67' })).to.equal(true);
    expect(isIn('234567', { reply: '{"who":"23 45 67"}' })).to.equal(true);
    expect(isIn('234567', { reply: '{"who":"1234567"}' })).to.equal(false);
  });

  it('is a number in every spelling and layer', () => {
    for (const reply of [
      '{"a":"044\\u00a0111\\u00a022\\u00a033"}',
      '{"a":"044\\u2011111\\u201122\\u201133"}',
      'phone=044%20111%2022%2033',
      '044&#160;111&#160;22&#160;33',
      '{"phones":[380441112233,380671234567]}',
      '{"phones":[380671234567,380441112233]}',
      '{"phones":"380441112233, 380671234567"}',
      '{"phones":"380671234567 380441112233"}',
      '{"phones":"+380671234567 / +380441112233"}',
      '{"phone":"0441112233 (5)"}',
      '{"phone":"room 12 044 111 22 33"}',
      '{"phone":"5, 0441112233"}',
      '{"phone":"2026-01-05 380441112233"}',
      '{"phone":"٠٤٤١١١٢٢٣٣"}',
      base64('{"phone":"+380441112233"}'),
      base64('{"phones":"+38 (067) 123-45-67, +38 (044) 111-22-33"}'),
      '{"phone":"+38 (044) 111-22-33"}',
      '{"phone":"044\\/111\\/22\\/33"}',
      '{"phone":"00380441112233"}',
      '{"phone":"111-22-33"}',
    ])
      expect(isIn('380441112233', { reply }), reply).to.equal(true);
    expect(isIn('+4722123456', { caller: '22123456' })).to.equal(true);
  });

  it("is no part of a stranger's number", () => {
    for (const reply of [
      '491441112233',
      '+49 44 111 22 33',
      '+49 (0) 441112233',
      '+49 441112233',
      '(067) 111-22-33',
      '067 111 22 33',
      '+380 67 111 22 33',
      '104.41.112.233',
      '{"id":"38044111223344"}',
    ])
      expect(isIn('380441112233', { reply }), reply).to.equal(false);
    // Neighbours have all but their area in common.
    expect(isIn('1112233', { caller: '380441112233' })).to.equal(false);
    expect(isIn('22123456', { reply: '{"phone":"01 22 12 34 56"}' })).to.equal(false);
  });

  it('cannot be nobody', () => {
    for (const what of ['', ' ', '\u00a0', '-', '+'])
      expect(() => soughtOf(what), JSON.stringify(what)).to.throw('blank');
  });
});
