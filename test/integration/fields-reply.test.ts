import { expect } from 'chai';
import { busy, scenarios, type Scenario } from '../support/scenario.ts';

/** A test for each field below `webhook` that says how a reply is read. */

const reading: Scenario[] = [
  {
    title: 'responseName: a key',
    scheme: { webhook: { responseName: 'number_01' } },
    reply: { json: { destination: '999999999', number_01: '3 80123456789' } },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['sofia/gateway/crm/380123456789']);
    },
  },
  {
    title: 'responseName: a dotted path whose digits index lists',
    scheme: { webhook: { responseName: 'result.0.ASSIGNED_BY.USER_PHONE_INNER' } },
    reply: { json: { result: [{ ASSIGNED_BY: { USER_PHONE_INNER: 204 } }] } },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/204@pbx.example']);
    },
  },
  {
    title: 'responseName: a literal key wins over the path that it looks like',
    scheme: { webhook: { responseName: 'a.b' } },
    reply: { json: { a: { b: '202' }, 'a.b': '203' } },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/203@pbx.example']);
    },
  },
  {
    title: 'responseName: of a list the first that holds something',
    scheme: { webhook: { responseName: ['mobile', 'inner', 'login'] } },
    reply: { json: { login: 'late', inner: '205', mobile: null } },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/205@pbx.example']);
    },
  },
  {
    title: 'responseName: the record of a missing key names the keys that were there',
    scheme: { webhook: { responseName: 'destination' } },
    reply: { json: { phone: '201', owner: 'x' } },
    check: ({ record, marker }) => {
      expect(marker('reason')).to.equal('missing_key');
      expect(record.requests[0]?.detail).to.include('phone, owner');
    },
  },
  {
    title: 'map: a word of the CRM is translated, one that it does not have is nobody',
    scheme: { webhook: { map: { '17': '206' } }, fallback: { onNoRoute: [{ dial: '900' }] } },
    reply: { json: { destination: [17, '18'] } },
    callees: { '206': busy },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(['user/206@pbx.example']);
      expect(record.readings[1]?.result).to.equal(
        'nobody: 18 is not in webhook.map: add it, or set webhook.unmapped',
      );
    },
  },
  {
    title: 'unmapped: by default nobody',
    scheme: { webhook: { map: { '17': '206' } }, fallback: { onNoRoute: [{ dial: '900' }] } },
    reply: { json: { destination: 44556677 } },
    check: ({ dialled, marker }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect([marker('result'), marker('reason')]).to.deep.equal(['no_route', 'unmapped']);
    },
  },
  {
    title: 'unmapped: refuse is an error',
    scheme: {
      webhook: { map: { '17': '206' }, unmapped: 'refuse' },
      fallback: { onNoRoute: [{ dial: '900' }], onError: [{ dial: '901' }] },
    },
    reply: { json: { destination: '18' } },
    check: ({ dialled, marker }) => {
      expect(dialled).to.deep.equal(['user/901@pbx.example']);
      expect([marker('result'), marker('reason')]).to.deep.equal(['refused', 'unmapped']);
    },
  },
  {
    title: 'unmapped: pass reads it as it stands',
    scheme: { webhook: { map: { '17': '206' }, unmapped: 'pass' } },
    reply: { json: { destination: [17, '18'] } },
    callees: { '206': busy },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/206@pbx.example', 'user/18@pbx.example']);
    },
  },
  {
    title: 'expect: what is of another kind is refused',
    scheme: { webhook: { expect: ['login'] }, fallback: { onError: [{ dial: '901' }] } },
    reply: { json: { destination: ['sip:anna@other.example', '101-2001'] } },
    check: ({ dialled }) => {
      expect(dialled[0]).to.equal('user/101-2001@pbx.example');
    },
  },
  {
    title: 'expect: a number where an extension is expected',
    scheme: { webhook: { expect: ['extension'] }, fallback: { onError: [{ dial: '901' }] } },
    reply: { json: { destination: '380501234567' } },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(['user/901@pbx.example']);
      expect(record.requests[0]?.detail).to.equal(
        '"380501234567" is a number, and webhook.expect takes extension only',
      );
    },
  },
  {
    title: 'errorName: the application says that it failed, with HTTP 200',
    scheme: { webhook: { errorName: 'error' }, fallback: { onError: [{ dial: '901' }] } },
    reply: { json: { error: 'QUERY_LIMIT_EXCEEDED', destination: '201' } },
    check: ({ dialled, marker, record }) => {
      expect(dialled).to.deep.equal(['user/901@pbx.example']);
      expect([marker('result'), marker('reason')]).to.deep.equal(['error', 'crm_error']);
      expect(record.requests[0]?.detail).to.include('QUERY_LIMIT_EXCEEDED');
    },
  },
  {
    title: 'the top level: a time beside the destination, in words',
    scheme: {},
    reply: { json: { destination: '201', timeout: '15', callerName: "O'Brien (Sales)" } },
    check: ({ record }) => {
      expect(record.bridges[0]?.dialString).to.include('originate_timeout=15');
      expect(record.bridges[0]?.dialString).to.include('origination_caller_id_name=O%27Brien (Sales)');
    },
  },
  {
    title: 'the top level: a hang-up is the answer',
    scheme: {},
    reply: { json: { hangup: 'USER_BUSY', comment: 'closed' } },
    check: ({ marker }) => {
      expect([marker('result'), marker('reason')]).to.deep.equal(['routed', 'crm_hangup']);
    },
  },
  {
    title: 'noRouteStatuses: a status that means "nobody"',
    scheme: {
      webhook: { noRouteStatuses: [404, 410] },
      fallback: { onNoRoute: [{ dial: '900' }], onError: [{ hangup: 'NORMAL_TEMPORARY_FAILURE' }] },
    },
    reply: { status: 410, body: 'gone' },
    check: ({ dialled, marker }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect([marker('result'), marker('reason')]).to.deep.equal(['no_route', 'no_route_status']);
    },
  },
  {
    title: 'timeoutSeconds: the fallback comes when it is over',
    scheme: { webhook: { timeoutSeconds: 0.6 }, fallback: { onError: [{ dial: '900' }] } },
    reply: { hang: true },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      // By the router's own clock; without the setting it would be 4 s.
      expect(record.decisions[0]?.atMs).to.be.within(580, 3900);
      expect(record.decisions[0]).to.include({ result: 'error', reason: 'webhook_timeout' });
    },
  },
];

scenarios('fields of webhook: the reply', reading);
