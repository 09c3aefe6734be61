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
});
