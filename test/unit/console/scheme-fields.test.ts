import { expect } from 'chai';
import { valueAt } from '../../../lib/console/pages/schemes/document.ts';
import { ENTRY_FIELDS, FIELDS, isShown, pathOfField } from '../../../lib/console/pages/schemes/fields.ts';
import { nodeAt, waysOf, wordsOf, type SchemaNode } from '../../../lib/console/pages/schemes/schema.ts';
import { OUTCOMES } from '../../../lib/console/pages/schemes/steps.ts';
import { schemeFields } from '../../../lib/console/words/uk/scheme-fields.ts';
import { schemeJsonSchema } from '../../../lib/scheme/json-schema.ts';

const schema = schemeJsonSchema() as SchemaNode;
/** Of fields that come with another part of the program. */
const COMING = ['mode', 'shadow', 'canary.scheme', 'canary.percent'];
/** Fields that the form has otherwise, or leaves to the JSON. */
const ELSEWHERE = ['$schema', 'fallback'];

describe('console: fields of the form', () => {
  it('has every field of a scheme, and no other', () => {
    const has = FIELDS.map(({ path }) => path);
    const leaves = (node: SchemaNode, path: string[]): string[] =>
      Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
        const own = [...path, key];
        return has.includes(own.join('.')) || child.properties === undefined
          ? [own.join('.')]
          : leaves(child, own);
      });
    const wanted = leaves(schema, []).filter((path) => !ELSEWHERE.includes(path.split('.')[0] ?? ''));
    expect(has.filter((path) => !COMING.includes(path) || wanted.includes(path)).sort()).to.deep.equal(
      wanted.sort(),
    );
  });

  it('has the fields of the page that it follows, under its labels and in its order', () => {
    const labels = FIELDS.filter(({ group, path }) => group === 'main' && path !== 'title').map((field) => {
      return nodeAt(schema, pathOfField(field))?.title;
    });
    expect(labels).to.deep.equal([
      'Name',
      'URL',
      'HTTP request method',
      'Data submission type',
      'Data import type',
      'Name in response for destination',
      'JSON-RPC method',
      'Timeout of the call to the forwarding number',
      'Max time waiting for the response',
      'Webhook parameters',
    ]);
  });

  it('has a choice for each word that a field takes', () => {
    for (const field of FIELDS.filter(({ kind }) => kind === 'choice' || kind === 'choices')) {
      const node = nodeAt(schema, pathOfField(field));
      if (node !== null) expect(wordsOf(node), field.path).not.to.be.empty;
    }
  });

  it('says every field in Ukrainian too', () => {
    const auth = nodeAt(schema, ['webhook', 'auth']) ?? {};
    const ways = [...waysOf(auth).values()].flatMap((way) => Object.keys(way).map((key) => `auth.${key}`));
    const wanted = [
      ...[...FIELDS, ...ENTRY_FIELDS].map(({ path }) => path),
      ...OUTCOMES.map((list) => `fallback.${list}`),
      'fallback',
      ...ways,
    ];
    expect(Object.keys(schemeFields).sort()).to.deep.equal([...new Set(wanted)].sort());
  });

  it('shows a field where it means something, and where it has a value', () => {
    const method = FIELDS.find(({ path }) => path === 'webhook.rpcMethod');
    if (method === undefined) throw new Error('there is no such field');
    expect(isShown(method, {})).to.equal(false);
    expect(isShown(method, { webhook: { submission: 'json-rpc' } })).to.equal(true);
    expect(isShown(method, { webhook: { rpcMethod: 'route' } })).to.equal(true);
    expect(valueAt({ webhook: { rpcMethod: 'route' } }, pathOfField(method))).to.equal('route');
  });
});
