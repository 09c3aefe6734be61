import { expect } from 'chai';
import { apply, newRecord, type CallEvent, type MoveRecord } from '../../../lib/call/record.ts';
import { CallWatch } from '../../../lib/events/watch.ts';

const AT = new Date('2026-11-22T09:00:00.000Z');

/** What is told of these events, in short. */
function toldOf(...events: CallEvent[]): string[] {
  const record = newRecord('t', AT);
  const watch = new CallWatch(record);
  return events.flatMap((event) => {
    apply(record, event);
    return watch
      .hear(event)
      .map((told) =>
        [
          told.event,
          told.destination,
          told.answered_by,
          told.answered_kind,
          told.ring_seconds,
          told.talk_seconds,
        ]
          .join(' ')
          .trim(),
      );
  });
}

const bridge = (atMs: number, ...names: string[]): CallEvent => ({
  type: 'bridge',
  atMs,
  dialString: '',
  destination: names.join(),
  rung: names.map((name) => ({ name, kind: name.length > 6 ? 'number' : 'person' })),
});
const answered = (atMs: number, by: string): CallEvent => ({ type: 'answered', atMs, by });
const moves = (...list: Partial<MoveRecord>[]): CallEvent => ({
  type: 'moves',
  moves: list.map((move) => ({ atMs: 9_000, from: 'talking', by: 'transfer', to: '700 default', ...move })),
});
const joined = (by: string, kind: 'person' | 'number' | 'queue' | 'voicemail'): CallEvent => ({
  type: 'joined',
  atMs: 12_000,
  by,
  kind,
});
const end = (atMs: number): Extract<CallEvent, { type: 'end' }> => ({
  type: 'end',
  end: 'bridged',
  atMs,
  hangupCause: 'NORMAL_CLEARING',
  hungUpBy: 'caller',
  recording: '/r/1.wav',
});

describe('what a CRM is told of a call', () => {
  it('is who rings, each by himself, who answered, and how long it took', () => {
    expect(toldOf(bridge(1_000, '201', '202'), answered(8_000, '202'), end(68_000))).to.deep.equal([
      'ringing 201   0 0',
      'ringing 202   0 0',
      'answered 202 202 person 7 0',
      'ended 202 202 person 7 60',
    ]);
  });

  it('is every step of a call that nobody answers', () => {
    expect(toldOf(bridge(0, '201'), bridge(20_000, '380441112233'), end(45_000))).to.deep.equal([
      'ringing 201   0 0',
      'ringing 380441112233   20 0',
      'ended 380441112233   45 0',
    ]);
  });

  it('knows a number from a person', () => {
    expect(toldOf(bridge(0, '380441112233'), answered(1_000, '380441112233'))[1]).to.equal(
      'answered 380441112233 380441112233 number 1 0',
    );
  });

  it('names a number without the prefix that it was dialled with, and no extension as a part of one', () => {
    expect(toldOf(bridge(0, '380441112233'), answered(1_000, '99380441112233'))[1]).to.equal(
      'answered 380441112233 380441112233 number 1 0',
    );
    expect(toldOf(bridge(0, '380441112233', '201'), answered(1_000, '201'))[2]).to.equal(
      'answered 201 201 person 1 0',
    );
  });

  it('is the new owner as soon as the move is seen, and once', () => {
    const seen = toldOf(
      bridge(0, '201'),
      answered(0, '201'),
      moves({}),
      moves({}, { to: '701 default' }),
      end(9_000),
    );
    expect(seen.slice(2)).to.deep.equal([
      'moved 700 201 person 0 0',
      'moved 701 201 person 0 0',
      'ended 701 201 person 0 9',
    ]);
  });

  it('waits until a move is known, but not for ever', () => {
    const unknown = { by: 'unknown', to: '' } as const;
    expect(toldOf(moves(unknown), moves({}), end(9_000)).map((text) => text.split(' ')[0])).to.deep.equal([
      'moved',
      'ended',
    ]);
    expect(toldOf(moves(unknown), end(9_000))).to.deep.equal(['moved    0 0', 'ended    0 0']);
    expect(toldOf(moves({ by: 'park', to: '' }))).to.deep.equal(['moved    0 0']);
  });

  it('is who has it in its new place, once for each', () => {
    const seen = toldOf(
      bridge(0, '201'),
      answered(2_000, '201'),
      moves({}),
      joined('700', 'queue'),
      joined('700', 'queue'),
      joined('205', 'person'),
      end(62_000),
    );
    expect(seen.slice(3)).to.deep.equal([
      'answered 700 700 queue 2 0',
      'answered 205 205 person 2 0',
      'ended 205 205 person 2 60',
    ]);
  });

  it('is who takes a call back from where he sent it', () => {
    const park = { by: 'park', to: '' } as const;
    const seen = toldOf(
      bridge(0, '201'),
      answered(2_000, '201'),
      moves(park),
      joined('201', 'person'),
      joined('201', 'person'),
      end(62_000),
    );
    expect(seen.slice(2)).to.deep.equal([
      'moved  201 person 2 0',
      'answered 201 201 person 2 0',
      'ended 201 201 person 2 60',
    ]);
  });

  for (const [how, name, isRung, isAnswered] of [
    ['whose caller hung up', 'caller_hangup', false, false],
    ['that a step hung up', 'hangup', false, false],
    ['given back before anybody was rung', 'dialplan', false, null],
    ['given back when it had rung in vain', 'dialplan', true, false],
    ['transferred by a step, and watched to its end', 'transferred', false, false],
    ['that rings on without the router', 'released', true, null],
    ['that the guard took while it rang', 'guard', true, null],
    ['whose FreeSWITCH was lost while it rang', 'switch_lost', true, null],
  ] as const) {
    it(`${isAnswered === null ? 'knows not whether anybody answers' : 'is that nobody answered'} a call ${how}`, () => {
      const watch = new CallWatch(newRecord('t', AT));
      if (isRung) watch.hear(bridge(0, '201'));
      watch.hear({ ...end(9_000), end: name });
      expect(watch.isAnswered).to.equal(isAnswered);
    });
  }

  it('holds what the end shows, and nothing of the kind before', () => {
    const record = newRecord('t', AT);
    const watch = new CallWatch(record);
    const [ringing] = watch.hear(bridge(0, '201'));
    expect(ringing).to.include({ hangup_cause: '', hung_up_by: '', recording: '', end: '' });
    apply(record, end(1_500));
    const [told] = watch.hear(end(1_500));
    expect(told).to.include({
      end: 'bridged',
      hangup_cause: 'NORMAL_CLEARING',
      hung_up_by: 'caller',
      recording: '/r/1.wav',
      started_at: AT.toISOString(),
    });
    expect(watch.lost()).to.include({ event: 'ended', result: 'unknown', talk_seconds: 0 });
  });
});
