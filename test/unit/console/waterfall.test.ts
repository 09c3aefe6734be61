import { expect } from 'chai';
import { newRecord, type CallRecord } from '../../../lib/call/record.ts';
import { axisOf, SCALES } from '../../../lib/console/pages/calls/axis.ts';
import { waterfallOf, type Row, type Waterfall } from '../../../lib/console/pages/calls/waterfall.ts';
import { wholeRecord } from '../../../lib/console/pages/calls/whole.ts';
import { NOBODY } from '../../../lib/reasons/crm.ts';

type Request = CallRecord['requests'][number];
type Bridge = CallRecord['bridges'][number];
type Decision = CallRecord['decisions'][number];

const PHASES = { dns: 10, connect: 30, tls: 70, firstByte: 380, total: 390 };

function request(given: Partial<Request> = {}): Request {
  return {
    atMs: 1,
    attempt: 1,
    scheme: 'sales',
    webhookId: 'msg_1',
    method: 'POST',
    url: 'https://crm.example/route',
    headers: {},
    body: null,
    proxy: null,
    retries: [],
    reply: { status: 200, headers: {}, body: '{}' },
    phases: PHASES,
    answer: 'found',
    detail: null,
    ...given,
  };
}

function decision(atMs: number, given: Partial<Decision> = {}): Decision {
  return {
    atMs,
    scheme: 'sales',
    via: 'primary',
    result: 'routed',
    reason: 'routed',
    detail: '',
    steps: ['dial 201'],
    ...given,
  };
}

function bridge(atMs: number, endedMs: number | null, given: Partial<Bridge> = {}): Bridge {
  return {
    atMs,
    endedMs,
    dialString: 'user/201@pbx',
    answeredBy: null,
    outcome: 'no_answer',
    cause: null,
    ...given,
  };
}

function record(given: Partial<CallRecord>): CallRecord {
  return { ...newRecord('0'.repeat(32), new Date(0)), ...given };
}

function rowsOf(fall: Waterfall, kind: Row['kind']): Row[] {
  return fall.rows.filter((row) => row.kind === kind);
}

function spans(row: Row | undefined): [string, number, number][] {
  return (row?.parts ?? []).map(({ kind, fromMs, toMs }) => [kind, fromMs, toMs]);
}

function stretches({ segments }: Waterfall): [string, number, number][] {
  return segments.map(({ kind, fromMs, toMs }) => [kind, fromMs, toMs]);
}

const ANSWERED = record({
  requests: [request()],
  decisions: [decision(393)],
  bridges: [bridge(395, 60_395, { outcome: 'answered', answeredBy: '201' })],
  end: 'bridged',
  result: 'routed',
  decidedMs: 393,
  answeredMs: 5_395,
  endedMs: 60_396,
});

const RECORDS: Readonly<Record<string, CallRecord>> = {
  answered: ANSWERED,
  nothing: record({}),
  'no CRM': record({
    decisions: [decision(2)],
    bridges: [bridge(3, 9_000)],
    end: 'dialplan',
    decidedMs: 2,
    endedMs: 9_001,
  }),
  'given back unasked': record({ end: 'dialplan', endedMs: 3 }),
  'hung up while asked': record({
    requests: [request({ reply: null, phases: null, answer: 'abandoned' })],
    end: 'caller_hangup',
    endedMs: 800,
  }),
  retried: record({
    requests: [request({ retries: [{ reason: 'http_status', detail: 'HTTP 502' }] })],
    decisions: [decision(1_000)],
    end: 'dialplan',
    decidedMs: 1_000,
    endedMs: 1_002,
  }),
  'a hand-over': record({
    requests: [request(), request({ atMs: 395, scheme: 'night' })],
    decisions: [decision(788, { scheme: 'night' })],
    end: 'dialplan',
    decidedMs: 788,
    endedMs: 789,
  }),
  recalled: record({
    requests: [request({ reply: null, phases: null, answer: 'connect_failed' })],
    recalled: [{ atMs: 40, scheme: 'sales', stale: true, ageSeconds: 60, status: 200, body: '"201"' }],
    decisions: [decision(41, { reason: 'stale' })],
    bridges: [bridge(43, 20_000)],
    end: 'dialplan',
    decidedMs: 41,
    endedMs: 20_001,
  }),
  'several bridges and a webhook between': record({
    requests: [request(), request({ atMs: 31_000, phases: { firstByte: 90, total: 100 } })],
    decisions: [
      decision(393),
      decision(31_103, { via: 'fallback', result: 'no_answer', reason: 'no_answer' }),
    ],
    bridges: [bridge(395, 15_000), bridge(15_002, 30_990), bridge(31_105, 90_000, { outcome: 'answered' })],
    end: 'bridged',
    via: 'fallback',
    decidedMs: 393,
    answeredMs: 40_000,
    endedMs: 90_001,
  }),
  moved: record({
    requests: [request()],
    decisions: [decision(393)],
    bridges: [bridge(395, 30_000, { outcome: 'moved', answeredBy: '201' })],
    moves: [{ atMs: 30_000, from: 'talking', by: 'transfer', to: '700 default' }],
    end: 'moved',
    decidedMs: 393,
    answeredMs: 4_000,
    endedMs: 600_000,
  }),
  guard: record({
    requests: [request({ reply: null, phases: null, answer: null })],
    end: 'guard',
    result: 'error',
    reason: 'guard_fired',
    budgetMs: 4_000,
    guardMs: 6_000,
    endedMs: 6_003,
  }),
  released: record({
    requests: [request()],
    decisions: [decision(393)],
    bridges: [bridge(395, null, { outcome: 'released' })],
    end: 'released',
    decidedMs: 393,
    endedMs: 4_000,
  }),
  'time that runs back': record({
    requests: [request({ atMs: 500 })],
    decisions: [decision(100)],
    bridges: [bridge(90, 80)],
    end: 'bridged',
    decidedMs: 100,
    answeredMs: 20,
    endedMs: 50,
  }),
};

