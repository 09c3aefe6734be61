import { expect } from 'chai';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { serveApi, type Api } from '../../../lib/api/server.ts';
import { hashOf, newSecret } from '../../../lib/api/guard/auth.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { openApi, type ApiUnderTest } from '../../support/api.ts';

describe('api: its port', () => {
  let api: ApiUnderTest;
  let server: Api | null = null;
  const sockets: Socket[] = [];
  before(async () => {
    api = await openApi();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server?.close();
    server = null;
  });
  after(() => api.close());

  const open = async (settings: object, others: object = {}): Promise<number> => {
    const config = { ...api.options.config, api: { ...api.options.config.api, port: 0, ...settings } };
    server = await serveApi({ ...api.options, ...others, config });
    return server.address?.port ?? 0;
  };
  const dial = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  /** A viewer's token that this user has made. */
  const tokenOf = async (created_by: string): Promise<string> => {
    const token = `eslr_${newSecret()}`;
    const at = new Date();
    const row = { id: uuidv7(at), tenant: 'default', name: 'more', hash: hashOf(token), scopes: 'viewer' };
    const times = { created_at: at.toISOString(), expires_at: null, used_at: null, revoked_at: null };
    await api.store.accounts.addToken({ ...row, created_by, ...times });
    return token;
  };
  const faultOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => '',
      (error: unknown) => String(error),
    );

  it('refuses to listen beyond loopback without TLS, with half a certificate, or on a port in use', async () => {
    expect(await faultOf(open({ host: '0.0.0.0' }))).to.match(/beyond loopback/);
    expect(await faultOf(open({ tls: { cert: 'x.pem', key: '' } }))).to.match(/set both/);
    expect(await faultOf(open({ tls: { cert: '/nowhere.pem', key: '/nowhere.pem' } }))).to.match(/ENOENT/);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await faultOf(open({ port }))).to.match(/cannot listen on 127.0.0.1:\d+/);
    other.close();
  });

  it('is not open beyond loopback before there is a user', async () => {
    const { store } = api.options;
    const accounts = Object.create(store.accounts, { users: { value: () => Promise.resolve([]) } }) as never;
    const { config, log } = api.options;
    const settings = { ...config.api, port: 0, host: '0.0.0.0', trustedProxy: ['127.0.0.1'] };
    server = await serveApi({
      ...api.options,
      config: { ...config, api: settings },
      store: { ...store, accounts, audit: store.audit, problems: store.problems, calls: store.calls },
      log,
    });
    await new Promise(setImmediate);
    expect(server.address).to.equal(null);
    expect(api.lines.map(({ message }) => message).join()).to.match(/until there is a user/);
  });

  it('answers several Host headers, and one that is not ours, with 421', async () => {
    const port = await open({});
    for (const hosts of ['Host: localhost\r\nHost: evil.test', 'Host: evil.test']) {
      const socket = await dial(port);
      socket.write(`GET /healthz HTTP/1.1\r\n${hosts}\r\n\r\n`);
      const [reply] = (await once(socket, 'data')) as [Buffer];
      expect(reply.toString()).to.match(/^HTTP\/1.1 4\d\d/);
    }
  });

  it('ends what is smuggled', async () => {
    const port = await open({});
    const socket = await dial(port);
    socket.write(
      'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    await once(socket, 'close');
    expect(text).to.match(/^HTTP\/1.1 400/);
    expect(text).to.not.include('"ok"');
  });

  it('serves 256 readers of events, 224 of one user, turns the next one away, and cuts them all when it ends', async () => {
    const port = await open({});
    const read = async (token: string): Promise<{ reader: Socket; reply: string }> => {
      const reader = await dial(port);
      const headers = `Host: localhost\r\nAuthorization: Bearer ${token}`;
      reader.write(`GET /api/v1/live/events HTTP/1.1\r\n${headers}\r\n\r\n`);
      const [reply] = (await once(reader, 'data')) as [Buffer];
      return { reader, reply: reply.toString() };
    };
    const { reader, reply } = await read(api.tokens.operator);
    expect(reply).to.match(/^HTTP\/1.1 200[^]*text\/event-stream[^]*event: live/);
    for (let at = 1; at < 224; at++) await read(api.tokens.operator);
    // Another token of the same user.
    expect((await read(api.tokens.viewer)).reply).to.match(/^HTTP\/1.1 429/);
    const other = await tokenOf('viewer');
    for (let at = 224; at < 256; at++) expect((await read(other)).reply).to.match(/^HTTP\/1.1 200/);
    expect((await read(other)).reply).to.match(/^HTTP\/1.1 503/);
    await server?.close();
    server = null;
    if (!reader.closed) await once(reader, 'close');
  });

  it('answers what was asked before it closes, and what comes behind it with no fault', async () => {
    let answer: (text: string) => void = () => undefined;
    const asked = new Promise<void>((begun) => {
      const text = (): Promise<string> => {
        begun();
        return new Promise((resolve) => {
          answer = resolve;
        });
      };
      void open({}, { metrics: { ...api.options.metrics, text } }).then(async (port) => {
        const socket = await dial(port);
        socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
      });
    });
    await asked;
    const [socket] = sockets;
    let heard = '';
    socket?.on('data', (data) => (heard += data.toString()));
    const closed = server?.close();
    server = null;
    socket?.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    answer('up 1\n');
    await closed;
    if (socket?.closed === false) await once(socket, 'close');
    expect(heard).to.match(/^HTTP\/1.1 200[^]*up 1\n/);
    expect(heard).to.not.match(/HTTP\/1.1 5\d\d/);
  });
});
