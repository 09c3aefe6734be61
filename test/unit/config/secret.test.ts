import { expect } from 'chai';
import { RouterError } from '../../../lib/errors.ts';
import { concealSecrets, loadSecrets } from '../../../lib/config/secret.ts';

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

  it('that are empty, can not be read or are set twice are faults, all at once', () => {
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
          'ESL_ROUTER_SECRET_GONE_FILE: can not read /gone: ENOENT: /gone',
          'ESL_ROUTER_SECRET_TWICE and ESL_ROUTER_SECRET_TWICE_FILE are both set: only one of them',
        ].join('\n'),
      );
  });
});

describe('concealing secrets', () => {
  const SECRET = 'aB3dEf7h+k2LmN"pQ5rStUv';
  const shown = (text: string): string => concealSecrets(text, [SECRET]);

  const forms: Readonly<Record<string, (secret: string) => string>> = {
    'as it is': (secret) => secret,
    'in JSON': (secret) => JSON.stringify(secret),
    'in JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ key: secret })),
    'in a URL': (secret) => encodeURIComponent(secret),
    'in a form': (secret) => new URLSearchParams({ key: secret }).toString(),
    'in base64': (secret) => Buffer.from(secret).toString('base64'),
    'in the base64 of more': (secret) => Buffer.from(`user:${secret}!`).toString('base64'),
    'in hexadecimal digits': (secret) => Buffer.from(secret).toString('hex'),
  };
  for (const [name, write] of Object.entries(forms)) {
    it(`hides one ${name}`, () => {
      const text = write(SECRET);
      const left = shown(`before ${text} after`);
      expect(left).to.match(/^before .*\*\*\*.* after$/);
      // At the edges stands what is not of the secret.
      for (let at = 8; at + 16 <= text.length; at++) {
        const window = text.slice(at, at + 8);
        if (/^[A-Za-z0-9+/]{8}$/.test(window)) expect(left, window).not.to.include(window);
      }
    });
  }

  it('leaves other text alone, and words that a secret has in common with it', () => {
    const reply = '{"destination":"201","password":"x","Password":1}';
    expect(concealSecrets(reply, ['destination-password', SECRET, '20', '201'])).to.equal(reply);
  });
});
