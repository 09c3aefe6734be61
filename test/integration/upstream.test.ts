import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import type { CrmReply, RecordedRequest } from '../../lib/simulator/index.ts';
import type { LogLine } from '../support/daemon.ts';
import { CALLER, DID, Stage, type Outcome, type Scenario } from '../support/scenario.ts';

/** What is between a call and its CRM, seen from both ends: one call after the other to schemes of one daemon. */

const OK: CrmReply = { status: 200, body: '{"destination":"201"}' };
const KEY = Buffer.from('0123456789abcdef0123456789abcdef');

/** The replies in turn, the last of them for ever. */
function inTurn(...replies: CrmReply[]): () => CrmReply {
  let n = 0;
  return () => replies[Math.min(n++, replies.length - 1)] ?? OK;
}

const none = (): void => undefined;
const scenario = (
  title: string,
  webhook: NonNullable<NonNullable<Scenario['scheme']>['webhook']>,
  reply: NonNullable<Scenario['reply']>,
): Scenario => ({
  title,
  scheme: { webhook, fallback: { onError: [{ dial: '900' }], onNoRoute: [{ dial: '901' }] } },
  reply,
  check: none,
});

/** Nobody listens there; a host of its own each, as all who ask one share its breaker. */
const down = (port: number) => ({ url: `http://127.0.0.1:${port}/down`, timeoutSeconds: 2 });
const bearer = (token: string) => ({ type: 'bearer', token }) as const;
/** Who asks with the key of acme has asked too often; the key of globex is welcome. */
const limitedByKey: Scenario['reply'] = ({ headers }) =>
  headers['authorization'] === 'Bearer acme' ? { status: 429, headers: { 'retry-after': '30' } } : OK;

const S = {
  retriesByDefault: scenario('retries by default', down(9), OK),
  noRetries: scenario('retries: 0', { ...down(7), retries: 0 }, OK),
  threeRetries: scenario('retries: 3', { ...down(1), retries: 3 }, OK),
  tenants: scenario(
    'tenants',
    { url: 'CRM/route?of={{var.domain_name}}', cacheSeconds: 60, lastGoodSeconds: 60 },
    ({ url }) => ({ json: { destination: url.includes('acme') ? 'acme-boss' : 'globex-boss' } }),
  ),
  limits: {
    ...scenario('limits', { url: 'CRM/shared', auth: bearer('acme') }, limitedByKey),
    others: { globex: { webhook: { url: 'CRM/shared', auth: bearer('globex') } } },
  },
  oneDown: {
    ...scenario('one tenant fails', { url: 'CRM/shared', auth: bearer('acme') }, ({ headers }) =>
      headers['authorization'] === 'Bearer acme' ? { status: 500 } : OK,
    ),
    others: { globex: { webhook: { url: 'CRM/shared', auth: bearer('globex') } } },
  },
  blame: {
    ...scenario('blame', { url: 'CRM/hangs', timeoutSeconds: 1 }, ({ url }) =>
      url.endsWith('/hangs') ? { hang: true } : { ...OK, delayMs: 550 },
    ),
    scheme: {
      webhook: { url: 'CRM/hangs', timeoutSeconds: 1 },
      fallback: { onError: [{ scheme: 'OTHER-slow' }] },
    },
    others: { slow: { webhook: { url: 'CRM/slow', timeoutSeconds: 4 } } },
  },
  statuses: scenario('retryStatuses', { retryStatuses: [503] }, inTurn({ status: 503 }, OK)),
  noStatuses: scenario('no retryStatuses', {}, inTurn({ status: 503 }, OK)),
  breaker: scenario('breaker', { timeoutSeconds: 5 }, inTurn({ status: 500 })),
  paused: scenario('paused', {}, inTurn({ status: 429, headers: { 'retry-after': '30' } }, OK)),
  full: scenario('full', { maxInFlight: 1, timeoutSeconds: 1 }, { hang: true }),
  rate: scenario('rate', { maxPerSecond: 1 }, OK),
  cached: scenario(
    'cached',
    { cacheSeconds: 60 },
    inTurn(OK, { status: 200, body: '{"destination":"202"}' }),
  ),
  lastGood: scenario('lastGood', { lastGoodSeconds: 60 }, inTurn(OK, { status: 500 })),
  hmac: scenario(
    'hmac',
    {
      auth: { type: 'hmac', secret: `whsec_${KEY.toString('base64')}`, previousSecret: 'the old one' },
      parameters: { phone: '{{caller}}', name: 'Zoë' },
    },
    OK,
  ),
  hmacGet: scenario(
    'hmac by GET',
    {
      url: 'CRM/signed?line={{did}}',
      method: 'GET',
      submission: 'http',
      parameters: { name: 'Zoë & Co' },
      auth: { type: 'hmac', secret: 'the old one' },
    },
    OK,
  ),
  apiKey: scenario('api-key', { auth: { type: 'api-key', header: 'X-Crm-Token', key: 'k-1' } }, OK),
} satisfies Record<string, Scenario>;

