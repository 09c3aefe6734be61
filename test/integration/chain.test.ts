import { expect } from 'chai';
import { answers, busy, rings, scenarios, Stage, type Outcome, type Scenario } from '../support/scenario.ts';

/** Questions that follow from one another, why a question is asked, and the trace that all of them carry. */

type Hook = NonNullable<NonNullable<Scenario['scheme']>['webhook']>;

const user = (...logins: string[]): string[] => logins.map((login) => `user/${login}@pbx.example`);
const GET = { method: 'GET', submission: 'http', import: 'json' } as const;
const OWNER = { json: { data: [{ owner: { id: 17 } }] } } as const;
const NOBODY = { fallback: { onNoRoute: [{ dial: '299' }], onError: [{ dial: '298' }] } };
const paths = ({ requests, name }: Outcome): string[] =>
  requests.map(({ url }) => url.slice(name.length + 2));
const reasons = ({ record }: Outcome): (string | null)[] => record.requests.map(({ answer }) => answer);
const bodyOf = (request: Outcome['requests'][number] | undefined): Record<string, unknown> =>
  JSON.parse(request?.body.toString() ?? '') as Record<string, unknown>;

/** Contact -> owner: the second question has what the first reply says under `data.0.owner.id`. */
const chain = (more: Partial<Hook> = {}, second: object = {}): NonNullable<Scenario['scheme']> => ({
  webhook: {
    parameters: { phone: '{{caller}}' },
    then: [{ url: 'CRM/owners/{{reply.data.0.owner.id}}', ...GET, responseName: 'ext', ...second }],
    ...more,
  },
  ...NOBODY,
});

