import { expect } from 'chai';
import { newRecord, type CallRecord } from '../../../lib/call/record.ts';
import { causesOf, courseOf, isSet } from '../../../lib/console/pages/calls/course.ts';

type Bridge = CallRecord['bridges'][number];
type Decision = CallRecord['decisions'][number];

function record(given: Partial<CallRecord>): CallRecord {
  return { ...newRecord('0'.repeat(32), new Date(0)), ...given };
}

function bridge(to: string, outcome: Bridge['outcome'], answeredBy: string | null = null): Bridge {
  const legs = to.split(',').map((user) => `[a=b]user/${user}@pbx`);
  const dialString = `{x=y}${to.includes('/') ? to : legs.join(',')}`;
  return { atMs: 0, endedMs: 1, dialString, answeredBy, outcome, cause: null };
}

function decision(given: Partial<Decision>): Decision {
  const usual = {
    scheme: 'sales',
    via: 'fallback',
    result: 'no_answer',
    reason: 'busy',
    detail: '',
  } as const;
  return { atMs: 0, ...usual, steps: ['dialplan'], ...given };
}

/** `205 no_answer; fallback 900 answered` */
function told(given: Partial<CallRecord>): string {
  return courseOf(record(given))
    .map((one) => {
      const said = one.kind === 'rung' ? `${one.who.join('+')} ${one.outcome}` : `${one.how} ${one.what}`;
      return `${one.isFallback ? 'fallback ' : ''}${said}`.trim();
    })
    .join('; ');
}

describe('console: what became of a call', () => {
  const trunk = (name: string): string => `sofia/gateway/${name}/380440000001`;
  for (const [title, given, course] of [
    [
      'a fallback saved it',
      {
        bridges: [bridge('205', 'no_answer'), { ...bridge('900', 'answered', '900'), atMs: 9 }],
        decisions: [
          decision({ via: 'primary', result: 'routed' }),
          decision({ atMs: 8, steps: ['dial 900'] }),
        ],
        end: 'bridged',
      },
      '205 no_answer; fallback 900 answered',
    ],
    [
      'several steps, and voicemail after them',
      {
        bridges: [bridge('205', 'busy'), bridge('206', 'rejected')],
        decisions: [
          decision({ via: 'primary', steps: ['dial 205', 'dial 206'] }),
          decision({ atMs: 2, steps: ['transfer voicemail default'] }),
        ],
        end: 'transferred',
      },
      '205 busy; 206 rejected; fallback transferred voicemail',
    ],
    [
      'of several that rang together the one who answered',
      { bridges: [bridge('205,206', 'answered', '206')], end: 'bridged' },
      '206 answered',
    ],
    [
      'several rang together, and nobody answered',
      { bridges: [bridge('205,206', 'no_answer')], decisions: [decision({ atMs: 1 })], end: 'dialplan' },
      '205+206 no_answer; fallback dialplan',
    ],
    [
      'a number through two gateways is called once',
      {
        bridges: [bridge(trunk('one'), 'unreachable'), bridge(trunk('two'), 'answered', '380440000001')],
        end: 'bridged',
      },
      '380440000001 answered',
    ],
    [
      'the caller hung up while it rang',
      { bridges: [bridge('205', 'cancelled')], end: 'caller_hangup' },
      '205 cancelled; caller_hangup',
    ],
    [
      'a queue',
      {
        decisions: [decision({ via: 'primary', steps: ['transfer 900 default'] })],
        end: 'transferred',
      },
      'transferred 900',
    ],
    [
      'a step hung it up',
      { decisions: [decision({ steps: ['hangup USER_BUSY'] })], end: 'hangup' },
      'fallback hangup USER_BUSY',
    ],
    ['it was hung up before it was decided', { end: 'caller_hangup' }, 'caller_hangup'],
    [
      'somebody took it after they had talked',
      {
        bridges: [bridge('205', 'answered', '205')],
        moves: [{ atMs: 5, from: 'talking', by: 'transfer', to: '300' }],
        end: 'moved',
      },
      '205 answered; moved 300',
    ],
    ['it has not ended', { bridges: [bridge('205', null)] }, '205 open'],
  ] as readonly (readonly [string, Partial<CallRecord>, string])[]) {
    it(title, () => {
      expect(told(given)).to.equal(course);
    });
  }
});

it('console: how long it rang, and how long it might have', () => {
  const dialString = '{ignore_early_media=true,originate_timeout=15}[a=b]user/205@pbx';
  const rung = { ...bridge('205', 'no_answer'), atMs: 100, endedMs: 900, dialString };
  const [passage] = courseOf(record({ bridges: [rung] }));
  expect(passage).to.include({ rangMs: 800, limitMs: 15_000 });
  const [open] = courseOf(record({ bridges: [{ ...bridge('205', null), endedMs: null }] }));
  expect(open).to.include({ rangMs: null, limitMs: null });
});

describe('console: why a call went as it did', () => {
  const refused = (text: string, why: string) =>
    ({ from: 'reply', path: '', text, result: `refused: "${text}" ${why}` }) as const;
  // The same value, and not the CRM's.
  const own = {
    from: 'fallback',
    path: '[0].dial',
    text: '9',
    result: 'refused: "agent 7" is neither a number nor a login',
  } as const;

  it('names the value that the CRM sent, and no other', () => {
    const reason = 'destination_invalid';
    const causes = (text: string, why: string) =>
      causesOf(
        record({
          ...{ result: 'refused', reason, readings: [refused(text, why), own] },
          decisions: [decision({ result: 'refused', reason, detail: `"${text}" ${why}` })],
        }),
      );
    expect(causes('agent 7', 'is neither a number nor a login')).to.deep.equal([
      { reason, detail: '', values: ['agent 7'] },
    ]);
    expect(causes('3.8E11', 'was made by a spreadsheet')).to.deep.equal([
      { reason, detail: '"3.8E11" was made by a spreadsheet', values: [] },
    ]);
  });

  it('names the word that the map does not have, and says it once', () => {
    const why = '99 is not in webhook.map: add it, or set webhook.unmapped';
    const call = record({
      ...{ result: 'no_route', reason: 'unmapped' },
      readings: [{ from: 'reply', path: '', text: '99', result: `nobody: ${why}` }],
      decisions: [decision({ result: 'no_route', reason: 'unmapped', detail: why })],
    });
    expect(causesOf(call)).to.deep.equal([{ reason: 'unmapped', detail: '', values: ['99'] }]);
  });

  it('has the first cause too when the caller hung up later', () => {
    const call = record({
      ...{ result: 'error', reason: 'caller_hung_up' },
      decisions: [decision({ result: 'error', reason: 'webhook_timeout', detail: 'no reply' })],
    });
    expect(causesOf(call).map(({ reason }) => reason)).to.deep.equal(['webhook_timeout', 'caller_hung_up']);
  });

  it('shows whether what an advice wants set is set', () => {
    const sent = (steps: readonly string[]) => ({ decisions: [decision({ steps })], requests: [] });
    expect(isSet('busy', sent(['transfer voicemail default']))).to.equal(true);
    expect(isSet('busy', sent(['dialplan']))).to.equal(false);
    expect(isSet('no_answer', sent(['dial 900', 'dialplan']))).to.equal(false);
    const asked = (retries: readonly unknown[]) => ({
      decisions: [],
      requests: [{ retries, url: '', reply: null }],
    });
    expect(isSet('connection_gone', asked([{}]))).to.equal(true);
    expect(isSet('connection_gone', asked([]))).to.equal(false);
  });
});
