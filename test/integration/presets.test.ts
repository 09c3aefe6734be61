import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../../lib/call/record.ts';
import { PRESETS } from '../../lib/presets/index.ts';
import { parseScheme, templatesOf, type SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  startCrm,
  type CrmReply,
  type RecordedRequest,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { secretsOf } from '../../lib/webhook/macro.ts';
import { runInside, type Run } from '../support/cli.ts';
import { presetsPage } from '../support/presets-page.ts';

/** Every preset against a CRM on a real socket that answers in the shape that its documentation shows. */

const CALLER = '+380501234567';
const KEY = 'k-4f2a9c';

interface Case {
  /** An owner whom the map has, as the CRM names him; '' where the CRM answers with the extension itself. */
  readonly owner: string;
  /** The CRM knows the caller, and this is whose he is. */
  readonly known: (owner: string) => CrmReply;
  /** It does not. */
  readonly unknown: CrmReply;
  /** It refuses the question as it does when a key or a right is missing. */
  readonly refusal: CrmReply;
  readonly refused: string;
  /** The question, as the CRM's documentation has it. */
  readonly question: (request: RecordedRequest) => unknown;
  readonly expected: unknown;
}

const json = (value: unknown, status = 200): CrmReply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});
const bodyOf = ({ body }: RecordedRequest): unknown => JSON.parse(body.toString());
const asked = ({ url }: RecordedRequest): unknown => {
  const { pathname, searchParams } = new URL(url, 'http://crm');
  return [pathname, Object.fromEntries(searchParams)];
};
const bearer = ({ headers }: RecordedRequest): string | undefined => headers['authorization'];