const chains: Scenario[] = [
  {
    title: 'contact -> owner -> extension, each by what the reply before says',
    scheme: chain({
      auth: { type: 'bearer', token: '{{secret.TOKEN}}' },
      headers: { 'X-Tenant': 'acme' },
      then: [
        { url: 'CRM/owners/{{reply.data.0.owner.id}}', ...GET },
        { url: 'CRM/phones', parameters: { of: '{{reply.user}}', line: '{{did}}' }, responseName: 'ext' },
      ],
    }),
    reply: { route: OWNER, 'owners/17': { json: { user: 'u-4' } }, phones: { json: { ext: '201' } } },
    check: (outcome) => {
      const { dialled, requests, record, marker, line } = outcome;
      expect(dialled).to.deep.equal(user('201'));
      expect(paths(outcome)).to.deep.equal(['route', 'owners/17', 'phones']);
      expect(bodyOf(requests[2])).to.deep.equal({ of: 'u-4', line: '15005550100' });
      for (const { headers } of requests)
        expect(headers).to.include({ authorization: 'Bearer tok-77', 'x-tenant': 'acme' });
      expect(record.requests.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
      expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).to.equal(3);
      expect(reasons(outcome)).to.deep.equal(['found', 'found', 'found']);
      const traces = requests.map(({ headers }) => String(headers['traceparent']).split('-'));
      for (const [version, trace, parent, flags] of traces) {
        expect([version, trace, flags]).to.deep.equal(['00', record.id, '01']);
        expect(parent).to.match(/^(?!0{16})[0-9a-f]{16}$/);
      }
      expect(new Set(traces.map(([, , parent]) => parent)).size).to.equal(3);
      expect(record.id).to.match(/^(?!0{32})[0-9a-f]{32}$/);
      expect([marker('trace'), line['trace']]).to.deep.equal([record.id, record.id]);
    },
  },
  ...[
    ['no owner', { data: [{ owner: { id: '' } }] }],
    ['null', { data: [{ owner: { id: null } }] }],
    ['no contact', { data: [] }],
    ['an object where an id was to be', { data: [{ owner: { id: { a: 1 } } }] }],
    ['a list', { data: [{ owner: { id: [17] } }] }],
    ['a page of text', { data: [{ owner: { id: 'x'.repeat(513) } }] }],
    ['a destination of its own, and an action', { destination: '203', dialplan: true }],
  ].map(([what, json]): Scenario => ({
    title: `ends as nobody, and asks nothing more: ${what as string}`,
    scheme: chain(),
    reply: { route: { json: json as never } },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('299'));
      expect(paths(outcome)).to.deep.equal(['route']);
      expect(outcome.marker('reason')).to.equal('reply_ends_chain');
      expect(outcome.marker('result')).to.equal('no_route');
    },
  })),
  {
    title: 'reads own properties alone',
    scheme: chain({}, { url: 'CRM/owners/{{reply.constructor.name}}' }),
    reply: { route: OWNER },
    check: (outcome) => {
      expect(paths(outcome)).to.deep.equal(['route']);
      expect(outcome.marker('reason')).to.equal('reply_ends_chain');
    },
  },
  {
    title: 'ends as nobody where a question in the middle says so by its status',
    scheme: chain({ noRouteStatuses: [404] }),
    reply: { route: { status: 404, body: '{}' } },
    check: ({ dialled, marker }) => {
      expect(dialled).to.deep.equal(user('299'));
      expect(marker('reason')).to.equal('no_route_status');
    },
  },
  {
    title: 'ends as the error of a question in the middle',
    scheme: chain({
      then: [
        { url: 'CRM/owners/{{reply.data.0.owner.id}}', ...GET, errorName: 'error' },
        { url: 'CRM/phones/{{reply.user}}', ...GET },
      ],
    }),
    reply: { route: OWNER, 'owners/17': { json: { user: '4', error: 'locked' } } },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('298'));
      expect(outcome.marker('reason')).to.equal('crm_error');
      expect(reasons(outcome)).to.deep.equal(['found', 'crm_error']);
    },
  },
  ...[
    ['../../admin?x=1#y', 'owners/..%2F..%2Fadmin%3Fx%3D1%23y'],
    ['a/b\\c', 'owners/a%2Fb%5Cc'],
    ['%2e%2e', 'owners/%252e%252e'],
    ['17\r\nX-Evil: 1', 'owners/17%0D%0AX-Evil%3A%201'],
    ['{{secret.TOKEN}}', 'owners/%7B%7Bsecret.TOKEN%7D%7D'],
  ].map(([value = '', path = '']): Scenario => ({
    title: `a hostile value stays in its segment of the path: ${JSON.stringify(value)}`,
    scheme: chain({}, { headers: { 'X-Owner': '{{reply.data.0.owner.id}}' } }),
    reply: (request) =>
      request.url.endsWith('/route')
        ? { json: { data: [{ owner: { id: value } }] } }
        : { json: { ext: '201' } },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('201'));
      expect(paths(outcome)).to.deep.equal(['route', path]);
      const { rawHeaders, headers } = outcome.requests[1] as Outcome['requests'][number];
      expect(headers).not.to.have.any.keys('x-evil');
      expect(JSON.stringify(rawHeaders)).not.to.include('tok-77');
      expect(headers['x-owner']).to.match(/^[\x20-\x7e]+$/);
    },
  })),
  ...['.', '..'].map((value): Scenario => ({
    title: `a value that would lead to another path is not asked about: ${value}`,
    scheme: chain(),
    reply: { route: { json: { data: [{ owner: { id: value } }] } } },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('298'));
      expect(paths(outcome)).to.deep.equal(['route']);
      expect(outcome.marker('reason')).to.equal('request_invalid');
    },
  })),
  {
    title: 'a hostile value stays in its parameter of a form, and in its text of a JSON body',
    scheme: chain({
      then: [
        {
          url: 'CRM/form',
          method: 'POST',
          submission: 'http',
          import: 'json',
          parameters: { id: '{{reply.data.0.owner.id}}', role: 'user' },
        },
        { url: 'CRM/document', body: { id: '{{reply.id}}', role: 'user' }, responseName: 'ext' },
      ],
    }),
    reply: {
      route: { json: { data: [{ owner: { id: '7&role=admin' } }] } },
      form: { json: { id: '7","role":"admin' } },
      document: { json: { ext: '201' } },
    },
    check: ({ requests, dialled }) => {
      expect(dialled).to.deep.equal(user('201'));
      expect(requests[1]?.body.toString()).to.equal('id=7%26role%3Dadmin&role=user');
      expect(bodyOf(requests[2])).to.deep.equal({ id: '7","role":"admin', role: 'user' });
    },
  },
  {
    title: 'all questions have one budget',
    scheme: chain({ timeoutSeconds: 3 }),
    reply: { route: { ...OWNER, delayMs: 600 }, 'owners/17': { hang: true } },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('298'));
      expect(reasons(outcome)).to.deep.equal(['found', 'webhook_timeout']);
      // By the router's own clock: the second question had what the first one left.
      expect(Number(/within (\d+) ms/.exec(String(outcome.line['detail']))?.[1])).to.be.within(1, 2400);
      expect(Number(outcome.line['decidedMs'])).to.be.at.least(2990);
    },
  },
  {
    title: 'JSON-RPC: within the result',
    scheme: chain(
      { submission: 'json-rpc', import: 'json-rpc', rpcMethod: 'search' },
      {
        submission: 'json-rpc',
        import: 'json-rpc',
        rpcMethod: 'read',
        url: 'CRM/rpc',
        parameters: { id: '{{reply.0.owner}}' },
      },
    ),
    reply: (request) => {
      const { id } = bodyOf(request);
      const result = request.url.endsWith('/rpc') ? { ext: 201 } : [{ owner: 17 }];
      return { json: { jsonrpc: '2.0', id: id as string, result } };
    },
    check: ({ dialled, requests }) => {
      expect(dialled).to.deep.equal(user('201'));
      expect(bodyOf(requests[1])).to.deep.include({ method: 'read', params: { id: '17' } });
    },
  },
  {
    title: 'echo: each question has its own id, and a reply to the first is none to the second',
    scheme: chain({ echo: { header: 'X-Request-Id' } }, { echo: { header: 'X-Request-Id' } }),
    reply: (() => {
      let first = '';
      return (request) => {
        const id = String(request.headers['x-request-id']);
        first ||= id;
        const body = JSON.stringify(request.url.endsWith('/route') ? OWNER.json : { ext: '201' });
        return { status: 200, headers: { 'x-request-id': first }, body };
      };
    })(),
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('298'));
      expect(reasons(outcome)).to.deep.equal(['found', 'reply_foreign']);
    },
  },
  {
    title: 'map, expect and unmapped are for the last reply',
    scheme: chain({ map: { 'u-4': '204' }, expect: ['extension'] }),
    reply: { route: OWNER, 'owners/17': { json: { ext: 'u-4' } } },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(user('204'));
    },
  },
  {
    title: 'a backup of a chain is one question, whose reply names the destination',
    scheme: {
      ...chain({ auth: { type: 'bearer', token: '{{secret.TOKEN}}' } }),
      fallback: { onError: [{ webhook: 'CRM/backup?{{event}}={{failed.reason}}-{{failed.status}}' }] },
    },
    reply: (request) => {
      if (request.url.endsWith('/route')) return OWNER;
      if (request.url.includes('/backup')) return { json: { destination: '207' } };
      return { status: 500, body: 'down' };
    },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal(user('207'));
      expect(paths(outcome)).to.deep.equal(['route', 'owners/17', 'backup?route.backup=http_status-500']);
      expect(outcome.requests[2]?.headers).not.to.have.any.keys('authorization');
      expect(outcome.record.requests.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
    },
  },
];

