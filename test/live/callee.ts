import type { Agent, Dialog } from './dialog.ts';
import { Journal, SOON } from './journal.ts';
import { Media } from './media.ts';
import {
  audioPortOf,
  branchOf,
  headerOf,
  headersOf,
  sessionDescription,
  tagOf,
  token,
  uriOf,
  userOf,
  type Header,
  type SipMessage,
} from './sip.ts';

/** A call that is received: what a callee, or the carrier in front of him, does and sees. */

export type CalleeEnd = 'cancelled' | 'refused' | 'hung up by us' | 'hung up by the switch';

const RETRANSMIT_MS = 500;

export class IncomingCall implements Dialog {
  readonly journal: Journal;
  readonly invite: SipMessage;
  readonly invitedMs: number;
  media: Media | null = null;
  end: { readonly atMs: number; readonly how: CalleeEnd; readonly reason: string } | null = null;

  readonly #agent: Agent;
  readonly #tag = token();
  #last: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #connected = false;
  #cseq = 1;

  constructor(agent: Agent, invite: SipMessage) {
    this.#agent = agent;
    this.invite = invite;
    this.journal = new Journal(`callee ${userOf(invite.uri)}`);
    this.journal.note('INVITE received');
    this.invitedMs = this.journal.lines[0]?.atMs ?? 0;
    this.#respond('100 Trying');
  }

  /** The first header of that name in the INVITE; '' when there is none. */
  header(name: string): string {
    return headerOf(this.invite, name);
  }

  ring(): void {
    this.#respond('180 Ringing');
  }

  /** Early media: a 183 with a session description, and a voice before any answer. */
  async progress(voice: number): Promise<void> {
    await this.#open(voice);
    this.#respond('183 Session Progress', this.#session());
  }

  async answer(voice: number): Promise<void> {
    await this.#open(voice);
    if (this.end !== null) return;
    this.#connected = true;
    const answer = (): void => {
      this.#respond('200 OK', this.#session());
    };
    answer();
    this.#timer = setInterval(answer, RETRANSMIT_MS);
  }

  /** Any final response that is not an answer: `486 Busy Here`. */
  refuse(line: string, headers: readonly Header[] = []): void {
    if (this.end !== null) return;
    this.#respond(line, { headers });
    this.#finish('refused');
  }

  async hangup(): Promise<void> {
    if (this.end !== null || !this.#connected) return;
    this.#finish('hung up by us');
    await this.#request('BYE');
  }

  /** Asks the switch to send the other party elsewhere (RFC 3515); resolves to the status of its answer. */
  async refer(to: string): Promise<number> {
    const { status } = await this.#request('REFER', [
      ['Refer-To', to],
      ['Referred-By', `<${this.#agent.contact}>`],
      ['Contact', `<${this.#agent.contact}>`],
    ]);
    this.journal.note(`REFER answered ${status}`);
    return status;
  }

  /** This call as another one may replace it (RFC 3891). */
  get replaces(): string {
    const from = tagOf(headerOf(this.invite, 'from'));
    return `${headerOf(this.invite, 'call-id')};to-tag=${from};from-tag=${this.#tag}`;
  }

  ended(withinMs = SOON): Promise<{ atMs: number; how: CalleeEnd; reason: string }> {
    return this.journal.until('the end', withinMs, () => this.end ?? undefined);
  }

  onRequest(request: SipMessage): void {
    switch (request.method) {
      case 'INVITE':
        if (branchOf(request) === branchOf(this.invite)) this.#last?.();
        else this.#agent.respond(request, '200 OK', { ...this.#session(), tag: this.#tag });
        return;
      case 'ACK':
        this.#stopTimer();
        return;
      case 'CANCEL':
        this.#agent.respond(request, '200 OK', { tag: this.#tag });
        if (this.end !== null || this.#connected) return;
        this.#respond('487 Request Terminated');
        this.#finish('cancelled', headerOf(request, 'reason'));
        return;
      case 'BYE':
        this.#agent.respond(request, '200 OK', { tag: this.#tag });
        if (this.end === null) this.#finish('hung up by the switch', headerOf(request, 'reason'));
        return;
      default:
        this.#agent.respond(request, '200 OK', { tag: this.#tag });
        this.journal.note(`${request.method} received`);
    }
  }

  onResponse(): void {
    // A callee places no INVITE of its own.
  }

  /** Names of headers of the INVITE that begin so, in any case. */
  headersLike(prefix: string): string[] {
    return this.invite.headers
      .map(([name]) => name)
      .filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase()));
  }

  /** A request within the call. */
  #request(method: string, headers: readonly Header[] = []): Promise<SipMessage> {
    const { invite } = this;
    const via = /:(\d+)/.exec(headerOf(invite, 'via').split(';')[0] ?? '')?.[1];
    return this.#agent.request(Number(via), `${method} ${uriOf(headerOf(invite, 'contact'))} SIP/2.0`, [
      ['From', `${headerOf(invite, 'to')};tag=${this.#tag}`],
      ['To', headerOf(invite, 'from')],
      ['Call-ID', headerOf(invite, 'call-id')],
      ['CSeq', `${this.#cseq++} ${method}`],
      ...headers,
    ]);
  }

  async #open(voice: number): Promise<void> {
    this.media ??= await Media.open(voice);
    const port = audioPortOf(this.invite.body);
    if (port !== null && this.end === null) this.media.speak(port);
  }

  #session(): { headers: Header[]; body: string } {
    return {
      headers: [['Content-Type', 'application/sdp']],
      body: sessionDescription(this.media?.port ?? 9),
    };
  }

  #respond(
    line: string,
    { headers = [], body = '' }: { headers?: readonly Header[]; body?: string } = {},
  ): void {
    if (this.end !== null) return;
    const contact: Header[] = headers.some(([name]) => name === 'Contact')
      ? []
      : [['Contact', `<${this.#agent.contact}>`]];
    const tag = line.startsWith('100 ') ? {} : { tag: this.#tag };
    this.#last = () => {
      this.#agent.respond(this.invite, line, {
        ...tag,
        headers: [
          ...headersOf(this.invite, 'record-route').map((v): Header => ['Record-Route', v]),
          ...contact,
          ...headers,
        ],
        body,
      });
    };
    this.#last();
    const repeated = this.journal.lines.some(({ text }) => text === `${line} sent`);
    if (!repeated && !line.startsWith('100 ')) this.journal.note(`${line} sent`);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #finish(how: CalleeEnd, reason = ''): void {
    this.#stopTimer();
    this.end = { atMs: performance.now(), how, reason };
    this.media?.close();
    this.journal.note(reason === '' ? how : `${how} (${reason})`);
  }
}
