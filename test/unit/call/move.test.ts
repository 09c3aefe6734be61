import { expect } from 'chai';
import { isElsewhere, moveOf, type Move } from '../../../lib/call/move.ts';

describe('move', () => {
  const BEFORE = '1795662000:6838763b:bl_xfer:500/public/XML';
  const read = (headers: Readonly<Record<string, string>>): Pick<Move, 'by' | 'to'> => {
    const { by, to } = moveOf(new Map(Object.entries(headers)), { from: 'asked', atMs: 7, before: BEFORE });
    return { by, to };
  };
  const source = (target: string) => ({ 'Caller-Transfer-Source': `1795662087:6838763b:${target}` });

  it('is a transfer to an extension, which may hold a slash, and its context', () => {
    expect(read(source('bl_xfer:700/default/XML'))).to.deep.equal({ by: 'transfer', to: '700 default' });
    expect(read(source('bl_xfer:a/b/default/XML'))).to.deep.equal({ by: 'transfer', to: 'a/b default' });
  });

  it('is a bridge with another leg, by its number or else its name', () => {
    const joined = { ...source('uuid_br:u-2'), 'Other-Leg-Unique-ID': 'u-2' };
    expect(read({ ...joined, 'Other-Leg-Destination-Number': '800' })).to.deep.equal({
      by: 'bridge',
      to: '800',
    });
    expect(read(joined)).to.deep.equal({ by: 'bridge', to: 'u-2' });
    expect(read({ 'Event-Name': 'CHANNEL_BRIDGE', 'Other-Leg-Unique-ID': 'u-2' })).to.deep.equal({
      by: 'bridge',
      to: 'u-2',
    });
  });

  it('is a park by its state alone', () => {
    expect(read({ 'Channel-State': 'CS_PARK' })).to.deep.equal({ by: 'park', to: '' });
  });

  it('is unknown where nothing says, and the transfer that led here says nothing', () => {
    expect(read({ 'Channel-State': 'CS_EXECUTE' })).to.deep.equal({ by: 'unknown', to: '' });
    expect(read({ 'Caller-Transfer-Source': BEFORE })).to.deep.equal({ by: 'unknown', to: '' });
    expect(read(source('att_xfer:of/another/kind'))).to.deep.equal({ by: 'unknown', to: '' });
  });

  it('has happened where no dialplan application runs', () => {
    const elsewhere = (state?: string): boolean =>
      isElsewhere(new Map(state === undefined ? [] : [['Channel-State', state]]));
    expect(['CS_EXECUTE', undefined].map(elsewhere)).to.deep.equal([false, false]);
    expect(['CS_PARK', 'CS_HIBERNATE', 'CS_SOFT_EXECUTE', 'CS_RESET'].map(elsewhere)).to.deep.equal([
      true,
      true,
      true,
      true,
    ]);
  });
});
