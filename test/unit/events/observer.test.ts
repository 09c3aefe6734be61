import { expect } from 'chai';
import type { CallEvent } from '../../../lib/call/record.ts';
import { newRecord } from '../../../lib/call/record.ts';
import { newTraceId } from '../../../lib/call/trace.ts';
import { EventObserver } from '../../../lib/events/observer.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { parseScheme } from '../../../lib/scheme/scheme.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

type Require = NonNullable<NonNullable<SchemeDocument['events']>[number]['webhook']['require']>;

const rings = (...names: string[]): CallEvent => ({
  type: 'bridge',
  atMs: 10,
  dialString: '',
  destination: names.join(),
  rung: names.map((name) => ({ name, kind: 'person' })),
});
const END: CallEvent = {
  type: 'end',
  atMs: 20,
  end: 'dialplan',
  hangupCause: null,
  hungUpBy: null,
  recording: '',
};

/** What an entry that requires `names` is given of a call: now, and if its router dies. */
function toldOf(names: Require, events: readonly CallEvent[]): { events: string[]; ends: string[] } {
  const scheme = schemeOf({
    events: [{ on: ['ringing', 'ended'], webhook: { url: 'http://crm.example.com/e', require: names } }],
  });
  const told: { events: string[]; ends: string[] } = { events: [], ends: [] };
  const observer = new EventObserver({
    scheme: () => scheme,
    tenantOf: () => '',
    outbox: {
      open: ({ ends }) => {
        told.ends = (JSON.parse(ends) as { webhook: string }[]).map(({ webhook }) => webhook);
      },
      add: ({ event }) => void told.events.push(event),
      close: () => undefined,
    },
    clock: new ManualClock(),
  });
  const record = newRecord(newTraceId(new Date()), new Date());
  observer.noted(record, { type: 'call', call: callOf() });
  observer.noted(record, { type: 'scheme', name: 'sales', revision: 'r', chosenBy: 'default' });
  for (const event of events) observer.noted(record, event);
  return told;
}

describe('require of an entry of events', () => {
  it('holds back what a CRM would refuse for ever: a call for which nobody was rung', () => {
    expect(toldOf([], [END])).to.deep.equal({ events: ['ended'], ends: ['1'] });
    expect(toldOf(['destination'], [END])).to.deep.equal({ events: [], ends: [] });
    expect(toldOf(['destination'], [rings('201'), END]).events).to.deep.equal(['ringing', 'ended']);
  });

  it('still asks for what the call has, time included', () => {
    expect(toldOf(['caller_e164', 'timestamp', 'destination'], [rings('201')]).events).to.deep.equal([
      'ringing',
    ]);
    expect(toldOf(['diverted_from'], [rings('201')]).events).to.deep.equal([]);
  });

  it('takes what an event may lack, and only there', () => {
    const url = 'http://crm.example.com/route';
    const placeOf = (document: unknown): string | undefined => {
      const result = parseScheme(document, '');
      return result.ok ? undefined : result.faults[0]?.path;
    };
    const events = (name: string) => [{ on: ['ended'], webhook: { url, require: [name] } }];
    expect(placeOf({ name: 'sales', webhook: { url }, events: events('answered_by') })).to.equal(undefined);
    // It has its id only when it is sent, and always.
    expect(placeOf({ name: 'sales', webhook: { url }, events: events('event_id') })).to.equal(
      'events.0.webhook.require.0',
    );
    expect(placeOf({ name: 'sales', webhook: { url, require: ['destination'] } })).to.equal(
      'webhook.require.0',
    );
  });
});
