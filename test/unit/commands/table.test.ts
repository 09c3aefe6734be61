import { expect } from 'chai';
import { table } from '../../../lib/commands/table.ts';

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
