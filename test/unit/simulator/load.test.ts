import { expect } from 'chai';
import { runLoad } from '../../../lib/simulator/index.ts';
import { answers, execute, leave, listen, type Wire } from './support.ts';

async function route(wire: Wire): Promise<void> {
  const bridge = execute('set', 'hangup_after_bridge=true') + execute('bridge', 'user/agent@pbx.test');
  wire.send(`connect\n\nlinger 5\n\nmyevents plain\n\n${bridge}`);
  await leave(wire);
}

describe('the load generator', () => {
  it('places calls at its rate and sums them up', async () => {
    const router = await listen((wire) => void route(wire));
    const seen: number[] = [];
    const report = await runLoad({
      routers: [{ host: '127.0.0.1', port: router.port }],
      calls: 40,
      callsPerSecond: 200,
      lean: true,
      script: (n) => ({ caller: String(380441110000 + n), did: '15005550100', callee: answers }),
      onReport: (_, n) => seen.push(n),
    });
    await router.close();
    expect(report).to.deep.include({ calls: 40, ends: { answered: 40 }, lost: 0, violations: 0 });
    expect(seen).to.have.length(40);
    expect(report.durationMs).to.be.greaterThan(195);
    expect(report.mostActive).to.be.within(2, 40);
    const { p50, p99, p999 } = report.decisionMs;
    expect(p50).to.be.within(0, p99);
    expect(p99).to.be.at.most(p999);
  });

  it('stops placing calls at a signal, and counts what is lost', async () => {
    const router = await listen(({ socket }) => {
      socket.destroy();
    });
    const stop = new AbortController();
    const report = await runLoad({
      routers: [{ host: '127.0.0.1', port: router.port }],
      calls: 1000,
      callsPerSecond: 100,
      signal: stop.signal,
      script: (n) => {
        if (n === 4) stop.abort();
        return { caller: '1', did: '2', callee: answers };
      },
    });
    await router.close();
    expect(report.calls).to.be.within(5, 100);
    expect(report.lost).to.equal(report.calls);
    expect(report.lostExamples[0]).to.contain('silence');
  });
});
