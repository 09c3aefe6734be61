import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ListenerOptions } from '../../../lib/esl/listener.ts';
import type { TurnedAway } from '../../../lib/esl/strangers.ts';
import { eventually } from '../../support/wait.ts';
import { dialling, judging, withListener } from './stage.ts';

describe('esl/strangers', function () {
  this.timeout(30_000);
  const STRANGER = '127.0.0.2';
  const allow = ['127.0.0.1/32'];

  it('are given back, so many at once, for so long; the others are closed at once, in one report', async () => {
    const told: TurnedAway[] = [];
    const options = { allow, onTurnedAway: (away: TurnedAway) => void told.push(away) };
    const began = performance.now();
    const { result, admissions } = await dialling(
      { count: 200, from: STRANGER },
      () => () => undefined,
      options,
    );
    const seconds = (performance.now() - began) / 1000;
    expect(result.greeted).to.be.within(32, 50 * (1 + seconds));
    const closed = result.lost + result.refused;
    expect(result.greeted + closed).to.equal(200);
    expect(admissions.every(({ refusal }) => refusal === 'peer_not_allowed')).to.equal(true);
    await eventually('the report', () => told.length > 0);
    expect(told.reduce((sum, { strangers }) => sum + strangers, 0)).to.equal(closed);
    expect(told[0]).to.include({ peer: STRANGER, reset: 0 });
  });

  it('who say nothing lose their places after two seconds', () =>
    withListener({ allow }, judging().handler, async (listener) => {
      const silent = Array.from({ length: 40 }, () =>
        connect({ host: '127.0.0.1', port: listener.address.port, localAddress: STRANGER }).on(
          'error',
          () => undefined,
        ),
      );
      await eventually('they have all places', () => listener.counts.strangers === 32);
      const began = performance.now();
      for (const socket of silent) if (!socket.closed) await once(socket.resume(), 'close');
      expect(performance.now() - began).to.be.above(1_000);
      await eventually('they have left them', () => listener.counts.strangers === 0);
    }));

  it('are not part of what is judged: no call, none refused, no queue', async () => {
    const seen = { calls: 0, refused: 0, queuedMs: 0 };
    let admitted = 0;
    const options: Partial<ListenerOptions> = {
      allow,
      admit: () => {
        admitted++;
        return null;
      },
    };
    await dialling(
      { count: 400, from: STRANGER },
      (listener) => {
        let over = false;
        const turn = (): void => {
          const until = performance.now() + 2;
          while (performance.now() < until);
          for (const name of ['calls', 'refused', 'queuedMs'] as const)
            seen[name] = Math.max(seen[name], listener.counts[name]);
          if (!over) setImmediate(turn);
        };
        setImmediate(turn);
        return () => (over = true);
      },
      options,
    );
    expect([seen, admitted]).to.deep.equal([{ calls: 0, refused: 0, queuedMs: 0 }, 0]);
  });

  it('who reset before they are accepted have so many lines a second, and one for all others', async () => {
    const told: TurnedAway[] = [];
    let unserved = 0;
    const options: Partial<ListenerOptions> = {
      onTurnedAway: (away) => void told.push(away),
      onUnserved: () => {
        unserved++;
      },
    };
    await dialling(
      { count: 400, resets: true },
      () => {
        const until = performance.now() + 1_000;
        while (performance.now() < until);
        return () => undefined;
      },
      options,
    );
    const reset = (): number => told.reduce((sum, { reset }) => sum + reset, 0);
    await eventually('the report', () => reset() + unserved >= 390);
    expect(unserved).to.be.within(1, 150);
  });
});