const conditions: Scenario[] = [
  ['OPENED', '201'],
  ['CLOSED', '299'],
  ['', '299'],
].map(([status = '', who = '']) => ({
  title: `when: the owner's working day is ${JSON.stringify(status)}`,
  scheme: {
    webhook: {
      responseName: 'result.0.ASSIGNED_BY.USER_PHONE_INNER',
      when: { 'result.0.ASSIGNED_BY.TIMEMAN_STATUS': ['OPENED', 'PAUSED'] },
    },
    ...NOBODY,
  },
  reply: {
    json: { result: [{ ASSIGNED_BY: { USER_PHONE_INNER: '201', TIMEMAN_STATUS: status } }] },
  },
  check: ({ dialled, marker }) => {
    expect(dialled).to.deep.equal(user(who));
    expect(marker('reason')).to.equal(who === '201' ? 'routed' : 'when_unmet');
  },
}));

const occasions: Scenario[] = [
  {
    title: 'a backup in onError is told what failed',
    scheme: { fallback: { onError: [{ webhook: 'CRM/backup' }, { webhook: 'CRM/second' }] } },
    reply: {
      route: { status: 503, body: 'down' },
      backup: { text: '<html>' },
      second: { json: { destination: '201' } },
    },
    check: ({ requests }) => {
      const [first, backup, second] = requests.map(bodyOf);
      expect(first).to.include({ event: 'route.request' }).and.not.to.have.any.keys('failed_reason', 'tried');
      const common = { event: 'route.backup', outcome: '', tried: '' };
      expect(backup).to.include({ ...common, failed_reason: 'http_status', failed_status: '503' });
      expect(second).to.include({ ...common, failed_reason: 'body_not_json', failed_status: '200' });
    },
  },
  {
    title: 'a webhook in onNoRoute is told why there is nobody',
    scheme: { fallback: { onNoRoute: [{ webhook: 'CRM/backup' }] } },
    reply: { route: { json: { destination: null } }, backup: { json: { destination: '201' } } },
    check: ({ requests }) => {
      const told = { event: 'route.no_route', failed_reason: 'empty_value', failed_status: '200' };
      expect(bodyOf(requests[1])).to.include(told);
    },
  },
  {
    title: 'a webhook after the bridge is told whom the call has rung, and how that ended',
    scheme: {
      webhook: { parameters: { why: '{{event}} {{failed.reason}} {{outcome}} {{tried}}' } },
      fallback: { onNoAnswer: [{ webhook: 'CRM/backup' }], onBusy: [{ webhook: 'CRM/backup' }] },
    },
    reply: {
      route: { json: { destination: ['201', ['202', '203']] } },
      backup: { json: { destination: '204' } },
    },
    callees: { '201': rings, '202': busy, '203': busy, '204': answers() },
    check: ({ requests, dialled }) => {
      expect(dialled.slice(-1)).to.deep.equal(user('204'));
      expect(requests.map(bodyOf)).to.deep.equal([
        { why: 'route.request   ' },
        { why: 'route.no_answer busy busy 201,202,203' },
      ]);
    },
  },
  {
    title: 'the first question of a scheme that the call is handed to is a request',
    scheme: { fallback: { onError: [{ scheme: 'OTHER-night' }] } },
    others: { night: {} },
    reply: { route: { status: 500, body: '' }, night: { json: { destination: '201' } } },
    check: ({ requests }) => {
      expect(requests.map((request) => bodyOf(request)['event'])).to.deep.equal([
        'route.request',
        'route.request',
      ]);
    },
  },
];

