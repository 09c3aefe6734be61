import { expect } from 'chai';
import type { Call } from '../../../lib/call/channel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { admit } from '../../../lib/decide/admit.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { callOf } from '../../support/scheme.ts';

/** Of schemes `a` (match 1500*), `b` and `rest`, the default, or of none at all. */
function setting(names: readonly string[]) {
  const env = {
    ESL_ROUTER_BYPASS_CALLED: '112,101',
    ESL_ROUTER_MAX_HOPS: '3',
    ESL_ROUTER_DEFAULT_SCHEME: names.includes('rest') ? 'rest' : '',
  };
  const loaded = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const sources = names.map((name) => {
    const webhook = { url: 'https://crm.example.com/' };
    return {
      name,
      json: { name, webhook, ...(name === 'a' ? { match: { did: '1500*' } } : {}) },
      text: name,
    };
  });
  const assembled = assembleSchemes(sources, loaded.config, { has: () => true, read: () => '' });
  if (!assembled.ok) throw new Error(assembled.faults.join('\n'));
  return { config: loaded.config, schemes: assembled.set };
}

const SETTING = setting(['a', 'b', 'rest']);
const PLAIN = { did: '15005550100', destinationNumber: '15005550100' };

function outcome(call: Partial<Call>, options = SETTING, named?: string): string {
  const result = admit(callOf({ ...PLAIN, ...call }), {
    ...options,
    ...(named === undefined ? {} : { named: options.schemes.schemes.get(named) ?? null }),
  });
  return result.kind === 'admitted'
    ? `${result.scheme.name} by ${result.chosenBy}`
    : `${result.result} ${result.reason}${result.note === null ? '' : `: ${result.note}`}`;
}

