import type { Header, SipMessage } from './sip.ts';

/** What the user agent hands the messages of one Call-ID to. */
export interface Dialog {
  onRequest(request: SipMessage): void;
  onResponse(response: SipMessage): void;
}

/** What a call needs of the user agent it is made with. */
export interface Agent {
  readonly contact: string;
  via(branch: string): Header;
  send(bytes: Buffer, port: number): void;
  /** A response to a request, with the headers that must be repeated. */
  respond(request: SipMessage, line: string, more?: ResponseParts): void;
  /** One request outside INVITE, sent again until its final response comes. */
  request(port: number, startLine: string, headers: readonly Header[]): Promise<SipMessage>;
  track(callId: string, dialog: Dialog): void;
}

export interface ResponseParts {
  readonly tag?: string;
  readonly headers?: readonly Header[];
  readonly body?: string;
}
