import { expect } from 'chai';
import { concealCaller } from '../../../lib/call/channel.ts';
import { RouterError } from '../../../lib/errors.ts';
import {
  expand,
  parseTemplate,
  CALL_MACROS,
  secretsOf,
  variablesOf,
  type MacroContext,
} from '../../../lib/webhook/macro.ts';
import { NUMBERING } from '../../support/rules.ts';
import { callOf, contextOf } from '../../support/scheme.ts';

function fill(source: string, context: Partial<MacroContext> = {}, reply = false): string {
  return expand(parseTemplate(source, { reply }), contextOf(context), (value) => value);
}

function faultOf(source: string): string {
  try {
    parseTemplate(source);
  } catch (error) {
    if (error instanceof RouterError && error.code === 'config_invalid') return error.message;
    throw error;
  }
  throw new Error(`${source} is accepted`);
}

const VARIABLES = new Map([
  ['sip_h_X-Account', '42'],
  ['domain_name', 'pbx.test'],
]);

describe('macro', () => {
  it('reads each plain name from the call', () => {
    const call = callOf({
      caller: '0501234567',
      callerRaw: '050 123-45-67',
      callerName: 'Lena',
      divertedFrom: '201',
    });
    const context = { call, numbering: { ...NUMBERING, country: 'UA' }, attempt: 2 } as const;
    const values = Object.fromEntries(CALL_MACROS.map((name) => [name, fill(`{{${name}}}`, context)]));
    expect(values).to.deep.equal({
      caller: '0501234567',
      caller_e164: '+380501234567',
      caller_national: '0501234567',
      caller_raw: '050 123-45-67',
      caller_name: 'Lena',
      did: '380441234567',
      uuid: '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11',
      call_id: '1-4711@10.0.0.1',
      scheme: 'sales',
      attempt: '2',
      timestamp: '2026-11-22T09:00:00.000Z',
      source_ip: '10.0.0.1',
      context: 'public',
      switch: 'fs1',
      diverted_from: '201',
    });
  });

  it('reads SIP headers, channel variables, secrets and the reply by name', () => {
    const call = callOf({ variables: VARIABLES });
    expect(fill('{{sip.X-Account}}/{{var.domain_name}}/{{var.unset}}/{{sip.X-Unset}}', { call })).to.equal(
      '42/pbx.test//',
    );
    expect(fill('{{secret.CRM_TOKEN}}')).to.equal('value of CRM_TOKEN');
    const reply = (path: string) => `<${path}>`;
    expect(fill('{{reply.deal.0.url}}', { reply }, true)).to.equal('<deal.0.url>');
    expect(fill('{{reply.url}}', {}, true)).to.equal('');
  });

  it('takes spaces inside the braces, text around and several in one text', () => {
    expect(fill('a {{ did }}{{did}} }} { b')).to.equal('a 380441234567380441234567 }} { b');
    expect(fill('')).to.equal('');
  });

  it('never reads a value again: a caller cannot write macros', () => {
    const call = callOf({ callerName: '{{secret.CRM}} $& $1' });
    expect(fill('<{{caller_name}}>', { call })).to.equal('<{{secret.CRM}} $& $1>');
  });

  it('escapes values and not the text around', () => {
    const template = parseTemplate('a&b={{caller}}');
    expect(expand(template, contextOf(), encodeURIComponent)).to.equal('a&b=%2B380501234567');
  });

  it('names no withheld caller', () => {
    const variables = new Map([
      ...VARIABLES,
      ['sip_from_user', '380501234567'],
      ['note', 'tel:+380501234567'],
    ]);
    const call = concealCaller(callOf({ withheld: true, variables }));
    const names = [...CALL_MACROS, 'var.sip_from_user', 'var.note', 'sip.X-Account'];
    const text = fill(names.map((name) => `{{${name}}}`).join('|'), {
      call,
      numbering: { ...NUMBERING, country: 'UA' },
    });
    expect(text).to.not.match(/501234567|Lena/);
    expect(text).to.contain('42');
  });

  it('refuses what does not exist', () => {
    expect(faultOf('{{callerr}}')).to.match(/^unknown macro \{\{callerr\}\}; known: caller, /);
    for (const source of ['{{}}', '{{Caller}}', '{{toString}}', '{{reply.x}}', '{{constructor.name}}']) {
      expect(faultOf(source), source).to.match(/^unknown macro/);
    }
    for (const source of [
      '{{secret.lower}}',
      '{{var.a b}}',
      '{{sip.X_Y}}',
      '{{var.}}',
      `{{var.${'x'.repeat(65)}}}`,
    ]) {
      expect(faultOf(source), source).to.match(/is not a valid name here$/);
    }
    expect(faultOf('{{caller')).to.equal('"{{" without "}}"');
  });

  it('lists the variables and secrets that it reads', () => {
    const template = parseTemplate('{{did}}{{sip.X-A}}{{var.b}}{{secret.C}}{{secret.D}}');
    expect(variablesOf(template)).to.deep.equal(['sip_h_X-A', 'b']);
    expect(secretsOf(template)).to.deep.equal(['C', 'D']);
  });
});
