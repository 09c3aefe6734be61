import { expect } from 'chai';
import { serializeAssignments } from '../../../lib/dial/assignment.ts';
import { RouterError } from '../../../lib/errors.ts';
import { readAssignments } from '../../../lib/simulator/dialstring.ts';

describe('assignments of channel variables', () => {
  it('are divided by ";", and by "|" where a value has ";" in it', () => {
    expect(serializeAssignments({ a: '1', b: '%(400,200,425)' })).to.equal('a=1;b=%(400,200,425)');
    const british = { a: '1', ring: '%(400,200,400,450);%(400,2000,400,450)', b: '*98' };
    const text = serializeAssignments(british);
    expect(text).to.equal('^^|a=1|ring=%(400,200,400,450);%(400,2000,400,450)|b=*98');
    expect(Object.fromEntries(readAssignments(text, ';'))).to.deep.equal(british);
  });

  it('hold nothing that FreeSWITCH could read differently', () => {
    for (const value of ['a|b', '^^;a', "a'b", 'a\nb', '${x}', 'a\\b', 'a=b', 'a"b', '[a]', '{a}', 'é']) {
      expect(() => serializeAssignments({ a: value }), value)
        .to.throw(RouterError, 'the value of a may not be sent')
        .with.property('code', 'esl_unsafe_value');
    }
  });
});
