import { expect } from 'chai';
import type { FieldFault } from '../../../lib/console/api/client.ts';
import { groupOf, isRequired, placed, unsetSecret } from '../../../lib/console/pages/schemes/places.ts';
import { reachOf } from '../../../lib/console/pages/schemes/reach.ts';
import type { SchemaNode } from '../../../lib/console/pages/schemes/schema.ts';
import { OWN, OWN_SHAPES, SECURED } from '../../../lib/console/pages/schemes/shapes.ts';
import { toDosOf } from '../../../lib/console/pages/schemes/to-do.ts';
import { movesOf } from '../../../lib/console/pages/schemes/moves.ts';
import { labelOf, partsOf } from '../../../lib/console/pages/schemes/words.ts';
import { schemeFields } from '../../../lib/console/words/uk/scheme-fields.ts';
import { PRESETS } from '../../../lib/presets/index.ts';
import { schemeJsonSchema } from '../../../lib/scheme/json-schema.ts';

/** From nothing to a scheme that calls use: what leads there. */

const schema = schemeJsonSchema() as SchemaNode;
const UNSET =
  '{{secret.CRM}}: ESL_ROUTER_SECRET_CRM is not set, nor is its _FILE, and there is no file for it in ESL_ROUTER_SECRETS_DIR';

describe('console: what is wrong leads to its field', () => {
  it('calls every place by the labels that are seen there', () => {
    const label = (path: string): string => labelOf(path.split('.'), schema, {});
    expect(
      Object.fromEntries(
        [
          ...['webhook.expect', 'webhook.auth.secret', 'webhook.then.0.url', 'events.1.webhook.auth.token'],
          ...['fallback.onError.0', 'webhook.map.17', 'canary.percent', 'webhook.nonsense'],
        ].map((path) => [path, label(path)]),
      ),
    ).to.deep.equal({
      'webhook.expect': 'Kinds of destination',
      'webhook.auth.secret': 'Authentication: Secret',
      'webhook.then.0.url': 'Further questions, 1: URL',
      'events.1.webhook.auth.token': 'Events, 2: Authentication: Token',
      'fallback.onError.0': 'The CRM failed, 1',
      'webhook.map.17': "The CRM's words: 17",
      'canary.percent': 'Canary: share',
      'webhook.nonsense': 'nonsense',
    });
    expect(labelOf(['fallback', 'onError', '0'], schema, schemeFields)).to.equal('CRM не впоралася, 1');
  });

  it('finds the keys of fields in a sentence, and nothing that only looks like one', () => {
    const keys = (text: string): string[] =>
      partsOf(text, schema).flatMap((part) => ('key' in part ? [part.key] : []));
    expect(keys('201 is a number, and webhook.expect takes login only')).to.deep.equal(['webhook.expect']);
    expect(keys('see webhook.auth.')).to.deep.equal(['webhook.auth']);
    expect(keys('crm.example.com, http.proxy and toString.call')).to.deep.equal([]);
    const text = 'webhook.map: the rest, then numbering.country';
    expect(
      partsOf(text, schema)
        .map((part) => ('text' in part ? part.text : part.key))
        .join(''),
    ).to.equal(text);
  });

  it('puts a secret that is not set where the document names it', () => {
    const document = {
      webhook: { url: 'http://crm.test', auth: { type: 'hmac', secret: '{{secret.CRM}}' } },
    };
    const found = placed({ detail: UNSET, pointer: '' }, document);
    expect(found.pointer).to.equal('/webhook/auth/secret');
    expect(unsetSecret(found)).to.equal('CRM');
    // In a profile, say: it is in no field.
    expect(placed({ detail: UNSET, pointer: '' }, { webhook: {} }).pointer).to.equal('');
    const other: FieldFault = { detail: 'expected at most 30', pointer: '/webhook/timeoutSeconds' };
    expect(placed(other, document)).to.equal(other);
    expect(unsetSecret(other)).to.equal(null);
  });

  it('knows the fold of every place', () => {
    expect(groupOf(['webhook', 'auth', 'secret'])).to.equal('question');
    expect(groupOf(['match', 'did'])).to.equal('which');
    expect(groupOf(['canary'])).to.equal('which');
    expect(groupOf(['events', '0', 'webhook', 'url'])).to.equal('events');
    expect(groupOf(['fallback', 'onError', '0'])).to.equal(null);
  });

  it('requires what belongs to an object only once that is there', () => {
    expect(isRequired(schema, {}, ['canary', 'scheme'])).to.equal(false);
    expect(isRequired(schema, { canary: { percent: 5 } }, ['canary', 'scheme'])).to.equal(true);
    expect(isRequired(schema, {}, ['webhook', 'url'])).to.equal(true);
    expect(isRequired(schema, {}, ['name'])).to.equal(true);
    expect(isRequired(schema, {}, ['gateway'])).to.equal(false);
  });
});

