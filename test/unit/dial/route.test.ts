import { expect } from 'chai';
import fc from 'fast-check';
import type { DestinationRules } from '../../../lib/dial/destination.ts';
import { parseRoute, parseSteps, type Reading, type Step } from '../../../lib/dial/route.ts';
import { parseTemplate } from '../../../lib/webhook/macro.ts';
import { RULES as PLAIN_RULES } from '../../support/rules.ts';

const RULES: DestinationRules = {
  ...PLAIN_RULES,
  targets: { support: { transfer: { extension: '900', context: 'default' } } },
  map: new Map([['17', '201']]),
  numbers: [{ deny: ['900', '38050'], allow: [] }],
};

const PLAIN = { timeoutSeconds: null, callerName: null };
const extension = (digits: string) => ({ kind: 'extension', extension: digits });
const dial = (...digits: string[]) => ({ kind: 'dial', destinations: digits.map(extension), ...PLAIN });

function stepsOf(value: unknown, rules = RULES): readonly Step[] {
  const route = parseRoute(value, rules);
  if (!route.ok) expect.fail(`${route.kind} ${route.reason}: ${route.detail}`);
  return route.steps;
}

/** `refused destination_invalid: [0]: ...` */
function failureOf(value: unknown): string {
  const route = parseRoute(value, RULES);
  return route.ok ? 'ok' : `${route.kind} ${route.reason}: ${route.detail}`;
}

function readingsOf(value: unknown): readonly string[] {
  return parseRoute(value, RULES).readings.map((r: Reading) => `${r.path}|${r.text}|${r.result}`);
}

