import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

/** A DNS server on loopback that can do what DNS servers do wrong. Written from RFC 1035, for A and AAAA. */

export type DnsReply =
  | { readonly addresses: readonly string[]; readonly ttl?: number }
  /** RFC 1035, 4.1.1: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
  | { readonly code: 2 | 3 | 5 }
  /** Nothing, for ever. */
  | { readonly hang: true }
  /** When it is called back. */
  | { readonly later: (send: (reply: DnsReply) => void) => void };

export type Family = 'A' | 'AAAA';

export class DnsServer {
  /** `A crm.example.com`, in the order of their coming. */
  readonly questions: string[] = [];
  /** By name; of addresses each family is told its own. */
  reply: (name: string, family: Family) => DnsReply = () => ({ code: 3 });
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (query, peer) => {
      this.#answer(query, (answer) => {
        socket.send(answer, peer.port, peer.address);
      });
    });
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    this.#socket.close();
  }

  #answer(query: Buffer, send: (answer: Buffer) => void): void {
    let end = 12;
    const labels: string[] = [];
    for (let length = query[end] ?? 0; length > 0; length = query[end] ?? 0) {
      labels.push(query.toString('latin1', end + 1, end + 1 + length));
      end += 1 + length;
    }
    const name = labels.join('.');
    const type = query.readUInt16BE(end + 1);
    const family: Family = type === 28 ? 'AAAA' : 'A';
    this.questions.push(`${family} ${name}`);
    const tell = (reply: DnsReply): void => {
      if ('hang' in reply) return;
      if ('later' in reply) reply.later(tell);
      else send(answerTo(query, reply, end, type));
    };
    tell(this.reply(name, family));
  }
}

type Told = Exclude<DnsReply, { hang: true } | { later: unknown }>;

/** `end` of the name in the query. */
function answerTo(query: Buffer, reply: Told, end: number, type: number): Buffer {
  const version = type === 28 ? 6 : 4;
  const records = 'code' in reply ? [] : reply.addresses.filter((address) => isIP(address) === version);
  const header = Buffer.from(query.subarray(0, 12));
  // A response, recursion available.
  header.writeUInt16BE(0x8180 | ('code' in reply ? reply.code : 0), 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const ttl = 'code' in reply ? 0 : (reply.ttl ?? 60);
  return Buffer.concat([
    header,
    query.subarray(12, end + 5),
    ...records.map((address) => recordOf(address, type, ttl)),
  ]);
}

/** Its name is the question's, by a pointer to it. */
function recordOf(address: string, type: number, ttl: number): Buffer {
  const data = Buffer.from(
    isIP(address) === 4
      ? address.split('.').map(Number)
      : expanded(address).flatMap((group) => [group >> 8, group & 0xff]),
  );
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function expanded(address: string): number[] {
  const [front = '', back = ''] = address.split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const missing = 8 - groups(front).length - groups(back).length;
  return [...groups(front), ...Array<string>(missing).fill('0'), ...groups(back)].map((group) =>
    parseInt(group, 16),
  );
}
