import { expect } from 'chai';
import type { Listener } from '../../../lib/esl/listener.ts';
import { dialling, synCookies } from './stage.ts';

describe('esl/queue: turns of the event loop that are long', function () {
  // Whoever is not answered asks again after 1, 2, 4 ... 32 seconds.
  this.timeout(240_000);

  /** Each turn takes so long, until the returned function is called. */
  function longTurns(ms: number, each: () => void): () => void {
    let over = false;
    const turn = (): void => {
      const until = performance.now() + ms;
      while (performance.now() < until);
      each();
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    return () => (over = true);
  }

  it('callers who are accepted in the next turn stand in no queue, though each turn brings one', async () => {
    let longestMs = 0;
    let longestTurnMs = 0;
    let before = performance.now();
    const { result } = await dialling({ count: 40, everyMs: 50 }, (listener) =>
      longTurns(50, () => {
        longestMs = Math.max(longestMs, listener.counts.queuedMs);
        const now = performance.now();
        longestTurnMs = Math.max(longestTurnMs, now - before);
        before = now;
      }),
    );
    expect(result).to.include({ greeted: 40, lost: 0 });
    // A machine that stands still makes long turns.
    expect(longestMs).to.be.below(5 * longestTurnMs);
  });

  it('tells how long callers stand there: as long as they see it themselves', async () => {
    let longestMs = 0;
    const { result } = await dialling({ count: 60, everyMs: 0 }, (listener) =>
      longTurns(10, () => (longestMs = Math.max(longestMs, listener.counts.queuedMs))),
    );
    expect(result).to.include({ greeted: 60, lost: 0 });
    expect(longestMs).to.be.above(200);
    expect(longestMs / result.longestMs).to.be.within(0.5, 1.3);
  });

  it('tells each how long he stood there', async () => {
    const { admissions } = await dialling({ count: 60, everyMs: 0 }, () => longTurns(10, () => undefined));
    expect(admissions.at(-1)?.waitedMs).to.be.above(200);
    expect(admissions[0]?.waitedMs).to.be.below((admissions.at(-1)?.waitedMs ?? 0) / 2);
  });

  for (const [what, close] of [
    ['pauses', (listener: Listener) => listener.pause()],
    ['pauses at once', (listener: Listener) => listener.pause(true)],
    ['drains', (listener: Listener) => listener.drain()],
  ] as const) {
    it(`nobody is reset when it ${what} with more callers than it can accept`, async () => {
      const cookiesBefore = synCookies();
      const { result } = await dialling({ count: 200, everyMs: 15 }, (listener) => {
        setTimeout(() => void close(listener), 500);
        return longTurns(25, () => undefined);
      });
      expect(result.lost).to.equal(0);
      expect(result.refused, 'it closed').to.be.above(0);
      // Whoever has one and finds the queue full later waits for a word for ever.
      expect(synCookies() - cookiesBefore, 'SYN cookies').to.equal(0);
    });
  }

  it('a drain that finds no quiet moment serves who comes at first, and gives back who comes later', async () => {
    let served = 0;
    let servedBefore = 0;
    const { result, admissions } = await dialling(
      { count: 200, everyMs: 15 },
      (listener) => {
        setTimeout(() => {
          servedBefore = served;
          void listener.drain();
        }, 500);
        return longTurns(25, () => undefined);
      },
      {
        admit: () => {
          served++;
          return null;
        },
      },
    );
    expect(result.lost).to.equal(0);
    const refusals = admissions.map(({ refusal }) => refusal);
    expect(refusals.slice(0, served).every((refusal) => refusal === null)).to.equal(true);
    expect(refusals.slice(served).every((refusal) => refusal === 'draining')).to.equal(true);
    expect(served - servedBefore).to.be.above(0);
    expect(refusals.length).to.be.above(served);
  });

  it("a connection of our own that finds no place in a closing port's queue measures nothing, and does not come to the next", async () => {
    let strangers = 0;
    const { result, admissions } = await dialling(
      { count: 200, everyMs: 15, from: '127.0.0.1' },
      (listener) => {
        const closing = setInterval(() => void listener.pause(true).then(() => listener.resume()), 500);
        setTimeout(() => {
          clearInterval(closing);
        }, 2_600);
        return longTurns(25, () => (strangers = Math.max(strangers, listener.counts.strangers)));
      },
      { allow: ['127.0.0.1'] },
    );
    expect([result.lost, strangers]).to.deep.equal([0, 0]);
    const longestMs = Math.max(...admissions.map(({ waitedMs }) => waitedMs));
    expect(longestMs / result.longestMs).to.be.below(1.3);
  });

  it('a pause that is over before the port could close leaves it open', async () => {
    const { result } = await dialling({ count: 60, everyMs: 15 }, (listener) => {
      setTimeout(() => {
        void listener.pause();
        void listener.resume();
      }, 300);
      return longTurns(25, () => undefined);
    });
    expect(result).to.include({ greeted: 60, refused: 0, lost: 0 });
  });
});