describe('admit', () => {
  for (const [title, call, expected] of [
    ['an emergency number', { did: '112' }, 'no_route emergency_called'],
    ['one that the dialplan has moved', { destinationNumber: '101' }, 'no_route emergency_called'],
    [
      'an emergency number before all else',
      { did: '112', hops: 9, path: 'x', schemeVariable: 'b' },
      'no_route emergency_called',
    ],
    ['the last hop', { hops: 3 }, 'a by its match'],
    ['a hop too many', { hops: 4, path: 'x' }, 'refused hop_limit'],
    ['the variable', { schemeVariable: 'b', path: 'rest' }, 'b by the variable esl_router_scheme'],
    ['the path', { path: 'b' }, 'b by the path of the socket address'],
    ['a match', {}, 'a by its match'],
    ['none of them', { did: '1600' }, 'rest by default'],
    [
      'an unknown variable',
      { schemeVariable: 'x', path: 'b' },
      'error scheme_unknown: there is no scheme "x", which the variable esl_router_scheme names',
    ],
    [
      'an unknown path',
      { path: 'x' },
      'error scheme_unknown: there is no scheme "x", which the path of the socket address names',
    ],
  ] as const) {
    it(`${title}: ${expected}`, () => {
      expect(outcome(call)).to.equal(expected);
    });
  }

  it('no scheme', () => {
    expect(outcome({}, setting([]))).to.equal('no_route no_scheme');
    expect(outcome({ did: '1600' }, setting(['a', 'b']))).to.equal('no_route no_scheme');
  });

  it('a scheme that a person names stands in place of the choice, and of nothing before it', () => {
    expect(outcome({ path: 'x' }, SETTING, 'b')).to.equal('b by the command line');
    expect(outcome({ did: '112' }, SETTING, 'b')).to.equal('no_route emergency_called');
    expect(outcome({ hops: 4 }, SETTING, 'b')).to.equal('refused hop_limit');
  });

  describe('with schemes that are tried', () => {
    const set = (schemes: readonly object[]) => {
      const loaded = loadConfig({ file: null, env: {}, argv: {}, readSecretFile: () => '' });
      if (!loaded.ok) throw new Error(loaded.faults.join());
      const sources = schemes.map((own, index) => ({
        name: `${index}`,
        json: { webhook: { url: 'https://crm.example.com/' }, ...own },
        text: `${index}`,
      }));
      const made = assembleSchemes(sources, loaded.config, { has: () => true, read: () => '' });
      return made.ok
        ? { schemes: made.set, config: loaded.config, faults: [] }
        : { schemes: SETTING.schemes, config: loaded.config, faults: made.faults };
    };
    const told = (schemes: readonly object[], call: Partial<Call> = {}) => {
      const options = set(schemes);
      expect(options.faults).to.deep.equal([]);
      const shadows = admit(callOf({ ...PLAIN, ...call }), options).shadows.map(({ name }) => name);
      return `${outcome(call, options)}${shadows.length === 0 ? '' : `; beside: ${shadows.join(', ')}`}`;
    };
    const match = { did: '1500*' };
    const live = { name: 'b', match };
    const shadow = { name: 'a', match, mode: 'shadow' };

    for (const [title, schemes, call, expected] of [
      ['one in shadow mode is passed by', [shadow, live], {}, 'b by its match; beside: a'],
      ['the first of two', [shadow, { ...shadow, name: 'c' }, live], {}, 'b by its match; beside: a'],
      ['none behind the live one', [live, shadow], {}, 'b by its match'],
      ['none that does not fit', [{ ...shadow, match: { did: '7*' } }, live], {}, 'b by its match'],
      ['the dialplan is the old way', [shadow], {}, 'no_route scheme_shadow; beside: a'],
      ['of a path', [shadow, live], { path: 'a' }, 'no_route scheme_shadow; beside: a'],
      ['of a variable', [shadow, live], { schemeVariable: 'a' }, 'no_route scheme_shadow; beside: a'],
      ['the default', [{ name: 'default', mode: 'shadow' }], {}, 'no_route scheme_shadow; beside: default'],
      ['a shadow of a live one', [{ ...live, shadow: 'x' }, { name: 'x' }], {}, 'b by its match; beside: x'],
      ['both', [shadow, { ...live, shadow: 'x' }, { name: 'x' }], {}, 'b by its match; beside: a, x'],
      ['one of both once', [shadow, { ...live, shadow: 'a' }], {}, 'b by its match; beside: a'],
      [
        'a canary, and the shadow of the one that has the call',
        [
          { ...live, shadow: 'x', canary: { scheme: 'y', percent: 100 } },
          { name: 'x' },
          { name: 'y', shadow: 'b' },
        ],
        {},
        'y by the canary of b; beside: b',
      ],
      [
        'a canary of others',
        [{ ...live, canary: { scheme: 'y', percent: 0 } }, { name: 'y' }],
        {},
        'b by its match',
      ],
    ] as const) {
      it(title, () => {
        expect(told(schemes, call)).to.equal(expected);
      });
    }

    for (const [schemes, fault] of [
      [[{ ...live, shadow: 'z' }], /0: shadow: there is no scheme "z"/],
      [[{ ...live, shadow: 'b' }], /0: shadow: names the scheme itself/],
      [
        [
          { ...live, shadow: 'x' },
          { name: 'x', shadow: 'b' },
        ],
        /0: shadow: .*: b -> x -> b/,
      ],
      [[{ ...live, canary: { scheme: 'z', percent: 5 } }], /canary.scheme: there is no scheme "z"/],
      [[{ ...live, canary: { scheme: 'b', percent: 5 } }], /canary.scheme: names the scheme itself/],
      [
        [
          { ...live, canary: { scheme: 'x', percent: 5 } },
          { name: 'x', canary: { scheme: 'b', percent: 5 } },
        ],
        /canary.scheme: "x" has a canary too/,
      ],
      [
        [shadow, { ...live, canary: { scheme: 'a', percent: 5 } }],
        /"a" is in shadow mode, and decides no calls/,
      ],
      [
        [{ ...shadow, canary: { scheme: 'b', percent: 5 } }, live],
        /canary: is not allowed in a scheme in shadow/,
      ],
      [[{ ...shadow, shadow: 'b' }, live], /shadow: is not allowed in a scheme in shadow mode/],
      [[{ ...live, canary: { scheme: 'x', percent: 101 } }, { name: 'x' }], /canary.percent: .*100/],
      [[{ ...live, canary: { scheme: 'x', percent: -1 } }, { name: 'x' }], /canary.percent: .*0/],
      [
        [shadow, { ...live, fallback: { onError: [{ scheme: 'a' }] } }],
        /fallback.onError.0: the scheme "a" is in/,
      ],
    ] as const) {
      it(`check: ${String(fault)}`, () => {
        expect(set(schemes).faults.join('\n')).to.match(fault);
      });
    }
  });
});
