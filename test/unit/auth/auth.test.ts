import { expect } from 'chai';
import { z } from 'zod';
import { AUTHS, authorize, authTemplates } from '../../../lib/auth/index.ts';
import type { Template } from '../../../lib/macro.ts';

const schema = z.discriminatedUnion('type', AUTHS);
const REQUEST = { method: 'POST', url: 'http://crm/', headers: {}, body: '' };
const fill = ({ source }: Template): string => source.replace('{{secret.CRM}}', 'пароль:1');

describe('auth', () => {
  it('none adds nothing', () => {
    const settings = schema.parse({ type: 'none' });
    expect(authorize(settings, REQUEST, fill)).to.deep.equal({});
    expect(authTemplates(settings)).to.deep.equal([]);
  });

  it('basic sends UTF-8 in base64', () => {
    const settings = schema.parse({ type: 'basic', user: 'router', password: '{{secret.CRM}}' });
    const { Authorization = '' } = authorize(settings, REQUEST, fill);
    const [scheme, credentials = ''] = Authorization.split(' ');
    expect(scheme).to.equal('Basic');
    expect(Buffer.from(credentials, 'base64').toString('utf8')).to.equal('router:пароль:1');
  });

  it('bearer sends the token', () => {
    const settings = schema.parse({ type: 'bearer', token: 'abc.def' });
    expect(authorize(settings, REQUEST, fill)).to.deep.equal({ Authorization: 'Bearer abc.def' });
  });

  it('names its templates', () => {
    const settings = schema.parse({ type: 'basic', user: '{{secret.USER}}', password: '{{secret.CRM}}' });
    expect(authTemplates(settings).map(({ source }) => source)).to.deep.equal([
      '{{secret.USER}}',
      '{{secret.CRM}}',
    ]);
  });

  it('refuses unknown types, keys and macros', () => {
    const wrong = [
      { type: 'digest' },
      { type: 'none', token: 'x' },
      { type: 'basic', user: 'x' },
      { type: 'bearer', token: '{{nothing}}' },
      { type: 'bearer', token: 1 },
    ];
    for (const settings of wrong)
      expect(schema.safeParse(settings).success, JSON.stringify(settings)).to.be.false;
  });
});
