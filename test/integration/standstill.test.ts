import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { startCrm } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { RawSwitch } from '../support/raw-switch.ts';

/** The router's own process stands still: that is not the CRM's fault. */

const STANDSTILL_MS = 1_500;

describe('a standstill while the CRM is asked', function () {
  this.timeout(20_000);

  const CASES = [
    { title: 'the reply that came meanwhile is taken', answers: true, reason: 'answered' },
    { title: 'without a reply the record says who stood still', answers: false, reason: 'router_stalled' },
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
          await peer.bridged('slow');
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
