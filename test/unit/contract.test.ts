import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HANGUP_CAUSES } from '../../lib/call/cause.ts';
import { answer } from '../../lib/dial/answer.ts';
import { parseRoute } from '../../lib/dial/route.ts';
import { parseScheme } from '../../lib/scheme/scheme.ts';
import { FIRST } from '../../lib/webhook/macro.ts';
import { FORMATS } from '../../lib/webhook/formats/index.ts';
import { question, QUESTION, WHY } from '../../lib/webhook/question.ts';
import { buildRequest } from '../../lib/webhook/request.ts';
import { RULES } from '../support/rules.ts';
import { schemePage } from '../support/scheme-page.ts';
import { schemas } from '../support/schemas.ts';
import { contextOf, TRACEPARENT, webhookOf } from '../support/scheme.ts';

type Node = Record<string, unknown>;

const FOLDER = 'conf/schema';
const written = (file: string): Node => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Node;

/** Every property anywhere in a schema, by its path. */
function propertiesOf(node: unknown, path = ''): [path: string, schema: Node][] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'examples' || key === 'default' || key === 'enum') return [];
    if (key !== 'properties') return propertiesOf(value, `${path}/${key}`);
    return Object.entries(value as Node).flatMap(([name, schema]): [string, Node][] => [
      [`${path}/${name}`, schema as Node],
      ...propertiesOf(schema, `${path}/${name}`),
    ]);
  });
}

