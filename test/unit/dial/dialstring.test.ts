import { expect } from 'chai';
import fc from 'fast-check';
import {
  DIAL_TEMPLATES,
  headerText,
  serializeDialString,
  validateDialTemplate,
  type Endpoint,
  type Leg,
} from '../../../lib/dial/dialstring.ts';
import { RouterError } from '../../../lib/errors.ts';

/**
 * FreeSWITCH's own way through a dial string, written from switch_ivr_originate.c, switch_event.c and
 * switch_utils.c, and held against what a real one did in the first test below.
 */
interface ReadLeg {
  readonly endpoint: string;
  readonly variables: Record<string, string>;
}
interface ReadDialString {
  readonly variables: Record<string, string>;
  /** Alternatives by `|`, each a list of legs. */
  readonly alternatives: readonly (readonly ReadLeg[])[];
}

const LEG_SEPARATOR = '\u0002';

function readAsFreeswitch(text: string): ReadDialString {
  if (/[$\\\r\n\0]/.test(text)) throw new Error('expanded before it is read');
  if (text.includes(':_:')) throw new Error('an enterprise originate');
  const variables: Record<string, string> = {};
  let rest = text.replace(/^ +/, '');
  while (rest.startsWith('{')) rest = takeBlock(rest, '{', '}', ',', variables);
  const alternatives = separate(rest, '|').map((alternative) =>
    separate(markCommas(alternative), ',').map((peer) => {
      const own: Record<string, string> = {};
      let endpoint = peer.replace(/^ +/, '');
      while (endpoint.startsWith('[')) endpoint = takeBlock(endpoint, '[', ']', LEG_SEPARATOR, own);
      return { endpoint, variables: own };
    }),
  );
  return { variables, alternatives };
}

/** switch_event_create_brackets: up to the bracket that balances, quotes or not. */
function takeBlock(
  text: string,
  open: string,
  close: string,
  delimiter: string,
  into: Record<string, string>,
): string {
  let depth = 0;
  let end = 0;
  for (; end < text.length; end++) {
    if (text[end] === open) depth++;
    if (text[end] === close && --depth === 0) break;
  }
  if (end === text.length) throw new Error(`no ${close}`);
  for (const pair of separate(text.slice(1, end), delimiter)) {
    const [name, value] = separate(pair, '=', 2);
    if (name !== undefined && value !== undefined && value !== '') {
      into[name] = value.startsWith('ARRAY::') ? value.slice('ARRAY::'.length) : value;
    }
  }
  return text.slice(end + 1);
}

/** Commas within the first [] of a leg separate variables; a quote would hide them, had `|` not removed it. */
function markCommas(alternative: string): string {
  let inside = false;
  let quoted = false;
  return Array.from(alternative)
    .map((character) => {
      if (character === '[') inside = true;
      if (character === "'") quoted = !quoted;
      if (character === ']') inside = false;
      return inside && character === ',' ? (quoted ? '\u0001' : LEG_SEPARATOR) : character;
    })
    .join('');
}

/** switch_separate_string, with its cleaning of every part. */
function separate(text: string, delimiter: string, limit = Infinity): string[] {
  let rest = text;
  let separator = delimiter;
  if (/^\^\^..?/s.test(rest)) {
    separator = rest.charAt(2);
    rest = rest.slice(3);
  }
  const parts: string[] = [];
  while (rest !== '' && parts.length < limit) {
    let at = 0;
    let quoted = false;
    for (; at < rest.length; at++) {
      if (rest[at] === "'" && (quoted || rest.includes("'", at + 1))) quoted = !quoted;
      else if (rest[at] === separator && !quoted) break;
    }
    const last = parts.length + 1 === limit;
    parts.push(clean(last ? rest : rest.slice(0, at)));
    rest = last ? '' : rest.slice(at + 1);
  }
  return parts;
}

