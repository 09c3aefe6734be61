import { expect } from 'chai';
import { silenceOf, type CallSeen, type LegSeen } from '../live/soak/silence.ts';

/** The rule by which the soak of the live test counts callers who are left in silence. */

const GUARD_MS = 8000;
const RINGING_MS = 4000;
const LIMIT_MS = GUARD_MS + 2000;

function silence(call: Partial<CallSeen>, nowMs: number): string | null {
  const seen: CallSeen = {
    placedMs: 0,
    responses: [{ atMs: 1, status: 100 }],
    legs: [],
    endedMs: null,
    ...call,
  };
  return silenceOf(seen, nowMs, { guardMs: GUARD_MS, ringingMs: RINGING_MS });
}

const heard = (...responses: [atMs: number, status: number][]): CallSeen['responses'] =>
  responses.map(([atMs, status]) => ({ atMs, status }));
const leg = (invitedMs: number, answeredMs: number | null, endedMs: number | null): LegSeen => ({
  invitedMs,
  answeredMs,
  endedMs,
});

describe('silence', () => {
  it('is nothing but 100 Trying for longer than the guard and 2 s', () => {
    expect(silence({}, LIMIT_MS)).to.equal(null);
    expect(silence({}, LIMIT_MS + 1)).to.equal('nothing heard');
  });

  it('is not forgotten when something is heard after all', () => {
    expect(silence({ responses: heard([1, 100], [LIMIT_MS + 1, 180]) }, LIMIT_MS + 2)).to.equal(
      'nothing heard',
    );
    expect(silence({ responses: heard([LIMIT_MS + 1, 486]), endedMs: LIMIT_MS + 1 }, 60_000)).to.equal(
      'nothing heard',
    );
  });

  it('is none for a caller who was refused or who left before', () => {
    expect(silence({ responses: heard([900, 486]), endedMs: 900 }, 60_000)).to.equal(null);
    expect(silence({ endedMs: 5000 }, 60_000)).to.equal(null);
  });

  it('is ringing with nobody there', () => {
    const responses = heard([700, 180]);
    expect(silence({ responses }, 700 + LIMIT_MS)).to.equal(null);
    expect(silence({ responses }, 701 + LIMIT_MS)).to.equal('rings on');
    const legs = [leg(800, null, 5500)];
    expect(silence({ responses, legs }, 5500 + LIMIT_MS)).to.equal(null);
    expect(silence({ responses, legs }, 5501 + LIMIT_MS)).to.equal('rings on');
  });

  it("is a callee's ringing beyond its time and the guard's, whether or not he was busy at once", () => {
    for (const endedMs of [null, 900]) {
      const call = { responses: heard([700, 180]), legs: [leg(800, null, endedMs)] };
      expect(silence(call, 800 + RINGING_MS + LIMIT_MS)).to.equal(null);
      expect(silence(call, 801 + RINGING_MS + LIMIT_MS)).to.equal('rings on');
    }
  });

  it('is a callee who answered and is not connected', () => {
    const call = { responses: heard([700, 180]), legs: [leg(800, 5000, null)] };
    expect(silence(call, 5000 + LIMIT_MS)).to.equal(null);
    expect(silence(call, 5001 + LIMIT_MS)).to.equal('rings on');
  });

  it('is none in a conversation, however long, and is what follows it', () => {
    const responses = heard([700, 180], [1110, 200]);
    expect(silence({ responses, legs: [leg(800, 1100, null)] }, 600_000)).to.equal(null);
    const legs = [leg(800, 1100, 60_000)];
    expect(silence({ responses, legs, endedMs: 60_010 }, 600_000)).to.equal(null);
    expect(silence({ responses, legs }, 60_000 + LIMIT_MS)).to.equal(null);
    expect(silence({ responses, legs }, 60_001 + LIMIT_MS)).to.equal('answered by nobody');
    expect(silence({ responses, legs: [...legs, leg(61_000, 61_300, null)] }, 600_000)).to.equal(null);
  });

  it('is an answer with nobody behind it', () => {
    expect(silence({ responses: heard([700, 200]) }, 701 + LIMIT_MS)).to.equal('answered by nobody');
  });
});