describe('the upstream of a scheme', function () {
  this.timeout(60_000);
  let stage: Stage;

  before(async () => {
    stage = await Stage.open(Object.values(S));
  });
  after(() => stage.close());

  /** Calls, one after the other. */
  async function calls(of: Scenario, times: number): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let n = 0; n < times; n++) outcomes.push(await stage.play(of));
    for (const { report } of outcomes) {
      expect(report.lost).to.equal(null);
      expect(report.violations).to.deep.equal([]);
    }
    return outcomes;
  }
  const one = async (of: Scenario): Promise<Outcome> => (await calls(of, 1))[0] as Outcome;

  it('tries again once where no connection was made, and says so', async () => {
    const { record, line } = await one(S.retriesByDefault);
    expect(record.requests[0]?.retries.map(({ reason }) => reason)).to.deep.equal(['connect_failed']);
    expect(record).to.include({ result: 'error', reason: 'connect_failed' });
    expect(line).to.include({ retries: 1 });
  });

  it('retries: as often as the scheme says', async () => {
    expect((await one(S.noRetries)).record.requests[0]?.retries).to.have.length(0);
    expect((await one(S.threeRetries)).record.requests[0]?.retries).to.have.length(3);
  });

  it('retryStatuses: with the same webhook-id and the same bytes', async () => {
    const { requests, record, dialled } = await one(S.statuses);
    expect(requests).to.have.length(2);
    const [first, second] = requests as [RecordedRequest, RecordedRequest];
    expect(second.headers['webhook-id']).to.equal(first.headers['webhook-id']);
    expect(second.body.equals(first.body)).to.equal(true);
    expect(record.requests).to.have.length(1);
    expect(dialled).to.deep.equal(['user/201@pbx.example']);
    const without = await one(S.noStatuses);
    expect(without.requests).to.have.length(1);
    expect(without.dialled).to.deep.equal(['user/900@pbx.example']);
  });

  it('opens its breaker after five failures; then the fallback comes without a request', async () => {
    const outcomes = await calls(S.breaker, 8);
    expect(outcomes.map(({ record }) => record.reason)).to.deep.equal([
      ...Array<string>(5).fill('http_status'),
      ...Array<string>(3).fill('breaker_open'),
    ]);
    const last = outcomes.at(-1);
    expect(last?.requests).to.have.length(5);
    expect(last?.marker('reason')).to.equal('breaker_open');
    expect(last?.record.requests[0]).to.include({ answer: 'breaker_open', reply: null });
    const opened = ({ message, webhook }: LogLine): boolean =>
      message === 'circuit breaker open' && String(webhook).includes(`/${last?.name ?? '-'}/`);
    expect(await stage.daemon.until(opened)).to.include({ reason: 'http_status', detail: 'HTTP 500' });
  });

  it('leaves a CRM alone for as long as it asks', async () => {
    const outcomes = await calls(S.paused, 3);
    expect(outcomes.map(({ record }) => record.reason)).to.deep.equal([
      'http_status',
      'webhook_paused',
      'webhook_paused',
    ]);
    expect(outcomes.at(-1)?.requests).to.have.length(1);
  });

  it('leaves only the account alone whose limit was reached: another tenant of the CRM is served', async () => {
    const [first, second] = await calls(S.limits, 2);
    expect([first?.record.reason, second?.record.reason]).to.deep.equal(['http_status', 'webhook_paused']);
    const other = await stage.play(S.limits, { path: `${first?.name ?? ''}-globex` });
    expect(other.record).to.include({ result: 'routed', reason: 'answered' });
  });

  it('opens the breaker of the account alone that the CRM fails', async () => {
    const outcomes = await calls(S.oneDown, 6);
    expect(outcomes.at(-1)?.record.reason).to.equal('breaker_open');
    const other = await stage.play(S.oneDown, { path: `${outcomes[0]?.name ?? ''}-globex` });
    expect(other.record).to.include({ result: 'routed', reason: 'answered' });
  });

  it('blames no CRM for the time that another one took: a hand-over with too little of it opens no breaker', async () => {
    const outcomes = await calls(S.blame, 5);
    for (const { record } of outcomes) {
      expect(record.requests.map(({ answer }) => answer)[1]).to.equal('webhook_timeout');
    }
    const own = await stage.play(S.blame, { path: `${outcomes[0]?.name ?? ''}-slow` });
    expect(own.record).to.include({ result: 'routed', reason: 'answered' });
  });

  it('maxInFlight: a caller who finds no place gets the fallback, and no longer wait than 200 ms', async () => {
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => stage.play(S.full)));
    const reasons = outcomes.map(({ record }) => record.reason).sort();
    expect(reasons).to.deep.equal(['bulkhead_full', 'bulkhead_full', 'webhook_timeout']);
    for (const { record, requests } of outcomes) {
      expect(requests).to.have.length(1);
      if (record.reason === 'bulkhead_full') expect(record.decidedMs).to.be.at.least(199);
    }
  });

  it('maxPerSecond: no second sees more requests', async () => {
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => stage.play(S.rate)));
    const reasons = outcomes.map(({ record }) => record.reason).sort();
    expect(reasons).to.deep.equal(['answered', 'bulkhead_full', 'bulkhead_full']);
  });

  it('cacheSeconds: the second call of a caller is not asked for', async () => {
    const [, second] = await calls(S.cached, 2);
    expect(second?.requests).to.have.length(1);
    expect(second?.dialled).to.deep.equal(['user/201@pbx.example']);
    expect(second?.record.recalled[0]).to.include({ stale: false, body: '{"destination":"201"}' });
    expect(second?.line).to.include({ stale: false });
    expect(second?.record.reason).to.equal('answered');
    const other = await stage.play(S.cached, { caller: '380449990000' });
    expect(other.dialled, 'another caller').to.deep.equal(['user/202@pbx.example']);
  });

  it('cacheSeconds: the answer for one tenant rings no user of another, though caller and number are the same', async () => {
    const of = (domain: string): Promise<Outcome> =>
      stage.play(S.tenants, { variables: { domain_name: domain } });
    const acme = await of('acme.example');
    const globex = await of('globex.example');
    const again = await of('acme.example');
    expect([acme, globex, again].map(({ dialled }) => dialled[0])).to.deep.equal([
      'user/acme-boss@pbx.example',
      'user/globex-boss@pbx.example',
      'user/acme-boss@pbx.example',
    ]);
    expect(again.requests, 'two for three calls').to.have.length(2);
  });

  it('lastGoodSeconds: where the call went last, marked stale, when the CRM is down', async () => {
    const [, second] = await calls(S.lastGood, 2);
    expect(second?.requests).to.have.length(2);
    expect(second?.dialled).to.deep.equal(['user/201@pbx.example']);
    expect(second?.record).to.include({ result: 'routed', reason: 'stale', end: 'bridged' });
    expect(second?.marker('reason')).to.equal('stale');
    expect(second?.line).to.include({ stale: true, answer: 'http_status' });
  });

  it('hmac: a CRM that knows the secret finds the signature right', async () => {
    const { requests, record } = await one(S.hmac);
    const [{ headers, body }] = requests as [RecordedRequest];
    const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '' } = headers;
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).to.be.below(60);
    const signed = (key: Buffer | string, text: string): string =>
      `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
    const text = `${id}.${timestamp}.${body.toString()}`;
    expect(headers['webhook-signature']).to.equal(`${signed(KEY, text)} ${signed('the old one', text)}`);
    expect(record.requests[0]?.headers['webhook-signature']).to.equal('***');
    const get = (await one(S.hmacGet)).requests[0] as RecordedRequest;
    expect(get.url).to.match(new RegExp(`line=${DID}&name=Zo%C3%AB%20%26%20Co$`));
    expect(get.headers['webhook-signature']).to.equal(
      signed(
        'the old one',
        `${get.headers['webhook-id']}.${get.headers['webhook-timestamp']}.GET ${get.url}`,
      ),
    );
  });

  it('api-key: a header of its own, which the record hides', async () => {
    const { requests, record } = await one(S.apiKey);
    expect(requests[0]?.headers['x-crm-token']).to.equal('k-1');
    expect(record.requests[0]?.headers['X-Crm-Token']).to.equal('***');
    expect(record.call?.caller).to.equal(CALLER);
  });
});
