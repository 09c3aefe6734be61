import { expect } from 'chai';
import { AnswerMemory, type Remembered } from '../../../lib/decide/memory.ts';

function answer(body: string, atMs = 0): Remembered {
  return { response: { status: 200, headers: {}, body, phases: { total: 1 } }, webhookId: 'msg_1', atMs };
}

describe('the memory for answers', () => {
  it('gives back what is young enough', () => {
    const memory = new AnswerMemory();
    memory.remember('a', answer('201', 1_000));
    expect(memory.recall('a', 5_000, 6_000)?.response.body).to.equal('201');
    expect(memory.recall('a', 5_000, 6_001)).to.equal(null);
    expect(memory.recall('b', 5_000, 1_000)).to.equal(null);
    memory.remember('a', answer('202', 6_001));
    expect(memory.recall('a', 5_000, 6_001)?.response.body).to.equal('202');
    expect(memory.size).to.equal(1);
  });

  it('is bounded by number, and the one that was used the longest ago gives way', () => {
    const memory = new AnswerMemory({ entries: 2, characters: 1_000 });
    memory.remember('a', answer('1'));
    memory.remember('b', answer('2'));
    memory.recall('a', 1, 0);
    memory.remember('c', answer('3'));
    expect(memory.recall('b', 1, 0)).to.equal(null);
    expect(memory.recall('a', 1, 0)).to.not.equal(null);
    expect(memory.size).to.equal(2);
  });

  it('is bounded by size, whatever is replaced and how often', () => {
    const memory = new AnswerMemory({ entries: 1_000, characters: 100 });
    for (let n = 0; n < 500; n++) memory.remember(`k${n % 7}`, answer('x'.repeat(n % 60)));
    let characters = 0;
    for (let n = 0; n < 7; n++) characters += memory.recall(`k${n}`, 1, 0)?.response.body.length ?? 0;
    expect(characters).to.be.within(1, 100);
    memory.remember('large', answer('x'.repeat(101)));
    expect(memory.size, 'what is larger than all is not kept').to.equal(0);
  });
});
