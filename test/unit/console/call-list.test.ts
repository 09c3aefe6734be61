import { expect } from 'chai';
import type { CallPage, CallSummary } from '../../../lib/api/types.ts';
import { columnsOf, gridOf, USUAL_COLUMNS } from '../../../lib/console/pages/calls/columns.ts';
import { chipsOf, filterOf, queryOf, searchWith } from '../../../lib/console/pages/calls/filter.ts';
import { dialled } from '../../../lib/console/pages/calls/short.ts';
import { newIn, withNewest } from '../../../lib/console/pages/calls/tail.ts';
import { timeText } from '../../../lib/console/pages/calls/time.ts';
import { viewsIn } from '../../../lib/console/pages/calls/views.ts';

describe('list of calls', () => {
  it('reads the address as filters, and asks by them', () => {
    const search = {
      result: 'error,refused',
      text: ' no answer ',
      call: 'x',
      last: '1h',
      tail: 'on',
      reason: '',
    };
    expect(filterOf(search)).to.deep.equal({ text: 'no answer', result: 'error,refused' });
    const now = Date.UTC(2026, 10, 27, 3, 0, 42);
    const query = queryOf(search, now);
    expect(query['result']).to.deep.equal(['error', 'refused']);
    expect(query['since']).to.equal('2026-11-27T02:00:00.000Z');
    expect(query['reason']).to.deep.equal([]);
    expect(queryOf({ since: 'rubbish', until: '2026-11-27T03:00:00Z' }, now)).to.deep.include({
      since: undefined,
      until: '2026-11-27T03:00:00.000Z',
    });
    expect(searchWith({ a: '1', b: '2' }, { b: undefined, c: '3' })).to.deep.equal({ a: '1', c: '3' });
  });

  it('has a chip for each word of a filter that no field shows', () => {
    const search = { result: 'error, refused', text: 'no', last: '1h', since: '2026-11-27T03:00', call: 'x' };
    const chips = chipsOf(search, new Set(['text', 'last']));
    expect(chips).to.deep.equal([
      { name: 'result', value: 'error', without: { result: 'refused' } },
      { name: 'result', value: 'refused', without: { result: 'error' } },
      { name: 'since', value: '2026-11-27T03:00', without: { since: undefined } },
    ]);
    const [last] = chipsOf({ last: '1h', result: 'error' }, new Set(['result']));
    expect(last).to.deep.equal({ name: 'last', value: '1h', without: { last: undefined } });
    expect(chipsOf({ result: 'error' }, new Set())[0]?.without).to.deep.equal({ result: undefined });
  });

  it('has the usual columns where none that it knows are wanted', () => {
    expect(columnsOf(['rubbish', ''])).to.deep.equal([...USUAL_COLUMNS]);
    expect(columnsOf(['uuid', 'startedAt', 'constructor'])).to.deep.equal(['startedAt', 'uuid']);
  });

  it('shows the usual columns on a screen of 1280, and a caller on one of 380', () => {
    // Less the navigation, the paddings, a scrollbar and two borders.
    expect(gridOf(USUAL_COLUMNS).minWidth).to.be.at.most(1280 - 192 - 32 - 17);
    expect(gridOf(['startedAt', 'result', 'caller'], true).minWidth).to.be.at.most(380 - 32 - 17);
  });

  it('reads views of any age', () => {
    for (const text of ['', 'null', '{}', '[null, 1, {"name": 5}]', '[{"name":"a","search":null}]']) {
      expect(viewsIn(text), text).to.deep.equal([]);
    }
    const kept = '[{"name":"a","search":{"result":"error","x":"y","did":5},"columns":["uuid", 7]}]';
    expect(viewsIn(kept)).to.deep.equal([{ name: 'a', search: { result: 'error' }, columns: ['uuid'] }]);
  });

  it('puts calls that have just ended where they belong by their traces', () => {
    const call = (id: string): CallSummary => ({ id }) as CallSummary;
    const page = (ids: string, next: string | null = null): CallPage => ({
      calls: ids.split('').map(call),
      next,
    });
    const before = { pages: [page('ec', '5'), page('ba')], pageParams: [null, '5'] };
    const ids = (given: typeof before | ReturnType<typeof withNewest>): string =>
      given.pages.flatMap(({ calls }) => calls.map(({ id }) => id)).join('');
    expect(withNewest(before, page('ec', '5'))).to.equal(before);
    const fresh = (given: CallPage): string => {
      const { added, isAll } = newIn(before, given);
      return added.map(({ id }) => id).join('') + (isAll ? ' and more' : '');
    };
    expect(fresh(page('ec', '5'))).to.equal('');
    expect(fresh(page('fedc', '5'))).to.equal('fd');
    expect(fresh(page('ihg', '9'))).to.equal('ihg and more');
    expect(ids(withNewest(before, page('fedc', '5')))).to.equal('fedcba');
    expect(ids(withNewest(before, page('ihg', '9')))).to.equal('ihg');
    expect(ids(withNewest({ pages: [page('')], pageParams: [null] }, page('ab', '9')))).to.equal('ba');
  });

  it('says times without rounding up to the next unit', () => {
    const said = [0, 0.42, 9.96, 999.4, 1_000, 1_234, 59_990, 61_000, 3_723_000].map(timeText);
    expect(said).to.deep.equal([
      '0 ms',
      '0.4 ms',
      '10 ms',
      '999 ms',
      '1 s',
      '1.23 s',
      '60 s',
      '1:01',
      '1:02:03',
    ]);
  });

  it('says who rings', () => {
    expect(dialled('{a=1}user/201@pbx')).to.equal('201');
    expect(dialled('{a=1}[leg_timeout=5]user/201@pbx,[x=1]sofia/gateway/trunk/380501234567')).to.equal(
      '201, 380501234567 · trunk',
    );
  });
});
