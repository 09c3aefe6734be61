import { expect } from 'chai';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { startCrm, type CrmReply, type SimulatedCrm } from '../../../lib/simulator/index.ts';

interface Got {
  readonly response: IncomingMessage;
  readonly body: Buffer;
}

async function ask(url: string, method = 'GET', body = ''): Promise<Got> {
  const asked = httpRequest(url, { method, agent: false });
  asked.on('error', () => undefined); // a reset after the headers is told twice
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { response, body: Buffer.concat(chunks) };
}

/** Everything that comes on a bare socket until it closes. */
async function bytes(crm: SimulatedCrm): Promise<string> {
  const { hostname, port } = new URL(crm.url);
  const socket = connect(Number(port), hostname);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  await once(socket, 'close');
  return text;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason as NodeJS.ErrnoException,
  );
  return error?.code ?? 'none';
}

describe('the simulated CRM', () => {
  let crm: SimulatedCrm;
  const start = async (reply: CrmReply): Promise<SimulatedCrm> => (crm = await startCrm(() => reply));
  afterEach(() => crm.close());

  it('answers by a table, and keeps what it was asked', async () => {
    crm = await startCrm({
      '/route': { status: 200, headers: { 'content-type': 'text/html' }, body: 'agent_007' },
      'DELETE /route': { status: 204 },
    });
    const { response, body } = await ask(`${crm.url}/route?x=1`, 'POST', 'caller=1');
    expect(body.toString()).to.equal('agent_007');
    expect(response.headers).to.include({ 'content-type': 'text/html', 'content-length': '9' });
    expect((await ask(`${crm.url}/route`, 'DELETE')).response.statusCode).to.equal(204);
    expect((await ask(`${crm.url}/other`)).response.statusCode).to.equal(404);
    const [first] = crm.requests;
    expect(first).to.deep.include({ method: 'POST', url: '/route?x=1', body: Buffer.from('caller=1') });
    expect(first!.headers['content-length']).to.equal('8');
    expect(first!.rawHeaders).to.include('Host');
  });

  it('waits, asks its handler, and can forget', async () => {
    crm = await startCrm(({ url }) => Promise.resolve({ status: 200, body: url, delayMs: 40 }), {
      record: false,
    });
    const began = performance.now();
    expect((await ask(`${crm.url}/a`)).body.toString()).to.equal('/a');
    expect(performance.now() - began).to.be.greaterThan(35);
    expect(crm.requests).to.be.empty;
  });

  it('compresses and chunks', async () => {
    await start({ status: 200, body: 'hello', gzip: true, chunked: true });
    const { response, body } = await ask(crm.url);
    expect(response.headers).to.include({ 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' });
    expect(gunzipSync(body).toString()).to.equal('hello');
  });

  it('drips', async () => {
    await start({ status: 200, body: 'abcd', dripMs: 10 });
    const began = performance.now();
    expect((await ask(crm.url)).body.toString()).to.equal('abcd');
    expect(performance.now() - began).to.be.greaterThan(35);
  });

  it('stops in the middle of a body', async () => {
    await start({ status: 200, body: 'abcd', half: true });
    expect(await codeOf(ask(crm.url))).to.equal('ECONNRESET');
    expect(await bytes(crm)).to.match(/content-length: 4\r\n[\s\S]*\r\n\r\nab$/);
  });

  for (const reset of ['before-headers', 'after-headers'] as const) {
    it(`resets the connection ${reset}`, async () => {
      await start({ reset });
      expect(await codeOf(ask(crm.url))).to.equal('ECONNRESET');
    });
  }

  it('writes any bytes: a Content-Length that is too small', async () => {
    const raw = 'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"number_01":"3 80123456789"}';
    await start({ raw });
    expect(await bytes(crm)).to.equal(raw);
  });

  it('hangs until it is closed', async () => {
    await start({ hang: true });
    const asked = codeOf(ask(crm.url));
    while (crm.requests.length === 0) await new Promise(setImmediate);
    await crm.close();
    expect(await asked).to.equal('ECONNRESET');
    await start({ status: 200 });
  });
});
