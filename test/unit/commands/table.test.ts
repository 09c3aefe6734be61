import { expect } from 'chai';
import { clipped, listing, table } from '../../../lib/commands/table.ts';

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

  it('gives a caller no line of his own, and what is drawn wide its room', () => {
    const lines = table([
      ['caller', 'called'],
      ['1\n2026-01-01 forged\u001b[2J', '101'],
      ['漢字', '102'],
      ['e\u0301', '103'],
    ]).split('\n');
    expect(lines).to.have.length(4);
    expect(lines[1]).to.match(/^1\\u000a2026-01-01 forged\\u001b\[2J {2}101$/);
    expect(lines[2]).to.equal(`漢字${' '.repeat((lines[0] ?? '').indexOf('called') - 4)}102`);
    expect(lines[3]).to.equal(`e\u0301${' '.repeat((lines[0] ?? '').indexOf('called') - 1)}103`);
  });

  it('clips a line to the cells of a terminal', () => {
    expect(clipped('0123456789', 10)).to.equal('0123456789');
    expect(clipped('0123456789a', 10)).to.equal('012345678…');
    expect(clipped('漢字漢字漢字', 8)).to.equal('漢字漢…');
    expect(clipped('a\nb\u001b[2J', 80)).to.equal('a\\u000ab\\u001b[2J');
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
