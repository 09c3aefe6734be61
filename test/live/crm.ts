import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Journal, now, SOON } from './journal.ts';

/** The CRM of the live test: answers what the row says, and knows when it was asked and when it was left alone. */

export interface Question {
  readonly atMs: number;
  readonly headers: IncomingMessage['headers'];
  /** The raw body. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** When the router closed the connection before it had a reply; null while it did not. */
  abortedMs: number | null;
}

export interface Reply {
  readonly status?: number;
  readonly type?: string;
  /** An object goes out as JSON, a text as it is. */
  readonly body: unknown;
  readonly afterMs?: number;
}

/** `null`: never answered. */
export type Answer = (question: Question) => Reply | null;

export class Crm {
  readonly port: number;
  readonly #server: Server;
  readonly #answers = new Map<string, Answer>();
  readonly #lines = new Map<string, { journal: Journal; questions: Question[] }>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('request', (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static open(): Promise<Crm> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(new Crm(server, address.port));
      });
    });
  }

  /** The webhook of one row; `path` is all that tells rows apart. */
  url(path: string): string {
    return `http://127.0.0.1:${this.port}/${path}`;
  }

  on(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  questions(path: string): readonly Question[] {
    return this.#line(path).questions;
  }

  journal(path: string): Journal {
    return this.#line(path).journal;
  }

  asked(path: string, nth = 1): Promise<Question> {
    const { journal, questions } = this.#line(path);
    return journal.until(`question ${nth}`, SOON, () => questions[nth - 1]);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #line(path: string): { journal: Journal; questions: Question[] } {
    let line = this.#lines.get(path);
    if (line === undefined) {
      line = { journal: new Journal(`CRM /${path}`), questions: [] };
      this.#lines.set(path, line);
    }
    return line;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').slice(1).split('?')[0] ?? '';
    const { journal, questions } = this.#line(path);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const question: Question = {
      atMs: now(),
      headers: request.headers,
      text,
      body: objectOf(text),
      abortedMs: null,
    };
    response.on('close', () => {
      if (response.writableFinished) return;
      question.abortedMs = now();
      journal.note('connection closed by the router');
    });
    questions.push(question);
    journal.note('asked');
    const reply = this.#answers.get(path)?.(question) ?? null;
    if (reply === null) return;
    const { status = 200, type = 'application/json', body, afterMs = 0 } = reply;
    setTimeout(() => {
      if (response.destroyed) return;
      response.writeHead(status, { 'Content-Type': type });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
      journal.note(`answered ${status}`);
    }, afterMs);
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