describe('route', () => {
  describe('a value', () => {
    it('is a text', () => {
      expect(stepsOf('201')).to.deep.equal([dial('201')]);
      expect(stepsOf('agent_007')).to.deep.equal([
        { kind: 'dial', destinations: [{ kind: 'user', login: 'agent_007' }], ...PLAIN },
      ]);
      expect(stepsOf('3 80123456789')).to.deep.equal([
        {
          kind: 'dial',
          destinations: [{ kind: 'number', number: '380123456789', e164: '+380123456789' }],
          ...PLAIN,
        },
      ]);
    });

    it('is an integer that is exact and not negative', () => {
      expect(stepsOf(201)).to.deep.equal([dial('201')]);
      expect(stepsOf(17)).to.deep.equal([dial('201')]);
      expect(failureOf(-1)).to.equal('refused destination_invalid: "-1" is a negative number');
      expect(failureOf(20.5)).to.equal(
        'refused destination_invalid: "20.5" is a decimal, not a number to dial',
      );
      expect(failureOf(2 ** 53)).to.match(/^refused destination_invalid/);
      expect(failureOf(1e21)).to.match(/^refused destination_invalid/);
    });

    it('is nobody when it holds nothing; the text "0" is an extension', () => {
      for (const value of [0, false, null, '', ' ', [], {}, [0, '', {}]]) {
        expect(failureOf(value), JSON.stringify(value)).to.equal(
          'none empty_value: the destination is empty',
        );
      }
      expect(stepsOf('0')).to.deep.equal([dial('0')]);
    });

    it('has a time and a name beside it, at the top of the reply', () => {
      const steps = (value: unknown, beside: object) => {
        const route = parseRoute(value, RULES, { beside });
        return route.ok ? route.steps : [];
      };
      const named = { ...dial('201'), timeoutSeconds: 15, callerName: 'Ivan' };
      expect(steps('201', { timeout: '15', callerName: 'Ivan' })).to.deep.equal([named]);
      expect(steps({ destination: '201', timeout: 20 }, { timeout: 15, callerName: 'Ivan' })).to.deep.equal([
        { ...named, timeoutSeconds: 20 },
      ]);
      expect(steps('201', { timeout: 'never' })).to.deep.equal([dial('201')]);
    });

    it('is a list within a text, where each of its parts can be read', () => {
      const read = (text: string) => {
        const route = parseRoute(text, RULES, { lists: true });
        return route.ok ? route.steps : `${route.kind} ${route.detail}`;
      };
      for (const text of ['201,202', '201;202', '201\n202', ' 201\r\n202\r\n', '201, 202,']) {
        expect(read(text), text).to.deep.equal([dial('201'), dial('202')]);
      }
      expect(read('201,$')).to.match(/^refused /);
      expect(read('+380441234567;ext=12')).to.match(/^refused .*with extension 12/);
      expect(parseRoute('201,202', RULES)).to.include({ ok: false, kind: 'refused' });
    });

    it('is nobody when the map does not have it', () => {
      const mapped = { ...RULES, unmapped: 'nobody' } as const;
      expect(parseRoute('44556677', mapped)).to.include({
        ok: false,
        kind: 'none',
        reason: 'unmapped',
        detail: '44556677 is not in webhook.map: add it, or set webhook.unmapped',
      });
      expect(stepsOf(['99', 17], mapped)).to.deep.equal([dial('201')]);
      expect(stepsOf('support', mapped)).to.have.length(1);
      expect(parseRoute('99', { ...RULES, unmapped: 'refuse' })).to.include({
        kind: 'refused',
        reason: 'unmapped',
      });
    });

    it('is a target, which is a transfer', () => {
      expect(stepsOf('support')).to.deep.equal([{ kind: 'transfer', extension: '900', context: 'default' }]);
    });

    it('is nobody when it is empty', () => {
      for (const value of [
        '',
        '  ',
        null,
        undefined,
        [],
        [''],
        [null, []],
        { destination: null },
        [{ destination: '' }],
      ]) {
        expect(failureOf(value), JSON.stringify(value)).to.equal(
          'none empty_value: the destination is empty',
        );
      }
    });

    it('is refused when it is of another type', () => {
      expect(failureOf(true)).to.equal('refused destination_invalid: a boolean is not a destination');
      expect(failureOf(['x y', true])).to.equal(
        'refused destination_invalid: [0]: "x y" is a sentence, not a destination',
      );
    });
  });

  describe('a list', () => {
    it('is tried in order', () => {
      expect(stepsOf(['201', 202])).to.deep.equal([dial('201'), dial('202')]);
    });

    it('within a list is rung together', () => {
      expect(stepsOf(['201', ['202', 203], 'support'])).to.deep.equal([
        dial('201'),
        dial('202', '203'),
        { kind: 'transfer', extension: '900', context: 'default' },
      ]);
      expect(stepsOf([['201', '202']])).to.deep.equal([dial('201', '202')]);
    });

    it('goes on without what is refused', () => {
      expect(stepsOf(['112', '201', ['$', '202']])).to.deep.equal([dial('201'), dial('202')]);
      expect(readingsOf(['112', '201', '', ['$']])).to.deep.equal([
        '[0]|112|refused: "112" is an emergency number',
        '[1]|201|extension 201',
        '[2]||empty',
        '[3][0]|$|refused: "$" is neither a number nor a login',
      ]);
    });

    it('is refused with the first reason when nothing is left', () => {
      expect(failureOf(['', '112', '$'])).to.equal(
        'refused emergency_number: [1]: "112" is an emergency number',
      );
      expect(failureOf(['+380501234567'])).to.match(/^refused destination_denied/);
    });

    it('rings nothing together but what is dialled', () => {
      expect(stepsOf([['201', 'support']])).to.deep.equal([dial('201')]);
      expect(failureOf([[{ destination: '201' }]])).to.equal(
        'refused destination_invalid: [0][0]: an object is not a destination in a list that is rung together',
      );
      expect(failureOf([[['201']]])).to.equal(
        'refused destination_invalid: [0][0]: a list is not a destination in a list that is rung together',
      );
    });

    it('has 10 legs at most, in all', () => {
      const eleven = Array.from({ length: 11 }, (_, index) => String(201 + index));
      expect(stepsOf([eleven])).to.deep.equal([dial(...eleven.slice(0, 10))]);
      expect(stepsOf(eleven)).to.have.length(10);
      expect(stepsOf([eleven.slice(0, 9), eleven.slice(8)])).to.deep.equal([
        dial(...eleven.slice(0, 9)),
        dial('209'),
      ]);
      expect(readingsOf([eleven]).at(-1)).to.equal('[0][10]|211|refused: more than 10 destinations');
    });

    it('is read to its 20th element', () => {
      const long = Array.from({ length: 30_000 }, () => '$');
      const route = parseRoute([long, ...long], RULES);
      expect(route.ok).to.be.false;
      expect(route.readings.length).to.be.below(50);
    });
  });

  describe('an object', () => {
    it('says where, how long and under which name', () => {
      expect(stepsOf({ destination: 201, timeout: 15, callerName: 'Anna & Co. <x>' })).to.deep.equal([
        { kind: 'dial', destinations: [extension('201')], timeoutSeconds: 15, callerName: 'Anna & Co. x' },
      ]);
    });

    it('may stand in a list, and hold one', () => {
      const timed = (timeoutSeconds: number, ...digits: string[]) => ({ ...dial(...digits), timeoutSeconds });
      expect(
        stepsOf({ destination: ['201', ['202', '203'], { destination: '204', timeout: 5 }], timeout: 15 }),
      ).to.deep.equal([timed(15, '201'), timed(15, '202', '203'), timed(5, '204')]);
      expect(stepsOf(['201', { destination: ['202', '203'], timeout: 9 }])).to.deep.equal([
        dial('201'),
        timed(9, '202', '203'),
      ]);
    });

    it('hangs up, gives back, hands on', () => {
      expect(stepsOf({ hangup: 'USER_BUSY' })).to.deep.equal([{ kind: 'hangup', cause: 'USER_BUSY' }]);
      expect(stepsOf({ dialplan: true })).to.deep.equal([{ kind: 'dialplan' }]);
      expect(stepsOf({ scheme: 'night' })).to.deep.equal([{ kind: 'scheme', name: 'night' }]);
      expect(stepsOf(['201', { hangup: 'USER_BUSY' }])).to.deep.equal([
        dial('201'),
        { kind: 'hangup', cause: 'USER_BUSY' },
      ]);
    });

    it('may leave keys empty that it does not use', () => {
      expect(stepsOf({ destination: '201', hangup: null, scheme: '', dialplan: false })).to.deep.equal([
        dial('201'),
      ]);
    });

    it('ignores keys that it does not know, and names them', () => {
      const value = JSON.parse(
        '{"destination":"201","comment":"x","__proto__":{"hangup":"USER_BUSY"}}',
      ) as unknown;
      expect(stepsOf(value)).to.deep.equal([dial('201')]);
      expect(readingsOf(value)[0]).to.match(/\|ignored: "comment", "__proto__"$/);
    });

    it('takes numbers and booleans as text', () => {
      expect(stepsOf({ destination: '201', timeout: ' 20 ' })).to.deep.equal([
        { ...dial('201'), timeoutSeconds: 20 },
      ]);
      expect(stepsOf({ dialplan: 'True' })).to.deep.equal([{ kind: 'dialplan' }]);
      expect(stepsOf({ hangup: 'user_busy' })).to.deep.equal([{ kind: 'hangup', cause: 'USER_BUSY' }]);
      expect(stepsOf({ destination: '201', dialplan: 'false' })).to.deep.equal([dial('201')]);
    });

    it('goes without a time or a name that cannot be read', () => {
      for (const timeout of [1, 301, 2.5, 'soon', true, [20], { s: 20 }]) {
        expect(stepsOf({ destination: '201', timeout }), JSON.stringify(timeout)).to.deep.equal([
          dial('201'),
        ]);
        expect(readingsOf({ destination: '201', timeout })[0]).to.match(
          /^timeout\|.*\|left out: expected whole seconds, 2 to 300$/,
        );
      }
      expect(stepsOf({ destination: '201', callerName: ['Ivan'] })).to.deep.equal([dial('201')]);
      expect(readingsOf({ destination: '201', callerName: '$$' })[0]).to.match(
        /left out: no name can be read$/,
      );
    });

    it('counts own properties only', () => {
      expect(failureOf(Object.create({ destination: '201' }))).to.match(/^none empty_value/);
    });

    const refusals: [object, RegExp][] = [
      [{ comment: '201' }, /holds none of destination, hangup, dialplan, scheme$/],
      [{ destination: '201', hangup: 'USER_BUSY' }, /both destination and hangup$/],
      [{ scheme: 'night', dialplan: true }, /both dialplan and scheme$/],
      [{ destination: { destination: '201' } }, /destination: an object within an object$/],
      [{ destination: true }, /destination: a boolean is not a destination$/],
      [{ hangup: 'banana' }, /hangup: expected one of NORMAL_CLEARING, USER_BUSY/],
      [{ hangup: 'SYSTEM_SHUTDOWN' }, /hangup: expected one of/],
      [{ hangup: ['USER_BUSY'] }, /hangup: expected one of/],
      [{ hangup: 'toString' }, /hangup: expected one of/],
      [{ dialplan: 'yes' }, /dialplan: expected true$/],
      [{ scheme: '../x' }, /^refused scheme_unknown: scheme: expected the name of a scheme$/],
      [{ webhook: 'https://evil.example.com/' }, /holds none of/],
    ];
    for (const [value, detail] of refusals) {
      it(`is refused: ${JSON.stringify(value)}`, () => {
        expect(failureOf(value))
          .to.match(/^refused /)
          .and.match(detail);
      });
    }
  });

  it('keeps what it shows printable and short', () => {
    const route = parseRoute(
      [`\u001b[2J\u202e${'x'.repeat(500)}`, { ['k'.repeat(999)]: 1, destination: '$' }],
      RULES,
    );
    for (const { path, text, result } of route.readings) {
      expect(`${path}${text}${result}`).to.match(/^[^\p{C}]{0,700}$/u);
    }
  });

  it('never throws, and gives only steps that it names', function () {
    this.timeout(60_000);
    const word = fc.constantFrom(
      '201',
      '',
      '112',
      'support',
      '${x}',
      'a,b',
      'USER_BUSY',
      'night',
      'agent_007',
      '17',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        word,
        fc.integer(),
        fc.constantFrom(null, true, 1.5),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 12 }),
      object: fc.dictionary(
        fc.constantFrom(
          'destination',
          'timeout',
          'callerName',
          'hangup',
          'dialplan',
          'scheme',
          '__proto__',
          'x',
        ),
        tie('value'),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(value, fc.jsonValue()), (anything) => {
        const route = parseRoute(anything, RULES);
        expect(route.readings.length).to.be.below(1000);
        if (!route.ok) {
          expect(route.kind).to.equal(route.reason === 'empty_value' ? 'none' : 'refused');
          return;
        }
        const legs = route.steps.flatMap((step) => (step.kind === 'dial' ? step.destinations : []));
        expect(route.steps).not.to.be.empty;
        expect(legs.length).to.be.at.most(10);
        for (const step of route.steps) {
          expect(step.kind).to.be.oneOf(['dial', 'transfer', 'hangup', 'dialplan', 'scheme']);
          if (step.kind === 'dial') expect(step.destinations).not.to.be.empty;
        }
      }),
      { numRuns: 1000 },
    );
  });

  describe('the steps of a fallback', () => {
    const url = parseTemplate('https://backup.example.com/{{caller}}');

    it('are read by the same grammar', () => {
      const { steps, readings } = parseSteps(
        [
          { dial: ['201', ['202', 203]], timeout: 20 },
          { webhook: url },
          { scheme: 'night' },
          { transfer: { extension: 'voicemail', context: 'default' } },
          { hangup: 'USER_BUSY' },
          { dialplan: true },
        ],
        RULES,
      );
      expect(steps).to.deep.equal([
        { ...dial('201'), timeoutSeconds: 20 },
        { ...dial('202', '203'), timeoutSeconds: 20 },
        { kind: 'webhook', url },
        { kind: 'scheme', name: 'night' },
        { kind: 'transfer', extension: 'voicemail', context: 'default' },
        { kind: 'hangup', cause: 'USER_BUSY' },
        { kind: 'dialplan' },
      ]);
      expect(readings.map(({ path }) => path)).to.deep.equal([
        '[0].dial[0]',
        '[0].dial[1][0]',
        '[0].dial[1][1]',
      ]);
    });

    it('leave out a dial that is refused', () => {
      const { steps, readings } = parseSteps([{ dial: '112' }, { dial: 'support' }], RULES);
      expect(steps).to.deep.equal([{ kind: 'transfer', extension: '900', context: 'default' }]);
      expect(readings[0]).to.deep.equal({
        path: '[0].dial',
        text: '112',
        result: 'refused: "112" is an emergency number',
      });
    });
  });
});
