import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type CrmReply,
  type SimulatedCrm,
  type SwitchOptions,
} from '../../lib/simulator/index.ts';
import { Daemon, type LogLine } from '../support/daemon.ts';
import { answers, CALLER, DID, rings } from '../support/scenario.ts';
import { eventually, sideBySide } from '../support/wait.ts';

/** One channel that comes to the router more than once, or is sent away by it, or outlives it. */

const HANGS: CrmReply = { hang: true };
const ANSWER: CrmReply = { status: 200, body: '{"destination":"201"}' };
const NOBODY: CrmReply = { status: 204 };

/** What the CRM of one path says, question by question; the last of them goes on. */
const CRM: Readonly<Record<string, readonly CrmReply[]>> = {
  'hangs-then-answers': [HANGS, ANSWER],
  'answers-twice': [ANSWER, ANSWER],
  'nobody-then-answers': [NOBODY, ANSWER],
  nobody: [NOBODY],
  hangs: [HANGS],
};

interface Played {
  readonly report: CallReport;
  /** In the order of the passes. */
  readonly records: readonly CallRecord[];
  readonly lines: readonly LogLine[];
}

describe('a channel that passes the router more than once', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let seed = 17_000;

  const place = async (
    path: string,
    passes: number,
    script: Partial<CallScript> = {},
    options: Partial<SwitchOptions> = {},
  ): Promise<Played> => {
    const freeswitch = new SimulatedFreeSwitch({
      routers: [daemon.address],
      secondMs: 100,
      seed: ++seed,
      maxCallMs: 9000,
      ...options,
    });
    const report = await freeswitch.call({
      caller: CALLER,
      did: DID,
      path,
      guardSeconds: 100,
      callee: () => answers(100),
      ...script,
    });
    expect(report.violations).to.deep.equal([]);
    expect(report.lost).to.equal(null);
    const told = (message: RegExp, uuid: (line: LogLine) => unknown): LogLine[] =>
      daemon.lines.filter((line) => message.test(line.message) && uuid(line) === report.uuid);
    const records = (): LogLine[] => told(/^record$/, ({ call }) => (call as { uuid?: string } | null)?.uuid);
    const lines = (): LogLine[] => told(/^ended$/, ({ uuid }) => uuid);
    await eventually(`${passes} records`, () => records().length >= passes && lines().length >= passes);
    return {
      report,
      records: (records() as unknown as CallRecord[]).sort((a, b) => a.pass - b.pass),
      lines: lines().sort((a, b) => Number(a['pass'] ?? 1) - Number(b['pass'] ?? 1)),
    };
  };

  /** Each pass is counted, and names the record of the one before; so does its line. */
  function checkLinked({ records, lines, report }: Played, passes: number): void {
    expect(report.sessions).to.equal(passes);
    expect(records.map(({ pass }) => pass)).to.deep.equal(Array.from({ length: passes }, (_, n) => n + 1));
    for (const [n, { previous }] of records.entries()) expect(previous).to.equal(records[n - 1]?.id ?? null);
    const shown = lines.map((line) => [line['pass'], line['previous']]);
    expect(shown).to.deep.equal(
      records.map(({ pass, previous }) => (pass === 1 ? [undefined, undefined] : [pass, previous])),
    );
  }

  before(async () => {
    const asked = new Map<string, number>();
    crm = await startCrm(({ url }) => {
      const [, path = '', caller = ''] = url.split('/');
      const n = asked.get(`${path}/${caller}`) ?? 0;
      asked.set(`${path}/${caller}`, n + 1);
      const replies = CRM[path] ?? [];
      return replies[Math.min(n, replies.length - 1)] ?? NOBODY;
    });
    const scheme = (name: string, path: string, fallback: object = {}) => ({
      name,
      webhook: { url: `${crm.url}/${path}/{{uuid}}`, timeoutSeconds: 8 },
      forwardingTimeoutSeconds: 20,
      fallback,
    });
    daemon = await Daemon.start({
      schemes: [
        ...Object.keys(CRM).map((path) => scheme(path, path)),
        scheme('sends-back', 'nobody-then-answers', {
          onNoRoute: [{ transfer: { extension: DID, context: 'public' } }],
        }),
        scheme('sends-away', 'nobody', {
          onNoRoute: [{ transfer: { extension: '700', context: 'public' } }],
        }),
        scheme('sends-nowhere', 'nobody', {
          onNoRoute: [{ transfer: { extension: 'nope', context: 'public' } }],
        }),
      ],
    });
  });

  after(async () => {
    await crm.close();
    await daemon.stop();
  });

  const again = { kind: 'transfer', to: { socket: true } } as const;

  it('while the CRM is asked: the second decision counts, and the first socket is held meanwhile', async () => {
    const played = await place('hangs-then-answers', 2, {
      // Once it has been asked, on a busy machine too.
      moves: [{ at: 'connected', afterMs: 500, ...again }],
      callee: () => answers(300),
    });
    checkLinked(played, 2);
    const [first, second] = played.records;
    expect(first).to.include({ end: 'moved', reason: 'moved', hungUpBy: 'caller' });
    expect(first?.moves).to.have.length(1);
    expect(first?.moves[0]).to.include({ by: 'transfer', from: 'asked', to: `${DID} public` });
    expect(first?.bridges).to.deep.equal([]);
    expect(second).to.include({ end: 'bridged', reason: 'answered', answeredBy: '201' });
    expect(second?.moves).to.deep.equal([]);
    expect(played.report.end).to.include({ kind: 'answered', hangupBy: 'caller' });
  });

  it('while they talk: two conversations, two records', async () => {
    let legs = 0;
    const played = await place('answers-twice', 2, {
      moves: [{ at: 'answered', afterMs: 80, ...again }],
      callee: () => (++legs === 1 ? answers(5000) : { ...answers(120), hangup: 'callee' }),
    });
    checkLinked(played, 2);
    const [first, second] = played.records;
    expect(first).to.include({ end: 'moved', reason: 'answered', answeredBy: '201' });
    expect(first?.moves[0]).to.include({ by: 'transfer', from: 'talking', to: `${DID} public` });
    expect(second).to.include({ end: 'bridged', reason: 'answered', hungUpBy: 'callee' });
    // The talk of the first ended when he was moved.
    expect(first?.bridges[0]?.endedMs).to.be.below(first?.endedMs ?? 0);
  });

  it('by a transfer of the router’s own: transferred, and then served', async () => {
    const played = await place('sends-back', 2);
    checkLinked(played, 2);
    const [first, second] = played.records;
    expect(first).to.include({ end: 'transferred', reason: 'no_content', hungUpBy: 'caller' });
    expect(first?.moves[0]).to.include({ by: 'router', from: 'asked', to: `${DID} public` });
    expect(second).to.include({ end: 'bridged', reason: 'answered' });
  });

  it('in a circle through the fallback: five times, then given back for it, then hung up', async () => {
    const played = await place('nobody', 7, { fallback: 'socket' });
    checkLinked(played, 7);
    const ends = played.records.map(({ end, result, reason }) => [end, result, reason]);
    expect(ends).to.deep.equal([
      ...Array.from({ length: 5 }, () => ['dialplan', 'no_route', 'no_content']),
      ['dialplan', 'refused', 'pass_limit'],
      ['hangup', 'refused', 'pass_limit'],
    ]);
    expect(played.report.end).to.deep.equal({ kind: 'hangup', cause: 'USER_BUSY', sipCode: 486 });
    expect(played.records.at(-1)).to.include({ hungUpBy: 'router', hangupCause: 'USER_BUSY' });
    expect(crm.requests.filter(({ url }) => url.endsWith(played.report.uuid))).to.have.length(5);
  });

  it('in a circle through the guard, while its CRM hangs', async () => {
    const played = await place('hangs', 7, { fallback: 'socket', guardSeconds: 5 });
    checkLinked(played, 7);
    const ends = played.records.map(({ end, reason }) => [end, reason]);
    expect(ends.slice(0, 5)).to.deep.equal(Array.from({ length: 5 }, () => ['guard', 'guard_fired']));
    expect(ends.at(-1)).to.deep.equal(['hangup', 'pass_limit']);
  });

  it('a transfer of the router’s own: transferred, and its record goes on to the hang-up', async () => {
    const { report, records } = await place('sends-away', 1);
    expect(report.end).to.deep.equal({ kind: 'transfer', extension: '700', context: 'public' });
    expect(records[0]).to.include({ end: 'transferred', result: 'no_route', reason: 'no_content' });
    expect(records[0]?.moves[0]).to.include({ by: 'router', from: 'asked', to: '700 public' });
    expect(records[0]?.hangupCause).to.equal('NORMAL_CLEARING');
    expect((records[0]?.endedMs ?? 0) - (records[0]?.moves[0]?.atMs ?? Infinity)).to.be.above(60);
  });

  it('a transfer of the router’s own to an extension that does not exist: nobody was transferred', async () => {
    const { report, records, lines } = await place('sends-nowhere', 1, {}, { extensions: ['700'] });
    expect(report.variables.get('hangup_cause')).to.equal('NO_ROUTE_DESTINATION');
    expect(records[0]).to.include({
      end: 'switch_hangup',
      result: 'error',
      reason: 'transfer_failed',
      hungUpBy: 'switch',
      hangupCause: 'NO_ROUTE_DESTINATION',
    });
    expect(records[0]?.notes).to.deep.equal(['nope public: there is no such extension']);
    expect(lines[0]).to.include({ level: 'warn', reason: 'transfer_failed' });
  });
});

