import { expect } from 'chai';
import {
  dialTexts,
  dialValue,
  guardLeaves,
  kindOf,
  lastIndex,
  listOf,
  moved,
  newStep,
  ringSeconds,
  STEP_KINDS,
  timeOf,
} from '../../../lib/console/pages/schemes/steps.ts';

describe('console: steps of a fallback', () => {
  it('knows each kind that it makes, and no other', () => {
    for (const kind of STEP_KINDS) expect(kindOf(newStep(kind))).to.equal(kind);
    expect(kindOf({ ring: '201' })).to.equal(null);
    expect(kindOf('dial')).to.equal(null);
  });

  it('rings one turn after the other, and a list within it together', () => {
    const scheme = { forwardingTimeoutSeconds: 20 };
    expect(ringSeconds({ dial: '201' }, scheme)).to.equal(20);
    expect(ringSeconds({ dial: ['201', ['202', '203'], '204'], timeout: 7 }, scheme)).to.equal(21);
    expect(ringSeconds({ dial: '201' }, {})).to.equal(30);
    expect(ringSeconds({ hangup: 'USER_BUSY' }, scheme)).to.equal(0);
  });

  it('sums what is reached', () => {
    const scheme = {
      webhook: { timeoutSeconds: 3 },
      forwardingTimeoutSeconds: 10,
      fallback: {
        onNoRoute: [{ dial: '1' }, { hangup: 'USER_BUSY' }, { dial: '2' }],
        onNoAnswer: [{ dial: ['1', '2'] }, { webhook: 'https://b.example' }],
      },
    };
    expect(timeOf(scheme, 'onNoRoute')).to.deep.equal({ askSeconds: 3, ringSeconds: 10 });
    expect(timeOf(scheme, 'onNoAnswer')).to.deep.equal({ askSeconds: 3, ringSeconds: 20 });
    expect(timeOf(scheme, 'onBusy')).to.deep.equal({ askSeconds: 3, ringSeconds: 20 });
    expect(timeOf(scheme, 'onError')).to.deep.equal({ askSeconds: 3, ringSeconds: 0 });
    expect(lastIndex(scheme.fallback.onNoRoute)).to.equal(1);
  });

  it('says whose list counts', () => {
    expect(listOf({}, 'onError')).to.deep.equal({ from: 'default' });
    expect(listOf({}, 'onBusy')).to.deep.equal({ from: 'onNoAnswer' });
    expect(listOf({ fallback: { onBusy: [] } }, 'onBusy')).to.deep.equal({ from: 'scheme', steps: [] });
  });

  it('moves a step, and no further than the ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).to.deep.equal(['b', 'c', 'a']);
    expect(moved(['a', 'b', 'c'], 2, 0)).to.deep.equal(['c', 'a', 'b']);
    expect(moved(['a', 'b'], 0, 9)).to.deep.equal(['b', 'a']);
  });

  it('leaves the question what the guard leaves it', () => {
    expect(guardLeaves(8)).to.equal(6);
    expect(guardLeaves(1)).to.equal(0);
  });

  for (const [dial, texts] of [
    ['201', ['201']],
    [
      ['201', '+380441234567'],
      ['201', '+380441234567'],
    ],
    [
      [['201', '+380441234567'], 'agent'],
      ['201 + +380441234567', 'agent'],
    ],
    [[['201', '202']], ['201 + 202']],
  ] as const) {
    it(`shows and writes ${JSON.stringify(dial)}`, () => {
      expect(dialTexts(dial)).to.deep.equal(texts);
      expect(dialValue(texts)).to.deep.equal(dial);
    });
  }

  it('writes nobody as an empty text', () => {
    expect(dialTexts('')).to.deep.equal([]);
    expect(dialValue([])).to.equal('');
    expect(dialTexts(201)).to.deep.equal(['201']);
  });
});
