import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { RawSwitch } from '../support/raw-switch.ts';
import { answers, busy, CALLER, DID, rings, scenarios, type Scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

/** Where calls may go, how many of them, how far and how long. */

const NUMBER = '380441234567';
const PREMIUM = '380900212345';
const SATELLITE = '870773123456';
const to = (...numbers: string[]) => ({ json: { destination: numbers } });
const backup = { fallback: { onError: [{ dial: '900' }] } };

/** Refused: the reason in the record and in the marker, and the caller at the fallback. */
const refusedFor =
  (reason: string): Scenario['check'] =>
  ({ record, dialled, marker }) => {
    expect(record).to.include({ result: 'refused', reason, end: 'bridged', via: 'fallback' });
    expect([marker('result'), marker('reason')]).to.deep.equal(['refused', reason]);
    expect(dialled).to.deep.equal(['user/900@pbx.example']);
  };

const routedTo =
  (...users: string[]): Scenario['check'] =>
  ({ record, report }) => {
    expect(record).to.include({ result: 'routed', end: 'bridged' });
    expect(report.legs.map(({ user }) => user)).to.deep.equal(users);
  };

scenarios('numbers of a scheme', [
  {
    title: 'a premium-rate number is refused unless told otherwise',
    scheme: backup,
    reply: to(PREMIUM),
    check: refusedFor('number_premium'),
  },
  {
    title: 'and so is a satellite telephone',
    scheme: backup,
    reply: to(`+${SATELLITE}`),
    check: refusedFor('number_satellite'),
  },
  {
    title: 'the scheme cannot allow what the configuration refuses',
    scheme: { ...backup, numbers: { premium: true, allow: ['380'] } },
    reply: to(PREMIUM),
    check: refusedFor('number_premium'),
  },
  {
    title: 'a refused number gives way to the next of the list',
    reply: to(PREMIUM, NUMBER),
    check: routedTo(NUMBER),
  },
  {
    title: 'a number that the scheme denies',
    scheme: { ...backup, numbers: { deny: ['38044'] } },
    reply: to(NUMBER),
    check: refusedFor('destination_denied'),
  },
  {
    title: 'a number that is not among those that the scheme allows',
    scheme: { ...backup, numbers: { allow: ['38050'] } },
    reply: to(NUMBER),
    check: refusedFor('destination_denied'),
  },
  {
    title: 'the longest prefix wins',
    scheme: { numbers: { allow: ['380441'], deny: ['38044'] } },
    reply: to('380442345678', NUMBER),
    check: routedTo(NUMBER),
  },
]);

scenarios(
  'numbers that the configuration allows',
  [
    { title: 'premium rate', reply: to(PREMIUM), check: routedTo(PREMIUM) },
    { title: 'satellites', reply: to(SATELLITE), check: routedTo(SATELLITE) },
    {
      title: 'a scheme refuses premium rate for itself',
      scheme: { ...backup, numbers: { premium: false } },
      reply: to(PREMIUM),
      check: refusedFor('number_premium'),
    },
    {
      title: 'a scheme refuses satellites for itself',
      scheme: { ...backup, numbers: { satellite: false } },
      reply: to(SATELLITE),
      check: refusedFor('number_satellite'),
    },
    {
      title: 'a scheme that allows a number that the configuration denies',
      scheme: { ...backup, numbers: { allow: ['3805012'] } },
      reply: to('380501234567'),
      check: refusedFor('destination_denied'),
    },
  ],
  { settings: { NUMBERS_PREMIUM: 'true', NUMBERS_SATELLITE: 'true', NUMBERS_DENY: '38050' } },
);

const HOPS = 'X-ESL-Router-Hops';
const hopsTold = ({ report }: { report: CallReport }): (string | undefined)[] =>
  report.legs.map(({ variables }) => variables.get(`sip_h_${HOPS}`));

scenarios(
  'hops',
  [
    {
      title: 'a leg says that it is the first one',
      check: (outcome) => {
        expect(hopsTold(outcome)).to.deep.equal(['1']);
      },
    },
    {
      title: 'each further one counts on',
      reply: to('201', '202'),
      callees: { '201': busy },
      call: { sipHeaders: { [HOPS]: '2' } },
      check: (outcome) => {
        expect(hopsTold(outcome)).to.deep.equal(['3', '3']);
      },
    },
    {
      title: 'one too many: given back, unasked',
      call: { sipHeaders: { [HOPS]: '3' } },
      check: ({ report, record, requests, marker }) => {
        expect(report.end.kind).to.equal('dialplan');
        expect(record).to.include({ result: 'refused', reason: 'hop_limit', end: 'dialplan' });
        expect([marker('result'), marker('reason')]).to.deep.equal(['refused', 'hop_limit']);
        expect(requests).to.deep.equal([]);
      },
    },
    {
      title: 'nonsense is not a count',
      call: { sipHeaders: { [HOPS]: '9, 9' } },
      check: (outcome) => {
        expect(hopsTold(outcome)).to.deep.equal(['1']);
      },
    },
  ],
  { settings: { MAX_HOPS: '2' } },
);

/** In simulated seconds of a tenth. */
const timeIsUp =
  (seconds: number): Scenario['check'] =>
  ({ report, record }) => {
    expect(report.end).to.include({ kind: 'answered', hangupBy: 'router' });
    expect(record).to.include({ result: 'routed', reason: 'answered', end: 'bridged' });
    expect(record).to.include({ hangupCause: 'ALLOTTED_TIMEOUT', hungUpBy: 'router' });
    expect((record.endedMs ?? 0) - (record.answeredMs ?? 0)).to.be.within((seconds - 1) * 90, 8000);
    const limit = `sched_hangup +${seconds} ${report.uuid} ALLOTTED_TIMEOUT`;
    expect(report.legs.at(-1)?.variables.get('api_before_bridge_limit')).to.equal(limit);
    expect(report.commands.filter(({ text }) => text === `api ${limit}\n\n`)).to.have.length(1);
  };
const talksOn: Partial<CallScript> = { callee: () => answers(4000) };

scenarios(
  'the length of a call',
  [
    {
      title: "ends at the scheme's limit",
      scheme: { maxDurationSeconds: 10 },
      call: talksOn,
      check: timeIsUp(10),
    },
    { title: "ends at the configuration's", call: talksOn, check: timeIsUp(15) },
    {
      title: 'ends at the shorter one',
      scheme: { maxDurationSeconds: 20 },
      call: talksOn,
      check: timeIsUp(15),
    },
    {
      title: 'ends without a guard as well',
      scheme: { maxDurationSeconds: 10 },
      guard: null,
      call: talksOn,
      check: timeIsUp(10),
    },
    {
      title: 'counts from the answer, for a caller who was answered before too',
      scheme: { maxDurationSeconds: 10, forwardingTimeoutSeconds: 30 },
      call: { answered: true, callee: () => ({ ...answers(4000), afterMs: 1200 }) },
      check: timeIsUp(10),
    },
    {
      title: 'counts from the answer of the last bridge',
      scheme: { maxDurationSeconds: 10, forwardingTimeoutSeconds: 8 },
      reply: to('201', '202'),
      call: { callee: ({ user }) => (user === '201' ? rings : answers(4000)) },
      check: timeIsUp(10),
    },
    {
      title: 'who hangs up earlier is said to have',
      scheme: { maxDurationSeconds: 10 },
      call: { callee: () => ({ ...answers(50), hangup: 'callee' }) },
      check: ({ record }) => {
        expect(record).to.include({ hangupCause: 'NORMAL_CLEARING', hungUpBy: 'callee' });
      },
    },
  ],
  { settings: { MAX_DURATION: '15' } },
);

describe('caps', () => {
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let seed = 8000;
  const destination = { value: NUMBER as unknown };

  interface Played {
    readonly report: CallReport;
    readonly record: CallRecord;
  }

  const place = async (scheme: string, script: Partial<CallScript> = {}): Promise<Played> => {
    const freeswitch = new SimulatedFreeSwitch({
      routers: [daemon.address],
      secondMs: 100,
      seed: ++seed,
      maxCallMs: 8000,
    });
    const call = { caller: CALLER, did: DID, path: scheme, guardSeconds: 100, callee: () => answers() };
    const report = await freeswitch.call({ ...call, ...script });
    expect(report.violations).to.deep.equal([]);
    expect(report.lost).to.equal(null);
    return { report, record: await daemon.record(report.uuid) };
  };

  /** A call that talks until it is told to stop. */
  const talking = async (scheme: string): Promise<{ end: () => Promise<Played> }> => {
    const asked = crm.requests.length;
    let answeredBy = 0;
    const talkMs = 700;
    const call = place(scheme, {
      callee: () => {
        answeredBy++;
        return answers(talkMs);
      },
    });
    await eventually('a leg', () => crm.requests.length > asked && answeredBy > 0);
    return { end: () => call };
  };

  before(async () => {
    crm = await startCrm(({ url }) => {
      if (url === '/hang') return { hang: true };
      const value = url === '/backup' ? '666' : destination.value;
      return { status: 200, body: JSON.stringify({ destination: value }) };
    });
    const webhook = { url: `${crm.url}/route`, timeoutSeconds: 3 };
    const onError = [{ webhook: `${crm.url}/backup` }, { dial: '900' }];
    const common = { webhook, forwardingTimeoutSeconds: 2, fallback: { onError } };
    const asking = { ...common, webhook: { url: `${crm.url}/hang`, timeoutSeconds: 0.5 } };
    const settings = {
      NUMBERS_LIMITS: JSON.stringify({
        '38067': { calls: 1 },
        '3806': { calls: 5 },
        '38099': { callsPerMinute: 2 },
      }),
      SCHEMES_WATCH: 'false',
    };
    daemon = await Daemon.start({
      settings,
      schemes: [
        { ...common, name: 'one', limits: { calls: 1 } },
        { ...common, name: 'ends', limits: { calls: 1 } },
        { ...asking, name: 'asking', limits: { calls: 1 }, fallback: { onError: [{ dial: '900' }] } },
        { ...common, name: 'minute', limits: { callsPerMinute: 2 } },
        { ...common, name: 'free', fallback: { onError: [{ dial: '900' }], onNoAnswer: [{ dial: '901' }] } },
      ],
    });
  });

  beforeEach(() => {
    destination.value = NUMBER;
  });

  after(async () => {
    await daemon.stop();
    await crm.close();
  });

  function checkRefused({ report, record }: Played): void {
    expect(record).to.include({ result: 'refused', reason: 'call_limit', end: 'bridged' });
    expect(report.variables.get('esl_router_result')).to.equal('refused');
    expect(report.variables.get('esl_router_reason')).to.equal('call_limit');
    expect(report.legs.map(({ user }) => user)).to.deep.equal(['900']);
  }

  it('concurrent calls of a scheme: one over it is not asked about, nor at a backup', async () => {
    const first = await talking('one');
    const asked = crm.requests.length;
    const second = await place('one');
    checkRefused(second);
    expect(second.record.decisions[0]?.detail).to.equal(
      'the scheme one has reached its limit of 1 at a time',
    );
    expect(crm.requests).to.have.length(asked);
    expect((await first.end()).record).to.include({ result: 'routed' });
    expect((await place('one')).record).to.include({ result: 'routed' });
  });

  it('a place comes back in whatever way the call ends', async () => {
    const ends: [expected: string, value: unknown, script?: Partial<CallScript>][] = [
      ['bridged', NUMBER],
      ['bridged', NUMBER, { callee: () => ({ ...answers(), hangup: 'callee' }) }],
      ['dialplan', null],
      ['dialplan', NUMBER, { callee: () => busy }],
      ['hangup', { hangup: 'USER_BUSY' }],
      ['caller_hangup', NUMBER, { callee: () => rings, hangupAt: 'ringing', hangupAfterMs: 30 }],
      ['bridged', NUMBER],
    ];
    for (const [expected, value, script] of ends) {
      destination.value = value;
      const { record } = await place('ends', script);
      expect(record.end).to.equal(expected);
      expect(record.reason).to.not.equal('call_limit');
    }
    const uuid = 'e2b6a1f0-0000-4000-8000-000000000001';
    const freeswitch = await RawSwitch.dial(daemon.address, uuid);
    await freeswitch.heard(/myevents plain/);
    freeswitch.greet('ends');
    await freeswitch.located();
    await freeswitch.heard(/app-name: bridge/);
    expect((await place('ends')).record.reason).to.equal('call_limit');
    freeswitch.destroy();
    expect((await daemon.record(uuid)).end).to.equal('switch_lost');
    expect((await place('ends')).record).to.include({ result: 'routed' });
  });

  it('while the CRM is asked too: the caller hangs up, the dialplan takes him back, it does not answer', async () => {
    const gone = await place('asking', { hangupAt: 'connected', hangupAfterMs: 50 });
    expect(gone.record).to.include({ end: 'caller_hangup' });
    const late = await place('asking');
    expect(late.record).to.include({ reason: 'webhook_timeout', end: 'bridged' });
    const taken = await place('asking', { guardSeconds: 3, hangupAfterMs: 3000 });
    expect(taken.record.reason).to.be.oneOf(['guard_fired', 'webhook_timeout']);
    expect((await place('asking')).record).to.include({ reason: 'webhook_timeout' });
  });

  it('calls a minute of a scheme', async () => {
    expect((await place('minute')).record.result).to.equal('routed');
    expect((await place('minute')).record.result).to.equal('routed');
    const third = await place('minute');
    checkRefused(third);
    expect(third.record.decisions[0]?.detail).to.equal(
      'the scheme minute has reached its limit of 2 a minute',
    );
  });

  it('concurrent calls to a prefix: the next of the list is tried, and the fallback when there is none', async () => {
    destination.value = '380671234567';
    const first = await talking('free');
    destination.value = ['380677654321', '380501234567'];
    const second = await place('free');
    expect(second.record).to.include({ result: 'routed' });
    expect(second.report.legs.map(({ user }) => user)).to.deep.equal(['380501234567']);
    expect(second.record.notes.join()).to.include('the prefix 38067 has reached its limit of 1 at a time');
    destination.value = [['380677654321', '380631234567']];
    const together = await place('free');
    expect(together.report.legs.map(({ user }) => user)).to.deep.equal(['380631234567']);
    destination.value = '380677654321';
    checkRefused(await place('free'));
    await first.end();
    expect((await place('free')).record).to.include({ result: 'routed' });
  });

  it('a bridge that failed gives its place to the next one of the same call', async () => {
    destination.value = ['380671234567', '380677654321'];
    const { report, record } = await place('free', {
      callee: ({ user }) => (user === '380671234567' ? busy : answers()),
    });
    expect(record).to.include({ result: 'routed', end: 'bridged' });
    expect(report.legs.map(({ user }) => user)).to.deep.equal(['380671234567', '380677654321']);
  });

  it('calls a minute to a prefix', async () => {
    destination.value = '380991234567';
    expect((await place('free')).record.result).to.equal('routed');
    expect((await place('free')).record.result).to.equal('routed');
    checkRefused(await place('free'));
  });
});
