import type { Agent, Dialog } from './dialog.ts';
import { Journal, SOON } from './journal.ts';
import { Media } from './media.ts';
import {
  answerChallenge,
  audioPortOf,
  branchOf,
  cseqOf,
  headerOf,
  newBranch,
  serializeMessage,
  sessionDescription,
  tagOf,
  token,
  uriOf,
  type Header,
  type SipMessage,
  type Account,
} from './sip.ts';

/** A call that is placed: what a caller does and sees. */

export interface CallOptions {
  /** Port of the switch on the loopback interface. */
  readonly to: number;
  readonly number: string;
  /** The caller's number; goes into From. */
  readonly from: string;
  /** The caller's name, one byte a character (Latin-1). */
  readonly name?: string;
  readonly headers?: readonly Header[];
  readonly callId?: string;
  /** A user's telephone: From names him, and he answers a challenge. */
  readonly account?: Account;
  /** What this end says once there is a connection; see Media. */
  readonly voice?: number;
  /** Sound of its own otherwise. */
  readonly media?: Media;
}

export type CallEnd = 'cancelled' | 'refused' | 'hung up by us' | 'hung up by the switch';

const RETRANSMIT_MS = 500;
/** A voice nobody is asked to recognise. */
const MURMUR = 0x21;

export class OutgoingCall implements Dialog {
  readonly callId: string;
  readonly journal: Journal;
  readonly media: Media;
  readonly responses: { readonly atMs: number; readonly status: number; readonly message: SipMessage }[] = [];
  end: { readonly atMs: number; readonly how: CallEnd } | null = null;

  readonly #agent: Agent;
  readonly #options: CallOptions;
  readonly #tag = token();
  #branch = newBranch();
  readonly #uri: string;
  #timer: NodeJS.Timeout | null = null;
  #cseq = 1;
  #cancelled = false;
  #answer: SipMessage | null = null;

  private constructor(agent: Agent, options: CallOptions, media: Media) {
    this.#agent = agent;
    this.#options = options;
    this.callId = options.callId ?? token();
    this.media = media;
    this.#uri = `sip:${options.number}@127.0.0.1:${options.to}`;
    this.journal = new Journal(`caller ${options.from}`);
  }

  static async place(agent: Agent, options: CallOptions): Promise<OutgoingCall> {
    const call = new OutgoingCall(
      agent,
      options,
      options.media ?? (await Media.open(options.voice ?? MURMUR)),
    );
    agent.track(call.callId, call);
    call.#invite();
    return call;
  }

  /** When the INVITE went out. */
  get placedMs(): number {
    return this.journal.lines[0]?.atMs ?? 0;
  }

  /** The first response that fits, waited for. */
  response(low: number, high: number, withinMs = SOON): Promise<{ atMs: number; status: number }> {
    return this.journal.until(`a response ${low}..${high}`, withinMs, () =>
      this.responses.find(({ status }) => status >= low && status <= high),
    );
  }

  answered(withinMs = SOON): Promise<{ atMs: number; status: number }> {
    return this.journal.until('an answer', withinMs, () => {
      const final = this.responses.find(({ status }) => status >= 200);
      if (final !== undefined && final.status >= 300)
        throw new Error(`${this.journal.name}: ${final.status}`);
      return final;
    });
  }

  /** The final response of a call that nobody answered. */
  refused(withinMs = SOON): Promise<{ atMs: number; status: number }> {
    return this.response(300, 699, withinMs);
  }

  ended(withinMs = SOON): Promise<{ atMs: number; how: CallEnd }> {
    return this.journal.until('the end', withinMs, () => this.end ?? undefined);
  }

  cancel(): void {
    this.#cancelled = true;
    this.journal.note('CANCEL sent');
    const headers = this.#headers(`${this.#cseq} CANCEL`, '');
    this.#send(`CANCEL ${this.#uri} SIP/2.0`, [this.#agent.via(this.#branch), ...headers]);
  }

  /** Ends the call, whatever stage it is in. */
  async hangup(): Promise<void> {
    if (this.end !== null) return;
    if (this.#answer === null) {
      this.cancel();
      await this.ended();
      return;
    }
    const answer = this.#answer;
    this.#finish('hung up by us');
    await this.#request('BYE', answer);
  }

