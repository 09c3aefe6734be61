import { expect } from 'chai';
import type { FastifyInstance } from 'fastify';
import { ROLES, type Role } from '../../../lib/api/guard/role.ts';
import { bearer, logIn, openApi, type ApiUnderTest } from '../../support/api.ts';
import { operationsOf, type Operation } from '../../support/openapi.ts';

/** Every route of the document, by everybody who may ask. */
describe('api: route x role', () => {
  let api: ApiUnderTest;
  let operations: readonly Operation[];
  before(async () => {
    api = await openApi();
    operations = operationsOf(api.app);
  });
  after(() => api.close());

  const ask = async ({ method, path }: Operation, headers: Record<string, string>): Promise<number> => {
    // Events never end: whether they begin is all that is asked here.
    if (path.endsWith('/live/events')) return askEvents(headers);
    const url = path.replace('{id}', '01890000-0000-7000-8000-000000000000').replace(/\{\w+\}/g, 'nobody');
    const payload = method === 'GET' ? {} : { payload: {} };
    return (await api.app.inject({ method, url, headers, ...payload })).statusCode;
  };
  const askEvents = async (headers: Record<string, string>): Promise<number> => {
    const reply = await api.app.inject({
      url: '/api/v1/live/events',
      headers,
      payloadAsStream: true,
    });
    reply.stream().destroy();
    return reply.statusCode;
  };

  it('finds routes, each with its role', () => {
    expect(operations.length).to.be.greaterThan(15);
    for (const { role, path } of operations) expect([...ROLES, 'anyone'], path).to.include(role);
    const open = operations
      .filter(({ role }) => role === 'anyone')
      .map(({ method, path }) => `${method} ${path}`);
    expect(open).to.deep.equal(['POST /api/v1/session', 'GET /api/v1/setup', 'POST /api/v1/setup']);
  });

  it('has every route in its document, with a role and what it answers', () => {
    const inDocument = operations.map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`);
    const outside = ['GET /healthz', 'GET /metrics'];
    expect([...inDocument, ...outside].sort()).to.deep.equal(routesOf(api.app).sort());
    for (const { method, path, responses } of operations) {
      const [first] = Object.keys(responses);
      expect(first, `${method} ${path}`).to.match(/^20[014]$/);
      const { content } = responses[first ?? ''] as { content?: object };
      expect(first === '204' || content !== undefined, `${method} ${path} says what it answers`).to.equal(
        true,
      );
    }
  });

  it('says in its document how it answers a fault, and in which ways it exports', async () => {
    for (const { method, path, responses } of operations)
      expect(responses['default'], `${method} ${path}`).to.deep.equal({
        $ref: '#/components/responses/Problem',
      });
    const { components = {} } = api.app.swagger() as { components?: { responses?: Record<string, object> } };
    const { content } = (components.responses ?? {})['Problem'] as {
      content: Record<string, { schema: { properties: object; required: string[] } }>;
    };
    const { schema } = content['application/problem+json'] ?? { schema: { properties: {}, required: [] } };
    const fault = await api.app.inject({
      url: '/api/v1/calls?limit=x',
      headers: bearer(api.tokens.viewer),
    });
    expect(fault.headers['content-type']).to.include('application/problem+json');
    expect(schema.properties).to.have.all.keys(Object.keys(fault.json<object>()));
    expect(schema.required).to.have.members(['type', 'title', 'status', 'detail']);

    const exported = operations.find(({ path }) => path.endsWith('/calls/export'))?.responses['200'];
    const types = Object.keys((exported as { content: object }).content);
    const sent = await Promise.all(
      ['csv', 'jsonl'].map(async (format) => {
        const url = `/api/v1/calls/export?format=${format}`;
        const { headers } = await api.app.inject({ url, headers: bearer(api.tokens.operator) });
        return String(headers['content-type']).replace(/;.*/, '');
      }),
    );
    expect(types).to.deep.equal(sent);
  });

  it('lets nobody in without a token, with a wrong one or an expired one', async () => {
    const nobody = [
      { host: 'localhost' },
      bearer(api.tokens.wrong),
      bearer(api.tokens.expired),
      bearer(''),
      { host: 'localhost', authorization: `Basic ${api.tokens.admin}` },
      { host: 'localhost', cookie: `esl-router=${'x'.repeat(43)}` },
    ];
    for (const operation of operations.filter(({ role }) => role !== 'anyone')) {
      for (const headers of nobody) {
        expect(await ask(operation, headers), `${operation.method} ${operation.path}`).to.equal(401);
      }
    }
  });

  it('gives each role what it may, and no more', async () => {
    for (const operation of operations.filter(({ role }) => role !== 'anyone')) {
      for (const role of ROLES) {
        const status = await ask(operation, bearer(api.tokens[role]));
        const may = ROLES.indexOf(role) >= ROLES.indexOf(operation.role as Role);
        const what = `${role}: ${operation.method} ${operation.path} ${status}`;
        if (may) expect(status, what).to.be.oneOf([200, 201, 204, 404, 409, 422]);
        else expect(status, what).to.equal(403);
      }
    }
  });

  it('changes nothing for a session without origin or CSRF token', async () => {
    const { headers } = await logIn(api.app, 'admin');
    const { origin, 'x-csrf-token': csrf, ...cookie } = headers;
    const writing = operations.filter(({ role, method }) => role !== 'anyone' && method !== 'GET');
    expect(writing.length).to.be.greaterThan(5);
    const incomplete: Record<string, string>[] = [
      cookie,
      { ...cookie, origin },
      { ...cookie, 'x-csrf-token': csrf },
      { ...cookie, origin, 'x-csrf-token': `${csrf}x` },
      { ...cookie, origin: 'null', 'x-csrf-token': csrf },
    ];
    for (const operation of writing) {
      for (const headers of incomplete) {
        expect(await ask(operation, headers), `${operation.method} ${operation.path}`).to.equal(403);
      }
    }
    expect((await api.app.inject({ url: '/api/v1/session', headers })).statusCode).to.equal(200);
  });
});

/** As the server itself prints them: `/api/v1/calls/:id (GET)`. */
function routesOf(app: FastifyInstance): string[] {
  const parts: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const found = /^(.*?)(?:├── |└── )(\S*) ?(?:\(([A-Z, ]+)\))?/.exec(line);
      if (found === null) return [];
      const [, indent = '', part = '', methods] = found;
      parts.splice(indent.length / 4, Infinity, part);
      const path = parts.join('');
      return methods === undefined ? [] : methods.split(', ').map((method) => `${method} ${path}`);
    });
}