const traces: Scenario[] = [
  {
    title: 'traceparent: a retry repeats it, a header of the scheme takes its place',
    scheme: {
      webhook: { retryStatuses: [503], retries: 1 },
      fallback: { onError: [{ scheme: 'OTHER-own' }] },
    },
    others: { own: { webhook: { headers: { Traceparent: '00-own' } } } },
    reply: { route: { status: 503, body: '' }, own: { json: { destination: '201' } } },
    check: ({ requests, record }) => {
      const [first, retry, own] = requests.map(({ headers }) => headers['traceparent']);
      expect(first).to.match(new RegExp(`^00-${record.id}-[0-9a-f]{16}-01$`));
      expect(retry).to.equal(first);
      expect(own).to.equal('00-own');
    },
  },
];

const settings = { settings: { SECRET_TOKEN: 'tok-77' } };
scenarios('a chain of questions', chains, settings);
scenarios('webhook.when', conditions, settings);
scenarios('why a question is asked', occasions, settings);
scenarios('the trace of a call', traces, settings);

describe('a chain of questions, remembered', () => {
  const cached: Scenario = {
    title: 'cache',
    scheme: chain({ cacheSeconds: 60 }),
    reply: (request) => (request.url.endsWith('/route') ? OWNER : { json: { ext: '201' } }),
    check: () => undefined,
  };
  let owner: 'up' | 'down' = 'up';
  const stale: Scenario = {
    ...cached,
    title: 'last good',
    scheme: chain({ lastGoodSeconds: 60 }),
    reply: (request) => {
      if (request.url.endsWith('/route')) return OWNER;
      return owner === 'up' ? { json: { ext: '201' } } : { status: 500, body: '' };
    },
  };
  const nobody: Scenario = { ...cached, title: 'nobody', reply: { route: { json: { data: [] } } } };
  let stage: Stage;

  before(async () => {
    stage = await Stage.open([cached, stale, nobody], settings);
  });

  after(() => stage.close());

  it('by what the whole of it came to: no question is asked', async () => {
    expect((await stage.play(cached)).requests).to.have.length(2);
    const again = await stage.play(cached);
    expect(again.dialled).to.deep.equal(user('201'));
    expect(again.record.requests).to.deep.equal([]);
    expect(again.record.recalled).to.have.length(1);
  });

  it('where it ended as nobody too', async () => {
    await stage.play(nobody);
    const again = await stage.play(nobody);
    expect(again.dialled).to.deep.equal(user('299'));
    expect(again.record.requests).to.deep.equal([]);
    expect(again.record.decisions[0]?.reason).to.equal('reply_ends_chain');
  });

  it('for the time when a question in the middle fails', async () => {
    await stage.play(stale);
    owner = 'down';
    const again = await stage.play(stale);
    expect(again.dialled).to.deep.equal(user('201'));
    expect(again.record.recalled[0]).to.include({ stale: true });
  });
});