describe('waterfall of a call', () => {
  it('has every moment in order, and every stretch without gaps, whatever the record', () => {
    for (const [name, one] of Object.entries(RECORDS)) {
      const fall = waterfallOf(one);
      let before = 0;
      for (const { fromMs, toMs, parts } of fall.rows) {
        expect(fromMs, name).to.be.at.least(before);
        expect(toMs, name).to.be.at.least(fromMs);
        before = fromMs;
        let at = fromMs;
        for (const part of parts) {
          expect(part.fromMs, `${name}: ${part.kind}`).to.be.at.least(at);
          expect(part.toMs, `${name}: ${part.kind}`).to.be.above(part.fromMs);
          at = part.toMs;
        }
        expect(at, name).to.be.at.most(toMs);
      }
      let until = 0;
      for (const { fromMs, toMs } of fall.segments) {
        expect(fromMs, name).to.equal(until);
        expect(toMs, name).to.be.above(fromMs);
        until = toMs;
      }
      expect(until, name).to.be.at.least(fall.endMs);
    }
  });

  it('divides a question into what took its time', () => {
    const [question] = rowsOf(waterfallOf(ANSWERED), 'question');
    expect(spans(question)).to.deep.equal([
      ['dns', 1, 11],
      ['connect', 11, 31],
      ['tls', 31, 71],
      ['wait', 71, 381],
      ['body', 381, 391],
      ['reading', 391, 393],
    ]);
  });

  it('divides a bridge into ringing and talk, and the call into deciding, ringing and talk', () => {
    const fall = waterfallOf(ANSWERED);
    expect(spans(rowsOf(fall, 'bridge')[0])).to.deep.equal([
      ['ring', 395, 5_395],
      ['talk', 5_395, 60_395],
    ]);
    expect(stretches(fall)).to.deep.equal([
      ['decide', 0, 395],
      ['ring', 395, 5_395],
      ['talk', 5_395, 60_396],
    ]);
  });

  it('puts the phases of the last try at the end, and the tries that failed in front', () => {
    const [question] = rowsOf(waterfallOf(RECORDS['retried'] ?? ANSWERED), 'question');
    expect(spans(question).slice(0, 2)).to.deep.equal([
      ['retry', 1, 610],
      ['dns', 610, 620],
    ]);
    expect(question?.tone).to.equal('odd');
  });

  it('shows a question without a reply until what came next', () => {
    const [question] = rowsOf(waterfallOf(RECORDS['recalled'] ?? ANSWERED), 'question');
    expect(spans(question)).to.deep.equal([['open', 1, 40]]);
    expect(question?.tone).to.equal('lost');
    const [abandoned] = rowsOf(waterfallOf(RECORDS['hung up while asked'] ?? ANSWERED), 'question');
    expect(spans(abandoned)).to.deep.equal([['open', 1, 800]]);
  });

  it('gives each decision a scale of its own, the one between two bridges too', () => {
    const fall = waterfallOf(RECORDS['several bridges and a webhook between'] ?? ANSWERED);
    expect(stretches(fall)).to.deep.equal([
      ['decide', 0, 395],
      ['ring', 395, 30_990],
      ['decide', 30_990, 31_105],
      ['ring', 31_105, 40_000],
      ['talk', 40_000, 90_001],
    ]);
    const [first, second, third] = rowsOf(fall, 'bridge');
    expect([first?.tone, second?.tone, third?.tone]).to.deep.equal(['lost', 'lost', 'good']);
    expect(spans(third)).to.deep.equal([
      ['ring', 31_105, 40_000],
      ['talk', 40_000, 90_000],
    ]);
  });

  it('tells a conversation that was taken elsewhere from one that is over', () => {
    const fall = waterfallOf(RECORDS['moved'] ?? ANSWERED);
    expect(spans(rowsOf(fall, 'bridge')[0])).to.deep.equal([
      ['ring', 395, 4_000],
      ['talk', 4_000, 30_000],
    ]);
    expect(stretches(fall).at(-1)).to.deep.equal(['rest', 30_000, 600_000]);
    expect(rowsOf(fall, 'move')).to.have.length(1);
  });

  it('knows the budget and the guard, where the record does', () => {
    const fall = waterfallOf(RECORDS['guard'] ?? ANSWERED);
    expect([fall.budgetMs, fall.guardMs]).to.deep.equal([4_000, 6_000]);
    expect(rowsOf(fall, 'end')[0]?.tone).to.equal('lost');
    expect(axisOf(waterfallOf({ ...ANSWERED, budgetMs: 4_000 }), 'limits').toMs).to.be.closeTo(4_080, 1);
  });

  it('has no failure for a CRM that knows nobody, by the list of reasons', () => {
    const nobody = Object.keys(NOBODY);
    expect(nobody).to.have.length.above(5);
    for (const answer of nobody) {
      const [row] = rowsOf(waterfallOf(record({ requests: [request({ answer })] })), 'question');
      expect(row?.tone, answer).to.equal('usual');
    }
  });
});

