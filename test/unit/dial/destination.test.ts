import { expect } from 'chai';
import fc from 'fast-check';
import { parseDestination, type DestinationRules } from '../../../lib/dial/destination.ts';
import { quote } from '../../../lib/dial/quote.ts';
import type { Reason } from '../../../lib/errors.ts';
import { NUMBERING, RULES as PLAIN } from '../../support/rules.ts';

const RULES: DestinationRules = {
  ...PLAIN,
  targets: { support: { transfer: { extension: '900', context: 'default' } } },
  map: new Map(Object.entries({ '17': '201', sales: 'support', bad: '${x}' })),
  sipHosts: ['pbx.example.com', 'Trunk.example.com:5070'],
  did: '+380441112233',
};
const rules = (changed: Partial<DestinationRules>): DestinationRules => ({ ...RULES, ...changed });

/** One line for a result: `number 380...`, `destination_denied`. */
function read(text: string, changed: Partial<DestinationRules> = {}): string {
  const result = parseDestination(text, rules(changed));
  if (!result.ok) return result.reason;
  const { target } = result;
  switch (target.kind) {
    case 'number':
      return `number ${target.number}`;
    case 'extension':
      return `extension ${target.extension}`;
    case 'user':
      return `user ${target.login}`;
    case 'uri':
      return `uri ${target.user}@${target.host}`;
    case 'transfer':
      return `transfer ${target.extension} ${target.context}`;
  }
}

function table(
  title: string,
  rows: readonly (readonly [string, string])[],
  changed?: Partial<DestinationRules>,
) {
  describe(title, () => {
    for (const [text, expected] of rows) {
      it(`${quote(text)} -> ${expected}`, () => {
        expect(read(text, changed)).to.equal(expected);
      });
    }
  });
}

const INVALID: Reason = 'destination_invalid';

