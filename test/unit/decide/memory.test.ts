import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AnswerMemory, type Remembered } from '../../../lib/decide/memory.ts';

function answer(body: string, atMs = 0): Remembered {
  return { status: 200, body, webhookId: 'msg_1', link: 0, atMs };
}

/**
 * Bytes of the heap that what `make` returns takes. One collection is not enough: behind other tests it left 3.4 MB that the
 * second one freed on Node 24.21.0, and 2.3 MB on 20.20.2, so that the memory seemed to take a fifth of what it does.
 */
function heapOf(make: () => unknown): number {
  const before = settledHeap();
  const made = make();
  const bytes = settledHeap() - before;
  expect(made).to.not.equal(null);
  return bytes;
}

/** Bytes in use once three collections in a row have freed next to nothing. */
function settledHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Infinity;
  for (let idle = 0, n = 0; idle < 3 && n < 30; n++) {
    collect();
    const { heapUsed } = process.memoryUsage();
    idle = heapUsed > least - 16_384 ? idle + 1 : 0;
    least = Math.min(least, heapUsed);
  }
  return least;
}

describe('the memory for answers', () => {
  it('gives back what is young enough', () => {
    const memory = new AnswerMemory();
    memory.remember('sales', 'a', answer('201', 1_000));
    expect(memory.recall('sales', 'a', 5_000, 6_000)?.body).to.equal('201');
    expect(memory.recall('sales', 'a', 5_000, 6_001)).to.equal(null);
    expect(memory.recall('sales', 'b', 5_000, 1_000)).to.equal(null);
    memory.remember('sales', 'a', answer('202', 6_001));
    expect(memory.recall('sales', 'a', 5_000, 6_001)?.body).to.equal('202');
    expect(memory.size).to.equal(1);
  });

  it('keeps the answers of each scheme apart', () => {
    const memory = new AnswerMemory();
    memory.remember('sales', 'a', answer('201'));
    expect(memory.recall('support', 'a', 1, 0)).to.equal(null);
  });

  it('is bounded by size, and the one that was used the longest ago gives way', () => {
    const memory = new AnswerMemory(1_100);
    memory.remember('sales', 'a', answer('1'));
    memory.remember('sales', 'b', answer('2'));
    memory.recall('sales', 'a', 1, 0);
    memory.remember('sales', 'c', answer('3'));
    expect(memory.recall('sales', 'b', 1, 0)).to.equal(null);
    expect(memory.recall('sales', 'a', 1, 0)).to.not.equal(null);
    expect(memory.size).to.equal(2);
  });

  it('is bounded whatever is replaced and how often', () => {
    const memory = new AnswerMemory(4_000);
    for (let n = 0; n < 500; n++) memory.remember(`s${n % 3}`, `k${n % 7}`, answer('x'.repeat(n % 60)));
    expect(memory.size).to.be.within(6, 7);
    memory.remember('large', 'k', answer('x'.repeat(4_001)));
    expect(memory.recall('large', 'k', 1, 0), 'what is larger than all is not kept').to.equal(null);
    for (let n = 0; n < 7; n++) memory.remember('s0', 'k', answer('x'));
    expect(memory.recall('s0', 'k', 1, 0)).to.not.equal(null);
  });

  it('takes the room from the scheme that has the most: callers who never come twice cost no other one', () => {
    const memory = new AnswerMemory(100_000);
    for (let n = 0; n < 20; n++) memory.remember('quiet', `k${n}`, answer('201'));
    for (let n = 0; n < 5_000; n++) memory.remember('flooded', `k${n}`, answer('202'));
    let kept = 0;
    for (let n = 0; n < 20; n++) if (memory.recall('quiet', `k${n}`, 1, 0) !== null) kept++;
    expect(kept).to.equal(20);
    expect(memory.recall('flooded', 'k4999', 1, 0)).to.not.equal(null);
  });

  for (const [title, times, body] of [
    ['small answers', 20_000, (n: number) => `{"destination":"${n}"}`],
    ['large ones', 2_000, (n: number) => Buffer.alloc(12_000, 97 + (n % 26)).toString('latin1') + String(n)],
    [
      'letters beyond Latin-1',
      1_000,
      (n: number) => Buffer.from('я'.repeat(6_000) + String(n)).toString('utf8'),
    ],
  ] as const) {
    it(`takes no more of the heap than it says: ${title}`, () => {
      const limit = 4 * 1024 * 1024;
      const bytes = heapOf(() => {
        const memory = new AnswerMemory(limit);
        for (let n = 0; n < times; n++) {
          const key = Buffer.from(`key of the question ${n}`.padStart(43)).toString('latin1');
          memory.remember('sales', key, { ...answer(body(n)), webhookId: `msg_${String(n).padStart(36)}` });
        }
        return memory;
      });
      expect(bytes).to.be.within(limit / 3, limit * 1.1);
    });
  }
});
