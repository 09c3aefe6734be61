import { expect } from 'chai';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallRecord } from '../../../lib/call/record.ts';
import type { Role } from '../../../lib/api/guard/role.ts';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';
import { callRecord } from '../../support/stored.ts';

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('api: a question of a recorded call, changed and sent again', () => {
  let api: ApiUnderTest;
  let crm: Server;
  let other: Server;
  let asked: Asked[] = [];
  let strangers: Asked[] = [];
  before(async () => {
    crm = await listening((one) => asked.push(one));
    other = await listening((one) => strangers.push(one));
    const secrets = { has: () => true, read: (name: string) => `secret-of-${name}` };
    api = await openApi({}, { ESL_ROUTER_NETWORK_DENY: '127.0.0.9/32' }, { secrets });
    const webhook = {
      url: `${placeOf(crm)}/{{secret.PATH}}/route`,
      auth: { type: 'bearer', token: '{{secret.TOKEN}}' },
      parameters: { caller: '{{caller}}', code: '{{secret.CODE}}' },
    };
    const backup = { onError: [{ webhook: `${placeOf(crm)}/backup` }] };
    const document = { name: 'default', domain: 'pbx.example', webhook, fallback: backup };
    const made = await ask('PUT', '/schemes/default', 'admin', { document }, { 'if-none-match': '*' });
    expect(made.statusCode, made.body).to.equal(201);
  });
  beforeEach(() => {
    asked = [];
    strangers = [];
  });
  after(async () => {
    crm.close();
    other.close();
    await api.close();
  });

  const ask = (
    method: 'POST' | 'PUT',
    path: string,
    who: Role,
    payload: object,
    headers: Record<string, string> = {},
  ) =>
    api.app.inject({
      ...{ method, url: `/api/v1${path}`, payload },
      headers: { ...bearer(api.tokens[who]), ...headers },
    });
  /** As the router has recorded it. */
  const recorded = async (change: (record: CallRecord) => void = () => undefined): Promise<CallRecord> => {
    const record = callRecord({ scheme: 'default' });
    Object.assign(record.requests[0] ?? {}, {
      url: `${placeOf(crm)}/***/route`,
      headers: { Authorization: '***', 'Content-Type': 'application/json' },
      body: '{"caller":"380441112233","code":"***"}',
    });
    change(record);
    api.store.record(record);
    await api.store.flush();
    return record;
  };
  const again = (id: string, body: object, who: Role = 'editor') =>
    ask('POST', `/calls/${id}/send-again`, who, body);

  it('asks the CRM what was changed, with the secrets that nobody sees', async () => {
    const { id } = await recorded();
    const url = `${placeOf(crm)}/***/other?extension=305`;
    const body = '{"caller":"1","code":"***"}';
    const reply = await again(id, { question: 1, url, body, headers: { 'X-Test': '1' } });
    expect(reply.statusCode, reply.body).to.equal(200);
    expect(reply.json()).to.deep.include({ steps: ['dial 305'] });
    const [only, ...rest] = asked;
    expect(rest).to.deep.equal([]);
    expect(only?.url).to.equal('/secret-of-PATH/other?extension=305');
    expect(only?.body).to.equal('{"caller":"1","code":"secret-of-CODE"}');
    expect(only?.headers).to.include({
      ...{ authorization: 'Bearer secret-of-TOKEN', 'x-test': '1', 'x-esl-router-dry-run': '1' },
    });
    const [request] = reply.json<CallRecord>().requests;
    expect(request).to.deep.include({ url, body });
    expect(reply.body).to.not.include('secret-of');
    const [line] = await api.store.audit.page({});
    expect(line).to.include({ action: 'send again', subject: `call ${id}`, who: 'token editor' });
    expect(line?.change).to.not.include('other');
    expect(JSON.parse(line?.change ?? '')).to.deep.equal({
      ...{ question: 1, to: placeOf(crm), body: true, headers: ['X-Test'] },
    });
  });

  it('goes where the configuration lets a question go, and nowhere else', async () => {
    const { id } = await recorded();
    for (const url of [
      'http://127.0.0.9:80/',
      'http://[::ffff:127.0.0.9]/',
      'http://169.254.169.254/latest',
    ]) {
      const denied = await again(id, { question: 1, url });
      expect(denied.json<CallRecord>().requests[0], url).to.include({ answer: 'address_denied' });
      const [line] = await api.store.audit.page({});
      expect(JSON.parse(line?.change ?? ''), url).to.include({ to: new URL(url).origin });
    }
    const elsewhere = await again(id, { question: 1, url: `${placeOf(other)}/x` });
    expect(elsewhere.statusCode, elsewhere.body).to.equal(200);
    expect(strangers).to.have.length(1);
    expect(JSON.stringify(strangers)).to.not.include('secret-of');
    for (const [change, why] of [
      [{ url: `${placeOf(other)}/***` }, 'none is sent there'],
      [{ url: 'file:///etc/passwd' }, 'expected an http or https URL'],
      [{ headers: { authorization: 'Bearer x' } }, 'holds the credentials'],
      [{ body: '{"a":"***","b":"***"}' }, '1 of them'],
    ] as const) {
      const refused = await again(id, { question: 1, ...change });
      expect(refused.statusCode, refused.body).to.equal(422);
      expect(refused.body).to.include(why);
    }
    expect(strangers).to.have.length(1);
  });

  it('is for editors, of questions that the call has, and by POST alone', async () => {
    const { id } = await recorded();
    expect((await again(id, { question: 1 }, 'operator')).statusCode).to.equal(403);
    expect((await again(id, { question: 2 })).statusCode).to.equal(422);
    expect((await again(id, { question: 1, method: 'PUT' })).statusCode).to.equal(422);
    expect((await again('nobody', { question: 1 })).statusCode).to.equal(404);
    const headers = bearer(api.tokens.editor);
    const get = await api.app.inject({ method: 'GET', url: `/api/v1/calls/${id}/send-again`, headers });
    expect(get.statusCode).to.equal(404);
    expect(asked).to.deep.equal([]);
  });

  it('takes the questions before it as they were recorded', async () => {
    const { id } = await recorded(({ requests }) => {
      const [first] = requests;
      if (first === undefined) return;
      requests.push({ ...first, attempt: 2, url: `${placeOf(crm)}/backup`, body: '{"caller":"1"}' });
      Object.assign(first, { reply: null, answer: 'webhook_timeout', detail: 'no reply within 4 s' });
    });
    const reply = await again(id, { question: 2, url: `${placeOf(crm)}/backup?extension=306` });
    expect(reply.json(), reply.body).to.deep.include({ steps: ['dial 306'] });
    expect(asked.map(({ url }) => url)).to.deep.equal(['/backup?extension=306']);
    const { requests } = reply.json<CallRecord>();
    expect(requests.map(({ answer }) => answer)).to.deep.equal(['webhook_timeout', 'found']);
    const answered = await recorded(({ requests }) => {
      const [first] = requests;
      if (first !== undefined) requests.push({ ...first, attempt: 2 });
    });
    const never = await again(answered.id, { question: 2 });
    expect(never.statusCode, never.body).to.equal(422);
    expect(never.body).to.include('has no question 2');
  });
});

function listening(ask: (asked: Asked) => void): Promise<Server> {
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      ask({ url, headers, body });
      const extension = new URL(url, 'http://crm.test').searchParams.get('extension') ?? '201';
      response.end(JSON.stringify({ destination: extension, echo: headers.authorization }));
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    }),
  );
}

function placeOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
