import { expect } from 'chai';
import { CallObservers, type CallObserver } from '../../../lib/call/observer.ts';
import { newRecord } from '../../../lib/call/record.ts';

describe('call observers', () => {
  it('are told in order, each of what it asks for, and none suffers from another', () => {
    const seen: string[] = [];
    const errors: string[] = [];
    const broken: CallObserver = {
      noted: () => {
        throw new Error('broken');
      },
    };
    const observers = new CallObservers(
      [
        broken,
        { noted: (_, { type }) => seen.push(type), ended: (_, peer) => seen.push(`ended ${peer}`) },
        { decided: (_, where) => seen.push(`decided ${where}`) },
      ],
      (error, { id }) => errors.push(`${id}: ${error}`),
    );
    const record = newRecord('trace', new Date(0));
    observers.noted(record, { type: 'note', text: 'x' });
    observers.decided(record, '201');
    observers.ended(record, '127.0.0.1');
    expect(seen).to.deep.equal(['note', 'decided 201', 'ended 127.0.0.1']);
    expect(errors).to.deep.equal(['trace: broken']);
  });
});
