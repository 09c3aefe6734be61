import { expect } from 'chai';
import { momentOf } from '../../../lib/commands/moment.ts';

describe('moments on the command line', () => {
  const NOW = new Date('2026-11-28T10:00:00Z');
  const read = (text: string): string => {
    const moment = momentOf(text, NOW);
    return typeof moment === 'string' ? moment : moment.toISOString();
  };

  for (const [text, meant] of [
    ['90m', '2026-11-28T08:30:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['2026-02-28 23:30', '2026-02-28T23:30:00.000Z'],
    ['2026-03-01T00:30+02:00', '2026-02-28T22:30:00.000Z'],
  ] as const) {
    it(`${text} is ${meant}`, () => {
      expect(read(text)).to.equal(meant);
    });
  }

  for (const day of [
    '2026-02-30',
    '2026-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-32',
  ]) {
    it(`${day} is refused, as there is no such day`, () => {
      for (const text of [day, `${day}T08:00`, `${day} 08:00+02:00`])
        expect(read(text)).to.equal(`There is no day ${day}.`);
    });
  }

  for (const text of ['yesterday', '2026-2-3', '2026-02-03T25:00', '5w', '']) {
    it(`${text} is refused with what is expected`, () => {
      expect(read(text)).to.match(/^Expected 90m, 2h or 3d/);
    });
  }
});
