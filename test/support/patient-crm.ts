import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers `/now` at once and nothing else ever; tells how each request ended. */
export class PatientCrm {
  /** By path and caller: `whole`, or `aborted` by the router. */
  readonly ends = new Map<string, Promise<'whole' | 'aborted'>>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const { url = '' } = request;
      const end = new Promise<'whole' | 'aborted'>((resolve) => {
        response.once('close', () => {
          resolve(response.writableFinished ? 'whole' : 'aborted');
        });
      });
      this.ends.set(url, end);
      if (url.startsWith('/now')) response.end('{"destination":"201"}');
    });
  }

  static async start(): Promise<PatientCrm> {
    const server = createServer();
    const crm = new PatientCrm(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return crm;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
