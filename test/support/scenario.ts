import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CalleeBehaviour,
  type CallReport,
  type CallScript,
  type CrmReply,
  type DialledLeg,
  type RecordedRequest,
  type SimulatedCrm,
  type SwitchOptions,
} from '../../lib/simulator/index.ts';
import { Daemon, type LogLine, type Settings } from './daemon.ts';
import { sideBySide } from './wait.ts';

/**
 * One call of a table: its scheme, what the CRM says, how the callees behave, what has to come out. In texts of
 * schemes and replies `CRM` stands for the address of this call's own CRM, and `OTHER-x` for the name of its further
 * scheme `x`. The calls of a table run side by side, on one daemon.
 */
export interface Scenario {
  readonly title: string;
  readonly scheme?: SchemePart;
  /** Further schemes by the end of their names. */
  readonly others?: Readonly<Record<string, SchemePart>>;
  /** What the CRM says; by the path behind `CRM` when there are several. */
  readonly reply?: Reply | ((request: RecordedRequest) => Reply) | Readonly<Record<string, Reply>>;
  readonly call?: Partial<CallScript>;
  /** Null: the dialplan has set none. */
  readonly guard?: null;
  /** The call's name as a router reads it, where FreeSWITCH's encoding, which is lossy, changes it. */
  readonly readAs?: string;
  /** By number or login; all answer when absent. */
  readonly callees?: Readonly<Record<string, CalleeBehaviour>>;
  readonly switch?: Partial<SwitchOptions>;
  /** Violations that the simulation is right to name here. */
  readonly tolerates?: RegExp;
  readonly check: (outcome: Outcome) => void | Promise<void>;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** JSON text of `json`, or a reply in full. */
export type Reply = { readonly json: Json; readonly delayMs?: number } | { readonly text: string } | CrmReply;

type SchemePart = Partial<Omit<SchemeDocument, 'name' | 'webhook'>> & {
  readonly webhook?: Partial<SchemeDocument['webhook']>;
};

export interface Outcome {
  readonly report: CallReport;
  readonly record: CallRecord;
  readonly line: LogLine;
  /** What the CRM was asked on behalf of this call. */
  readonly requests: readonly RecordedRequest[];
  /** Endpoints, in the order in which they were dialled. */
  readonly dialled: readonly string[];
  readonly marker: (name: 'result' | 'scheme' | 'destination' | 'trace' | 'reason') => string | undefined;
  readonly name: string;
}

export const CALLER = '380441110001';
export const DID = '15005550100';

export const answers = (talkMs = 10): CalleeBehaviour => ({
  kind: 'answer',
  afterMs: 5,
  talkMs,
  hangup: 'caller',
});
export const rings: CalleeBehaviour = { kind: 'ring' };
export const fails = (cause: string): CalleeBehaviour => ({ kind: 'fail', cause, afterMs: 5 });
export const busy = fails('USER_BUSY');

/** A second of FreeSWITCH's own timers. */
const SECOND_MS = 100;

let seeds = 1000;

export interface StageOptions {
  readonly settings?: Settings;
  readonly switch?: Partial<SwitchOptions>;
}

/** A CRM and a daemon that knows the schemes of all scenarios. */
export class Stage {
  readonly daemon: Daemon;
  readonly crm: SimulatedCrm;
  readonly #options: StageOptions;
  readonly #names: ReadonlyMap<Scenario, string>;

  private constructor(
    daemon: Daemon,
    crm: SimulatedCrm,
    options: StageOptions,
    names: ReadonlyMap<Scenario, string>,
  ) {
    this.daemon = daemon;
    this.crm = crm;
    this.#options = options;
    this.#names = names;
  }

  static async open(list: readonly Scenario[], options: StageOptions = {}): Promise<Stage> {
    const names = new Map(list.map((scenario, index) => [scenario, `s${String(index).padStart(3, '0')}`]));
    const byName = new Map([...names].map(([scenario, name]) => [name, scenario]));
    const crm = await startCrm((request) => {
      const [, name = '', ...path] = (request.url.split('?')[0] ?? '').split('/');
      const scenario = byName.get(name);
      const reply = replyOf(scenario?.reply, path.join('/'), request);
      return reply === null ? { status: 500, body: 'no such path' } : crmReply(reply, fill(crm.url, name));
    });
    const schemes = [...names].flatMap(([scenario, name]) => schemesOf(scenario, name, crm.url));
    try {
      const daemon = await Daemon.start({ schemes, ...(options.settings && { settings: options.settings }) });
      return new Stage(daemon, crm, options, names);
    } catch (error) {
      await crm.close();
      throw error;
    }
  }