describe('console: what is left to do on a new scheme', () => {
  const first = { name: 'sales', ...OWN_SHAPES.json };
  const known = { lines: [], first, document: first, schema, faults: [], isTried: false, isLive: false };
  const open = (of: Partial<Parameters<typeof toDosOf>[0]>): string[] =>
    toDosOf({ ...known, ...of })
      .filter(({ done }) => done !== true)
      .map(({ id }) => id);

  it('is ticked off by what is so', () => {
    const document = {
      ...first,
      webhook: { ...(OWN_SHAPES.json['webhook'] as object), url: 'http://crm.test' },
    };
    const wrong = { pointer: '/webhook/url', detail: 'expected an http or https URL' };
    expect(open({ faults: null })).to.deep.equal(['name', 'url', 'try', 'live']);
    expect(open({ faults: [wrong] })).to.deep.equal(['url', 'try', 'live']);
    expect(open({ document })).to.deep.equal(['try', 'live']);
    expect(open({ document, isTried: true })).to.deep.equal(['live']);
    expect(open({ document, isTried: true, isLive: true })).to.deep.equal([]);
    expect(open({ document, faults: [wrong], isTried: true, isLive: true })).to.deep.equal(['url']);
  });

  it('has the lines of a preset, with the field of each, and leaves to a person what only he knows', () => {
    const { scheme, toDo } = PRESETS['generic-json'] ?? { scheme: {}, toDo: [] };
    const began = { name: 'crm', ...scheme };
    const asked = (document: Readonly<Record<string, unknown>>, faults: readonly FieldFault[]) =>
      toDosOf({ ...known, lines: toDo, first: began, document, faults }).map(({ path, done }) => [
        path?.join('.') ?? '',
        done,
      ]);
    const unset = [{ pointer: '/webhook/auth/secret', detail: UNSET }];
    expect(asked(began, unset)).to.deep.equal([
      ['name', true],
      ['webhook.url', false],
      ['webhook.auth.secret', false],
      ['numbering.extensionDigits', 'by_hand'],
      ['webhook.expect', 'by_hand'],
      ['', false],
      ['', false],
    ]);
    const changed = {
      ...began,
      numbering: { extensionDigits: [4, 4] },
      webhook: { url: 'http://crm.test/route', expect: ['extension'] },
    };
    expect(asked(changed, [])).to.deep.equal([
      ['name', true],
      ['webhook.url', true],
      ['', true],
      ['numbering.extensionDigits', true],
      ['webhook.expect', 'by_hand'],
      ['', false],
      ['', false],
    ]);
  });

  it('begins as what needs no secret', () => {
    for (const name of SECURED) expect(JSON.stringify(PRESETS[name]?.scheme), name).to.include('{{secret.');
    for (const shape of OWN) expect(JSON.stringify(OWN_SHAPES[shape]), shape).not.to.include('secret');
  });
});

describe('console: which calls reach a scheme', () => {
  const of = { name: 'sales', state: 'live', document: {}, use: null, defaultName: 'main' } as const;

  it('goes by the rules that choose a scheme', () => {
    expect(reachOf(of)).to.deep.equal({ kind: 'live', isDefault: false, match: [] });
    expect(reachOf({ ...of, defaultName: 'sales' })).to.include({ kind: 'live', isDefault: true });
    const match = { context: 'public', did: ['1500*', '44*'] };
    expect(reachOf({ ...of, state: 'file', document: { match } })).to.deep.include({
      match: [
        { part: 'did', globs: ['1500*', '44*'] },
        { part: 'context', globs: ['public'] },
      ],
    });
  });

  it('is none where no call may use it, whatever it matches', () => {
    const matching = { ...of, document: { match: { did: '*' } }, defaultName: 'sales' };
    expect(reachOf({ ...matching, state: 'draft' })).to.deep.equal({ kind: 'unused', state: 'draft' });
    expect(reachOf({ ...matching, state: 'shadow' })).to.deep.equal({ kind: 'shadow' });
    expect(reachOf({ ...matching, document: { mode: 'shadow' } })).to.deep.equal({ kind: 'shadow' });
    const use = { name: 'sales', revision: 1, use: 'hidden', by: 'sales.json' } as const;
    expect(reachOf({ ...matching, use })).to.deep.equal({ kind: 'not_in_use' });
  });
});

describe('console: what a tried call comes to', () => {
  const braces = '{originate_timeout=25,ignore_early_media=true}';
  const caller = '[origination_caller_id_number=1,origination_caller_id_name=A]';

  it('says who rings, by which way and how long', () => {
    const moves = movesOf({
      steps: ['dial 380441234567', 'dial 201,202', 'dialplan'],
      dialStrings: [
        `${braces}${caller}sofia/gateway/one/380441234567`,
        `${braces}[origination_caller_id_number=2]sofia/gateway/two/380441234567`,
        `${braces}${caller}user/201@pbx.test,${caller}user/202@pbx.test`,
      ],
    });
    expect(moves).to.deep.equal([
      { kind: 'ring', whom: ['380441234567'], gateways: ['one', 'two'], domains: [], seconds: 25 },
      { kind: 'ring', whom: ['201', '202'], gateways: [], domains: ['pbx.test'], seconds: 25 },
      { kind: 'dialplan' },
    ]);
  });

  it('says less where a dial string says less, and knows every step', () => {
    const moves = movesOf({
      steps: ['dial 201', 'transfer 900 default', 'hangup USER_BUSY', 'scheme night', 'webhook http://b'],
      dialStrings: [],
    });
    expect(moves).to.deep.equal([
      { kind: 'ring', whom: ['201'], gateways: [], domains: [], seconds: null },
      { kind: 'transfer', extension: '900', context: 'default' },
      { kind: 'hangup', cause: 'USER_BUSY' },
      { kind: 'scheme', name: 'night' },
      { kind: 'other', text: 'webhook http://b' },
    ]);
  });
});
