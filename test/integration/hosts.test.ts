import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedFreeSwitch } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

describe('hosts of socket', function () {
  this.timeout(60_000);

  it("that are the router's API are warned of, with the first call and once", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esl-router-hosts-'));
    const settings = { STORE_URL: `sqlite:${join(folder, 'store.db')}`, API_PORT: '0' };
    const daemon = await Daemon.start({ schemes: [], settings });
    try {
      const api = await daemon.until(({ message }) => message === 'api');
      const routers = [daemon.address, { host: '127.0.0.1', port: Number(api['port']) }];
      const freeswitch = new SimulatedFreeSwitch({ routers, secondMs: 100, seed: 1, maxCallMs: 30_000 });
      for (let n = 0; n < 2; n++) {
        const { uuid } = await freeswitch.call({ caller: CALLER, did: DID, callee: () => answers() });
        const { notes } = await daemon.record(uuid);
        expect(notes.join('\n')).to.include(
          `socket names 127.0.0.1:${String(api['port'])}, which is the API`,
        );
      }
      const warned = daemon.lines.filter(({ message }) => message.startsWith('dialplan: socket names'));
      expect(warned).to.have.length(1);
    } finally {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