describe('conf/schema', () => {
  it('is what the types make of it (npm run docs writes it)', () => {
    const made = schemas();
    expect(readdirSync(FOLDER).sort()).to.deep.equal(Object.keys(made).sort());
    for (const [file, schema] of Object.entries(made))
      expect(written(file), file).to.deep.equal(JSON.parse(JSON.stringify(schema)));
  });

  it('describes every field: label and sentence, and a unit in every field of time', () => {
    for (const file of Object.keys(schemas())) {
      const properties = propertiesOf(written(file));
      expect(properties, file).to.have.length.above(5);
      const bare = properties.filter(([, { title, description }]) => !title || !description);
      expect(
        bare.map(([path]) => path),
        file,
      ).to.deep.equal([]);
      const timeless = properties.filter(
        ([path, schema]) => /(Seconds|Ms|timeout)$/.test(path) && schema['x-unit'] === undefined,
      );
      expect(timeless.map(([path]) => path)).to.deep.equal([]);
    }
  });

  it('gives examples and defaults that each field takes', () => {
    for (const file of Object.keys(schemas())) {
      const { $schema, definitions } = written(file);
      for (const [path, schema] of propertiesOf(written(file))) {
        const field = z.fromJSONSchema({
          $schema,
          ...schema,
          ...(definitions === undefined ? {} : { definitions }),
        } as never);
        const given = [...((schema['examples'] as unknown[] | undefined) ?? []), schema['default']];
        const wrong = given.filter((value) => value !== undefined && !field.safeParse(value).success);
        expect(wrong, `${file} ${path}`).to.deep.equal([]);
      }
    }
  });

  it('is what docs/schemes.md says (npm run docs writes it)', () => {
    const page = readFileSync('docs/schemes.md', 'utf8');
    expect(page).to.equal(schemePage());
    for (const [path] of propertiesOf(written('scheme.schema.json'))) {
      const key = path.split('/').at(-1) ?? '';
      expect(page, key).to.match(new RegExp(`[\`.]${key.replace('$', '\\$')}\``));
    }
  });

  it('keeps the default of each field that has one, of lists too', () => {
    const properties = new Map(propertiesOf(written('scheme.schema.json')));
    expect(properties.get('/webhook/responseName')).to.deep.include({ default: ['destination'] });
    expect(properties.get('/forwardingTimeoutSeconds')).to.include({ default: 30 });
    expect(properties.get('/numbering/dialAs')).to.deep.include({ default: 'digits', examples: ['plus'] });
  });

  describe('of a scheme, as an editor reads it,', () => {
    const schema = z.fromJSONSchema(written('scheme.schema.json'));
    const files = ['conf/schemes', 'conf/examples'].flatMap((folder) =>
      readdirSync(folder).map((file) => join(folder, file)),
    );

    for (const file of files) {
      it(`takes ${file}`, () => {
        expect(schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))).to.include({ success: true });
      });
    }

    const scheme = { name: 'sales', webhook: { url: 'https://crm.example.com/' } };
    for (const [what, document] of Object.entries({
      'a key that does not exist': { ...scheme, forwardingTimeout: 20 },
      'the same within the webhook': { ...scheme, webhook: { ...scheme.webhook, timeout: 4 } },
      'a scheme without a name': { webhook: scheme.webhook },
      'a word that is none of the list': { ...scheme, extensions: 'users' },
      'a number out of range': { ...scheme, forwardingTimeoutSeconds: 1 },
      'a country that there is none': { ...scheme, numbering: { country: 'XX' } },
      'a hangup cause that there is none': { ...scheme, fallback: { onBusy: [{ hangup: 'BUSY' }] } },
      'an authentication without its key': {
        ...scheme,
        webhook: { ...scheme.webhook, auth: { type: 'bearer' } },
      },
    })) {
      it(`refuses ${what}, as the router does`, () => {
        expect(schema.safeParse(document)).to.include({ success: false });
        expect(parseScheme(document, '')).to.include({ ok: false });
      });
    }

    it('may be named in the file: "$schema" says nothing to the router', () => {
      const named = { $schema: '../schema/scheme.schema.json', ...scheme };
      expect(schema.safeParse(named)).to.include({ success: true });
      const [one, other] = [parseScheme(named, 'r'), parseScheme(scheme, 'r')];
      expect(one).to.deep.equal(other).and.to.include({ ok: true });
    });
  });

  it('has the question as it is sent, as JSON and as params of JSON-RPC', () => {
    const schema = z.fromJSONSchema(written('question.schema.json'));
    const asked = (webhook: Parameters<typeof webhookOf>[0], occasion = FIRST): unknown => {
      const { body } = buildRequest({
        webhook: webhookOf(webhook),
        context: contextOf({ occasion }),
        webhookId: 'msg_1',
        traceparent: TRACEPARENT,
        version: '1',
        dryRun: false,
      });
      return JSON.parse(body ?? '');
    };
    const sent = asked({});
    const { params } = asked({ submission: 'json-rpc', rpcMethod: 'route' }) as { params: unknown };
    for (const document of [sent, params]) {
      expect(question.safeParse(document)).to.include({ success: true });
      expect(schema.safeParse(document)).to.include({ success: true });
      expect(Object.keys(document as object)).to.deep.equal(Object.keys(QUESTION));
    }
    expect(schema.safeParse({ ...(sent as object), attempt: '1' })).to.include({ success: false });
    const occasion = {
      event: 'route.no_answer',
      failedReason: 'busy',
      failedStatus: '',
      outcome: 'busy',
      tried: '201',
    } as const;
    const later = asked({}, occasion);
    expect(schema.safeParse(later)).to.include({ success: true });
    expect(Object.keys(later as object)).to.deep.equal(Object.keys({ ...QUESTION, ...WHY }));
    expect(later).to.include({
      event: 'route.no_answer',
      failed_reason: 'busy',
      outcome: 'busy',
      tried: '201',
    });
  });

  it('has the same fields of the question as docs/crm.md', () => {
    const rows = [...readFileSync('docs/crm.md', 'utf8').matchAll(/^\| (`[^|]*) \|.*\|$/gm)];
    const named = rows.flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]),
    );
    expect(named).to.include.members(Object.keys(question.shape));
  });

  describe('of an answer', () => {
    const schema = z.fromJSONSchema(written('answer.schema.json'));
    const who = fc.constantFrom('201', '+380441234567', 'agent_007', 202, 380441234567);
    const beside = {
      timeout: fc.integer({ min: 2, max: 300 }),
      callerName: fc.constantFrom('ACME Ltd', 'Олена'),
    };
    const together = fc.array(who, { minLength: 1, maxLength: 3 });
    const action = fc.oneof(
      fc.record({ hangup: fc.constantFrom(...Object.keys(HANGUP_CAUSES)) }),
      fc.record({ dialplan: fc.constant(true) }),
      fc.record({ scheme: fc.constantFrom('night', 'a-1') }),
    );
    const element = fc.oneof(
      who,
      together,
      fc.record({ destination: fc.oneof(who, together), ...beside }, { requiredKeys: ['destination'] }),
      action,
    );
    const destination = fc.oneof(fc.constantFrom(null, ''), who, fc.array(element, { maxLength: 3 }));
    const whole = fc.oneof(action, fc.record({ destination, ...beside }, { requiredKeys: ['destination'] }));

    it('takes nothing that the router refuses for its shape', () => {
      fc.assert(
        fc.property(whole, (document) => {
          expect(answer.safeParse(document)).to.include({ success: true });
          expect(schema.safeParse(document)).to.include({ success: true });
          const read = FORMATS.json.import.read(JSON.stringify(document), { responseName: ['destination'] });
          if (read.kind !== 'found') {
            expect(read.kind).to.equal('none');
            return;
          }
          const route = parseRoute(read.value, RULES, { beside: read.beside });
          expect(
            route.readings.filter(({ result }) => /refused|left out|ignored/.test(result)),
          ).to.deep.equal([]);
        }),
      );
    });

    for (const [what, document] of Object.entries({
      'a hangup cause that there is none': { hangup: 'BUSY' },
      'a timeout beyond the longest': { destination: '201', timeout: 900 },
      'lists within lists within lists': { destination: [[['201']]] },
      'true as a destination': { destination: true },
      'nothing at all': {},
    })) {
      it(`has no ${what}`, () => {
        expect(answer.safeParse(document)).to.include({ success: false });
        expect(schema.safeParse(document)).to.include({ success: false });
      });
    }
  });
});
