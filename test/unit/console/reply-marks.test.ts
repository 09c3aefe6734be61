import { expect } from 'chai';
import { placeOf, placesIn } from '../../../lib/console/pages/calls/json-places.ts';
import { excerptOf, marksOf } from '../../../lib/console/pages/calls/marks.ts';
import { piecesOf } from '../../../lib/console/ui/marked.ts';

const t = ((key: string) => key) as unknown as Parameters<typeof marksOf>[3];
const ofReply = (reading: { path: string; text: string; result: string }) =>
  ({ from: 'reply', ...reading }) as const;
const NUMBER = 'number 380501234567';

function marked(
  body: string,
  readings: { path: string; text: string; result: string }[],
  request: { answer: string; detail: string } | null = { answer: 'found', detail: 'under "destination"' },
  notes: string[] = [],
): [string, string][] {
  return marksOf(body, request, { readings: readings.map(ofReply), notes }, t).map(({ from, to, tone }) => [
    body.slice(from, to),
    tone,
  ]);
}

describe('marks in a reply', () => {
  it('finds the value that was read, in its own spelling', () => {
    const body = '{ "a": "\\u002b380 50 123 4567", "b": 17, "c": [ "x" , {"y": null} ] }';
    expect(marked(body, [{ path: '', text: '+380 50 123 4567', result: NUMBER }])).to.deep.equal([
      ['"\\u002b380 50 123 4567"', 'good'],
    ]);
    expect(marked(body, [{ path: '', text: '17', result: 'extension 17' }])).to.deep.equal([['17', 'good']]);
  });

  it('goes by the path where the same text stands twice', () => {
    const body = '{"id":"201","list":[{"destination":"201","timeout":20}]}';
    const readings = [ofReply({ path: 'destination', text: '201', result: 'extension 201' })];
    expect(marksOf(body, null, { readings, notes: [] }, t).map(({ from }) => from)).to.deep.equal([
      body.lastIndexOf('"201"'),
    ]);
  });

  it('marks what was refused as bad, what was empty as odd, and a plain body by its text', () => {
    expect(
      marked('  agent_007\n', [{ path: '', text: 'agent_007', result: 'login agent_007' }]),
    ).to.deep.equal([['agent_007', 'good']]);
    expect(marked('"0900 1"', [{ path: '', text: '0900 1', result: 'refused: premium' }])).to.deep.equal([
      ['"0900 1"', 'bad'],
    ]);
  });

  it('marks a scheme that the call was not handed to as bad, and what was left out as odd', () => {
    const body = '{"scheme":"nigth","timeout":"soon"}';
    const readings = [
      { path: 'scheme', text: 'nigth', result: 'scheme' },
      { path: 'timeout', text: 'soon', result: 'left out: expected whole seconds, 2 to 300' },
    ];
    const notes = ['left out: scheme "nigth": scheme_unknown'];
    expect(marked(body, readings, null, notes)).to.deep.equal([
      ['"nigth"', 'bad'],
      ['"soon"', 'odd'],
    ]);
    expect(marked(body, readings, null, ['left out: scheme "n": scheme_loop'])[0]).to.deep.equal([
      '"nigth"',
      'good',
    ]);
  });

  it('marks nothing for what a fallback reads', () => {
    const body = '{"destination":"","queue":"900"}';
    const readings = [{ from: 'fallback', path: '[0].dial', text: '900', result: 'extension 900' }] as const;
    expect(marksOf(body, null, { readings: [...readings], notes: [] }, t)).to.deep.equal([]);
  });

  it('has an excerpt of a line, around what counted', () => {
    const mark = (from: number, to: number) => ({ from, to, tone: 'good', label: 'x' }) as const;
    const shown = (body: string, marks: ReturnType<typeof mark>[]): [string, string[]] => {
      const { text, marks: kept } = excerptOf(body, marks);
      return [text, kept.map(({ from, to }) => text.slice(from, to))];
    };
    expect(shown('{"a":"201"}', [mark(5, 10)])).to.deep.equal(['{"a":"201"}', ['"201"']]);
    expect(shown('x'.repeat(500), [])).to.deep.equal([`${'x'.repeat(160)}…`, []]);
    const long = `${'-'.repeat(1000)}"201"${'+'.repeat(1000)}`;
    const [text, [value]] = shown(long, [mark(1000, 1005), mark(1900, 1901)]);
    expect(text).to.match(/^…-{40}"201"\++…$/);
    expect(value).to.equal('"201"');
  });

  it('marks the place where a reply stops being JSON', () => {
    const bad = (body: string): [string, string][] =>
      marked(body, [], { answer: 'body_not_json', detail: 'x' });
    expect(bad('<html>')).to.deep.equal([['<', 'bad']]);
    expect(bad('{"number_01":"3 8012345678')).to.deep.equal([['"', 'bad']]);
    expect(bad("{'a': 1}")).to.deep.equal([["'", 'bad']]);
    expect(bad('{"a": 1,}')).to.deep.equal([['}', 'bad']]);
    expect(bad('{"a": 01}')).to.deep.equal([['0', 'bad']]);
    expect(bad('{"a": 1} x')).to.deep.equal([['x', 'bad']]);
  });

  it('agrees with JSON.parse about what is JSON', () => {
    const texts = [
      ...['{}', '[]', '""', '0', '-1.5e3', 'true', '[1,2,[3]]', '{"a":{"b":[]}}', ' \n\t{"a":1} '],
      ...['', '{', '[1', '[1,]', '{"a"}', '{"a":}', '{a:1}', '01', '1.', '.5', '+1', '"\n"', '"\\x"', 'nul'],
      ...[
        'tru e',
        '[1 2]',
        '{"a":1 "b":2}',
        '"a',
        '1e',
        '--1',
        '[,]',
        '{,}',
        '{"a":1}}',
        'NaN',
        'truex',
        '"\\u12"',
      ],
    ];
    for (const text of texts) {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      expect(placesIn(text).fault === null, JSON.stringify(text)).to.equal(isJson);
    }
  });

  it('finds names as replies are read: a key, a path, a pointer, inside a result', () => {
    const body = '{"a.b":1,"a":{"b":2,"c":[{"d":3}]},"result":{"e":4},"f":5,"f":6}';
    const at = (name: string): string | null => placeOf(placesIn(body), name)?.scalar ?? null;
    expect(at('a.b')).to.equal('1');
    expect(at('a.c.0.d')).to.equal('3');
    expect(at('/a/b')).to.equal('2');
    expect(at('e')).to.equal('4');
    expect(at('f')).to.equal('6');
    expect(at('nobody')).to.equal(null);
  });

  it('takes a reply of 64 KiB, and one that is nested without end', () => {
    const long = JSON.stringify(Array.from({ length: 9_000 }, (_, n) => n));
    expect(placesIn(long).fault).to.equal(null);
    expect(placesIn('['.repeat(60_000)).fault?.kind).to.equal('deep');
    expect(placesIn('"'.repeat(60_000)).fault).to.not.equal(null);
    expect(placesIn(`"${'\\\\'.repeat(30_000)}`).fault?.kind).to.equal('text');
  });
});

describe('hostile text', () => {
  it('shows what nobody would see by its code, and loses no letter', () => {
    const text = 'a\u202eb\u200bc\u0000d\ud800e\r\nдім 🙂\ttab';
    const pieces = piecesOf(text, [], 1_000);
    expect(pieces.filter(({ isUnseen }) => isUnseen).map((piece) => piece.text)).to.deep.equal([
      'U+202E',
      'U+200B',
      'U+0000',
      'U+D800',
      '␍',
    ]);
    expect(
      pieces
        .filter(({ isUnseen }) => !isUnseen)
        .map((piece) => piece.text)
        .join(''),
    ).to.equal('abcde\nдім 🙂\ttab');
  });

  it('cuts at its limit, and keeps marks to themselves', () => {
    const mark = { from: 2, to: 4, tone: 'good', label: 'x' } as const;
    const pieces = piecesOf('abcdefgh', [mark, { ...mark, from: 3, to: 6 }], 6);
    expect(pieces.map(({ text, mark: own }) => [text, own === null])).to.deep.equal([
      ['ab', true],
      ['cd', false],
      ['ef', true],
    ]);
    expect(piecesOf('', [{ ...mark, from: 0, to: 1 }], 10)).to.deep.equal([]);
  });
});