describe('a router that is stopped', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let played: Promise<{ report: CallReport; record: CallRecord }>[] = [];

  before(async () => {
    const says: Readonly<Record<Row['path'], CrmReply>> = {
      now: ANSWER,
      slow: { ...ANSWER, delayMs: 700 },
      hangs: HANGS,
    };
    crm = await startCrm(({ url }) => says[url.split('/')[1] as Row['path']]);
    // Side by side: each waits most of its time.
    played = sideBySide(ROWS, play);
    for (const call of played) call.catch(() => undefined);
  });

  after(async () => {
    await Promise.allSettled(played);
    await crm.close();
  });

  interface Row {
    readonly title: string;
    readonly path: 'now' | 'slow' | 'hangs';
    readonly script: Partial<CallScript>;
    /** Resolves when the call is where it is to be stopped. */
    readonly stopAt: (reached: Reached) => Promise<void>;
    readonly end: string;
    readonly bridges: readonly (string | null)[];
    readonly more: Readonly<Record<string, unknown>>;
    /** How it ended for its caller. */
    readonly caller: string;
  }

  interface Reached {
    readonly asked: Promise<void>;
    readonly rings: Promise<void>;
  }

  const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const talks = answers(2200);

  const ROWS: readonly Row[] = [
    {
      title: 'while its CRM is asked: decided, and left while it rings',
      path: 'slow',
      script: { callee: () => ({ ...talks, afterMs: 700 }) },
      stopAt: ({ asked }) => asked,
      end: 'released',
      bridges: ['released'],
      more: { reason: 'routed', answeredMs: null, answeredBy: null, hungUpBy: null },
      caller: 'answered',
    },
    {
      title: 'while it rings: left',
      path: 'now',
      script: { callee: () => ({ ...talks, afterMs: 700 }) },
      stopAt: ({ rings }) => rings,
      end: 'released',
      bridges: ['released'],
      more: { reason: 'routed', answeredMs: null, answeredBy: null, hungUpBy: null },
      caller: 'answered',
    },
    {
      title: 'while they talk: left, with the bridge that stands',
      path: 'now',
      script: { callee: () => talks },
      stopAt: async ({ rings }) => {
        await rings;
        await later(300);
      },
      end: 'released',
      bridges: ['answered'],
      more: { reason: 'answered', answeredBy: '201', hungUpBy: null },
      caller: 'answered',
    },
    ...(['asked', 'ringing', 'talking'] as const).map((from): Row => ({
      title: `after somebody had parked the call while ${from}: moved, and its socket held as long as there is time`,
      path: from === 'asked' ? 'hangs' : 'now',
      script: {
        routerStops: true,
        moves: [
          {
            at: ({ asked: 'connected', ringing: 'ringing', talking: 'answered' } as const)[from],
            // The question has to be out.
            afterMs: from === 'asked' ? 500 : 50,
            kind: 'park',
            talkMs: 3000,
          },
        ],
        callee: () => (from === 'talking' ? answers(9000) : rings),
      },
      stopAt: async ({ asked }) => {
        await asked;
        await later(700);
      },
      end: 'moved',
      bridges: { asked: [], ringing: ['moved'], talking: ['answered'] }[from],
      more: {
        reason: from === 'talking' ? 'answered' : 'moved',
        answeredBy: from === 'talking' ? '201' : null,
        // The router was gone by then.
        hungUpBy: null,
        hangupCause: null,
      },
      caller: 'moved',
    })),
  ];

  const play = async (row: Row): Promise<{ report: CallReport; record: CallRecord }> => {
    const { path, script, stopAt } = row;
    const asks = `/${path}/${ROWS.indexOf(row)}`;
    const daemon = await Daemon.start({
      schemes: [
        {
          name: path,
          webhook: { url: crm.url + asks, timeoutSeconds: 1 },
          forwardingTimeoutSeconds: 20,
        },
      ],
    });
    try {
      let rang = (): void => undefined;
      const reached: Reached = {
        asked: eventually('a question', () => crm.requests.some(({ url }) => url === asks)),
        rings: new Promise((resolve) => (rang = resolve)),
      };
      const call = new SimulatedFreeSwitch({
        routers: [daemon.address],
        secondMs: 100,
        maxCallMs: 30_000,
      }).call({
        caller: CALLER,
        did: DID,
        path,
        guardSeconds: 100,
        dialplanSetsBridgeVariables: true,
        ...script,
        callee: (leg) => {
          rang();
          return script.callee?.(leg) ?? rings;
        },
      });
      await stopAt(reached);
      const began = performance.now();
      await daemon.stop();
      // The budget of 1 s, and the second that cuts what still waits then; and a machine that is busy.
      expect(performance.now() - began).to.be.below(15_000);
      const report = await call;
      return { report, record: await daemon.record(report.uuid) };
    } finally {
      if (!daemon.exited) await daemon.kill();
    }
  };

  for (const [index, row] of ROWS.entries()) {
    it(row.title, async () => {
      const { report, record } = (await played[index]) as Awaited<ReturnType<typeof play>>;
      expect(report.violations).to.deep.equal([]);
      expect(report.lost).to.equal(null);
      expect(report.end.kind).to.equal(row.caller);
      expect(record.bridges.map(({ outcome }) => outcome)).to.deep.equal(row.bridges);
      expect(record).to.include({ end: row.end, ...row.more });
      expect(record.moves).to.have.length(row.end === 'moved' ? 1 : 0);
      for (const task of report.tasks) expect(task.outcome, task.description).not.to.equal('fired');
    });
  }
});