describe('destination', () => {
  table('the order: targets, tel: and sip:, digits, login', [
    ['support', 'transfer 900 default'],
    [' support ', 'transfer 900 default'],
    ['Support', 'user Support'],
    ['tel:+380441234567', 'number 380441234567'],
    ['TEL:+380-44-123-45-67', 'number 380441234567'],
    ['tel:201', 'extension 201'],
    ['tel:agent_007', INVALID],
    ['tel:+380441234567;ext=5', INVALID],
    ['sip:anna@pbx.example.com', 'uri anna@pbx.example.com'],
    ['201', 'extension 201'],
    ['agent_007', 'user agent_007'],
  ]);

  it('takes a key of targets that looks like a number for the target', () => {
    const targets = { '201': { transfer: { extension: 'voicemail', context: 'x' } } };
    expect(read('201', { targets })).to.equal('transfer voicemail x');
  });

  table('the map of words comes first, and other values pass', [
    ['17', 'extension 201'],
    [' 17 ', 'extension 201'],
    ['sales', 'transfer 900 default'],
    ['18', 'extension 18'],
    ['bad', INVALID],
    ['toString', 'user toString'],
    ['constructor', 'user constructor'],
    ['__proto__', INVALID],
  ]);

  table('digits: what is taken out', [
    ['3 80123456789', 'number 380123456789'],
    ['38 (044) 123-45-67', 'number 380441234567'],
    ['380.44.123/4567', INVALID],
    ['38\u00a0044\u2009123\u202f4567', 'number 380441234567'],
    ['380\u201044\u2013123\u22124567', 'number 380441234567'],
    ['\u202a+380441234567\u202c', 'number 380441234567'],
    ['\u2066380441234567\u2069', 'number 380441234567'],
    ['\ufeff380441234567', 'number 380441234567'],
    ['380\u200b441234567', 'number 380441234567'],
    ['2\t0\t1', INVALID],
    ['20\n1', INVALID],
    ['20\u20281', INVALID],
    ['380441234567\r\n380441234568', INVALID],
    ['380441234567,201', INVALID],
    ['380441234567;201', INVALID],
    ['380441234567#', INVALID],
    ['--', INVALID],
    ['-1', INVALID],
  ]);

  table('digits: prefixes', [
    ['+380441234567', 'number 380441234567'],
    ['(+380) 44 1234567', 'number 380441234567'],
    ['00380441234567', 'number 380441234567'],
    ['00 380 44 1234567', 'number 380441234567'],
    ['+44 (0)20 7946 0000', 'number 442079460000'],
    ['0044(0)2079460000', 'number 442079460000'],
    ['+44 ( 0 ) 2079460000', 'number 442079460000'],
    ['(0)441234567', INVALID],
    ['+', INVALID],
    ['++380441234567', INVALID],
    ['380+441234567', INVALID],
  ]);

  table("other scripts' digits are refused", [
    ['٣٨٠٤٤١٢٣٤٥٦٧', INVALID],
    ['３８０４４１２３４５６７', INVALID],
    ['२०१', INVALID],
    ['38044123456\u0667', INVALID],
    ['𝟐𝟎𝟏', INVALID],
    ['²⁰¹', INVALID],
  ]);

  table('up to 6 bare digits an extension, 7 to 15 a number, longer refused', [
    ['1', 'extension 1'],
    ['123456', 'extension 123456'],
    ['1234567', INVALID],
    ['380441234567', 'number 380441234567'],
    ['1234567890123456', INVALID],
    ['+1234567890123456', INVALID],
    ['+123456', INVALID],
    ['0012345', INVALID],
    ['+1234567', INVALID],
    ['9'.repeat(128), INVALID],
  ]);

  table('logins', [
    ['a', 'user a'],
    ['Agent.7-x_y', 'user Agent.7-x_y'],
    ['7anna', 'user 7anna'],
    ['a'.repeat(64), `user ${'a'.repeat(64)}`],
    ['a'.repeat(65), INVALID],
    ['_anna', INVALID],
    ['.anna', INVALID],
    ['анна', INVALID],
    ['anna petrova', INVALID],
    ['anna@pbx.example.com', INVALID],
    ...['null', 'none', 'error', 'true', 'false', 'undefined', 'ok', 'NULL', 'Ok'].map(
      (w) => [w, INVALID] as const,
    ),
    ['nullo', 'user nullo'],
    ['mod_event_socket', INVALID],
    ['x.Mod_Event_Socket', INVALID],
    ['origination_nested_vars', INVALID],
  ]);

  table('sip: only to a listed host', [
    ['sip:201@pbx.example.com', 'uri 201@pbx.example.com'],
    ['SIP:anna@PBX.example.com', 'uri anna@pbx.example.com'],
    ['sip:+380441234567@trunk.example.com:5070', 'uri +380441234567@Trunk.example.com:5070'],
    ['sip:anna@trunk.example.com', 'destination_denied'],
    ['sip:anna@pbx.example.com:5070', 'destination_denied'],
    ['sip:anna@evil.example.com', 'destination_denied'],
    ['sip:anna@pbx.example.com.evil.com', 'destination_denied'],
    ['sip:anna@pbx.example.com;fs_path=sip:evil.com', INVALID],
    ['sip:anna@evil.com@pbx.example.com', INVALID],
    ['sip:anna:secret@pbx.example.com', INVALID],
    ['sip:pbx.example.com', INVALID],
    ['sips:anna@pbx.example.com', INVALID],
    ['sip:%31%31%32@pbx.example.com', INVALID],
    ['sip:112@pbx.example.com', 'emergency_number'],
    ['sip:380441112233@pbx.example.com', 'called_number'],
    ['<sip:anna@pbx.example.com>', INVALID],
  ]);

  table('emergency numbers are never dialled', [
    ...['112', '911', '999', '000', '1-1-2', '0112', '00112', '+112', 'tel:112', '+380112', '+38000112'].map(
      (text) => [text, 'emergency_number'] as const,
    ),
    ['+1 911', 'emergency_number'],
    ['0000112', 'emergency_number'],
    ['7112', 'extension 7112'],
    ['1120', 'extension 1120'],
    ['4911234567', 'number 4911234567'],
  ]);
  table(
    'emergency numbers behind the code of the country',
    [
      ['3800112', 'emergency_number'],
      ['112', 'emergency_number'],
      ['380112', 'extension 380112'],
    ],
    { numbering: { ...NUMBERING, country: 'UA', dialAs: 'digits' } },
  );

  table('the called number is a loop', [
    ['380441112233', 'called_number'],
    ['+38 044 111 22 33', 'called_number'],
    ['00380441112233', 'called_number'],
    ['380441112234', 'number 380441112234'],
  ]);
  table('the called number, in the words of its country', [['044 111 22 33', 'called_number']], {
    numbering: { ...NUMBERING, country: 'UA', dialAs: 'national' },
  });
  table(
    'a called extension',
    [
      ['201', 'called_number'],
      ['202', 'extension 202'],
    ],
    { did: '201' },
  );
  table('a called login is not a number', [['7', 'extension 7']], { did: 'agent_7' });

  table(
    'the numbering plan of a country',
    [
      ['044 123 45 67', 'number 0441234567'],
      ['+380 44 123 45 67', 'number 0441234567'],
      ['00442079460000', 'number 442079460000'],
      ['3 80123456789', 'number 0123456789'],
      ['0441', 'extension 0441'],
    ],
    { numbering: { ...NUMBERING, country: 'UA', dialAs: 'national' } },
  );
  table('dialled with a plus', [['380441234567', 'number +380441234567']], {
    numbering: { ...NUMBERING, dialAs: 'plus' },
  });
  table(
    'dialled as given',
    [
      ['00380 44 1234567', 'number 00380441234567'],
      ['+380 44 1234567', 'number +380441234567'],
    ],
    { numbering: { ...NUMBERING, dialAs: 'as-given' } },
  );

  table('extensions of the dialplan are transferred', [['201', 'transfer 201 internal']], {
    extensions: 'dialplan',
    extensionContext: 'internal',
  });

  table(
    'denied prefixes, the longest match wins',
    [
      ['380900123456', 'destination_denied'],
      ['+380900123456', 'destination_denied'],
      ['00380900123456', 'destination_denied'],
      ['380900555123', 'number 380900555123'],
      ['380441234567', 'number 380441234567'],
      ['201', 'extension 201'],
      ['sip:380900123456@pbx.example.com', 'destination_denied'],
    ],
    { numbers: [{ deny: ['+380900'], allow: ['380', '380900555'] }] },
  );
  table(
    'a list of allowed prefixes',
    [
      ['442079460000', 'destination_denied'],
      ['380441234567', 'number 380441234567'],
      ['380501234567', 'destination_denied'],
    ],
    { numbers: [{ allow: ['380'], deny: ['38050', '1'] }] },
  );
  table('of equal prefixes the denied wins', [['380441234567', 'destination_denied']], {
    numbers: [{ allow: ['380'], deny: ['380'] }],
  });
  const scheme = { allow: ['380', '4420'], deny: ['38044123'] };
  table(
    'the scheme and the configuration have to agree: neither lifts what the other denies',
    [
      ['380441112200', 'number 380441112200'],
      ['380441234567', 'destination_denied'],
      ['380501234567', 'destination_denied'],
      ['442079460000', 'destination_denied'],
    ],
    { numbers: [{ allow: ['380', '38044123'], deny: ['38050'] }, scheme] },
  );
  const REFUSED = { allow: [], deny: [], premium: false, satellite: false };
  const surcharged: readonly [string, string][] = [
    ['+19005551234', 'number_premium'],
    ['19005551234', 'number_premium'],
    ['0019005551234', 'number_premium'],
    ['sip:+19005551234@pbx.example.com', 'number_premium'],
    ['+380900212345', 'number_premium'],
    ['+97912345', 'number_premium'],
    ['979123456789', 'number_premium'],
    ['+870773123456', 'number_satellite'],
    ['870773123456', 'number_satellite'],
    ['+881612345678', 'number_satellite'],
    ['+88216', 'number_satellite'],
    ['8821612345678', 'number_satellite'],
    ['+88213123456', 'number_satellite'],
    ['+8835100012345', 'number_satellite'],
    ['380441234567', 'number 380441234567'],
    ['80012345678', 'number 80012345678'],
  ];
  table('premium-rate and satellite numbers, however they are written', surcharged, { numbers: [REFUSED] });
  table('the configuration refuses them, and the scheme cannot lift that', surcharged, {
    numbers: [REFUSED, { ...REFUSED, premium: true, satellite: true }],
  });
  table('the scheme refuses them, though the configuration does not', surcharged, {
    numbers: [{ ...REFUSED, premium: true, satellite: true }, REFUSED],
  });
  table(
    'each has its own switch',
    [
      ['19005551234', 'number 19005551234'],
      ['870773123456', 'number_satellite'],
    ],
    { numbers: [{ ...REFUSED, premium: true }] },
  );
  table(
    'a national number is none for looking like one abroad',
    [
      // Kazakhstan, Nizhny Novgorod and Ukhta with the trunk prefix 8.
      ['87012345678', 'number 77012345678'],
      ['88312345678', 'number 78312345678'],
      ['88216723456', 'number 78216723456'],
    ],
    { numbers: [REFUSED], numbering: { ...NUMBERING, country: 'RU' } },
  );
  table(
    'nor is one in North America',
    [
      // Arkansas and Pittsburgh.
      ['8705551234', 'number 18705551234'],
      ['8785551234', 'number 18785551234'],
    ],
    { numbers: [REFUSED], numbering: { ...NUMBERING, country: 'US' } },
  );
  table(
    'the country says what a national number is',
    [
      ['0900212345', 'number_premium'],
      ['900212345', 'number_premium'],
      ['0441234567', 'number 0441234567'],
      ['380900212345', 'number_premium'],
      ['19005551234', 'number_premium'],
    ],
    { numbers: [REFUSED], numbering: { ...NUMBERING, country: 'UA', dialAs: 'national' }, did: '' },
  );
  table(
    'and what it is not',
    [
      ['8705550123', 'number 18705550123'],
      ['9005551234', 'number_premium'],
    ],
    { numbers: [REFUSED], numbering: { ...NUMBERING, country: 'US', dialAs: 'digits' }, did: '' },
  );
  table(
    'prefixes are those of the number that is dialled, not of the text',
    [
      ['44 123 45 67', 'number 380441234567'],
      ['0441234567', 'number 380441234567'],
    ],
    {
      numbering: { ...NUMBERING, country: 'UA', dialAs: 'digits' },
      numbers: [{ deny: ['44'], allow: [] }],
      did: '',
    },
  );

  it('says how it read', () => {
    const how = (text: string, changed: Partial<DestinationRules> = {}): string => {
      const result = parseDestination(text, rules(changed));
      return result.ok ? result.how : result.detail;
    };
    const UA = { numbering: { ...NUMBERING, country: 'UA', dialAs: 'digits' } } as const;
    expect(how('0441234567', UA)).to.equal('number 380441234567, national in UA');
    expect(how('380123456789', UA)).to.equal('number 380123456789, international, not a number of the plan');
    expect(how('3 80123456789')).to.equal('number 380123456789, international, not a number of the plan');
    expect(how('17')).to.equal('extension 201, which "17" is mapped to');
    expect(how('support')).to.equal('target "support", extension 900 in context default');
    expect(how('a\u001b[2Jb')).to.equal('"a\\u{1b}[2Jb" is neither a number nor a login');
    expect(how('२०१')).to.equal('"२०१" has digits of another script');
    expect(how('x'.repeat(129))).to.have.length.below(140);
    expect(how('')).to.equal('the destination is empty');
  });

  it('says of a command of FreeSWITCH what it is, and of nothing else', () => {
    const detail = (text: string): string => {
      const result = parseDestination(text, rules({}));
      return result.ok ? '' : result.detail;
    };
    for (const text of [
      'user/201',
      'user/201@pbx.example',
      'sofia/gateway/trunk/380501234567',
      'sofia/internal/201@10.0.0.1',
      '{origination_caller_id_number=112}user/201',
      '[leg_timeout=5]user/201',
      '<a=b>user/201',
      '201,loopback/app=system:reboot',
      '380501234567|user/202',
      '201:_:loopback/202',
      'error/USER_BUSY',
      'group/sales@pbx.example',
      '&system(reboot)',
      '&park',
      '201${system(reboot)}',
      '201\n\napi system reboot',
      '201\r\nsendmsg x',
      `{${'x=y,'.repeat(40)}z=1}user/201`,
      'originate user/201 &park',
      'ORIGINATE USER/201 &ECHO',
      '201 &bridge(user/202)',
      'uuid_kill 9a6c2f4e',
      'fsctl shutdown',
      'bgapi status',
      'api system reboot',
      'system rm -rf /',
      '${system reboot}',
      '${ system(reboot)}',
      '201:_:202',
      'ARRAY::201|:202',
      '{^^;a=1;b=2}380501234567',
      '%[a=b]380501234567',
      'verto.rtc/201@pbx.example',
      'transfer:201 XML default',
      'system:reboot',
      'answer,playback:foo.wav',
      'set:a=b,park',
      'api_on_answer=system reboot',
      'origination_caller_id_number=112',
      '201@pbx.example;fs_path=sip:evil.example',
      '"user/201"',
      '\uff55\uff53\uff45\uff52\uff0f\uff12\uff10\uff11',
      '201%0aapi%20system%20reboot',
      '%24%7Bsystem(reboot)%7D',
      'tel:${system(reboot)}',
      'user/anna',
      '{a=b}{c=d}user/201',
      '<action application="bridge" data="user/201"/>',
    ]) {
      expect(detail(text), text).to.match(/^"[^]*" is written as a command of FreeSWITCH/);
    }
    for (const text of [
      '201/202',
      'sales/support',
      'agent 7',
      '{"destination":"201"}',
      '[201,202]',
      '<p class="x">201</p>',
      '201@other.example',
      'sip:201@other.example',
      'Users & groups',
      'exit',
      'https://crm.example/user/201',
      'x'.repeat(129),
      'User/Support',
      'Group/Sales',
      'Pickup/Delivery',
      'Sofia/Kyiv',
      'null/null',
      'error/404',
      'error/not_found',
      'Owner: user/12',
      '&Co',
      '{id=17, name=Anna}',
      '[{id=17, name=Anna}, {id=18, name=Olena}]',
      '[USER=17]Anna Petrenko[/USER]',
      '[CALL=+380501234567]+380 50 123 45 67[/CALL]',
      '${getPhone()}',
      '${encodeURIComponent(phone)}',
      '${user}',
      '{{user}}',
      'Kyiv\nAPI team',
      'John\nApiary GmbH',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n201',
      'Transfer: Kyiv',
      'System & Network',
      'Originate Capital',
      'Park & Ride',
      'SIP/201',
      'api_key=abc',
    ]) {
      expect(detail(text), text).not.to.include('command');
    }
  });

  it('is soon done with a page that was sent instead of one, whatever it is of', function () {
    this.timeout(10_000);
    // Tried at each of them to its end, one such text takes a second.
    for (const filler of ['\n', ' ', '%0a', ',', '{a=', '&a', '${', '[', '\ufb01'])
      for (let n = 0; n < 3; n++)
        expect(parseDestination(`x${filler.repeat(65_000 / filler.length)}x`, rules({})).ok).to.equal(false);
  });

  it('never answers with anything but its own alphabet, whatever it is given', function () {
    this.timeout(60_000);
    const hostile = fc.constantFrom(
      ...[
        '\r',
        '\n',
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
        '^^',
        '^',
        '@host',
        "'",
      ],
      ...[
        'loopback/app=system:id',
        ';fs_path=sip:h',
        'mod_event_socket',
        'unload',
        '\\',
        '"',
        '`',
        '%[a=b]',
        '\u0661',
      ],
      ...[
        '\u202e',
        '201',
        '+380',
        '00',
        '(0)',
        ' ',
        '-',
        'sip:',
        'tel:',
        'agent',
        '@pbx.example.com',
        '112',
        '.',
        '_',
      ],
    );
    const text = fc.oneof(
      fc.array(hostile, { maxLength: 8 }).map((parts) => parts.join('')),
      fc.string({ unit: 'grapheme', maxLength: 140 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    fc.assert(
      fc.property(
        text,
        fc.constantFrom(undefined, 'UA' as const, 'US' as const, 'RU' as const),
        (value, country) => {
          const result = parseDestination(
            value,
            rules({ numbering: { ...NUMBERING, country, dialAs: 'digits' } }),
          );
          if (!result.ok) {
            expect(result.detail).to.match(/^[^\p{C}\p{Zl}\p{Zp}]{1,220}$/u);
            return;
          }
          const { target } = result;
          expect(RULES.emergency.map((entry) => `extension ${entry}`)).not.to.include(result.how);
          if (target.kind === 'number') expect(target.number).to.match(/^\+?[0-9]{7,18}$/);
          if (target.kind === 'extension') expect(target.extension).to.match(/^[0-9]{1,6}$/);
          if (target.kind === 'user')
            expect(target.login).to.match(/^(?!.*mod_event_socket)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/i);
          if (target.kind === 'uri') {
            expect(RULES.sipHosts).to.include(target.host);
            expect(target.user).to.match(/^\+?[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