function clean(part: string): string {
  let text = '';
  let kept = 0;
  let quoted = false;
  const characters = part.replace(/^ +/, '');
  for (let i = 0; i < characters.length; i++) {
    const character = characters.charAt(i);
    if (character === "'" && (quoted || characters.includes("'", i + 1))) {
      quoted = !quoted;
      if (quoted) kept = text.length;
    } else {
      text += character;
      if (character !== ' ' || quoted) kept = text.length;
    }
  }
  return text.slice(0, kept);
}

const gateway = (number = '380441234567'): Endpoint => ({ kind: 'gateway', gateway: 'crm', number });
const leg = (variables: Leg['variables'] = {}, endpoint: Endpoint = gateway()): Leg => ({
  endpoint,
  variables,
});
const serialize = (legs: readonly Leg[], variables: Record<string, string | number | boolean> = {}): string =>
  serializeDialString(legs, variables, DIAL_TEMPLATES);

function expectRefused(action: () => unknown, about?: string): void {
  expect(action, about).to.throw(RouterError).with.property('code', 'esl_unsafe_value');
}

describe('dialstring', () => {
  it('is read by the test as a real FreeSWITCH read it', () => {
    const [[first] = []] = readAsFreeswitch(
      "{t_g='A, B',sip_h_X-T=1}[t_l='C, D',t_m=2]sofia/gateway/crm/1",
    ).alternatives;
    expect(first).to.deep.equal({ endpoint: 'sofia/gateway/crm/1', variables: { t_l: 'C', t_m: '2' } });
    const injected = readAsFreeswitch("[t_l='C,t_evil=1',t_m=2]sofia/gateway/crm/1").alternatives[0]?.[0]
      ?.variables;
    expect(injected).to.deep.equal({ t_l: 'C', t_evil: '1', t_m: '2' });
    expect(readAsFreeswitch("{t_g='A, B',t_e=,t_h=h=h,t_r=ARRAY::x}user/1").variables).to.deep.equal({
      t_g: 'A, B',
      t_h: 'h=h',
      t_r: 'x',
    });
    expect(readAsFreeswitch('{a=1}user/1,[b=2]user/2|user/3').alternatives).to.deep.equal([
      [
        { endpoint: 'user/1', variables: {} },
        { endpoint: 'user/2', variables: { b: '2' } },
      ],
      [{ endpoint: 'user/3', variables: {} }],
    ]);
  });

  describe('serializeDialString', () => {
    it('writes one leg, several legs, and their variables', () => {
      expect(serialize([leg()])).to.equal('sofia/gateway/crm/380441234567');
      expect(serialize([leg()], { originate_timeout: 30, ignore_early_media: true })).to.equal(
        '{originate_timeout=30,ignore_early_media=true}sofia/gateway/crm/380441234567',
      );
      expect(
        serialize(
          [
            leg({ origination_caller_id_number: '+15551230001', sip_cid_type: 'pid' }),
            leg(
              { origination_caller_id_name: 'Lab Caller' },
              { kind: 'user', user: 'agent_007', domain: 'pbx.test' },
            ),
            leg({}, { kind: 'uri', user: 'anna', host: 'pbx.example.com:5070' }),
          ],
          { originate_timeout: 20 },
        ),
      ).to.equal(
        '{originate_timeout=20}[origination_caller_id_number=+15551230001,sip_cid_type=pid]sofia/gateway/crm/380441234567,' +
          '[origination_caller_id_name=Lab Caller]user/agent_007@pbx.test,sofia/external/sip:anna@pbx.example.com:5070',
      );
    });

    it('quotes where quotes protect, and refuses a comma where they do not', () => {
      expect(serialize([leg()], { sip_h_X: 'a, b' })).to.equal(
        "{sip_h_X='a, b'}sofia/gateway/crm/380441234567",
      );
      expectRefused(() => serialize([leg({ sip_h_X: 'a, b' })]));
    });

    it('leaves out what is empty', () => {
      expect(serialize([leg({ a: '' })], { b: '' })).to.equal('sofia/gateway/crm/380441234567');
    });

    it('carries a Diversion header and a web address', () => {
      const value = { sip_h_Diversion: '<sip:+380441112233@fs1>;reason=unconditional' };
      expect(readAsFreeswitch(serialize([leg(value)])).alternatives[0]?.[0]?.variables).to.deep.equal(value);
      const card = { 'sip_h_X-CRM-Card': 'https://crm.example.com/c/1?a=b&c=%20#d' };
      expect(readAsFreeswitch(serialize([leg()], card)).variables).to.deep.equal(card);
    });

    it('refuses values that FreeSWITCH could read differently', () => {
      const values = [
        ...[
          "'",
          '"',
          '\\',
          '$',
          '{',
          '}',
          '[',
          ']',
          '|',
          '^',
          '`',
          '\r',
          '\n',
          '\0',
          '\t',
          '\u0001',
          '\u0002',
          '\u007f',
        ],
        ...[
          '${system(id)}',
          'a:_:b',
          'ARRAY::a',
          ' a',
          'a ',
          '^^;a',
          '%[a=b]',
          '\\r\\nX: 1',
          'a\u2028b',
          '\ud800',
        ],
        ...['x mod_event_socket', 'MOD_EVENT_SOCKET', 'origination_nested_vars=true', 'x'.repeat(1025)],
      ];
      for (const value of values) {
        expectRefused(() => serialize([leg({ a: value })]), `[a=${value}]`);
        expectRefused(() => serialize([leg()], { a: value }), `{a=${value}}`);
      }
    });

    it('carries an apostrophe in the name of a caller, and no other escape that mod_sofia would undo', () => {
      const value = { origination_caller_id_name: 'O%27Brien (Sales) %2727%27' };
      expect(readAsFreeswitch(serialize([leg(value)])).alternatives[0]?.[0]?.variables).to.deep.equal(value);
      for (const name of [
        ...['a%0d%0aX-Evil', 'a%0D%0AX', '%', '%2', '%2 7', '%%27', '%2%277', '%2527', '%25', '%0', '%x27'],
        ...["O'Brien", '%22', '%28', '%2C', '%3c', '%00', '%24', '%5B', "a'b", 'a(b)|c', 'a:b'],
      ]) {
        expectRefused(() => serialize([leg({ origination_caller_id_name: name })]), name);
      }
      for (const [name, text] of [
        ['origination_caller_id_number', '(044)'],
        ['origination_caller_id_number', '1 2'],
        ['origination_caller_id_number', 'Иван'],
        ['effective_caller_id_name', 'O%27Brien'],
      ] as const) {
        expectRefused(() => serialize([leg({ [name]: text })]), name);
      }
    });

    it("carries a caller's user part in the escapes of RFC 3261, and none that cuts the address short", () => {
      const value = { origination_caller_id_number: '*21%23%D0%98%20%21%26%27%28%29%2C%2F%3D%3F%40%7E' };
      expect(readAsFreeswitch(serialize([leg(value)])).alternatives[0]?.[0]?.variables).to.deep.equal(value);
      for (const code of [
        0, 9, 10, 13, 31, 0x22, 0x24, 0x25, 0x2b, 0x3a, 0x3b, 0x3c, 0x3e, 0x5b, 0x5c, 0x7b, 0x7f,
      ]) {
        const escape = `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
        expectRefused(() => serialize([leg({ origination_caller_id_number: `1${escape}` })]), escape);
      }
      for (const text of ['%', '%2', '%2 7', '%d0%98', '%250D'])
        expectRefused(() => serialize([leg({ origination_caller_id_number: text })]), text);
    });

    it('refuses names of variables that are not names, or run something', () => {
      for (const name of [
        '',
        '1a',
        'a b',
        'a=b',
        'a,b',
        "a'b",
        'a}',
        'a[0]',
        '^^;a',
        'a\n',
        'a'.repeat(129),
        '$a',
      ]) {
        expectRefused(() => serialize([leg()], { [name]: '1' }), name);
      }
      for (const name of [
        'execute_on_answer',
        'api_on_answer',
        'api_before_bridge',
        'api_after_bridge',
        'api_hangup_hook',
        'exec_after_bridge_app',
        'bridge_pre_execute_bleg_app',
      ]) {
        expectRefused(() => serialize([leg({ [name]: 'hangup' })]), name);
      }
      const uuid = '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11';
      for (const command of [
        `sched_hangup +10 ${uuid} ALLOTTED_TIMEOUT`,
        // Every task of the channel, those of others among them.
        `sched_del ${uuid}`,
        'sched_del 7 8',
        'sched_del',
        'sched_del 0',
      ]) {
        expectRefused(() => serialize([leg()], { api_before_bridge: command }), command);
      }
      for (const name of ['api_on_answer', 'api_after_bridge', 'api_before_bridge_other']) {
        expectRefused(() => serialize([leg()], { [name]: 'sched_del 7' }), name);
      }
      for (const command of [
        'sched_del 7',
        `sched_hangup 10 ${uuid} ALLOTTED_TIMEOUT`,
        `sched_hangup +10 ${uuid} USER_BUSY`,
        `sched_hangup +10 ${uuid} ALLOTTED_TIMEOUT bleg`,
      ]) {
        expectRefused(() => serialize([leg()], { api_before_bridge_limit: command }), command);
      }
    });

    it('runs two commands when the bridge is up: the guard is lifted, then the length is bounded', () => {
      const variables = {
        api_before_bridge: 'sched_del 17',
        api_before_bridge_limit: 'sched_hangup +600 4200@206.0.2.68 ALLOTTED_TIMEOUT',
      };
      expect(serialize([leg()], variables)).to.match(
        /^\{api_before_bridge='sched_del 17',api_before_bridge_limit='sched_hangup \+600 4200@206\.0\.2\.68 ALLOTTED_TIMEOUT'\}/,
      );
    });

    it('refuses a variable that is set for all legs and for one', () => {
      expectRefused(() => serialize([leg({ a: '1' })], { a: '2' }));
    });

    it('refuses endpoints that are not endpoints', () => {
      const endpoints: Endpoint[] = [
        ...['', '+', 'abc', '1,2', '1@h', '1;fs_path=sip:h', '1^x', '1 2', '1|2', '1'.repeat(19), '٣'].map(
          gateway,
        ),
        { kind: 'gateway', gateway: 'a/b', number: '201' },
        { kind: 'gateway', gateway: '', number: '201' },
        { kind: 'user', user: 'a@b', domain: 'pbx.test' },
        { kind: 'user', user: 'anna', domain: '' },
        { kind: 'user', user: 'anna', domain: 'pbx.test,user/x' },
        { kind: 'user', user: 'mod_event_socket', domain: 'pbx.test' },
        { kind: 'uri', user: 'anna', host: 'pbx.test;transport=tcp' },
        { kind: 'uri', user: 'anna:secret', host: 'pbx.test' },
      ];
      for (const endpoint of endpoints)
        expectRefused(() => serialize([leg({}, endpoint)]), JSON.stringify(endpoint));
    });

    it('has 1 to 10 legs', () => {
      expectRefused(() => serialize([]));
      expectRefused(() => serialize(Array.from({ length: 11 }, () => leg())));
    });

    it('refuses a template that its configuration would have refused', () => {
      const templates = { ...DIAL_TEMPLATES, number: 'sofia/gateway/{gateway}/{number},loopback/1' };
      expectRefused(() => serializeDialString([leg()], {}, templates));
    });

    it('is read back as exactly what was meant, or refused', function () {
      this.timeout(60_000);
      const piece = fc.constantFrom(
        ...[
          '\r\n',
          '\0',
          '${',
          '%24%7B',
          '{',
          '}',
          '[',
          ']',
          '<',
          '>',
          ',',
          '|',
          ':_:',
          ':',
          '_',
          '^^',
          '^',
          '@host',
        ],
        ...[
          'loopback/app=',
          ';fs_path=',
          "'",
          '"',
          '\\',
          '`',
          '=',
          ' ',
          'ARRAY::',
          'mod_event_socket',
          '%[a=b]',
          '\u0661',
        ],
        ...[
          '\u202e',
          '201',
          'agent_007',
          'Ганна',
          'https://crm/',
          '&',
          '+',
          '\u0002',
          '\u0001',
          '/',
          '.',
          '!',
          '#',
          '%27',
          '(',
        ],
      );
      const hostile = fc.oneof(
        fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
        fc.string({ unit: 'binary', maxLength: 20 }),
      );
      const harmless = fc.stringMatching(/^[A-Za-z0-9_.~:/?#@!&()*+;=%<>,-]{1,8}$/);
      const commonName = fc.oneof(fc.stringMatching(/^g_[a-z]{1,6}$/), fc.constant('sip_h_X-A'));
      const ownName = fc.oneof(
        { weight: 8, arbitrary: fc.stringMatching(/^l_[a-z]{1,6}$/) },
        { weight: 1, arbitrary: fc.constant('origination_caller_id_name') },
      );
      const value = fc.oneof({ weight: 8, arbitrary: harmless }, { weight: 1, arbitrary: hostile });
      const part = fc.oneof(
        { weight: 12, arbitrary: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,8}$/) },
        { weight: 1, arbitrary: hostile },
      );
      const number = fc.oneof(
        { weight: 12, arbitrary: fc.stringMatching(/^\+?\d{3,15}$/) },
        { weight: 1, arbitrary: hostile },
      );
      const endpoint: fc.Arbitrary<Endpoint> = fc.oneof(
        fc.record({ kind: fc.constant('gateway' as const), gateway: part, number }),
        fc.record({ kind: fc.constant('user' as const), user: part, domain: part }),
        fc.record({ kind: fc.constant('uri' as const), user: part, host: part }),
      );
      const variablesNamed = (name: fc.Arbitrary<string>) =>
        fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
      const legs = fc.array(fc.record({ endpoint, variables: variablesNamed(ownName) }), {
        minLength: 1,
        maxLength: 3,
      });
      let readBack = 0;
      fc.assert(
        fc.property(legs, variablesNamed(commonName), (given, common) => {
          let text: string;
          try {
            text = serialize(given, common);
          } catch (error) {
            expect(error).to.be.instanceOf(RouterError).with.property('code', 'esl_unsafe_value');
            return;
          }
          readBack++;
          expect(text).to.match(/^[^\p{C}$\\"^`|]+$/u);
          expect(text).not.to.match(/:_:|mod_event_socket/i);
          const set = (all: Record<string, string>) =>
            Object.fromEntries(Object.entries(all).filter(([, v]) => v !== ''));
          expect(readAsFreeswitch(text)).to.deep.equal({
            variables: set(common),
            alternatives: [
              given.map((one) => ({ endpoint: filled(one.endpoint), variables: set(one.variables) })),
            ],
          });
        }),
        { numRuns: 1500 },
      );
      expect(readBack).to.be.above(300);
    });

    function filled(endpoint: Endpoint): string {
      switch (endpoint.kind) {
        case 'gateway':
          return `sofia/gateway/${endpoint.gateway}/${endpoint.number}`;
        case 'user':
          return `user/${endpoint.user}@${endpoint.domain}`;
        case 'uri':
          return `sofia/external/sip:${endpoint.user}@${endpoint.host}`;
      }
    }
  });

  describe('validateDialTemplate', () => {
    it('takes the defaults, and endpoints of other kinds', () => {
      for (const kind of ['number', 'user', 'uri'] as const) {
        expect(validateDialTemplate(kind, DIAL_TEMPLATES[kind])).to.equal(null);
      }
      expect(validateDialTemplate('number', 'sofia/gateway/main/9{number}')).to.equal(null);
      expect(validateDialTemplate('user', 'sofia/internal/{user}%{domain}')).to.equal(null);
      expect(validateDialTemplate('user', 'verto_contact/{user}@{domain}')).to.equal(null);
    });

    for (const [kind, text, fault] of [
      ['number', 'sofia/gateway/{gateway}/', '{number} is missing'],
      ['uri', 'sofia/external/{user}', '{host} is missing'],
      ['user', 'user/{user}@{gateway}', '{gateway} is unknown here'],
      ['user', 'user/{user}@{}', '{} is unknown here'],
      ['number', '{number}', 'expected a single endpoint such as sofia/gateway/{gateway}/{number}'],
      ['number', 'sofia/gateway/a/{number},sofia/gateway/b/{number}', 'expected a single endpoint'],
      ['number', 'sofia/gateway/a/{number}|sofia/gateway/b/{number}', 'expected a single endpoint'],
      ['number', '[a=b]sofia/gateway/a/{number}', 'expected a single endpoint'],
      ['number', '{a=b}sofia/gateway/a/{number}', 'expected a single endpoint'],
      ['user', '${sofia_contact({user}@{domain})}', 'expected a single endpoint'],
      ['user', 'user/{user}:_:user/1', 'expected a single endpoint'],
      ['user', 'user/{user} x', 'expected a single endpoint'],
    ] as const) {
      it(`${kind} ${text}: ${fault}`, () => {
        expect(validateDialTemplate(kind, text))
          .to.be.a('string')
          .and.satisfy((said: string) => said.startsWith(fault));
      });
    }
  });

  describe('headerText', () => {
    for (const [text, fits] of [
      ['https://crm.example.com/card/17?a=b&c=d#e', 'https://crm.example.com/card/17?a=b&c=d#e'],
      ['Anna, Kyiv', 'Anna%2C Kyiv'],
      ['Ганна', '%D0%93%D0%B0%D0%BD%D0%BD%D0%B0'],
      ['100%', '100%'],
      ['${x}', '%24%7Bx%7D'],
      ['a\r\nX-Evil: 1', 'aX-Evil: 1'],
      ['  a  ', 'a'],
      ['\'"\\[]|<>^`', '%27%22%5C%5B%5D%7C%3C%3E%5E%60'],
      ['a:_:b', 'a%3A%5F%3Ab'],
      ['ARRAY::a', 'ARRAY%3A%3Aa'],
      ['unload Mod_Event_\0Socket', 'unload Mod%5FEvent%5FSocket'],
      ['\ud800', '%EF%BF%BD'],
      ['', ''],
    ] as const) {
      it(`${JSON.stringify(text)} -> ${fits}`, () => {
        expect(headerText(text)).to.equal(fits);
      });
    }

    it('is cut at 512, never within a character', () => {
      expect(headerText('ї'.repeat(999))).to.equal('%D1%97'.repeat(85));
      expect(headerText('x'.repeat(999))).to.have.length(512);
    });

    it('always fits a dial string, in {} and in []', function () {
      this.timeout(60_000);
      const piece = fc.constantFrom(
        'mod_',
        'event_socket',
        ':_:',
        ':',
        '_',
        'ARRAY::',
        ' ',
        '\0',
        '${',
        'origination_nested',
        '_vars',
      );
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 600 }),
        fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
      );
      fc.assert(
        fc.property(text, (value) => {
          const header = { 'sip_h_X-CRM-Card': headerText(value) };
          expect(headerText(value)).to.have.length.at.most(512);
          serialize([leg(header)]);
          serialize([leg()], header);
        }),
        { numRuns: 1000 },
      );
    });
  });
});
