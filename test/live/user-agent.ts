import { createSocket, type Socket } from 'node:dgram';
import { IncomingCall } from './callee.ts';
import { OutgoingCall, type CallOptions } from './caller.ts';
import type { Agent, Dialog, ResponseParts } from './dialog.ts';
import {
  answerChallenge,
  branchOf,
  cseqOf,
  headerOf,
  headersOf,
  newBranch,
  parseMessage,
  serializeMessage,
  token,
  userOf,
  type Account,
  type Header,
  type SipMessage,
} from './sip.ts';

/**
 * A SIP telephone, or a carrier, or a hundred of them: one UDP socket on the loopback interface that places calls
 * and takes them. `OutgoingCall` and `IncomingCall` hold the two halves of what happens on a call.
 */

const RETRANSMIT_MS = 500;
const RETRANSMISSIONS = 8;

interface Registration extends Account {
  /** Port of the registrar on the loopback interface. */
  readonly server: number;
}

type Script = (call: IncomingCall) => void | Promise<void>;

export class UserAgent implements Agent {
  readonly port: number;
  /** Calls that no script was waiting for, answered 404: legs that should not exist. */
  readonly unexpected: IncomingCall[] = [];

  readonly #socket: Socket;
  readonly #dialogs = new Map<string, Dialog>();
  readonly #transactions = new Map<string, (response: SipMessage) => void>();
  readonly #scripts = new Map<string, Script>();
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes) => {
      const message = parseMessage(bytes);
      if (message !== null) this.#receive(message);
    });
    socket.on('error', () => undefined);
  }

  static open(port = 0): Promise<UserAgent> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '127.0.0.1', () => {
        resolve(new UserAgent(socket));
      });
    });
  }

  get contact(): string {
    return `sip:live@127.0.0.1:${this.port}`;
  }

  /** Calls to this user part of the Request-URI go to the script. */
  on(user: string, script: Script): void {
    this.#scripts.set(user, script);
  }

  call(options: CallOptions): Promise<OutgoingCall> {
    return OutgoingCall.place(this, options);
  }

  async register({ user, domain, password, server }: Registration): Promise<void> {
    const uri = `sip:${domain}`;
    const address = `<sip:${user}@${domain}>`;
    const callId = token();
    const tag = token();
    const attempt = (cseq: number, credentials: readonly Header[]): Promise<SipMessage> =>
      this.request(server, `REGISTER ${uri} SIP/2.0`, [
        ['From', `${address};tag=${tag}`],
        ['To', address],
        ['Call-ID', callId],
        ['CSeq', `${cseq} REGISTER`],
        ['Contact', `<sip:${user}@127.0.0.1:${this.port}>`],
        ['Expires', '3600'],
        ...credentials,
      ]);
    let response = await attempt(1, []);
    if (response.status === 401) {
      const challenge = headerOf(response, 'www-authenticate');
      const answer = answerChallenge(challenge, { user, password, method: 'REGISTER', uri });
      response = await attempt(2, [['Authorization', answer]]);
    }
    if (response.status !== 200) throw new Error(`REGISTER of ${user}: ${response.startLine}`);
  }

  request(port: number, startLine: string, headers: readonly Header[]): Promise<SipMessage> {
    const branch = newBranch();
    const bytes = serializeMessage(startLine, [this.via(branch), ['Max-Forwards', '70'], ...headers]);
    return new Promise((resolve, reject) => {
      let sent = 0;
      const end = (): void => {
        clearInterval(timer);
        this.#transactions.delete(branch);
      };
      const send = (): void => {
        if (++sent <= RETRANSMISSIONS) this.send(bytes, port);
        else {
          end();
          reject(new Error(`no response to ${startLine}`));
        }
      };
      const timer = setInterval(send, RETRANSMIT_MS);
      this.#transactions.set(branch, (response) => {
        if (response.status < 200) return;
        end();
        resolve(response);
      });
      send();
    });
  }

  via(branch: string): Header {
    return ['Via', `SIP/2.0/UDP 127.0.0.1:${this.port};rport;branch=${branch}`];
  }

  send(bytes: Buffer, port: number): void {
    if (this.#closed) return;
    this.#socket.send(bytes, port, '127.0.0.1', () => undefined);
  }

  respond(request: SipMessage, line: string, more: ResponseParts = {}): void {
    const to = headerOf(request, 'to');
    const headers: Header[] = [
      ...headersOf(request, 'via').map((value): Header => ['Via', value]),
      ['From', headerOf(request, 'from')],
      ['To', more.tag === undefined || to.includes(';tag=') ? to : `${to};tag=${more.tag}`],
      ['Call-ID', headerOf(request, 'call-id')],
      ['CSeq', headerOf(request, 'cseq')],
      ...(more.headers ?? []),
    ];
    const port = /:(\d+)/.exec(headerOf(request, 'via').split(';')[0] ?? '')?.[1];
    this.send(serializeMessage(`SIP/2.0 ${line}`, headers, more.body), Number(port ?? 5060));
  }

  track(callId: string, dialog: Dialog): void {
    this.#dialogs.set(callId, dialog);
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }

  #receive(message: SipMessage): void {
    const dialog = this.#dialogs.get(headerOf(message, 'call-id'));
    if (message.status > 0) {
      const transaction = this.#transactions.get(branchOf(message));
      if (transaction !== undefined) transaction(message);
      else if (cseqOf(message).method === 'INVITE') dialog?.onResponse(message);
      return;
    }
    if (dialog !== undefined) dialog.onRequest(message);
    else if (message.method === 'INVITE') this.#invited(message);
    else if (message.method === 'OPTIONS') this.respond(message, '200 OK', { tag: token() });
    else if (message.method !== 'ACK') this.respond(message, '481 Call/Transaction Does Not Exist');
  }

  #invited(invite: SipMessage): void {
    const script = this.#scripts.get(userOf(invite.uri));
    const call = new IncomingCall(this, invite);
    this.track(headerOf(invite, 'call-id'), call);
    if (script === undefined) {
      this.unexpected.push(call);
      call.refuse('404 Not Found');
    } else {
      Promise.resolve(script(call)).catch((error: unknown) => {
        call.journal.note(`script failed: ${String(error)}`);
      });
    }
  }
}