describe('axis of a waterfall', () => {
  it('puts every moment between 0 and 1 and never an earlier one to the right of a later one', () => {
    for (const one of Object.values(RECORDS)) {
      const fall = waterfallOf(one);
      for (const scale of SCALES) {
        const axis = axisOf(fall, scale);
        const moments = fall.rows.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).sort((a, b) => a - b);
        let before = 0;
        for (const ms of moments) {
          const at = axis.at(ms);
          expect(at).to.be.within(before - 1e-9, 1 + 1e-9);
          before = at;
        }
        expect(axis.segments.reduce((sum, { width }) => sum + width, 0)).to.be.closeTo(1, 1e-9);
        expect(axis.ticks.length).to.be.at.most(24);
        for (const { left } of axis.ticks) expect(left).to.be.within(0, 1);
      }
    }
  });

  it('keeps the figures of its ticks off the edges of a stretch', () => {
    for (const one of Object.values(RECORDS)) {
      const { segments, ticks } = axisOf(waterfallOf(one), 'phases');
      for (const { left } of ticks) {
        for (const edge of segments.flatMap((segment) => [segment.left, segment.left + segment.width])) {
          expect(Math.abs(left - edge)).to.be.above(0.029);
        }
      }
    }
  });

  it('gives the decision room beside a conversation of minutes', () => {
    const fall = waterfallOf({ ...ANSWERED, endedMs: 3_600_000 });
    const phases = axisOf(fall, 'phases');
    expect(phases.at(381) - phases.at(71)).to.be.above(0.3);
    const time = axisOf(fall, 'time');
    expect(time.at(381) - time.at(71)).to.be.below(0.001);
  });
});

describe('whole record', () => {
  it('is the record itself where nothing is missing', () => {
    for (const [name, one] of Object.entries(RECORDS)) {
      expect(wholeRecord(JSON.parse(JSON.stringify(one))), name).to.deep.equal(one);
    }
  });

  it('has a waterfall whatever is missing or of another kind', () => {
    const wrong = [null, undefined, 7, 'x', [], {}, [null, 1, 'x', {}], { atMs: 'x' }, NaN, -5, true];
    const text = JSON.stringify(RECORDS['several bridges and a webhook between']);
    for (const key of Object.keys(ANSWERED)) {
      for (const value of wrong) {
        const given = JSON.parse(text) as Record<string, unknown>;
        given[key] = value;
        const fall = waterfallOf(wholeRecord(given));
        for (const scale of SCALES) expect(Number.isFinite(axisOf(fall, scale).at(5)), key).to.equal(true);
        for (const inner of ['requests', 'bridges', 'decisions']) {
          const deep = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
          const [first] = deep[inner] ?? [];
          for (const name of Object.keys(first ?? {})) {
            deep[inner] = [{ ...first, [name]: value }];
            expect(waterfallOf(wholeRecord(deep)).rows.length, `${inner}.${name}`).to.be.above(1);
          }
        }
      }
    }
    for (const value of wrong) expect(waterfallOf(wholeRecord(value)).rows).to.have.length(1);
  });
});
