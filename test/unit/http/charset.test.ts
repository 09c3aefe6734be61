import { expect } from 'chai';
import fc from 'fast-check';
import { decodeText } from '../../../lib/http/charset.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const typeOf = (charset: string): string => `text/plain; charset=${charset}`;
const read = (body: Buffer | string, contentType = ''): string =>
  decodeText(Buffer.from(body), contentType).text;
const notes = (body: Buffer | string, contentType = ''): readonly string[] =>
  decodeText(Buffer.from(body), contentType).notes;

describe('charset', () => {
  it('is UTF-8 when nothing says otherwise', () => {
    for (const contentType of [
      '',
      'text/html',
      'text/html; charset',
      'text/html; charset=',
      'text/html; charset=""',
    ]) {
      expect(decodeText(Buffer.from('Олена 201'), contentType)).to.deep.equal({
        text: 'Олена 201',
        notes: [],
      });
    }
  });

  it('is what Content-Type says, in whatever way it says it', () => {
    const olena = bytes('ce eb e5 ed e0 20 32 30 31');
    for (const contentType of [
      'text/html; charset=windows-1251',
      'text/html;charset="Windows-1251"',
      "application/json; charset='cp1251'",
      'text/plain; x=y; Charset = X-CP1251 ; z',
      'charset=windows-1251',
      'text/html; charset=windows-1251; charset=utf-8',
    ]) {
      expect(decodeText(olena, contentType), contentType).to.deep.equal({ text: 'Олена 201', notes: [] });
    }
    expect(read('201', 'text/html; xcharset=utf-16')).to.equal('201');
  });

  it('is decoded as the Encoding Standard says', () => {
    const texts: [charset: string, hex: string, text: string][] = [
      ['iso-8859-1', '4a fc 72 67 65 6e', 'Jürgen'],
      ['latin1', '80 93 e9 94', '€“é”'],
      ['us-ascii', '92', '’'],
      ['iso-8859-2', '45 77 61 20 a3', 'Ewa Ł'],
      ['iso-8859-5', 'be db d5 dd d0', 'Олена'],
      ['iso-8859-9', 'dd ff 7a', 'İÿz'],
      ['iso-8859-15', 'a4', '€'],
      ['windows-1250', 'a3 f3 64 9f', 'Łódź'],
      ['windows-1253', 'c1', 'Α'],
      ['windows-1254', 'dd', 'İ'],
      ['windows-1255', 'e0', 'א'],
      ['windows-1256', 'c7', 'ا'],
      ['windows-1257', 'd0', 'Š'],
      ['koi8-r', 'ef cc c5 ce c1', 'Олена'],
      ['koi8-u', 'f0 a4 d4 d2 cf', 'Пєтро'],
      ['ibm866', '8e ab a5 ad a0', 'Олена'],
      ['macintosh', '8e', 'é'],
      ['x-mac-cyrillic', '8e eb', 'Ол'],
      ['tis-620', 'a1', 'ก'],
      ['shift_jis', '93 63 92 86 5c', '田中\\'],
      ['euc-jp', 'c5 c4 c3 e6', '田中'],
      ['iso-2022-jp', '1b 24 42 45 44 1b 28 42 31', '田1'],
      ['gb2312', 'd6 d0', '中'],
      ['gb18030', '81 30 81 30', '\u0080'],
      ['big5', 'a4 a4', '中'],
      ['ks_c_5601-1987', 'b1 e8', '김'],
      ['utf-16le', '32 00 30 00 31 00', '201'],
      ['utf-16be', '00 32 00 30 00 31', '201'],
      ['utf-16', '32 00 30 00', '20'],
      ['utf-16', '00 32 00 30', '20'],
      ['unicode', '00 32 00 30', '20'],
      ['UTF8', 'd0 9e', 'О'],
    ];
    for (const [charset, hex, text] of texts) {
      expect(decodeText(bytes(hex), typeOf(charset)), `${charset} ${hex}`).to.deep.equal({ text, notes: [] });
    }
  });

  it('leaves letters, digits and the signs of JSON as they are in each charset but UTF-16', () => {
    const ascii = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => i + 32));
    for (const charset of [
      'windows-1251',
      'latin1',
      'koi8-u',
      'shift_jis',
      'euc-jp',
      'gbk',
      'big5',
      'euc-kr',
      'ibm866',
    ]) {
      expect(read(ascii, typeOf(charset)), charset).to.equal(ascii);
    }
  });

  it('is noted and ignored when nobody knows it', () => {
    const unknown = [
      'utf8mb4',
      'utf_8',
      'win-1251',
      'utf-7',
      'utf-32',
      'iso-8859-12',
      'none',
      'binary',
      'x-user-defined',
    ];
    for (const charset of unknown) {
      expect(decodeText(Buffer.from('Олена'), typeOf(charset))).to.deep.equal({
        text: 'Олена',
        notes: [`the charset ${charset} is not known and is ignored`],
      });
    }
    expect(notes(bytes('e9'), typeOf('win-1252'))).to.deep.equal([
      'the charset win-1252 is not known and is ignored',
      'the reply is not valid UTF-8: read as windows-1252',
    ]);
    expect(notes('', typeOf(`"\x1b[31m${'x'.repeat(99)}"`))[0]).to.match(/^the charset \?\[31mx{35} is/);
  });

  it('gives way to windows-1252 where it is UTF-8 and the bytes are not', () => {
    for (const [contentType, said] of [
      ['', ''],
      [typeOf('utf-8'), ', as its charset says'],
    ] as const) {
      expect(decodeText(bytes('4a fc 72 67 80'), contentType)).to.deep.equal({
        text: 'Jürg€',
        notes: [`the reply is not valid UTF-8${said}: read as windows-1252`],
      });
    }
    // A surrogate, an overlong slash, a sequence that is cut off.
    for (const hex of ['ed a0 80', 'c0 af', 'd0']) expect(notes(bytes(hex))).to.have.length(1);
  });

  it('gives way to a byte-order mark, which is taken off', () => {
    const marked = { 'utf-8': 'ef bb bf d0 9e', 'utf-16be': 'fe ff 04 1e', 'utf-16le': 'ff fe 1e 04' };
    for (const [encoding, hex] of Object.entries(marked)) {
      for (const contentType of ['', typeOf(encoding)]) {
        expect(decodeText(bytes(hex), contentType), encoding).to.deep.equal({ text: 'О', notes: [] });
      }
      expect(decodeText(bytes(hex), typeOf('windows-1251'))).to.deep.equal({
        text: 'О',
        notes: [`the charset is windows-1251, the byte-order mark says ${encoding}: read as ${encoding}`],
      });
    }
    expect(decodeText(bytes(marked['utf-16be']), typeOf('utf-16'))).to.deep.equal({ text: 'О', notes: [] });
    expect(notes(bytes(marked['utf-16be']), typeOf('utf-16le'))).to.have.length(1);
    expect(decodeText(bytes('ef bb bf e9'), '')).to.deep.equal({
      text: 'é',
      notes: ['the reply is not valid UTF-8, as its byte-order mark says: read as windows-1252'],
    });
    expect(read(bytes('ef bb bf'))).to.equal('');
  });

  it('notes what it cannot read, and what could be read in two ways', () => {
    expect(decodeText(bytes('93 63 81'), typeOf('shift_jis'))).to.deep.equal({
      text: '田\ufffd',
      notes: ['the reply is not valid shift_jis, as its charset says: what could not be read is U+FFFD'],
    });
    expect(read(bytes('32 00 30'), typeOf('utf-16le'))).to.equal('2\ufffd');
    expect(decodeText(Buffer.from('Олена'), typeOf('euc-kr'))).to.deep.equal({
      text: 'Олена',
      notes: ['the reply is not valid euc-kr, as its charset says: read as UTF-8'],
    });
    expect(read(bytes('1e 04 3b 04'), typeOf('utf-16le'))).to.equal('Ол');
    // UTF-16 has bytes that are control characters in nearly all that a CRM would write.
    for (const text of ['201', '{"destination":"Олена"}']) {
      expect(decodeText(Buffer.from(text), typeOf('utf-16'))).to.deep.equal({
        text,
        notes: ['the reply is not valid utf-16le, as its charset says: read as UTF-8'],
      });
    }
    expect(decodeText(Buffer.from('é'), typeOf('iso-8859-1'))).to.deep.equal({
      text: 'Ã©',
      notes: ['read as windows-1252, as its charset says; it would be valid UTF-8 as well'],
    });
  });

  it('has all of windows-1252, which TextDecoder of Node 20 has not', () => {
    const high = Buffer.from(Array.from({ length: 32 }, (_, i) => 0x80 + i));
    expect(read(high, typeOf('windows-1252'))).to.equal('€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ');
  });

  it('never throws, and makes no more characters than there were bytes', () => {
    const labels = [
      'utf-8',
      'utf-16',
      'utf-16be',
      'windows-1251',
      'latin1',
      'shift_jis',
      'gb18030',
      'big5',
      'iso-2022-jp',
    ];
    const contentType = fc.oneof(
      fc.constantFrom(...labels).map(typeOf),
      fc.string().map(typeOf),
      fc.string(),
    );
    const mark = fc.constantFrom('', 'efbbbf', 'fffe', 'feff');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), mark, contentType, (body, hex, type) => {
        const { text } = decodeText(Buffer.concat([Buffer.from(hex, 'hex'), body]), type);
        expect(text.length).to.be.at.most(body.length + 3);
      }),
      { numRuns: 1000 },
    );
  });
});
