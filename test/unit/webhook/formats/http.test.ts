import { expect } from 'chai';
import fc from 'fast-check';
import { http } from '../../../../lib/webhook/formats/http.ts';

const read = (body: string) => http.import.read(body);

describe('format http', () => {
  it('encodes a form as the URL standard does', () => {
    const form = http.submission.encode({ caller: '+380501234567', name: 'Олена & Co', empty: '' });
    expect(form).to.equal('caller=%2B380501234567&name=%D0%9E%D0%BB%D0%B5%D0%BD%D0%B0+%26+Co&empty=');
  });

  it('gives any text back to a reader of forms', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (value) => {
        const form = new URLSearchParams(http.submission.encode({ a: value, b: 'end' }));
        expect([...form]).to.deep.equal([
          ['a', value],
          ['b', 'end'],
        ]);
      }),
    );
  });

  it('takes the whole body for the destination', () => {
    expect(read('agent_007')).to.deep.equal({
      kind: 'found',
      value: 'agent_007',
      name: 'body',
      document: 'agent_007',
      lists: true,
    });
  });

  it('trims white space and the byte-order mark', () => {
    expect(read('\ufeff 380 44 123 45 67\r\n')).to.include({ kind: 'found', value: '380 44 123 45 67' });
  });

  it('has no route for an empty body', () => {
    for (const body of ['', ' \r\n', '\ufeff']) expect(read(body)).to.include({ reason: 'empty_body' });
  });

  it('refuses HTML', () => {
    for (const body of ['<!DOCTYPE html><html>', '\n <html>', '<b>201</b>', '<?xml version="1.0"?>']) {
      expect(read(body)).to.include({ kind: 'unavailable', reason: 'body_not_text' });
    }
  });

  it('refuses more than 128 characters and shows how the body began', () => {
    expect(read('1'.repeat(128))).to.include({ kind: 'found' });
    const answer = read('1'.repeat(129));
    expect(answer).to.include({ kind: 'unavailable', reason: 'body_not_text' });
    expect(answer)
      .to.have.property('detail')
      .that.matches(/129 characters, at most 128: "1{60}…"$/);
  });

  it('says what it saw instead of a text, and what would read it', () => {
    const looks: [string, RegExp][] = [
      ['"201"', /^the reply is JSON \(webhook\.import "json" reads it\): /],
      ['{"destination":"201"}', /is JSON/],
      [`["201","${'2'.repeat(200)}"]`, /is JSON/],
      ['<?xml version="1.0"?>', /is XML/],
      ['Warning: Undefined array key "x" in /a.php on line 3\n201', /begins with a message of PHP/],
      ['2\x000\x001\0', /is UTF-16, and neither/],
      ['201\0', /holds a NUL byte/],
    ];
    for (const [body, look] of looks) {
      expect(read(body), body).to.include({ kind: 'unavailable', reason: 'body_not_text' });
      expect(read(body)).to.have.property('detail').that.matches(look);
    }
  });

  it('leaves what is not JSON to the reader of destinations', () => {
    for (const body of ['{agent}', '[201', '"201', 'null', '201,202', '201\n202']) {
      expect(read(body)).to.include({ kind: 'found', value: body });
    }
  });

  it('never throws, whatever the body is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (body) => {
        expect(read(body).kind).to.be.oneOf(['found', 'none', 'unavailable']);
      }),
    );
  });

  it('shows control characters of a refused body escaped', () => {
    expect(read('<\u001b[31m\n'))
      .to.have.property('detail')
      .that.includes(String.raw`"<\u001b[31m"`);
  });
});