const CASES: Readonly<Record<string, Case>> = {
  'generic-json': {
    owner: '',
    known: () => json({ destination: '201', callerName: 'ACME Ltd' }),
    unknown: json({ destination: null }),
    refusal: json({ error: 'the table of owners is locked' }),
    refused: 'crm_error',
    question: (request) => [
      (bodyOf(request) as { caller: string }).caller,
      request.headers['webhook-signature']?.slice(0, 3),
    ],
    expected: [CALLER, 'v1,'],
  },
  'http-query': {
    owner: '',
    known: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '201\n' }),
    unknown: { status: 200, body: '' },
    refusal: {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<br />\n<b>Warning</b>: mysqli',
    },
    refused: 'body_not_text',
    question: (request) => [asked(request), bearer(request)],
    expected: [['/owner.php', { phone: CALLER, line: '15005550100' }], `Bearer ${KEY}`],
  },
  'json-rpc': {
    owner: '',
    known: () => json({ jsonrpc: '2.0', id: null, result: { destination: '201' } }),
    unknown: json({ jsonrpc: '2.0', id: null, result: { destination: null } }),
    refusal: json({ jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } }),
    refused: 'rpc_error',
    question: (request) => [
      (bodyOf(request) as { method: string }).method,
      (bodyOf(request) as { params: unknown }).params,
    ],
    expected: ['call.route', { phone: CALLER, line: '15005550100' }],
  },
  bitrix24: {
    owner: '17',
    known: (owner) =>
      json({
        result: [
          {
            CRM_ENTITY_TYPE: 'CONTACT',
            CRM_ENTITY_ID: 1,
            ASSIGNED_BY_ID: Number(owner),
            ASSIGNED_BY: { ID: owner, TIMEMAN_STATUS: 'OPENED', USER_PHONE_INNER: '14', WORK_PHONE: null },
          },
          { CRM_ENTITY_TYPE: 'LEAD', CRM_ENTITY_ID: 9, ASSIGNED_BY_ID: 1, ASSIGNED_BY: { ID: '1' } },
        ],
        time: { start: 1, finish: 2, duration: 0.02 },
      }),
    unknown: json({ result: [], time: { start: 1, finish: 2, duration: 0.02 } }),
    refusal: json({ error: 'QUERY_LIMIT_EXCEEDED', error_description: 'Too many requests' }, 503),
    refused: 'http_status',
    question: (request) => [request.method, asked(request), bodyOf(request)],
    expected: [
      'POST',
      [`/rest/1/${KEY}/telephony.externalCall.searchCrmEntities`, {}],
      { PHONE_NUMBER: CALLER },
    ],
  },
  hubspot: {
    owner: '104729',
    known: (owner) =>
      json({
        total: 1,
        results: [
          {
            id: '512',
            properties: {
              createdate: '2023-11-07T17:22:32.000Z',
              hs_object_id: '512',
              hubspot_owner_id: owner,
            },
            createdAt: '2023-11-07T17:22:32.000Z',
            updatedAt: '2023-11-07T17:22:32.000Z',
            archived: false,
          },
        ],
      }),
    unknown: json({ total: 0, results: [] }),
    refusal: json(
      {
        status: 'error',
        message: 'Authentication credentials not found.',
        category: 'INVALID_AUTHENTICATION',
      },
      401,
    ),
    refused: 'http_status',
    question: (request) => [asked(request), bearer(request), bodyOf(request)],
    expected: [
      ['/crm/v3/objects/contacts/search', {}],
      `Bearer ${KEY}`,
      {
        filterGroups: ['phone', 'mobilephone'].map((propertyName) => ({
          filters: [{ propertyName, operator: 'EQ', value: CALLER }],
        })),
        properties: ['hubspot_owner_id'],
        limit: 1,
      },
    ],
  },
  kommo: {
    owner: '8375357',
    known: (owner) =>
      json({
        _page: 1,
        _links: { self: { href: 'https://example.kommo.com/api/v4/contacts' } },
        _embedded: { contacts: [{ id: 3, name: 'ACME', responsible_user_id: Number(owner), group_id: 0 }] },
      }),
    unknown: { status: 204 },
    refusal: json({ title: 'Unauthorized', status: 401, detail: 'Invalid token' }, 401),
    refused: 'http_status',
    question: (request) => [request.method, asked(request), bearer(request)],
    expected: ['GET', ['/api/v4/contacts', { limit: '1', query: CALLER }], `Bearer ${KEY}`],
  },
  zoho: {
    owner: '554023000000235011',
    known: (owner) =>
      json({
        data: [
          { Owner: { name: 'A. Owner', id: owner, email: 'owner@example.com' }, id: '554023000000236005' },
        ],
        info: { per_page: 1, count: 1, page: 1, more_records: false },
      }),
    unknown: { status: 204 },
    refusal: json(
      { code: 'INVALID_TOKEN', details: {}, message: 'invalid oauth token', status: 'error' },
      401,
    ),
    refused: 'http_status',
    question: (request) => [asked(request), bearer(request)],
    expected: [['/crm/v5/Contacts/search', { per_page: '1', phone: CALLER }], `Zoho-oauthtoken ${KEY}`],
  },
  salesforce: {
    owner: '005Ws000001AbCDIA0',
    known: (owner) =>
      json({
        totalSize: 1,
        done: true,
        records: [
          {
            attributes: { type: 'Contact', url: '/services/data/v63.0/sobjects/Contact/003Ws000002xYzAIAU' },
            OwnerId: owner,
          },
        ],
      }),
    unknown: json({ totalSize: 0, done: true, records: [] }),
    refusal: json([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }], 401),
    refused: 'http_status',
    question: (request) => [asked(request), bearer(request)],
    expected: [
      [
        '/services/data/v63.0/query',
        { q: `SELECT OwnerId FROM Contact WHERE Phone = '${CALLER}' OR MobilePhone = '${CALLER}' LIMIT 1` },
      ],
      `Bearer ${KEY}`,
    ],
  },
  odoo: {
    owner: '5',
    known: (owner) =>
      json({ jsonrpc: '2.0', id: null, result: [{ id: 7, user_id: [Number(owner), 'A. Owner'] }] }),
    unknown: json({ jsonrpc: '2.0', id: null, result: [] }),
    refusal: json({
      jsonrpc: '2.0',
      id: null,
      error: {
        code: 200,
        message: 'Odoo Server Error',
        data: { name: 'odoo.exceptions.AccessDenied', message: 'Access Denied' },
      },
    }),
    refused: 'rpc_error',
    question: (request) => (bodyOf(request) as { params: unknown }).params,
    expected: {
      service: 'object',
      method: 'execute_kw',
      args: [
        'your-database',
        2,
        KEY,
        'res.partner',
        'search_read',
        [
          [
            ['phone_sanitized', '=', CALLER],
            ['user_id', '!=', false],
          ],
        ],
        { fields: ['user_id'], limit: 1 },
      ],
    },
  },
  'google-sheet': {
    owner: '',
    known: () => json({ destination: '201' }),
    unknown: json({ destination: null }),
    refusal: json({ error: 'wrong key' }),
    refused: 'crm_error',
    question: asked,
    expected: ['/macros/s/your-deployment/exec', { phone: CALLER, key: KEY }],
  },
};