  async play(scenario: Scenario, call = scenario.call): Promise<Outcome> {
    const name = this.#names.get(scenario) ?? '';
    const freeswitch = new SimulatedFreeSwitch({
      routers: [this.daemon.address],
      secondMs: SECOND_MS,
      seed: ++seeds,
      maxCallMs: 30_000,
      // A lost call is parked for good, and on a busy machine a command comes late.
      parkedMs: 8000,
      ...this.#options.switch,
      ...scenario.switch,
    });
    const report = await freeswitch.call({
      caller: CALLER,
      did: DID,
      path: name,
      // Far beyond any call here; it makes the simulation insist on its being lifted.
      ...(scenario.guard === null ? {} : { guardSeconds: 100 }),
      callee: ({ user }: DialledLeg) => scenario.callees?.[user] ?? answers(),
      ...call,
    });
    const uuid = scenario.readAs ?? report.uuid;
    const record = await this.daemon.record(uuid);
    const line = await this.daemon.line(uuid);
    return {
      report,
      record,
      line,
      name,
      requests: this.crm.requests.filter(({ url }) => url.startsWith(`/${name}/`)),
      dialled: report.legs.map(({ endpoint }) => endpoint),
      marker: (marker) => report.variables.get(`esl_router_${marker}`),
    };
  }

  async close(): Promise<void> {
    await this.crm.close();
    await this.daemon.stop();
  }
}

/** A table of calls as tests, one each. */
export function scenarios(title: string, list: readonly Scenario[], options: StageOptions = {}): void {
  describe(title, () => {
    let stage: Stage | undefined;
    let outcomes: Promise<Outcome>[] = [];

    before(async () => {
      stage = await Stage.open(list, options);
      outcomes = sideBySide(list, (scenario) => (stage as Stage).play(scenario));
      // Each is awaited by its own test.
      for (const outcome of outcomes) outcome.catch(() => undefined);
    });

    for (const [index, scenario] of list.entries()) {
      it(scenario.title, async () => {
        const outcome = (await outcomes[index]) as Outcome;
        try {
          expect(outcome.report.lost, 'lost').to.equal(null);
          const violations = outcome.report.violations.filter(
            (text) => scenario.tolerates?.test(text) !== true,
          );
          expect(violations, 'violations').to.deep.equal([]);
          await scenario.check(outcome);
        } catch (error) {
          // The log line tells what became of the call.
          if (error instanceof Error) error.message += `\n${JSON.stringify(outcome.line)}`;
          throw error;
        }
      });
    }

    after(async () => {
      await Promise.allSettled(outcomes);
      await stage?.close();
    });
  });
}

function schemesOf(scenario: Scenario, name: string, crmUrl: string): SchemeDocument[] {
  const document = (part: SchemePart, ownName: string, path: string): SchemeDocument => {
    const { webhook, ...rest } = part;
    const whole = {
      name: ownName,
      forwardingTimeoutSeconds: 2,
      ...rest,
      webhook: { url: `CRM/${path}`, ...webhook },
    };
    return JSON.parse(fill(crmUrl, name)(JSON.stringify(whole))) as SchemeDocument;
  };
  return [
    document(scenario.scheme ?? {}, name, 'route'),
    ...Object.entries(scenario.others ?? {}).map(([end, part]) => document(part, `${name}-${end}`, end)),
  ];
}

function fill(crmUrl: string, name: string): (text: string) => string {
  return (text) =>
    text
      .replaceAll('CRM/', `${crmUrl}/${name}/`)
      .replaceAll('CRM-HOST', new URL(crmUrl).host)
      .replaceAll('OTHER-', `${name}-`);
}

const REPLY_KEYS = ['json', 'text', 'status', 'raw', 'reset', 'hang'];

function replyOf(reply: Scenario['reply'], path: string, request: RecordedRequest): Reply | null {
  if (reply === undefined) return { json: { destination: '201' } };
  if (typeof reply === 'function') return reply(request);
  if (REPLY_KEYS.some((key) => key in reply)) return reply as Reply;
  return (reply as Readonly<Record<string, Reply>>)[path] ?? null;
}

function crmReply(reply: Reply, filled: (text: string) => string): CrmReply {
  const headers = { 'content-type': 'application/json' };
  if ('json' in reply) {
    const { json, ...rest } = reply;
    return { status: 200, headers, body: filled(JSON.stringify(json)), ...rest };
  }
  if ('text' in reply)
    return { status: 200, headers: { 'content-type': 'text/html' }, body: filled(reply.text) };
  return reply;
}
