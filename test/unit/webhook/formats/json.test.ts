import { expect } from 'chai';
import fc from 'fast-check';
import type { Answer } from '../../../../lib/webhook/formats/format.ts';
import { textAt } from '../../../../lib/webhook/formats/index.ts';
import { json } from '../../../../lib/webhook/formats/json.ts';

function read(body: unknown, ...names: string[]): Answer {
  return json.import.read(typeof body === 'string' ? body : JSON.stringify(body), names);
}

function detailOf(answer: Answer): string {
  if (answer.kind === 'found') throw new Error('found');
  return answer.detail;
}

describe('format json', () => {
  it('reads the number with a space', () => {
    expect(read('{"number_01":"3 80123456789"}', 'number_01')).to.deep.equal({
      kind: 'found',
      value: '3 80123456789',
      name: 'number_01',
      document: { number_01: '3 80123456789' },
    });
  });

  it('passes every kind of value on as it is', () => {
    for (const value of ['201', 201, 0, ['201', ['202', 203]], { destination: '201' }, false, 1.5]) {
      expect(read({ destination: value }, 'destination')).to.deep.include({ kind: 'found', value });
    }
  });

  it('skips the byte-order mark and white space', () => {
    expect(read('\ufeff\n{"destination":"201"}\r\n', 'destination')).to.include({ value: '201' });
  });

  describe('names', () => {
    const bitrix = (inner: string | null) => ({
      result: [{ ID: '17', ASSIGNED_BY: { USER_PHONE_INNER: inner, NAME: 'Ivan' } }],
      total: 1,
    });

    it('follow a dotted path through arrays: Bitrix24', () => {
      const name = 'result.0.ASSIGNED_BY.USER_PHONE_INNER';
      expect(read(bitrix('104'), name)).to.include({ kind: 'found', value: '104', name });
      expect(read(bitrix(null), name)).to.include({ kind: 'none', reason: 'empty_value' });
      expect(read({ result: [], total: 0 }, name)).to.include({ kind: 'none', reason: 'missing_key' });
    });

    it('follow a dotted path: HubSpot and Kommo', () => {
      const hubspot = { total: 1, results: [{ id: '51', properties: { hubspot_owner_id: '7012' } }] };
      expect(read(hubspot, 'results.0.properties.hubspot_owner_id')).to.include({ value: '7012' });
      const kommo = { _embedded: { contacts: [{ id: 3, responsible_user_id: 504141 }] } };
      expect(read(kommo, '_embedded.contacts.0.responsible_user_id')).to.include({ value: 504141 });
    });

    it('are a literal key first', () => {
      expect(read({ 'a.b': 'literal', a: { b: 'path' } }, 'a.b')).to.include({ value: 'literal' });
      expect(read({ a: { b: 'path' } }, 'a.b')).to.include({ value: 'path' });
    });

    it('are tried in order until one holds something', () => {
      const reply = { none: null, blank: ' ', list: [], owner: 0, queue: '700' };
      const answer = read(reply, 'missing', 'none', 'blank', 'list', 'owner', 'queue');
      expect(answer).to.include({ kind: 'found', value: 0, name: 'owner' });
    });

    it('index the top of a list and digits in an object', () => {
      expect(read([{ phone: '201' }], '0.phone')).to.include({ value: '201' });
      expect(read({ '0': { phone: '201' } }, '0.phone')).to.include({ value: '201' });
    });

    it('reach own properties only', () => {
      const hostile = '{"__proto__":{"x":"666"},"constructor":"666","prototype":"666","a":["1"],"s":"text"}';
      const names = ['__proto__', '__proto__.x', 'constructor', 'constructor.name', 'prototype'];
      names.push('toString', 'a.length', 'a.at', 'a.-1', 'a.00', 'a.1', 's.length', 's.0', 'a.__proto__', '');
      for (const name of names) expect(read(hostile, name), name).to.include({ reason: 'missing_key' });
    });

    it('never throw, whatever they are', () => {
      fc.assert(
        fc.property(fc.json(), fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (body, names) => {
          expect(read(body, ...names).kind).to.be.oneOf(['found', 'none', 'unavailable']);
        }),
      );
    });
  });

  describe('no route', () => {
    it('for null, an empty text and an empty list', () => {
      for (const value of [null, '', '  ', []]) {
        expect(read({ destination: value }, 'destination'), JSON.stringify(value)).to.include({
          kind: 'none',
          reason: 'empty_value',
        });
      }
      for (const body of ['null', '""', '[]']) expect(read(body, 'x')).to.include({ reason: 'empty_value' });
    });

    it('for a missing key, naming those that were there', () => {
      const answer = read({ phone: '201', owner: {} }, 'destination');
      expect(answer).to.include({ kind: 'none', reason: 'missing_key' });
      expect(detailOf(answer)).to.equal('no "destination": the reply holds the keys phone, owner');
    });

    it('naming the keys where the path ended', () => {
      const answer = read({ result: [{ ID: 1, NAME: 'x' }] }, 'result.0.PHONE', 'result.1.PHONE');
      expect(detailOf(answer)).to.equal(
        'no "result.0.PHONE": result.0 holds the keys ID, NAME; no "result.1.PHONE": result is a list of 1',
      );
    });

    it('with a detail that stays short and printable', () => {
      const reply = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}${'k'.repeat(100)}`, 1]));
      expect(detailOf(read(reply, 'x')))
        .to.match(/ and 480 more$/)
        .and.have.length.below(1000);
      expect(detailOf(read({ 'a\nb': 1 }, 'x'))).to.equal(
        String.raw`no "x": the reply holds the keys "a\nb"`,
      );
    });

    it('for a scalar instead of an object', () => {
      expect(read('"201"', 'destination')).to.include({ reason: 'missing_key' });
      expect(detailOf(read('201', 'destination'))).to.equal('no "destination": the reply is a number');
    });
  });

  describe('error', () => {
    it('for what is not JSON', () => {
      for (const body of ['{', 'agent_007', '{"a":1}x', '{a:1}', 'NaN']) {
        expect(read(body, 'a'), body).to.include({ kind: 'unavailable', reason: 'body_not_json' });
      }
    });

    it('saying that it saw HTML', () => {
      expect(detailOf(read('<!DOCTYPE html>', 'a'))).to.equal('the reply is HTML: "<!DOCTYPE html>"');
    });

    it('for more than 64 levels, counting outside of texts only', () => {
      const nested = (levels: number) => `${'['.repeat(levels)}"201"${']'.repeat(levels)}`;
      expect(read(nested(64), '0'.concat('.0'.repeat(63)))).to.include({ kind: 'found', value: '201' });
      for (const body of [nested(65), '['.repeat(60_000), '{"a":'.repeat(10_000)]) {
        expect(read(body, 'a')).to.include({ kind: 'unavailable', reason: 'body_not_json' });
        expect(detailOf(read(body, 'a'))).to.equal('the reply is nested deeper than 64 levels');
      }
      const brackets = String.raw`\"[{`.repeat(200);
      expect(read(`{"a":"${brackets}","b":"201"}`, 'b')).to.include({ value: '201' });
      const wide = Array.from({ length: 300 }, () => ({}));
      expect(read({ wide, b: '201' }, 'b')).to.include({ value: '201' });
    });
  });

  it('tells the text under a path, for {{reply.path}}', () => {
    const document = { url: 'https://crm/1', deal: { id: 17, open: true, tags: ['a'] } };
    expect(textAt(document, 'url')).to.equal('https://crm/1');
    expect(textAt(document, 'deal.id')).to.equal('17');
    expect(textAt(document, 'deal.open')).to.equal('true');
    for (const name of ['deal', 'deal.tags', 'nothing', 'constructor.name']) {
      expect(textAt(document, name)).to.equal('');
    }
  });
});