describe('presets', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let reply: CrmReply | ((url: string) => CrmReply) = { status: 500 };
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-presets-'));

  before(async () => {
    crm = await startCrm(({ url }) => {
      // Google's way: whatever is asked, the answer lies on another address.
      if (url.startsWith('/macros/')) return { status: 302, headers: { location: `${crm.url}/echo` } };
      return typeof reply === 'function' ? reply(url) : reply;
    });
  });

  after(async () => {
    await crm.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const make = (name: string, preset: string, out = folder): Promise<Run> =>
    runInside(['new', name, '--preset', preset, '--out', out]);
  const read = (name: string): SchemeDocument =>
    JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as SchemeDocument;

  /** `try` by a scheme that was written and filled in, the CRM answering so. */
  async function attempt(
    name: string,
    says: CrmReply | ((url: string) => CrmReply),
    more: readonly string[] = [],
    change: object = {},
  ): Promise<CallRecord> {
    reply = says;
    const { owner } = CASES[name] as Case;
    const document = read(name);
    const { url, map } = document.webhook;
    const filled = {
      ...document,
      webhook: {
        ...document.webhook,
        url: url.replace(/^https:\/\/[^/]+/, crm.url),
        ...(map === undefined ? {} : { map: { [owner]: '201' } }),
        ...change,
      },
    };
    const secrets = secretNames(document).map((secret) => [`SECRET_${secret}`, KEY] as const);
    const run = await runInside(
      ['try', '--scheme', name, '--caller', CALLER, '--did', '15005550100', '--json', ...more],
      {
        settings: { GATEWAY: 'trunk', DOMAIN: 'pbx.example', ...Object.fromEntries(secrets) },
        files: { [`schemes/${name}.json`]: filled },
      },
    );
    expect(run.stderr).to.equal('');
    return JSON.parse(run.stdout) as CallRecord;
  }

  it('are those that this test knows', () => {
    expect(Object.keys(CASES)).to.deep.equal(Object.keys(PRESETS));
  });

  for (const [name, given] of Object.entries(CASES)) {
    describe(name, () => {
      const { owner, known, unknown, refusal, refused, question, expected } = given;

      before(async () => {
        const run = await make(name, name);
        expect([run.code, run.stderr]).to.deep.equal([0, '']);
      });

      it('is a valid scheme and strict: expects extensions, and ids ring nobody but by the map', () => {
        const { webhook } = schemeOf(read(name));
        expect(webhook.expect).to.deep.equal(['extension']);
        if (owner !== '') {
          expect([...webhook.map.keys()]).to.deep.equal(['id of an owner']);
          expect(webhook.unmapped).to.be.oneOf([undefined, 'nobody']);
        }
      });

      it('says what is left to do: each secret, each address and map that are examples', async () => {
        const document = read(name);
        const { stdout } = await make(`${name}-again`, name);
        for (const secret of secretNames(document)) expect(stdout).to.include(`ESL_ROUTER_SECRET_${secret}:`);
        if (/your-|example/.test(document.webhook.url)) expect(stdout).to.include('webhook.url:');
        if (document.webhook.map !== undefined) expect(stdout).to.include('webhook.map:');
        if (document.webhook.require?.includes('caller_e164') === true)
          expect(stdout).to.include('numbering.country:');
      });

      it('asks as the CRM documents it, and rings the owner', async () => {
        const before = crm.requests.length;
        const record = await attempt(name, known(owner));
        expect(record).to.include({ result: 'routed', reason: 'routed' });
        expect(record.readings.at(-1)?.result).to.match(/^extension 201/);
        expect(question(crm.requests[before] as RecordedRequest)).to.deep.equal(expected);
      });

      it('rings nobody for a caller whom the CRM does not know', async () => {
        expect(await attempt(name, unknown)).to.include({ result: 'no_route' });
      });

      it('takes a refusal of the CRM for an error', async () => {
        expect(await attempt(name, refusal)).to.include({ result: 'error', reason: refused });
      });

      if (owner !== '') {
        it('rings nobody for an owner whom the map does not have', async () => {
          const last = owner.at(-1) === '1' ? '2' : '1';
          const record = await attempt(name, known(owner.slice(0, -1) + last));
          expect(record).to.include({ result: 'no_route', reason: 'unmapped' });
        });
      }

      if (PRESETS[name]?.scheme.webhook.require !== undefined) {
        it('does not ask about a withheld caller: an empty search finds somebody', async () => {
          const before = crm.requests.length;
          const record = await attempt(name, known(owner), ['--withheld']);
          expect(record).to.include({ result: 'no_route', reason: 'nothing_to_ask' });
          expect(record.requests).to.deep.equal([]);
          expect(crm.requests).to.have.length(before);
        });
      }
    });
  }

  describe('with what their pages say of a second question and of a condition', () => {
    /** The JSON that stands in a limit behind a key, as a person copies it. */
    const copied = (name: string, key: string): Record<string, unknown> => {
      const text = PRESETS[name]?.limits.find((line) => line.includes(`\`"${key}": `)) ?? '';
      const [, json = ''] = new RegExp(`\`("${key}": .*?[\\]}])\``).exec(text) ?? [];
      return JSON.parse(`{${json.replaceAll(/https:\/\/[^/"]+/g, crm.url)}}`) as Record<string, unknown>;
    };
    const chained = { map: undefined, responseName: undefined };
    const second = (name: string, of: RegExp, reply: unknown) => (url: string) =>
      of.test(url) ? json(reply) : (CASES[name] as Case).known('42');

    it('zoho: the extension of the user who owns the contact', async () => {
      const user = { users: [{ id: '42', phone: '201', status: 'active' }] };
      const says = second('zoho', /\/users\//, user);
      const record = await attempt('zoho', says, [], { ...chained, ...copied('zoho', 'then') });
      expect(record).to.include({ result: 'routed' });
      expect(crm.requests.at(-1)?.url).to.equal('/crm/v5/users/42');
      expect(crm.requests.at(-1)?.headers['authorization']).to.equal(`Zoho-oauthtoken ${KEY}`);
    });

    it('hubspot: a property of the user who owns the contact', async () => {
      const user = { total: 1, results: [{ id: '9', properties: { your_extension: '201' } }] };
      const says = second('hubspot', /\/users\/search/, user);
      const record = await attempt('hubspot', says, [], { ...chained, ...copied('hubspot', 'then') });
      expect(record).to.include({ result: 'routed' });
      expect(bodyOf(crm.requests.at(-1) as RecordedRequest)).to.have.nested.property(
        'filterGroups.0.filters.0.value',
        '42',
      );
    });

    it('bitrix24: an owner who is at work, and one who is not', async () => {
      const { known, owner } = CASES['bitrix24'] as Case;
      const { when } = JSON.parse(
        `{${/`("when": .*?)` in/.exec(PRESETS['bitrix24']?.limits.join() ?? '')?.[1] ?? ''}}`,
      ) as { when: unknown };
      expect(await attempt('bitrix24', known(owner), [], { when })).to.include({ result: 'routed' });
      const { body = '' } = known(owner) as { body?: string };
      const closed = { status: 200, body: body.replace('OPENED', 'CLOSED') };
      expect(await attempt('bitrix24', closed, [], { when })).to.include({ reason: 'when_unmet' });
    });
  });

  describe('without webhook.require', () => {
    it('would ring the first contact of the account for a withheld caller, without webhook.require', async () => {
      const { known, owner } = CASES['kommo'] as Case;
      const record = await attempt('kommo', known(owner), ['--withheld'], { require: [] });
      expect(record).to.include({ result: 'routed' });
      expect(crm.requests.at(-1)?.url).to.equal('/api/v4/contacts?limit=1&query=');
    });
  });

  describe('esl-router new', () => {
    it('never touches a file that is there', async () => {
      await make('twice', 'kommo');
      const run = await make('twice', 'odoo');
      expect(run.code).to.equal(2);
      expect(run.stderr).to.include('twice.json: already exists');
      expect(read('twice').title).to.include('Kommo');
    });

    for (const [what, args, says] of [
      [
        'a preset that there is none',
        ['sales', '--preset', 'sap'],
        'expected one of generic-json, http-query',
      ],
      [
        'a name that no scheme may have',
        ['Sales Line', '--preset', 'odoo'],
        'expected lower-case letters, digits',
      ],
      [
        'a name that leads elsewhere',
        ['../sales', '--preset', 'odoo'],
        'expected lower-case letters, digits',
      ],
      ['no preset', ['sales'], "required option '--preset <kind>'"],
      [
        'a folder that is a file',
        ['sales', '--preset', 'odoo', '--out', 'FOLDER/config.json'],
        'sales.json: ',
      ],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const run = await runInside(['new', ...args]);
        expect(run.code).to.equal(2);
        expect(run.stderr).to.include(says).and.not.to.include('    at ');
      });
    }

    it('names the JSON Schema where it lies beside the folder, and only there', async () => {
      mkdirSync(join(folder, 'conf/schema'), { recursive: true });
      writeFileSync(join(folder, 'conf/schema/scheme.schema.json'), '{}');
      await make('sales', 'odoo', join(folder, 'conf/schemes'));
      expect(read('conf/schemes/sales').$schema).to.equal('../schema/scheme.schema.json');
      expect(read('odoo')).not.to.have.property('$schema');
    });
  });

  it('stand in docs/presets.md with their limits (npm run docs writes it)', () => {
    expect(readFileSync('docs/presets.md', 'utf8')).to.equal(presetsPage());
  });
});

function schemeOf(document: SchemeDocument) {
  const result = parseScheme(document, '');
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.scheme;
}

function secretNames(document: SchemeDocument): string[] {
  return [...new Set(templatesOf(schemeOf(document)).flatMap(secretsOf))];
}
