import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { startCrm } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { RawSwitch } from '../support/raw-switch.ts';
import { eventually } from '../support/wait.ts';

/** The router's own process stands still: that is neither the CRM's fault nor the caller's. */

const STANDSTILL_MS = 1_500;

describe('a standstill while the CRM is asked', function () {
  this.timeout(60_000);

  const CASES = [
    { title: 'the reply that came meanwhile is taken', answers: true, reason: 'answered' },
    { title: 'without a reply the record says who was stalled', answers: false, reason: 'router_stalled' },
  ] as const;
  for (const { title, answers, reason } of CASES) {
    it(title, async () => {
      const crm = await startCrm(async () => {
        daemon.signal('SIGSTOP');
        // The deadline passes meanwhile.
        setTimeout(() => {
          daemon.signal('SIGCONT');
        }, STANDSTILL_MS);
        if (!answers) await delay(3 * STANDSTILL_MS);
        return { status: 200, body: '{"destination":"201"}' };
      });
      const daemon = await Daemon.start({
        schemes: [{ name: 'slow', webhook: { url: crm.url, timeoutSeconds: 0.5 } }],
      });
      try {
        const peer = await RawSwitch.dial(daemon.address, '00000000-0000-4000-8000-000000000001');
        if (answers) {
          await peer.heard(/^connect\n\n/);
          peer.greet('slow');
          peer.obey();
          const [, eventUuid = ''] = await peer.heard(/execute-app-name: bridge\nevent-uuid: (\S+)/);
          peer.event('CHANNEL_EXECUTE', { Application: 'bridge', 'Application-UUID': eventUuid });
          peer.event('CHANNEL_BRIDGE', { 'Answer-State': 'answered', 'Bridge-B-Unique-ID': 'callee' });
          peer.event('CHANNEL_HANGUP_COMPLETE', { 'Hangup-Cause': 'NORMAL_CLEARING' });
        } else {
          await peer.heard(/^connect\n\n/);
          peer.greet('slow');
          await peer.heard(/esl_router_parked/);
        }
        peer.destroy();
        const record = await daemon.record(peer.uuid);
        expect(record.requests[0]?.answer).to.equal(answers ? 'found' : 'router_stalled');
        expect(record.decisions[0]?.reason).to.equal(answers ? 'routed' : reason);
      } finally {
        await crm.close();
        await daemon.stop();
      }
    });
  }
});

describe('connections that are reset while the router stands still', function () {
  this.timeout(60_000);

  it('have a line each, which says that it was stalled', async () => {
    const daemon = await Daemon.start();
    try {
      daemon.signal('SIGSTOP');
      const peers = await Promise.all(
        ['1', '2', '3'].map((last) =>
          RawSwitch.dial(daemon.address, `00000000-0000-4000-8000-00000000000${last}`),
        ),
      );
      for (const peer of peers) peer.reset();
      await delay(STANDSTILL_MS);
      daemon.signal('SIGCONT');
      const lines = (): unknown[] => daemon.lines.filter(({ message }) => message === 'ended');
      await eventually('a line for each', () => lines().length === 3);
      for (const line of lines()) {
        expect(line).to.include({ level: 'warn', reason: 'router_stalled', end: 'switch_lost', uuid: '' });
        expect(JSON.stringify(line)).to.match(/before it was accepted; the router was stalled for 1\d{3} ms/);
      }
    } finally {
      await daemon.stop();
    }
  });
});
