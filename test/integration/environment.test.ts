import { expect } from 'chai';
import { SimulatedFreeSwitch, startCrm } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** ESL_ROUTER_WEBHOOK_URL and its siblings: a scheme without any file. */

describe('a scheme of the environment', () => {
  it('is whole: every variable of it, and no secret in the log', async () => {
    const crm = await startCrm(() => ({ status: 200, body: '{"result":{"number_01":"3 80123456789"}}' }));
    const daemon = await Daemon.start({
      settings: {
        WEBHOOK_URL: `${crm.url}/route?key={{secret.KEY}}`,
        WEBHOOK_METHOD: 'PUT',
        WEBHOOK_SUBMISSION: 'http',
        WEBHOOK_IMPORT: 'json-rpc',
        WEBHOOK_RESPONSE_NAME: 'number_02, number_01',
        WEBHOOK_PARAMETERS: '{"phone":"{{caller}}","line":"{{did}}"}',
        DID_FROM: 'var:caller_destination,var:sip_req_user',
        WEBHOOK_TIMEOUT: '2.5',
        FORWARDING_TIMEOUT: '7',
        SECRET_KEY: 'key-5c',
      },
    });
    try {
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
      const variables = { caller_destination: '777' };
      const report = await freeswitch.call({ caller: CALLER, did: DID, variables, callee: () => answers() });
      const [request] = crm.requests;
      expect(`${request?.method ?? ''} ${request?.url ?? ''}`).to.equal('PUT /route?key=key-5c');
      expect(request?.body.toString()).to.equal(`phone=${CALLER}&line=777`);
      expect(report.legs.map(({ endpoint }) => endpoint)).to.deep.equal(['sofia/gateway/crm/380123456789']);
      expect(report.legs[0]?.variables.get('originate_timeout')).to.equal('7');
      expect((await daemon.record(report.uuid)).scheme).to.include({ name: 'default', chosenBy: 'default' });
      expect(JSON.stringify(daemon.lines)).not.to.include('key-5c');
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });

  it('headers and authentication, without a file and without a secret in the log', async () => {
    const crm = await startCrm(() => ({ status: 200, body: '{"destination":"380123456789"}' }));
    const daemon = await Daemon.start({
      settings: {
        WEBHOOK_URL: crm.url,
        WEBHOOK_HEADERS: '{"X-Key":"{{secret.KEY}}","X-Line":"{{did}}"}',
        WEBHOOK_AUTH: '{"type":"bearer","token":"{{secret.TOKEN}}"}',
        SECRET_KEY: 'key-5c',
        SECRET_TOKEN: 'token-81f',
      },
    });
    try {
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
      await freeswitch.call({ caller: CALLER, did: DID, callee: () => answers() });
      expect(crm.requests[0]?.headers).to.include({
        'x-key': 'key-5c',
        'x-line': DID,
        authorization: 'Bearer token-81f',
      });
      expect(JSON.stringify(daemon.lines)).not.to.match(/key-5c|token-81f/);
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });

  it('a CRM that is slow ends by ESL_ROUTER_WEBHOOK_TIMEOUT', async () => {
    const crm = await startCrm(() => ({ hang: true }));
    const daemon = await Daemon.start({
      settings: {
        WEBHOOK_URL: crm.url,
        WEBHOOK_SUBMISSION: 'json-rpc',
        WEBHOOK_RPC_METHOD: 'route',
        WEBHOOK_TIMEOUT: '0.4',
      },
    });
    try {
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
      const report = await freeswitch.call({ caller: CALLER, did: DID, callee: () => answers() });
      expect(report.variables.get('esl_router_reason')).to.equal('webhook_timeout');
      expect(report.timings.firstDecisionMs).to.be.within(380, 3900);
      expect(JSON.parse(crm.requests[0]?.body.toString() ?? '')).to.include({
        method: 'route',
        jsonrpc: '2.0',
      });
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });
});
