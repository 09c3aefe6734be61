import { expect } from 'chai';
import { newRecord, type CallRecord } from '../../../lib/call/record.ts';
import { failuresOf, ProblemCounter } from '../../../lib/store/problem-counter.ts';
import type { Problems } from '../../../lib/store/problems.ts';
import { wordsOf } from '../../../lib/store/words.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog } from '../../support/stored.ts';

type Request = CallRecord['requests'][number];

function record(
  id: string,
  fields: Partial<CallRecord>,
  requests: readonly Partial<Request>[] = [],
): CallRecord {
  const empty = newRecord(id, new Date(Date.UTC(2026, 10, 25, 12, 0, Number(id))));
  return {
    ...empty,
    ...fields,
    requests: requests.map((one) => ({ scheme: 'sales', url: 'https://crm.test/a?b', ...one }) as Request),
  };
}

describe('problems of calls', () => {
  it('are what a CRM failed with, a backup or not, and what a caller suffered from', () => {
    const of = (...args: Parameters<typeof record>) => failuresOf(record(...args));
    const crm = 'https://crm.test';
    expect(of('1', { result: 'routed', reason: 'routed' }, [{ answer: 'found' }])).to.deep.equal([]);
    expect(of('1', { result: 'no_route', reason: 'missing_key' }, [{ answer: 'missing_key' }])).to.deep.equal(
      [],
    );
    // The backup found somebody.
    expect(
      of('1', { result: 'routed', reason: 'routed' }, [
        { answer: 'webhook_timeout' },
        { answer: 'found', url: 'https://backup.test/' },
      ]),
    ).to.deep.equal([{ reason: 'webhook_timeout', scheme: 'sales', crm }]);
    expect(
      of('1', { result: 'error', reason: 'webhook_timeout' }, [{ answer: 'webhook_timeout' }]),
    ).to.have.length(1);
    expect(
      of('1', { result: 'refused', reason: 'destination_invalid' }, [{ answer: 'destination_invalid' }]),
    ).to.deep.equal([{ reason: 'destination_invalid', scheme: 'sales', crm }]);
    expect(of('1', { result: 'error', reason: 'overloaded' })).to.deep.equal([
      { reason: 'overloaded', scheme: '', crm: '' },
    ]);
    expect(
      of('1', { result: 'abandoned', reason: 'caller_hung_up', end: 'caller_hangup' }, [
        { answer: 'abandoned' },
      ]),
    ).to.deep.equal([]);
    // He hung up while the fallback rang, and by then the CRM's answer had been refused.
    const decision = { atMs: 1, scheme: 'sales', via: 'fallback', detail: '', steps: ['dial 900'] } as const;
    expect(
      of(
        '1',
        {
          ...{ result: 'refused', reason: 'caller_hung_up', end: 'caller_hangup' },
          decisions: [{ ...decision, result: 'refused', reason: 'number_premium' }],
        },
        [{ answer: 'number_premium' }],
      ),
    ).to.deep.equal([{ reason: 'number_premium', scheme: 'sales', crm }]);
  });

  it('are words that the map does not have, whatever has served the caller then', () => {
    const crm = 'https://crm.test';
    const reading = (text: string, path = '') => ({
      from: 'reply' as const,
      path,
      text,
      result: `nobody: ${text} is not in webhook.map: add it, or set webhook.unmapped`,
    });
    expect(
      failuresOf(
        record('1', { result: 'no_route', reason: 'unmapped', readings: [reading('99')] }, [
          { answer: 'unmapped' },
        ]),
      ),
    ).to.deep.equal([{ reason: 'unmapped', scheme: 'sales', crm }]);
    // Another element of the list was dialled.
    const mapped = { from: 'reply', path: '[0]', text: '17', result: 'extension 201' } as const;
    const readings = [mapped, reading('99', '[1]')];
    const routed = record('1', { result: 'routed', reason: 'answered', readings }, [{ answer: 'found' }]);
    expect(failuresOf(routed)).to.deep.equal([{ reason: 'unmapped', scheme: 'sales', crm }]);
    expect(wordsOf(routed, 'default')).to.include('why:unmapped');
  });

  it('are gathered, and counted again when the store takes them not', async () => {
    const clock = new ManualClock();
    const taken: object[] = [];
    let isDown = true;
    const problems: Pick<Problems, 'count'> = {
      count: (problem) => {
        if (isDown) return Promise.reject(new Error('gone'));
        taken.push({ reason: problem.reason, count: problem.count, last: problem.last_call });
        return Promise.resolve();
      },
    };
    const counter = new ProblemCounter({ problems, tenantOf: () => 'default', clock, log: listeningLog() });
    counter.ended(record('1', { result: 'error', reason: 'overloaded' }));
    counter.ended(record('2', { result: 'error', reason: 'overloaded' }));
    await counter.flush();
    expect(taken).to.deep.equal([]);
    isDown = false;
    counter.ended(record('3', { result: 'error', reason: 'overloaded' }));
    counter.ended(record('4', { result: 'error', reason: 'scheme_unknown' }));
    await counter.flush();
    expect(taken).to.deep.equal([
      { reason: 'overloaded', count: 3, last: '3' },
      { reason: 'scheme_unknown', count: 1, last: '4' },
    ]);
    await counter.flush();
    expect(taken).to.have.length(2);
  });

  it('are also of a CRM that could not even be asked, though its backup has served the caller', async () => {
    const counted: object[] = [];
    const problems: Pick<Problems, 'count'> = {
      count: ({ reason, scheme, crm, count }) => {
        counted.push({ reason, scheme, crm, count });
        return Promise.resolve();
      },
    };
    const clock = new ManualClock();
    const counter = new ProblemCounter({ problems, tenantOf: () => 'default', clock, log: listeningLog() });
    const unasked = { type: 'unasked', scheme: 'sales', crm: 'https://crm.test', detail: '' } as const;
    const served = record('1', { result: 'routed', reason: 'answered' }, [{ answer: 'found' }]);
    counter.noted(served, { ...unasked, reason: 'token_held' });
    // That is about the caller.
    counter.noted(served, { ...unasked, reason: 'nothing_to_ask' });
    counter.ended(served);
    const refused = record('2', { result: 'error', reason: 'token_held' });
    counter.noted(refused, { ...unasked, reason: 'token_held' });
    counter.ended(refused);
    await counter.flush();
    expect(counted).to.deep.equal([
      { reason: 'token_held', scheme: 'sales', crm: 'https://crm.test', count: 2 },
    ]);
  });

  it('are counted as soon as the store takes them again, with no new one to come', async () => {
    const clock = new ManualClock();
    let isDown = true;
    const counted: number[] = [];
    const problems: Pick<Problems, 'count'> = {
      count: ({ count = 0 }) => {
        if (isDown) return Promise.reject(new Error('no database'));
        counted.push(count);
        return Promise.resolve();
      },
    };
    const counter = new ProblemCounter({ problems, tenantOf: () => 'default', clock, log: listeningLog() });
    counter.ended(record('1', { result: 'error', reason: 'overloaded' }));
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (let n = 0; n < 20; n++) await Promise.resolve();
    };
    await pass(2_000);
    await pass(5_000);
    isDown = false;
    await pass(5_000);
    expect(counted).to.deep.equal([1]);
  });
});
