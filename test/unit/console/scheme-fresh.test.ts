import { expect } from 'chai';
import { isUntouched } from '../../../lib/console/pages/schemes/fresh.ts';
import { newStep, STEP_KINDS } from '../../../lib/console/pages/schemes/steps.ts';

describe('console: what was just added to a scheme', () => {
  const fault = (pointer: string) => ({ pointer, detail: 'expected a URL' });
  const scheme = (step: unknown) => ({ name: 'a', fallback: { onBusy: [{ dial: '' }, step] } });
  const pointer = '/fallback/onBusy/1';

  it('is no fault while it is as it was added', () => {
    for (const kind of STEP_KINDS) {
      const entry = newStep(kind);
      const untouched = (at: string): boolean =>
        isUntouched(fault(at), { pointer, entry }, scheme(newStep(kind)));
      expect(untouched(pointer), kind).to.equal(true);
      expect(untouched(`${pointer}/${kind}`), kind).to.equal(true);
    }
  });

  it('is judged by what was typed, and by nothing else', () => {
    const fresh = { pointer, entry: { transfer: { extension: '', context: 'default' } } };
    const typed = scheme({ transfer: { extension: '', context: 'no such' } });
    expect(isUntouched(fault(`${pointer}/transfer/context`), fresh, typed)).to.equal(false);
    expect(isUntouched(fault(`${pointer}/transfer/extension`), fresh, typed)).to.equal(true);
  });

  it('is that alone', () => {
    const entry = { dial: '' };
    for (const other of ['', '/fallback/onBusy', '/fallback/onBusy/0', '/fallback/onBusy/10', '/name']) {
      expect(isUntouched(fault(other), { pointer, entry }, scheme(entry)), other).to.equal(false);
    }
    expect(isUntouched(fault(pointer), null, scheme(entry))).to.equal(false);
  });
});
