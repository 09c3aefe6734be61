import { expect } from 'chai';
import { concealSecrets } from '../../../lib/config/secret.ts';

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
