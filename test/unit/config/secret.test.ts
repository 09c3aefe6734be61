import { expect } from 'chai';
import { RouterError } from '../../../lib/errors.ts';
import { loadSecrets } from '../../../lib/config/secret.ts';

describe('secrets', () => {
  const read = (env: Record<string, string>, files: Record<string, string> = {}) =>
    loadSecrets({
      env,
      hosts: {},
      readFile: (path) => {
        const text = files[path];
        if (text === undefined) throw new Error(`ENOENT: ${path}`);
        return text;
      },
    });

  it('are read from variables and files', () => {
    const env = { ESL_ROUTER_SECRET_A: 'a', ESL_ROUTER_SECRET_B_FILE: '/b', ESL_ROUTER_SECRET_C: '' };
    const secrets = read(env, { '/b': 'b\n' });
    expect(['A', 'B', 'C'].map((name) => secrets.has(name))).to.deep.equal([true, true, false]);
    expect([secrets.read('A', 'h'), secrets.read('B', 'h')]).to.deep.equal(['a', 'b']);
  });

  it('that are empty, cannot be read or are set twice are faults, all at once', () => {
    const env = {
      ESL_ROUTER_SECRET_EMPTY_FILE: '/empty',
      ESL_ROUTER_SECRET_SPACES_FILE: '/spaces',
      ESL_ROUTER_SECRET_BLANK: '  ',
      ESL_ROUTER_SECRET_GONE_FILE: '/gone',
      ESL_ROUTER_SECRET_TWICE: 'one',
      ESL_ROUTER_SECRET_TWICE_FILE: '/two',
    };
    const files = { '/empty': '', '/spaces': ' \n\t', '/two': 'two' };
    expect(() => read(env, files))
      .to.throw(RouterError)
      .with.property(
        'message',
        [
          'ESL_ROUTER_SECRET_EMPTY_FILE: /empty is empty',
          'ESL_ROUTER_SECRET_SPACES_FILE: /spaces is empty',
          'ESL_ROUTER_SECRET_BLANK: is blank',
          'ESL_ROUTER_SECRET_GONE_FILE: cannot read /gone: ENOENT: /gone',
          'ESL_ROUTER_SECRET_TWICE and ESL_ROUTER_SECRET_TWICE_FILE are both set: set only one of them',
        ].join('\n'),
      );
  });
});
