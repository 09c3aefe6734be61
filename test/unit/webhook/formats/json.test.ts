import { expect } from 'chai';
import fc from 'fast-check';
import type { Answer } from '../../../../lib/webhook/formats/format.ts';
import { textAt } from '../../../../lib/webhook/formats/index.ts';
import { json } from '../../../../lib/webhook/formats/json.ts';

function read(body: unknown, ...responseName: string[]): Answer {
  return json.import.read(typeof body === 'string' ? body : JSON.stringify(body), { responseName });
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
    for (const value of ['201', '0', 201, ['201', ['202', 203]], { destination: '201' }, true, 1.5]) {
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
      const nothing = {
        none: null,
        blank: ' ',
        list: [],
        hollow: [null, ['']],
        object: {},
        no: false,
        zero: 0,
      };
      const answer = read({ ...nothing, queue: '700' }, 'missing', ...Object.keys(nothing), 'queue');
      expect(answer).to.include({ kind: 'found', value: '700', name: 'queue' });
      expect(read({ a: '0', b: '700' }, 'a', 'b')).to.include({ value: '0', name: 'a' });
    });

    it('are a JSON Pointer at last, when they begin with a slash', () => {
      const reply = { result: { 'user.phone': '201', 'a/b': { 'm~n': '202' }, list: ['203'], '': '204' } };
      expect(read(reply, '/result/user.phone')).to.include({ value: '201', name: '/result/user.phone' });
      expect(read(reply, '/result/a~1b/m~0n')).to.include({ value: '202' });
      expect(read(reply, '/result/list/0')).to.include({ value: '203' });
      expect(read(reply, '/result/')).to.include({ value: '204' });
      expect(read({ '~1': '205' }, '/~01')).to.include({ value: '205' });
      expect(read({ '/a': 'literal', a: 'pointer' }, '/a')).to.include({ value: 'literal' });
      expect(read({ '/a': { b: 'path' }, 'a.b': 'pointer' }, '/a.b')).to.include({ value: 'path' });
      for (const name of [
        '/result/list/00',
        '/result/list/-',
        '/result/list/length',
        '/result/a~2b',
        '/result/~',
      ]) {
        expect(read(reply, name), name).to.include({ reason: 'missing_key' });
      }
      expect(detailOf(read(reply, '/result/user/phone'))).to.match(
        /^no "\/result\/user\/phone": result holds the keys user\.phone, "a\/b", list, ""$/,
      );
    });

    it('go on to the next reading where the first holds nothing', () => {
      expect(read({ 'a.b': null, a: { b: '201' } }, 'a.b')).to.include({ value: '201' });
      expect(read({ 'a.b': null, a: { b: '' } }, 'a.b')).to.include({ detail: 'a.b is null' });
    });

    it('index the top of a list and digits in an object', () => {
      expect(read([{ phone: '201' }], '0.phone')).to.include({ value: '201' });
      expect(read({ '0': { phone: '201' } }, '0.phone')).to.include({ value: '201' });
    });

    it('reach own properties only', () => {
      const hostile = '{"__proto__":{"x":"666"},"constructor":"666","prototype":"666","a":["1"],"s":"text"}';
      const names = ['__proto__', '__proto__.x', 'constructor', 'constructor.name', 'prototype'];
      names.push(
        '/__proto__/x',
        '/constructor',
        '/a/length',
        'toString',
        'a.length',
        'a.at',
        'a.-1',
        'a.00',
        'a.1',
        's.length',
        's.0',
        'a.__proto__',
        '',
      );
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
    it('for whatever holds nothing, saying which it was', () => {
      for (const value of [null, '', '  ', [], [[], ''], {}, false, 0, -0]) {
        expect(read({ destination: value }, 'destination')).to.deep.equal({
          kind: 'none',
          reason: 'empty_value',
          detail: `destination is ${JSON.stringify(value)}`,
        });
      }
      for (const body of ['null', '""', '[]', 'false', '0', '0.0', '[[],[null]]']) {
        expect(read(body, 'x'), body).to.include({ kind: 'none', reason: 'empty_value' });
      }
      const long = `[${Array.from({ length: 500 }, () => '[]').join()}]`;
      expect(detailOf(read(`{"a":${long}}`, 'a'))).to.have.length.below(80);
    });

    it('for a missing key, naming those that were there', () => {
      const answer = read({ phone: '201', owner: {} }, 'destination');
      expect(answer).to.include({ kind: 'none', reason: 'missing_key' });
      expect(detailOf(answer)).to.equal('no "destination": the reply holds the keys phone, owner');
    });

    it('naming the keys where the path ended', () => {
      const answer = read({ result: [{ ID: 1, NAME: 'x' }] }, 'result.0.PHONE', 'result.1.PHONE');
      expect(detailOf(answer)).to.equal(
        'no "result.0.PHONE": result.0 holds the keys ID, NAME; no "result.1.PHONE": result is a list of 1, its "0" holds the keys ID, NAME',
      );
    });

    it('naming the near miss', () => {
      for (const [reply, name, meant] of [
        [{ dest: '201', ok: true }, 'destination', 'dest'],
        [{ Destination: '201' }, 'destination', 'Destination'],
        [{ destination: '201' }, 'destinaton', 'destination'],
        [{ data: { destination: '201' } }, 'destination', 'data.destination'],
        [[{ ID: 1 }, { destination: '201' }], 'destination', '1.destination'],
        [{ result: [{ PHONE_NO: '1' }] }, 'result.0.PHONE', 'result.0.PHONE_NO'],
        [{ result: { Phone: '1' } }, '/result/phone', 'result.Phone'],
      ] as const) {
        const detail = detailOf(read(reply, name));
        expect(detail).to.match(/ \(did you mean "[^"]+"\?\)$/);
        expect(detail).to.include(`(did you mean ${JSON.stringify(meant)}?)`);
        expect(read(reply, meant), meant).to.include({ kind: 'found' });
      }
      for (const [reply, name] of [
        [{ note: 'x', ok: true }, 'destination'],
        ['{"__proto__":"201"}', '__proto__'],
        ['{"a":{"__proto__":"201"}}', '__proto__'],
        [{ ['d'.repeat(100)]: '201' }, 'd'.repeat(99)],
      ] as const) {
        expect(detailOf(read(reply, name)), name).to.not.include('did you mean');
      }
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

    it('for true, and for a list of objects of which no value is named', () => {
      expect(detailOf(read('{}', 'destination'))).to.equal('no "destination": the reply is an empty object');
      expect(detailOf(read('true', 'destination'))).to.equal('no "destination": the reply is a boolean');
      const list = [{ ID: 1 }, '201'];
      expect(detailOf(read(list, 'destination'))).to.equal(
        'no "destination": the reply is a list of 2, its "0" holds the keys ID',
      );
    });
  });

  describe('the whole reply', () => {
    it('is the destination when it is a text, a number or a list of them', () => {
      for (const value of ['201', 201, ['201', '202'], [['201', 202], '203'], ['201', null]]) {
        expect(read(JSON.stringify(value), 'destination')).to.deep.equal({
          kind: 'found',
          value,
          name: 'body',
          document: value,
        });
      }
      expect(read(['201', '202'], '1')).to.include({ value: '202', name: '1' });
    });

    it('is an error when it is JSON inside a string', () => {
      const answer = read(JSON.stringify('{"destination":"201"}'), 'destination');
      expect(answer).to.include({ kind: 'unavailable', reason: 'body_not_json' });
      expect(detailOf(answer)).to.match(/^the reply is JSON inside a string, the CRM encodes it twice: /);
      expect(read('"{agent}"', 'destination')).to.include({ kind: 'found', value: '{agent}' });
    });

    it('tells timeout and callerName beside the destination, as they stand', () => {
      const reply = { destination: '201', timeout: '15', callerName: 'Олена', other: 1 };
      expect(read(reply, 'destination')).to.deep.include({ beside: { timeout: '15', callerName: 'Олена' } });
      expect(read({ a: { b: '201' }, timeout: 0 }, 'a.b')).to.deep.include({ beside: { timeout: 0 } });
      const empty = { destination: '201', timeout: null, callerName: ' ' };
      expect(read(empty, 'destination')).to.not.have.property('beside');
      for (const name of ['timeout', '/timeout']) {
        expect(read({ timeout: '20', callerName: 'x' }, name)).to.deep.include({
          beside: { callerName: 'x' },
        });
      }
      expect(read('{"__proto__":{"timeout":9},"destination":"201"}', 'destination')).to.not.have.property(
        'beside',
      );
    });

    it('is an action when no name holds anything', () => {
      const actions = { hangup: 'CALL_REJECTED', dialplan: true, scheme: 'night' };
      for (const [name, value] of Object.entries(actions)) {
        for (const rest of [{}, { destination: null, timeout: 5 }]) {
          const document = { ...rest, [name]: value };
          expect(read(document, 'destination')).to.deep.equal({
            kind: 'found',
            value: { [name]: value },
            name,
            document,
          });
        }
      }
      const both = { hangup: 'USER_BUSY', scheme: 'night', x: 1 };
      expect(read(both, 'a')).to.deep.include({ value: { hangup: 'USER_BUSY', scheme: 'night' } });
      for (const none of [{ dialplan: false }, { dialplan: 'false' }, { hangup: '' }, { scheme: null }]) {
        expect(read({ destination: '', ...none }, 'destination')).to.include({ reason: 'empty_value' });
      }
    });

    it('has its action ignored beside a destination, and a note where it was meant', () => {
      const notes = (beside: object) => {
        const answer = read({ destination: '201', ...beside }, 'destination');
        expect(answer).to.include({ kind: 'found', value: '201' });
        return answer.notes;
      };
      expect(notes({ hangup: 'USER_BUSY', dialplan: 'true' })).to.deep.equal([
        'hangup beside the destination is ignored',
        'dialplan beside the destination is ignored',
      ]);
      expect(notes({ hangup: '', dialplan: false, scheme: null })).to.equal(undefined);
      expect(notes({ hangup: 'at noon', dialplan: 7, scheme: ['https'] })).to.equal(undefined);
      expect(read({ hangup: '201' }, 'hangup').notes).to.equal(undefined);
    });
  });

  describe('errorName', () => {
    const failing = (reply: unknown, errorName = 'error') =>
      json.import.read(JSON.stringify(reply), { responseName: ['destination'], errorName });

    it('goes before the destination, and tells what the CRM said', () => {
      const cases: [unknown, string][] = [
        ['contact is locked', 'error is "contact is locked"'],
        [true, 'error is true'],
        [17, 'error is 17'],
        [{ code: 5, text: 'x' }, 'error is {"code":5,"text":"x"}'],
        ['x'.repeat(99), `error is "${'x'.repeat(60)}…"`],
      ];
      for (const [error, detail] of cases) {
        expect(failing({ error, destination: '201' })).to.deep.equal({
          kind: 'unavailable',
          reason: 'crm_error',
          detail,
        });
      }
    });

    it('is a name like any other, and nothing where it holds nothing', () => {
      expect(failing({ meta: { fault: 'x' } }, 'meta.fault')).to.include({ detail: 'meta.fault is "x"' });
      expect(failing({ meta: { fault: 'x' } }, '/meta/fault')).to.include({ reason: 'crm_error' });
      for (const error of [null, '', false, 0, [], {}]) {
        expect(failing({ error, destination: '201' })).to.include({ kind: 'found', value: '201' });
      }
      expect(failing({ destination: '201' })).to.include({ kind: 'found' });
      expect(failing('201')).to.include({ kind: 'found' });
    });
  });

  describe('numbers', () => {
    const valueOf = (token: string): unknown => {
      const answer = read(`{"destination":${token}}`, 'destination');
      return answer.kind === 'found' ? answer.value : answer.kind;
    };

    it('stay numbers where JavaScript holds them exactly', () => {
      const tokens = ['201', '-201', '380441234567', '201.0', '380441234567.0', '0.5', '9007199254740991'];
      for (const token of tokens) expect(valueOf(token), token).to.equal(Number(token));
    });

    it('are the text that stood there where it does not', () => {
      const tokens = ['9007199254740992', '9007199254740993', '-9007199254740993', '4876876000000333013'];
      tokens.push('3.80E11', '1e3', '1E+2', '2.01e2', '201.00000000000000001', '9007199254740993.0');
      tokens.push('1e999', '9'.repeat(400));
      for (const token of tokens) expect(valueOf(token), token).to.equal(token);
    });

    it('of two owners do not become one', () => {
      const ids = '{"owners":[{"id":4876876000000333013},{"id":4876876000000333014}]}';
      expect(read(ids, 'owners.0.id')).to.include({ value: '4876876000000333013' });
      expect(read(ids, 'owners.1.id')).to.include({ value: '4876876000000333014' });
      const { document } = read(ids, 'owners.0.id') as { document: unknown };
      expect(textAt(document, 'owners.1.id')).to.equal('4876876000000333014');
    });

    it('within texts are texts', () => {
      for (const text of ['3.80E11', '4876876000000333013', '"1e5', '\\"1e5', ',1e5,']) {
        expect(read({ destination: text }, 'destination')).to.include({ value: text });
      }
    });

    it('never make JSON of what is none', () => {
      for (const body of [
        '{4876876000000333013:"201"}',
        '{"a":1e5e5}',
        '[1e5',
        '{"a":--1e5}',
        '{"a":01e5}',
      ]) {
        expect(read(body, 'a'), body).to.include({ reason: 'body_not_json' });
      }
      const number = fc.oneof(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.stringMatching(/^[-+.eE0-9]{1,24}$/),
      );
      fc.assert(
        fc.property(number, (token) => {
          const answer = read(`{"destination":${token}}`, 'destination');
          let parsed: unknown = null;
          try {
            parsed = JSON.parse(token);
          } catch {
            expect(answer).to.include({ reason: 'body_not_json' });
            return;
          }
          if (answer.kind === 'found') expect(answer.value).to.be.oneOf([parsed, token]);
          else expect(parsed).to.equal(0);
        }),
      );
    });

    it('apart, a document is what JSON.parse makes of it', () => {
      const value = fc
        .jsonValue({ maxDepth: 5 })
        .filter((json) => !/\d[eE][+-]|\d{16}/.test(JSON.stringify(json)));
      fc.assert(
        fc.property(value, fc.constantFrom(0, 1, 4), (inner, indent) => {
          const document = { destination: '201', inner };
          const answer = read(JSON.stringify(document, null, indent), 'destination');
          expect(answer).to.deep.include({ document: JSON.parse(JSON.stringify(document)) as unknown });
        }),
      );
    });
  });

  it('notes a key that stands twice, and takes the last', () => {
    const answer = read('{"x":{"destination":"1"},"destination":"201","destination":"202"}', 'destination');
    expect(answer).to.deep.include({
      value: '202',
      notes: ['the reply has the key "destination" twice: the last one counts'],
    });
    const list = '[{"a":"1","b":["a","a"]},{"a":"2","c":{"a":"3"}}]';
    expect(read(list, '1.a')).to.include({ value: '2' }).and.not.have.property('notes');
    expect(read('{"destination":"201","destination":null}', 'destination')).to.have.property('notes');
  });

  describe('error', () => {
    it('for what is not JSON', () => {
      for (const body of ['{', 'agent_007', '{"a":1}x', '{a:1}', 'NaN', '[1,]', '{"a":"\n"}']) {
        expect(read(body, 'a'), body).to.include({ kind: 'unavailable', reason: 'body_not_json' });
      }
    });

    it('saying what it saw', () => {
      const php = '<br />\n<b>Warning</b>:  Undefined variable $x in <b>/a.php</b> on line <b>3</b><br />\n';
      const looks: [string, RegExp][] = [
        [`${php}{"destination":"201"}`, /begins with a message of PHP \(turn display_errors off/],
        ['\nNotice: x in /a.php on line 3\n{"destination":"201"}', /begins with a message of PHP/],
        ['<?php echo json_encode($x);', /is PHP source/],
        ['<?xml version="1.0"?><Response/>', /is XML/],
        ['callback({"destination":"201"});', /is JSONP/],
        ['/**/ cb_1({"destination":"201"})', /is JSONP/],
        [')]}\',\n{"destination":"201"}', /begins with a guard against scripts/],
        ['while(1);{"destination":"201"}', /begins with a guard against scripts/],
        ['var reply = {"destination":"201"};', /is JavaScript/],
        ['destination=201&timeout=20', /is a form/],
        ['agent_007', /is plain text, not JSON \(webhook\.import "http"/],
        ["{'destination': '201'}", /has single quotes/],
        ['{"destination": "201" /* sales */}', /has comments/],
        ['{destination: "201"}', /has a key without quotes/],
        ['{"destination": agent_007}', /has a value without quotes/],
        ['{"destination": None, "a": true}', /has a value without quotes/],
        ['{"destination": NaN}', /has a value without quotes/],
        ['{"destination": , "a": 1}', /has a key without a value/],
        ['{"destination": "201",}', /has a comma after its last element/],
        ['{"destination": 0441234567}', /has a number that begins with a zero/],
        ['{"destination": +380441234567}', /has a number that begins with a zero, a plus/],
        ['{"destination": "201\n"}', /has a line break or another control character/],
        ['{"destination": "201"}<!-- cached -->', /has something after its JSON, "<!-- cached -->"/],
        ['{"destination": "201"}\n{"destination": "202"}', /has something after its JSON/],
        ['{"destination": "201"}\0', /holds a NUL byte/],
        ['{"destination": "20', /ends before its JSON does/],
        ['[["201"]', /ends before its JSON does/],
        ['{"a" "b"}', /is not JSON/],
        ['{\0"\0a\0', /is UTF-16, and neither/],
        ['\0{\0"\0a', /is UTF-16, and neither/],
        ['\x1f\u2039\b', /is compressed, and Content-Encoding does not say so/],
      ];
      for (const [body, look] of looks) {
        expect(read(body, 'destination'), body).to.include({ reason: 'body_not_json' });
        expect(detailOf(read(body, 'destination')), body).to.match(look);
      }
    });

    it('in a time that grows with the reply alone', () => {
      const bodies = [
        '{"',
        '"\\"',
        '{a',
        ', ',
        '{"a":1,',
        '[',
        'a.',
        '1e',
        '{"a":"',
        "{'",
        '0',
        '\\',
        '<br />',
        ':',
      ];
      for (const piece of bodies) {
        const body = piece.repeat(65_536 / piece.length);
        const from = process.cpuUsage();
        for (const prefix of ['', '{', '{"']) read(prefix + body, 'a', 'a.b', '/a/b');
        // To read on from each byte takes longer; of a busy machine's time only what this takes counts.
        expect(process.cpuUsage(from).user / 1000, piece).to.be.below(1000);
      }
    });

    it('never by a throw, whatever the body is', () => {
      const piece = fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        ':',
        ',',
        '\\',
        '1e5',
        'null',
        'a',
        '\0',
        '\ud800',
        ' ',
      );
      const body = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((pieces) => pieces.join('')),
      );
      fc.assert(
        fc.property(body, (text) => {
          expect(read(text, 'a').kind).to.be.oneOf(['found', 'none', 'unavailable']);
        }),
        { numRuns: 1000 },
      );
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
