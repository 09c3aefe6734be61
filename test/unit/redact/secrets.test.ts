import { expect } from 'chai';
import { createRedactor } from '../../../lib/redact/redactor.ts';

describe('concealing secrets', () => {
  const SECRET = 'aB3dEf7h+k2/&LmN"pQ5rStUv';
  const shown = (text: string): string => createRedactor({ secrets: [SECRET] }).text(text);

  const html = (secret: string): string => secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const forms: Readonly<Record<string, (secret: string) => string>> = {
    'as it is': (secret) => secret,
    'in JSON': (secret) => JSON.stringify(secret),
    'in JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ key: secret })),
    'in a URL': (secret) => encodeURIComponent(secret),
    'in a form': (secret) => new URLSearchParams({ key: secret }).toString(),
    'in base64': (secret) => Buffer.from(secret).toString('base64'),
    'in the base64 of more': (secret) => Buffer.from(`user:${secret}!`).toString('base64'),
    'in hexadecimal digits': (secret) => Buffer.from(secret).toString('hex'),
    'in upper-case digits': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
    'in HTML': html,
    'in HTML by numbers': (secret) =>
      secret.replace(/\W/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
    'in HTML by numbers with zeros in front': (secret) =>
      secret.replace(/\W/g, (sign) => `&#x000000${sign.charCodeAt(0).toString(16)};`),
    'in HTML by numbers of ten digits': (secret) =>
      secret.replace(/\W/g, (sign) => `&#${sign.charCodeAt(0).toString().padStart(10, '0')};`),
    'in the JSON of PHP': (secret) =>
      JSON.stringify(secret)
        .replaceAll('/', '\\/')
        .replace(/[+&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    'in a URL twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
    'in a URL in small digits': (secret) => encodeURIComponent(secret).toLowerCase(),
    'in a URL, every byte of it': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
    'in URL-safe base64': (secret) => Buffer.from(`k:${secret}`).toString('base64url'),
    'in base64 of base64': (secret) =>
      Buffer.from(Buffer.from(`u:${secret}`).toString('base64')).toString('base64'),
    'in the base64 of JSON': (secret) => Buffer.from(JSON.stringify({ key: secret })).toString('base64'),
    'in the lines of a mail': (secret) => Buffer.from(secret).toString('base64').replace(/.{10}/g, '$&\r\n'),
    'in capitals': (secret) => secret.toUpperCase(),
    'in HTML in JSON in a URL': (secret) => encodeURIComponent(JSON.stringify(html(secret))),
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

  it('hides one of signs that have long names in HTML, and one in the lines of a mail', () => {
    const hidden = (secret: string, text: string): void => {
      expect(createRedactor({ secrets: [secret] }).text(text)).to.equal('is ***');
    };
    hidden('ab_cd|ef*gh', 'is ab&UnderBar;cd&VerticalLine;ef&midast;gh');
    hidden('ab=cd=ef', 'is ab=3Dcd=3Def');
    hidden('abcdefgh', 'is abcd=\r\nefgh');
    hidden('abcdefgh', 'is abcd=\nefgh');
    hidden('abcdefgh', 'is abcd=\\r\\nefgh');
  });

  it('leaves other text alone, and words that a secret has in common with it', () => {
    const reply = '{"destination":"201","password":"x","Password":1}';
    expect(createRedactor({ secrets: ['destination-password', SECRET, '20', '201'] }).text(reply)).to.equal(
      reply,
    );
  });

  it('hides the whole of a secret that another one begins', () => {
    for (const secrets of [
      ['abcdef', 'abcdefgh12'],
      ['abcdefgh12', 'abcdef'],
    ]) {
      expect(createRedactor({ secrets }).text('key=abcdefgh12, abcdef.')).to.equal('key=***, ***.');
    }
  });

  it('hides a secret of spaces and signs', () => {
    expect(createRedactor({ secrets: ['+ - + - +'] }).text('is + - + - + here')).to.equal('is *** here');
  });

  it('hides everything of a text that nobody can read to its end', () => {
    expect(shown('\\'.repeat(65_536))).to.equal('***');
  });
});
