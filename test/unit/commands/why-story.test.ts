import { expect } from 'chai';
import { newRecord, type CallRecord } from '../../../lib/call/record.ts';
import { storyOf } from '../../../lib/commands/why-story.ts';

describe('why: the story of a call', () => {
  const told = (given: Partial<CallRecord>): string[] =>
    storyOf({ ...newRecord('0'.repeat(32), new Date(0)), ...given });
  const bridge = (given: Partial<CallRecord['bridges'][number]>): CallRecord['bridges'][number] => ({
    ...{ atMs: 100, endedMs: 900, answeredBy: null, outcome: 'no_answer', cause: 'NO_USER_RESPONSE' },
    dialString: '{ignore_early_media=true,originate_timeout=15}[a=b]user/205@pbx',
    ...given,
  });

  it('has how long it rang beside how long it might have', () => {
    const story = told({ bridges: [bridge({})] });
    expect(story).to.include('      100 ms  bridge to user/205@pbx, for 15 s at most');
    expect(story).to.include(
      '      900 ms  the bridge ends: no_answer (NO_USER_RESPONSE), after 0.8 s of 15 s',
    );
    const endless = told({ bridges: [bridge({ dialString: 'user/205@pbx' })] });
    expect(endless).to.include('      900 ms  the bridge ends: no_answer (NO_USER_RESPONSE), after 0.8 s');
    const busy = told({ bridges: [bridge({ outcome: 'busy', cause: 'USER_BUSY' })] });
    expect(busy).to.include('      900 ms  the bridge ends: busy (USER_BUSY)');
  });

  it('counts the talk until the call was moved, not what came after', () => {
    const answered = bridge({ answeredBy: '201', outcome: 'answered', cause: null, endedMs: 10_000 });
    const missed = bridge({ atMs: 50, endedMs: 90 });
    const given = {
      bridges: [missed, answered],
      answeredMs: 5_000,
      endedMs: 1_200_000,
      end: 'moved',
    } as const;
    expect(told({ ...given, bridges: [...given.bridges] }).at(-1)).to.match(/, talked 5\.0 s$/);
    // The router stopped: the talk goes on without it.
    const released = [bridge({ answeredBy: '201', outcome: 'answered', endedMs: null })];
    const story = told({ ...given, end: 'released', bridges: released, endedMs: 9_000 });
    expect(story.at(-1)).to.match(/, talked 4\.0 s$/);
  });

  it('tells what the CRM sent from what a fallback says, and takes a record of before for the former', () => {
    const reading = { path: '', text: '201', result: 'extension 201' };
    const readings = [
      { from: 'reply', ...reading },
      { from: 'fallback', path: '[0].dial', text: '900', result: 'extension 900' },
      reading,
    ] as CallRecord['readings'];
    const read = told({ readings }).filter((line) => line.includes('read '));
    expect(read.map((line) => line.trim())).to.deep.equal([
      'read the value "201": extension 201',
      'read the fallback at [0].dial "900": extension 900',
      'read the value "201": extension 201',
    ]);
  });
});
