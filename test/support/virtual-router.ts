import { parseCall } from '../../lib/call/channel.ts';
import { apply, newRecord, type CallEvent, type CallRecord } from '../../lib/call/record.ts';
import { newTraceId } from '../../lib/call/trace.ts';
import { Cancellation } from '../../lib/cancel.ts';
import { loadConfig } from '../../lib/config/config.ts';
import { Inquiry } from '../../lib/decide/decide.ts';
import { AnswerMemory } from '../../lib/decide/memory.ts';
import type { Reason } from '../../lib/errors.ts';
import type { HttpRequest, HttpResponse } from '../../lib/http/message.ts';
import { Metrics } from '../../lib/metrics/metrics.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import { assembleSchemes, type SchemeSet } from '../../lib/schemes/schemes.ts';
import { Tokens } from '../../lib/upstream/tokens.ts';
import { Upstream } from '../../lib/upstream/upstream.ts';
import { ManualClock } from './manual-clock.ts';
import { NOTHING } from './metrics.ts';
import type { Scraped } from './promtool.ts';
import { parseScrape, type Page } from './scrape.ts';

/** What is between a call and its CRM, and its metrics, over hours that take no time: for alerts. */

/** Of a request at once, a token's too. Throws RouterError where there is none. */
export type Answering = (request: HttpRequest) => HttpResponse;

export class VirtualRouter {
  readonly clock = new ManualClock();
  readonly upstream: Upstream;
  readonly #tokens: Tokens;
  readonly #config;
  readonly #set: SchemeSet;
  readonly #metrics: Metrics;
  readonly #pages: Page[] = [];
  readonly #memory = new AnswerMemory();
  readonly #scrapeSeconds: number;
  #second = 0;

  constructor(schemes: readonly SchemeDocument[], answer: Answering, scrapeSeconds = 15) {
    const { clock } = this;
    const env = { ESL_ROUTER_GATEWAY: 'trunk', ESL_ROUTER_DOMAIN: 'pbx.test' };
    const loaded = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
    if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
    this.#config = loaded.config;
    const sources = schemes.map((json) => ({ name: json.name, json, text: JSON.stringify(json) }));
    const set = assembleSchemes(sources, this.#config, SECRETS);
    if (!set.ok) throw new Error(set.faults.join('\n'));
    this.#set = set.set;
    const send = (request: HttpRequest): Promise<HttpResponse> =>
      new Promise((resolve) => {
        resolve(answer(request));
      });
    this.upstream = new Upstream({ send, clock, random: () => 0.5 });
    this.#tokens = new Tokens({
      ...{ send, clock, random: () => 0.5, redact: (text: string) => text },
      files: { read: () => Promise.resolve(''), write: () => Promise.resolve() },
      onEvent: () => undefined,
      onTokens: () => undefined,
    });
    this.#metrics = new Metrics({
      ...NOTHING,
      clock,
      version: 'test',
      breakers: () => this.upstream.breakers(),
    });
    this.#scrapeSeconds = scrapeSeconds;
  }

  async start(): Promise<this> {
    await this.#metrics.follow(this.#set.schemes.keys());
    return this;
  }

  /** Goes on for so long, with calls of these schemes every so many seconds each; `null` for none. */
  async live(seconds: number, every: Readonly<Record<string, number>> = {}): Promise<void> {
    for (let n = 0; n < seconds; n++) {
      if (this.#second % this.#scrapeSeconds === 0) this.#pages.push(parseScrape(await this.#metrics.text()));
      for (const [scheme, period] of Object.entries(every))
        if (this.#second % period === 0) await this.place(scheme);
      this.#second++;
      this.clock.advance(1000);
      // Tokens are fetched beside the calls.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get seconds(): number {
    return this.#second;
  }

  get scraped(): Scraped {
    return { everySeconds: this.#scrapeSeconds, pages: this.#pages };
  }

  /** One call, to its decision and its end. */
  async place(name: string): Promise<CallRecord> {
    const { clock } = this;
    const scheme = this.#set.schemes.get(name);
    if (scheme === undefined) throw new Error(`no scheme ${name}`);
    const call = parseCall(new Map(Object.entries(CALL)), { didFrom: ['destination_number'], variables: [] });
    const record = newRecord(newTraceId(clock.date()), clock.date());
    const { observer } = this.#metrics;
    const note = (event: CallEvent): void => {
      apply(record, event);
      observer.noted?.(record, event);
    };
    const startMs = clock.now();
    note({ type: 'call', call });
    note({ type: 'scheme', name, revision: scheme.revision, chosenBy: 'test' });
    const inquiry = new Inquiry({
      ...{ call, clock, note, secrets: SECRETS, config: this.#config, schemes: this.#set },
      ...{ memory: this.#memory, tokens: this.#tokens, version: '0.0.0', dryRun: false, trace: record.id },
      send: (request, sending) => this.upstream.send(request, sending),
      signal: new Cancellation(),
      elapsedMs: () => clock.now() - startMs,
    });
    await inquiry.decide(scheme, startMs + 4000);
    observer.decided?.(record, '');
    this.#end(record, note);
    return record;
  }

  /** Calls that end with this reason, all at one moment. */
  lose(count: number, reason: Reason): void {
    for (let n = 0; n < count; n++) {
      const record = newRecord(newTraceId(this.clock.date()), this.clock.date());
      apply(record, { type: 'result', result: 'error', reason });
      this.#end(record, (event) => {
        apply(record, event);
      });
    }
  }

  #end(record: CallRecord, note: (event: CallEvent) => void): void {
    note({ type: 'end', end: 'dialplan', atMs: 0, hangupCause: null, hungUpBy: null, recording: '' });
    this.#metrics.observer.ended?.(record, '');
  }
}

const SECRETS = { has: () => true, read: (name: string) => `value-of-${name}` };
const CALL = {
  'Unique-ID': 'u-1',
  'Caller-Caller-ID-Number': '380441112233',
  'Caller-Destination-Number': '15005550100',
};