  /** Asks the switch to send the other party elsewhere (RFC 3515); resolves to the status of its answer. */
  async refer(to: string): Promise<number> {
    if (this.#answer === null) throw new Error(`${this.journal.name}: not answered yet`);
    const { status } = await this.#request('REFER', this.#answer, [
      ['Refer-To', to],
      ['Referred-By', `<${this.#agent.contact}>`],
      ['Contact', `<${this.#agent.contact}>`],
    ]);
    this.journal.note(`REFER answered ${status}`);
    return status;
  }

  /** This call as another one may replace it (RFC 3891); '' before the answer. */
  get replaces(): string {
    const remote = this.#answer === null ? '' : tagOf(headerOf(this.#answer, 'to'));
    return remote === '' ? '' : `${this.callId};to-tag=${remote};from-tag=${this.#tag}`;
  }

  onResponse(response: SipMessage): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    const { status } = response;
    const repeated = this.responses.some((seen) => seen.message.startLine === response.startLine);
    if (status >= 200) this.#acknowledge(response);
    if (status >= 200 && repeated) return;
    const { account } = this.#options;
    if (status === 407 && account !== undefined) {
      this.responses.push({ atMs: performance.now(), status, message: response });
      const challenge = headerOf(response, 'proxy-authenticate');
      this.#branch = newBranch();
      this.#cseq++;
      this.#invite([
        ['Proxy-Authorization', answerChallenge(challenge, { ...account, method: 'INVITE', uri: this.#uri })],
      ]);
      return;
    }
    const port = audioPortOf(response.body);
    if (port !== null) this.media.speak(port);
    if (status >= 200 && status < 300) this.#answer = response;
    const line = { atMs: performance.now(), status, message: response };
    this.responses.push(line);
    this.journal.note(`${status}${port === null || status >= 200 ? '' : ' with media'}`);
    if (status >= 300) this.#finish(this.#cancelled ? 'cancelled' : 'refused');
  }

  onRequest(request: SipMessage): void {
    if (request.method === 'ACK') return;
    const body = request.method === 'INVITE' ? sessionDescription(this.media.port) : '';
    this.#agent.respond(request, '200 OK', {
      headers: [
        ['Contact', `<${this.#agent.contact}>`],
        ...(body === '' ? [] : [['Content-Type', 'application/sdp'] as const]),
      ],
      body,
    });
    if (request.method === 'BYE' && this.end === null) this.#finish('hung up by the switch');
    else this.journal.note(`${request.method} received`);
  }

  /** A request within the answered call. */
  #request(method: string, answer: SipMessage, headers: readonly Header[] = []): Promise<SipMessage> {
    const { remote, to } = this.#dialog(answer);
    return this.#agent.request(this.#options.to, `${method} ${remote} SIP/2.0`, [
      ...this.#headers(`${++this.#cseq} ${method}`, to),
      ...headers,
    ]);
  }

  #invite(credentials: readonly Header[] = []): void {
    const { name, headers = [] } = this.#options;
    const bytes = serializeMessage(
      `INVITE ${this.#uri} SIP/2.0`,
      [
        this.#agent.via(this.#branch),
        ['Max-Forwards', '70'],
        ...this.#headers(`${this.#cseq} INVITE`, '', name),
        ['Contact', `<${this.#agent.contact}>`],
        ['Content-Type', 'application/sdp'],
        ...headers,
        ...credentials,
      ],
      sessionDescription(this.media.port),
    );
    this.journal.note('INVITE sent');
    this.#agent.send(bytes, this.#options.to);
    this.#timer = setInterval(() => {
      this.#agent.send(bytes, this.#options.to);
    }, RETRANSMIT_MS);
  }

  #headers(cseq: string, to: string, name = this.#options.name): Header[] {
    const display = name === undefined ? '' : `"${name}" `;
    const { from, account } = this.#options;
    const own = account === undefined ? `${from}@127.0.0.1` : `${account.user}@${account.domain}`;
    return [
      ['From', `${display}<sip:${own}>;tag=${this.#tag}`],
      ['To', to === '' ? `<${this.#uri}>` : to],
      ['Call-ID', this.callId],
      ['CSeq', cseq],
    ];
  }

  #acknowledge(response: SipMessage): void {
    const { remote, to } = this.#dialog(response);
    const accepted = response.status < 300;
    // RFC 3261: the ACK of a refusal belongs to the INVITE's transaction, the ACK of an answer is one of its own.
    this.#send(`ACK ${accepted ? remote : this.#uri} SIP/2.0`, [
      this.#agent.via(accepted ? newBranch() : branchOf(response)),
      ['Max-Forwards', '70'],
      ...this.#headers(`${cseqOf(response).number} ACK`, to),
    ]);
  }

  #dialog(response: SipMessage): { remote: string; to: string } {
    return { remote: uriOf(headerOf(response, 'contact')) || this.#uri, to: headerOf(response, 'to') };
  }

  #finish(how: CallEnd): void {
    this.end = { atMs: performance.now(), how };
    if (this.#timer !== null) clearInterval(this.#timer);
    this.media.close();
    this.journal.note(how);
  }

  #send(startLine: string, headers: readonly Header[]): void {
    this.#agent.send(serializeMessage(startLine, headers), this.#options.to);
  }
}
