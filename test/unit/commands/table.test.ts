import { expect } from 'chai';
import { listing, table } from '../../../lib/commands/table.ts';

describe('table', () => {
  const rows = [
    ['setting', 'value', 'from'],
    ['network.deny', '["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16","127.0.0.0/8"]', 'default'],
    ['gateway', '"trunk"', 'environment'],
  ];

  it('keeps to the width, and to 100 columns where none is known', () => {
    for (const width of [40, 60, 80, 100, undefined]) {
      const lines = table(rows, width).split('\n');
      expect(Math.max(...lines.map(({ length }) => length))).to.be.at.most(width ?? 100);
      // Nothing is lost by folding.
      const text = lines.map((line) => line.slice(lines[0]?.indexOf('value'))).join('');
      expect(text.replaceAll(/\s|default|environment/g, '')).to.include(rows[1]?.[1]);
    }
  });

  it('folds nothing that fits', () => {
    expect(
      table(
        [
          ['a', 'bb'],
          ['ccc', 'd'],
        ],
        80,
      ),
    ).to.equal('a    bb\nccc  d');
  });
});

describe('listing', () => {
  const rows = [
    ['time', 'caller', 'trace'],
    ['12:00', '380441112233', '01a21abb4c10'],
  ];

  it('has one line per row where it fits, and in a pipe', () => {
    const whole = 'time   caller        trace\n12:00  380441112233  01a21abb4c10';
    expect(listing(rows, 2)).to.equal(whole);
    expect(listing(rows, 2, 33)).to.equal(whole);
  });

  it('has two lines per row on a narrower terminal', () => {
    expect(listing(rows, 2, 32)).to.equal('time   caller\n  trace\n12:00  380441112233\n  01a21abb4c10');
  });
});
