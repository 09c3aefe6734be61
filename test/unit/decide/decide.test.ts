import { expect } from 'chai';
import { parseCall } from '../../../lib/call/channel.ts';
import { apply, newRecord, type CallRecord } from '../../../lib/call/record.ts';
import type { CancelSignal } from '../../../lib/cancel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { budgetMs, Inquiry, type Decision } from '../../../lib/decide/decide.ts';
import { AnswerMemory } from '../../../lib/decide/memory.ts';
import { RouterError, type Reason } from '../../../lib/errors.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { ManualClock } from '../../support/manual-clock.ts';

type Answering = (request: HttpRequest, signal: CancelSignal) => HttpResponse | Promise<HttpResponse>;

interface Asked {
  readonly decision: Decision;
  readonly requests: readonly HttpRequest[];
  readonly record: CallRecord;
  readonly inquiry: Inquiry;
}

const SALES = { name: 'sales', webhook: { url: 'https://crm.example.com/route' } } as const;
const CONFIG = configOf({ ESL_ROUTER_GATEWAY: 'trunk', ESL_ROUTER_DOMAIN: 'pbx.test' });

function configOf(env: Record<string, string>) {
  const result = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
  if (!result.ok) throw new Error(result.faults.join('\n'));
  return result.config;
}

function reply(body: unknown, status = 200): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: {}, body: text, phases: { total: 1 } };
}

function fails(code: Reason): never {
  throw new RouterError(code);
}

async function hangs(signal: CancelSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', resolve);
  });
  throw signal.reason;
}

interface Setting {
  readonly schemes?: readonly SchemeDocument[];
  readonly answer: Answering;
  readonly headers?: Record<string, string>;
  readonly clock?: ManualClock;
  readonly signal?: CancelSignal;
  readonly config?: typeof CONFIG;
  readonly memory?: AnswerMemory;
}

function prepare({ schemes = [SALES], answer, headers = {}, config = CONFIG, ...rest }: Setting) {
  const { memory = new AnswerMemory() } = rest;
  const clock = rest.clock ?? new ManualClock();
  const secrets = { has: () => true, read: (name: string) => `value-of-${name}` };
  const sources = schemes.map((json) => ({ name: json.name, json, text: JSON.stringify(json) }));
  const loaded = assembleSchemes(sources, config, secrets);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const call = parseCall(
    new Map(
      Object.entries({
        'Unique-ID': 'u-1',
        'Caller-Caller-ID-Number': '380441112233',
        'Caller-Destination-Number': '15005550100',
        ...headers,
      }),
    ),
    { didFrom: ['destination_number'], variables: loaded.set.variables },
  );
  const record = newRecord('trace-1', clock.date());
  const requests: HttpRequest[] = [];
  const inquiry = new Inquiry({
    call,
    config,
    schemes: loaded.set,
    secrets,
    send: async (request, { signal }) => {
      requests.push(request);
      return answer(request, signal);
    },
    memory,
    clock,
    version: '0.0.0',
    trace: '0af7651916cd43dd8448eb211c80319c',
    dryRun: false,
    signal: rest.signal ?? new AbortController().signal,
    note: (event) => {
      apply(record, event);
    },
    elapsedMs: () => clock.now() - 1000,
  });
  const scheme = loaded.set.schemes.get('sales');
  if (scheme === undefined) throw new Error('no scheme');
  return { inquiry, scheme, call, clock, requests, record };
}

async function ask(setting: Setting): Promise<Asked> {
  const { inquiry, scheme, call, clock, requests, record } = prepare(setting);
  const decision = await inquiry.decide(scheme, clock.now() + budgetMs(scheme, call));
  return { decision, requests, record, inquiry };
}

/** What the callees of each dial step are told. */
function headersOf({ steps }: Decision): Readonly<Record<string, string>>[] {
  return steps.flatMap((step) => (step.kind === 'dial' ? [step.calleeHeaders] : []));
}

const NIGHT: SchemeDocument = { name: 'night', webhook: { url: 'https://night.example.com/' } };

function fallingBack(fallback: SchemeDocument['fallback']): SchemeDocument {
  return { ...SALES, fallback };
}

describe('decide', () => {
  it('routes where the CRM says', async () => {
    const { decision, record } = await ask({ answer: () => reply({ destination: '380501234567' }) });
    expect(decision).to.deep.include({ via: 'primary', result: 'routed', reason: 'routed' });
    expect(decision.steps[0]).to.deep.include({ kind: 'dial', timeoutSeconds: null });
    expect(record.decisions[0]?.steps).to.deep.equal(['dial 380501234567']);
    expect(record.requests[0]).to.deep.include({ attempt: 1, scheme: 'sales', answer: 'found' });
  });

  it('keeps "nobody" apart from "could not be asked"', async () => {
    const scheme = fallingBack({ onNoRoute: [{ dial: '900' }], onError: [{ dial: '901' }] });
    const nobody = await ask({ schemes: [scheme], answer: () => reply({ destination: null }) });
    expect(nobody.decision).to.deep.include({ via: 'fallback', result: 'no_route', reason: 'empty_value' });
    expect(nobody.record.decisions.at(-1)?.steps).to.deep.equal(['dial 900']);
    const down = await ask({ schemes: [scheme], answer: () => fails('connect_failed') });
    expect(down.decision).to.deep.include({ via: 'fallback', result: 'error', reason: 'connect_failed' });
    expect(down.record.decisions.at(-1)?.steps).to.deep.equal(['dial 901']);
  });

  it('takes the steps of onError for a refused destination, and says refused', async () => {
    const scheme = fallingBack({ onError: [{ dial: '901' }] });
    const { decision } = await ask({
      schemes: [scheme],
      answer: () => reply({ destination: '1,loopback/app=x' }),
    });
    expect(decision).to.deep.include({ via: 'fallback', result: 'refused', reason: 'destination_invalid' });
  });

  it('refuses a number without a gateway, and a login without a domain, before the leg is touched', async () => {
    const config = configOf({});
    const number = await ask({ config, answer: () => reply({ destination: '380501234567' }) });
    expect(number.decision).to.deep.include({ result: 'refused', reason: 'no_gateway' });
    const login = await ask({ config, answer: () => reply({ destination: 'agent_007' }) });
    expect(login.decision).to.deep.include({ result: 'refused', reason: 'no_domain' });
  });

  it('ends a used-up list in the dialplan', async () => {
    const { decision } = await ask({
      schemes: [fallingBack({ onNoRoute: [] })],
      answer: () => reply('', 204),
    });
    expect(decision.steps).to.deep.equal([{ kind: 'dialplan' }]);
  });

  it('asks the backup with the same question, and without anything that proves who we are', async () => {
    const scheme: SchemeDocument = {
      name: 'sales',
      webhook: {
        url: 'https://crm.example.com/route',
        auth: { type: 'bearer', token: '{{secret.TOKEN}}' },
        headers: { 'X-Api-Key': '{{secret.KEY}}' },
        parameters: { phone: '{{caller}}', key: '{{secret.KEY}}' },
      },
      fallback: { onError: [{ webhook: 'https://backup.example.com/route' }, { dial: '901' }] },
    };
    const { decision, requests } = await ask({
      schemes: [scheme],
      answer: ({ url }) => (url.includes('backup') ? reply({ destination: '201' }) : reply('', 500)),
    });
    expect(decision).to.deep.include({ via: 'fallback', result: 'error', reason: 'http_status' });
    expect(requests.map(({ url }) => url)).to.deep.equal([
      'https://crm.example.com/route',
      'https://backup.example.com/route',
    ]);
    expect(requests[0]?.headers).to.include({ 'X-Api-Key': 'value-of-KEY' });
    expect(requests[0]?.headers['Authorization']).to.equal('Bearer value-of-TOKEN');
    expect(JSON.stringify(requests[1])).not.to.include('value-of-');
    expect(JSON.parse(requests[1]?.body ?? '')).to.deep.equal({ phone: '380441112233', key: '' });
  });

  it('goes on with the list when the backup has no answer either', async () => {
    const scheme = fallingBack({ onError: [{ webhook: 'https://backup.example.com/' }, { dial: '901' }] });
    const { record, requests } = await ask({ schemes: [scheme], answer: () => fails('connect_failed') });
    expect(requests).to.have.length(2);
    expect(record.decisions.at(-1)?.steps).to.deep.equal(['dial 901']);
  });

  for (const [what, fallback, limitMs] of [
    ['the whole budget', {}, 4000],
    [
      '60 % of what remains while a backup follows',
      { onError: [{ webhook: 'https://backup.example.com/' }] },
      2400,
    ],
    ['60 % of what remains while a hand-over follows', { onError: [{ scheme: 'night' }] }, 2400],
  ] as const) {
    it(`gives an attempt ${what}`, async () => {
      const clock = new ManualClock();
      const limits: number[] = [];
      const { decision } = await ask({
        schemes: [fallingBack(fallback as SchemeDocument['fallback']), NIGHT],
        clock,
        answer: (_request, signal) => {
          const before = clock.now();
          signal.addEventListener('abort', () => limits.push(clock.now() - before));
          const hung = hangs(signal);
          clock.advance(limitMs - 1);
          expect(signal.aborted).to.equal(limits.length > 0);
          clock.advance(1);
          return hung;
        },
      });
      expect(limits[0]).to.equal(limitMs);
      expect(decision).to.deep.include({ result: 'error', reason: 'webhook_timeout' });
    });
  }

  it('never takes longer than the guard of the dialplan less two seconds', () => {
    const { scheme, call } = prepare({
      answer: () => reply({}),
      headers: { variable_esl_router_guard: '5' },
    });
    expect(budgetMs(scheme, call)).to.equal(3000);
    const roomy = prepare({ answer: () => reply({}), headers: { variable_esl_router_guard: '8' } });
    expect(budgetMs(roomy.scheme, roomy.call)).to.equal(4000);
    const tight = prepare({ answer: () => reply({}), headers: { variable_esl_router_guard: '1' } });
    expect(budgetMs(tight.scheme, tight.call)).to.equal(0);
  });

  it('asks nobody when no time is left', async () => {
    const { decision, requests } = await ask({
      answer: () => reply({ destination: '201' }),
      headers: { variable_esl_router_guard: '2' },
    });
    expect(requests).to.have.length(0);
    expect(decision).to.deep.include({ result: 'error', reason: 'guard_too_short' });
  });

  it('stops at once when the caller hangs up', async () => {
    const gone = new AbortController();
    const reason = new RouterError('caller_hung_up');
    const asking = ask({
      signal: gone.signal,
      answer: (_request, signal) => {
        queueMicrotask(() => {
          gone.abort(reason);
        });
        return hangs(signal);
      },
    });
    const error: unknown = await asking.catch((thrown: unknown) => thrown);
    expect(error).to.equal(reason);
  });

  it('hands the call on to another scheme, within the same budget', async () => {
    const { decision, record, requests } = await ask({
      schemes: [SALES, NIGHT],
      answer: ({ url }) => reply({ destination: url.includes('night') ? '201' : { scheme: 'night' } }),
    });
    expect(requests).to.have.length(2);
    expect(decision.scheme.name).to.equal('night');
    expect(record.scheme?.name).to.equal('night');
    expect(decision.result).to.equal('routed');
  });

  it('breaks a circle of schemes', async () => {
    const { decision, requests } = await ask({
      schemes: [fallingBack({ onError: [{ scheme: 'night' }, { dial: '901' }] }), NIGHT],
      answer: ({ url }) => reply({ destination: { scheme: url.includes('night') ? 'sales' : 'night' } }),
    });
    expect(requests).to.have.length(2);
    expect(decision).to.deep.include({ result: 'error', reason: 'scheme_loop' });
    expect(decision.steps).to.deep.equal([{ kind: 'dialplan' }]);
  });

  it('makes an error of a scheme that does not exist', async () => {
    const { decision } = await ask({ answer: () => reply({ destination: { scheme: 'gone' } }) });
    expect(decision).to.deep.include({ result: 'error', reason: 'scheme_unknown' });
  });

  it('goes on with the rest of the list of the CRM, then with the list of the outcome', async () => {
    const scheme = fallingBack({ onBusy: [{ dial: '902' }], onNoAnswer: [{ dial: '903' }] });
    const { inquiry, decision } = await ask({
      schemes: [scheme],
      answer: () => reply({ destination: ['201', '202'] }),
    });
    const second = await inquiry.resume(decision, 'no_answer', 'NO_ANSWER');
    expect(second).to.deep.include({ via: 'primary', result: 'routed' });
    expect(JSON.stringify(second.steps[0])).to.include('202');
    const third = await inquiry.resume(second, 'busy', 'USER_BUSY');
    expect(third).to.deep.include({ via: 'fallback', result: 'no_answer', reason: 'busy' });
    expect(JSON.stringify(third.steps[0])).to.include('902');
    const last = await inquiry.resume(third, 'busy', 'USER_BUSY');
    expect(last.steps).to.deep.equal([{ kind: 'dialplan' }]);
  });

  it('gives a webhook after a bridge a budget of its own', async () => {
    const clock = new ManualClock();
    const scheme = fallingBack({ onNoAnswer: [{ webhook: 'https://second.example.com/' }] });
    const { inquiry, decision, requests } = await ask({
      schemes: [scheme],
      clock,
      answer: ({ url }) => reply({ destination: url.includes('second') ? '202' : '201' }),
    });
    clock.advance(30_000);
    const next = await inquiry.resume(decision, 'no_answer', 'NO_ANSWER');
    expect(requests).to.have.length(2);
    expect(JSON.stringify(next.steps[0])).to.include('202');
    expect(next).to.deep.include({ via: 'fallback', result: 'no_answer', reason: 'no_answer' });
  });

  it('numbers its requests, and gives a question and its backup one id', async () => {
    const scheme = fallingBack({ onError: [{ webhook: 'https://backup.example.com/' }] });
    const { record } = await ask({ schemes: [scheme], answer: () => fails('connect_failed') });
    expect(record.requests.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    const [first, backup] = record.requests;
    expect(first?.webhookId).to.match(/^msg_[0-9a-f-]{36}$/);
    expect(backup?.webhookId).to.equal(first?.webhookId);
  });

  it('shows a withheld caller to nobody, unless the scheme says send', async () => {
    const headers = { 'Caller-Privacy-Hide-Number': 'true' };
    const hidden = await ask({ headers, answer: () => reply({ destination: '201' }) });
    expect(JSON.stringify([hidden.requests, hidden.record])).not.to.include('380441112233');
    const sends: SchemeDocument = { ...SALES, webhook: { ...SALES.webhook, withheld: 'send' } };
    const shown = await ask({ schemes: [sends], headers, answer: () => reply({ destination: '201' }) });
    expect(shown.requests[0]?.body).to.include('380441112233');
  });

  it('takes headers for the callee out of the reply', async () => {
    const scheme: SchemeDocument = { ...SALES, bridge: { headers: { 'X-CRM-Card': '{{reply.card.url}}' } } };
    const { decision } = await ask({
      schemes: [scheme],
      answer: () => reply({ destination: '201', card: { url: 'https://crm.example.com/card?id=7' } }),
    });
    expect(headersOf(decision)[0]?.['X-CRM-Card']).to.equal('https://crm.example.com/card?id=7');
  });

  describe('headers for the callee', () => {
    const headers = { 'X-Card': '{{reply.card}}', 'X-Both': '{{did}} {{reply.card}}', 'X-Did': 'to {{did}}' };
    const own = { 'X-Did': 'to 15005550100' };
    const of = (card: string) => ({ 'X-Card': card, 'X-Both': `15005550100 ${card}`, ...own });
    const scheme: SchemeDocument = {
      ...SALES,
      bridge: { headers },
      fallback: {
        onError: [{ webhook: 'https://backup.example.com/' }, { dial: ['901', '902'] }],
        onNoAnswer: [{ dial: '903' }, { scheme: 'night' }],
      },
    };
    const night: SchemeDocument = { ...NIGHT, bridge: { headers: { 'X-Night': '{{reply.card}}' } } };
    const crm: Answering = ({ url }) => {
      if (url.includes('night')) return reply({ destination: '301', card: 'n' });
      return reply({ destination: ['201', '202'], card: url.includes('backup') ? 'b' : 'p' });
    };
    const down: Answering = (request, signal) =>
      request.url.includes('crm') ? fails('connect_failed') : crm(request, signal);

    /** Along all lists, nobody ever answering: the headers of each bridge. */
    async function followed(answer: Answering) {
      const { decision, inquiry } = await ask({ schemes: [scheme, night], answer });
      const seen: Readonly<Record<string, string>>[] = [];
      for (let at = decision; at.steps[0].kind === 'dial'; at = await inquiry.resume(at, 'busy', 'USER_BUSY'))
        seen.push(at.steps[0].calleeHeaders);
      return seen;
    }

    it("are of the CRM's reply for each of its list, without it for the scheme's own, of the next CRM for the next", async () => {
      expect(await followed(crm)).to.deep.equal([of('p'), of('p'), own, { 'X-Night': 'n' }]);
    });

    it("are of the backup's reply for each of its list, and without it behind", async () => {
      expect(await followed(down)).to.deep.equal([of('b'), of('b'), own, own]);
    });

    it('are of the reply of before where that is used', async () => {
      const kept: SchemeDocument = { ...scheme, webhook: { ...SALES.webhook, lastGoodSeconds: 60 } };
      const memory = new AnswerMemory();
      await ask({ schemes: [kept, night], answer: crm, memory });
      const { decision } = await ask({ schemes: [kept, night], answer: down, memory });
      expect(decision.reason).to.equal('stale');
      expect(headersOf(decision)).to.deep.equal([of('p'), of('p')]);
    });

    it('hide a caller who withheld his number, though the CRM is told', async () => {
      const sends: SchemeDocument = {
        ...SALES,
        webhook: { ...SALES.webhook, withheld: 'send' },
        bridge: {
          headers: {
            'X-Caller': '{{caller}} {{caller_raw}}.',
            'X-Card': '{{reply.card}}',
            'X-Parts': '{{reply.code}} {{reply.local}}',
            'X-Shop': '{{reply.shop}}',
          },
        },
      };
      const { decision, requests } = await ask({
        schemes: [sends],
        headers: { 'Caller-Privacy-Hide-Number': 'true' },
        answer: () =>
          reply({
            destination: '201',
            card: 'https://crm.example.com/cards?of=%2B380441112233',
            code: '044',
            local: '111-22-33',
            shop: 'north 17',
          }),
      });
      expect(requests[0]?.body).to.include('380441112233');
      const shown = { 'X-Caller': '.', 'X-Card': '', 'X-Parts': '', 'X-Shop': 'north 17' };
      expect(headersOf(decision)).to.deep.equal([shown]);
    });
  });

  it('leaves no timer behind', async () => {
    const clock = new ManualClock();
    await ask({ clock, answer: () => reply({ destination: '201' }) });
    await ask({ clock, answer: () => fails('connect_failed') });
    expect(clock.timers).to.equal(0);
  });

  it('shows no secret that the CRM repeats, whole or cut, in any of its forms', async () => {
    const scheme: SchemeDocument = {
      ...SALES,
      webhook: {
        url: 'https://crm.example.com/{{secret.PATH}}?k={{secret.QUERY}}',
        auth: { type: 'basic', user: 'u', password: '{{secret.BASIC}}' },
        responseName: 'destination',
      },
      bridge: { headers: { 'X-Card': '{{reply.card}}' } },
    };
    const secrets = ['value-of-PATH', 'value-of-QUERY', 'value-of-BASIC'];
    const basic = Buffer.from('u:value-of-BASIC').toString('base64');
    const echo: Answering = ({ url, headers }) =>
      reply({
        destination: `@@${'x'.repeat(50)}${url} ${JSON.stringify(headers)}${'y'.repeat(200)}`,
        card: `${url} ${basic} ${Buffer.from('value-of-PATH').toString('base64')}`,
      });
    const { record } = await ask({ schemes: [scheme], answer: echo });
    const shown = JSON.stringify(record);
    for (const secret of [...secrets, basic]) expect(shown).not.to.include(secret);
    expect(record.reason).to.equal('destination_invalid');
    expect(record.requests[0]?.reply?.body).to.include('/***?k=***');
    const routed = await ask({
      schemes: [scheme],
      answer: ({ url }) => reply({ destination: '201', card: url }),
    });
    expect(JSON.stringify(headersOf(routed.decision)))
      .to.include('***')
      .and.not.include('value-of');
  });

  it('records what was out of the ordinary in a reply, and in what it says', async () => {
    const answer: Answering = ({ url }) => ({
      ...reply({ destination: '201', hangup: 'USER_BUSY' }),
      notes: [`the charset ${new URL(url).searchParams.get('k') ?? ''} is not known and is ignored`],
    });
    const url = 'https://crm.example.com/?k={{secret.QUERY}}';
    const { record } = await ask({ schemes: [{ ...SALES, webhook: { url } }], answer });
    expect(record.notes).to.deep.equal([
      'the charset *** is not known and is ignored',
      'hangup beside the destination is ignored',
    ]);
    const nobody = await ask({ answer: () => reply('{"destination":"201","destination":null}') });
    expect(nobody.record.reason).to.equal('empty_value');
    expect(nobody.record.notes).to.have.length(1);
  });

  describe('answers of before', () => {
    const caching = (webhook: Partial<SchemeDocument['webhook']>): SchemeDocument => ({
      ...SALES,
      webhook: { ...SALES.webhook, ...webhook },
      fallback: { onNoRoute: [{ dial: '900' }], onError: [{ dial: '901' }] },
    });
    const steps = ({ record }: Asked): readonly string[] => record.decisions.at(-1)?.steps ?? [];
    const WITHHELD = { 'Caller-Privacy-Hide-Number': 'true' };

    it('are used instead of a request within cacheSeconds, and no longer', async () => {
      const common = {
        schemes: [caching({ cacheSeconds: 60 })],
        memory: new AnswerMemory(),
        clock: new ManualClock(),
      };
      await ask({ ...common, answer: () => reply({ destination: '201' }) });
      common.clock.advance(60_000);
      const cached = await ask({ ...common, answer: () => reply({ destination: '202' }) });
      expect(cached.requests).to.have.length(0);
      expect(steps(cached)).to.deep.equal(['dial 201']);
      expect(cached.decision).to.deep.include({ result: 'routed', reason: 'routed' });
      expect(cached.record.recalled[0]).to.deep.include({ stale: false, ageSeconds: 60, status: 200 });
      common.clock.advance(1);
      const asked = await ask({ ...common, answer: () => reply({ destination: '202' }) });
      expect(asked.requests).to.have.length(1);
      expect(steps(asked)).to.deep.equal(['dial 202']);
    });

    it('need no notes again', async () => {
      const common = { schemes: [caching({ cacheSeconds: 60 })], memory: new AnswerMemory() };
      const answer = () => ({ ...reply({ destination: '201', dialplan: true }), notes: ['odd'] });
      const first = await ask({ ...common, answer });
      expect(first.record.notes).to.have.length(2);
      const again = await ask({ ...common, answer });
      expect(again.requests).to.have.length(0);
      expect(again.record.notes).to.deep.equal([]);
    });

    it('are used when the CRM cannot answer, for lastGoodSeconds, and marked', async () => {
      const common = {
        schemes: [caching({ lastGoodSeconds: 3600 })],
        memory: new AnswerMemory(),
        clock: new ManualClock(),
      };
      await ask({ ...common, answer: () => reply({ destination: '201' }) });
      common.clock.advance(3_600_000);
      const down = await ask({ ...common, answer: () => fails('connect_failed') });
      expect(down.requests, 'the CRM is asked first').to.have.length(1);
      expect(steps(down)).to.deep.equal(['dial 201']);
      expect(down.decision).to.deep.include({ via: 'primary', result: 'routed', reason: 'stale' });
      expect(down.record.recalled[0]).to.deep.include({ stale: true, ageSeconds: 3600 });
      expect(down.record.requests[0]).to.deep.include({ answer: 'connect_failed' });
      for (const answer of [() => reply('{', 200), () => reply({}, 500)]) {
        expect((await ask({ ...common, answer })).decision.reason).to.equal('stale');
      }
      common.clock.advance(1);
      const late = await ask({ ...common, answer: () => fails('connect_failed') });
      expect(steps(late)).to.deep.equal(['dial 901']);
    });

    it('are not used where the router itself refuses to ask: that is a fault to be seen', async () => {
      const common = { schemes: [caching({ lastGoodSeconds: 60 })], memory: new AnswerMemory() };
      await ask({ ...common, answer: () => reply({ destination: '201' }) });
      for (const code of ['address_denied', 'request_invalid'] as const) {
        const refused = await ask({ ...common, answer: () => fails(code) });
        expect(steps(refused)).to.deep.equal(['dial 901']);
        expect(refused.decision.reason).to.equal(code);
      }
    });

    it('hold for a number of the list after the first, too', async () => {
      const common = { schemes: [caching({ lastGoodSeconds: 60 })], memory: new AnswerMemory() };
      await ask({ ...common, answer: () => reply({ destination: ['201', '202'] }) });
      const { decision, inquiry } = await ask({ ...common, answer: () => fails('connect_failed') });
      const next = await inquiry.resume(decision, 'busy', 'USER_BUSY');
      expect(next).to.deep.include({ via: 'primary', reason: 'stale' });
    });

    it('know that there was nobody', async () => {
      const common = { schemes: [caching({ lastGoodSeconds: 60 })], memory: new AnswerMemory() };
      await ask({ ...common, answer: () => reply({ destination: null }) });
      const down = await ask({ ...common, answer: () => fails('webhook_timeout') });
      expect(steps(down)).to.deep.equal(['dial 900']);
    });

    it('answer to a JSON-RPC question of their own', async () => {
      const scheme = caching({
        submission: 'json-rpc',
        import: 'json-rpc',
        rpcMethod: 'route',
        lastGoodSeconds: 60,
      });
      const common = { schemes: [scheme], memory: new AnswerMemory() };
      const answer: Answering = ({ body }) => {
        const { id } = JSON.parse(body ?? '') as { id: string };
        return reply({ jsonrpc: '2.0', id, result: '201' });
      };
      await ask({ ...common, answer });
      const down = await ask({ ...common, answer: () => fails('connect_failed') });
      expect(steps(down)).to.deep.equal(['dial 201']);
    });

    it('are those to this very question: another caller, number or word in it is another one', async () => {
      const memory = new AnswerMemory();
      const schemes = [caching({ cacheSeconds: 60 })];
      const common = { schemes, memory };
      await ask({ ...common, answer: () => reply({ destination: '201' }) });
      const others = [
        { ...common, headers: { 'Caller-Caller-ID-Number': '380449999999' } },
        { ...common, headers: { 'Caller-Destination-Number': '15005550101' } },
        { ...common, headers: { 'Caller-Context': 'globex' } },
        { ...common, headers: { variable_sip_network_ip: '192.0.2.7' } },
        { ...common, schemes: [caching({ cacheSeconds: 60, headers: { 'X-Line': '2' } })] },
        { ...common, schemes: [caching({ cacheSeconds: 60, url: 'https://crm.example.com/other' })] },
      ];
      for (const setting of others) {
        const asked = await ask({ ...setting, answer: () => reply({ destination: '202' }) });
        expect(steps(asked), JSON.stringify(setting)).to.deep.equal(['dial 202']);
      }
    });

    it('outlast a change of the scheme that changes no question; what cannot be read any more is asked again', async () => {
      const memory = new AnswerMemory();
      const common = { memory, answer: () => reply({ destination: '201' }) };
      await ask({ ...common, schemes: [caching({ cacheSeconds: 60 })] });
      const changed = await ask({
        ...common,
        schemes: [caching({ cacheSeconds: 61, map: { '201': '203' } })],
      });
      expect(changed.requests).to.have.length(0);
      expect(steps(changed)).to.deep.equal(['dial 203']);
      const unread = await ask({ ...common, schemes: [caching({ cacheSeconds: 61, expect: ['number'] })] });
      expect(unread.requests).to.have.length(1);
      expect(unread.record.recalled).to.deep.equal([]);
    });

    it('of one tenant do not ring the user of another', async () => {
      const tenants = {
        url: 'https://crm.example.com/{{var.domain_name}}',
        parameters: { phone: '{{caller}}' },
      };
      for (const webhook of [
        tenants,
        { parameters: { tenant: '{{var.domain_name}}' } },
        { parameters: {}, headers: { 'X-Tenant': '{{var.domain_name}}' } },
        { parameters: {}, auth: { type: 'bearer', token: '{{var.domain_name}}' } },
        { parameters: {}, auth: { type: 'hmac', secret: '{{var.domain_name}}' } },
      ] as const) {
        const schemes = [caching({ cacheSeconds: 60, lastGoodSeconds: 60, ...webhook })];
        const common = { schemes, memory: new AnswerMemory() };
        const of = (domain: string) => ({ headers: { variable_domain_name: domain } });
        await ask({ ...common, ...of('acme.test'), answer: () => reply({ destination: '201' }) });
        const other = await ask({
          ...common,
          ...of('globex.test'),
          answer: () => reply({ destination: '202' }),
        });
        expect(steps(other), JSON.stringify(webhook)).to.deep.equal(['dial 202']);
        const down = await ask({ ...common, ...of('third.test'), answer: () => fails('connect_failed') });
        expect(steps(down), JSON.stringify(webhook)).to.deep.equal(['dial 901']);
        const again = await ask({ ...common, ...of('acme.test'), answer: () => fails('connect_failed') });
        expect(steps(again), JSON.stringify(webhook)).to.deep.equal(['dial 201']);
      }
    });

    it('of another scheme are none, though it asks the same', async () => {
      const same = caching({ cacheSeconds: 60, parameters: {} });
      const common = { schemes: [same, { ...same, name: 'other' }], memory: new AnswerMemory() };
      let asked = 0;
      const answer = () => reply({ destination: asked++ === 0 ? { scheme: 'other' } : '202' });
      expect(steps(await ask({ ...common, answer }))).to.deep.equal(['dial 202']);
      const again = await ask({ ...common, answer: () => reply({ destination: '203' }) });
      expect(again.requests).to.have.length(0);
      expect(steps(again)).to.deep.equal(['dial 202']);
    });

    it('are never kept for a caller who withheld his number, whatever the scheme sends', async () => {
      for (const withheld of ['hide', 'send'] as const) {
        const memory = new AnswerMemory();
        const common = {
          schemes: [caching({ cacheSeconds: 60, lastGoodSeconds: 60, withheld })],
          memory,
          headers: WITHHELD,
        };
        await ask({ ...common, answer: () => reply({ destination: '201' }) });
        expect(memory.size).to.equal(0);
        expect(
          (await ask({ ...common, answer: () => reply({ destination: '202' }) })).requests,
        ).to.have.length(1);
      }
    });

    it('are off by default; nothing that was refused or failed is kept', async () => {
      const memory = new AnswerMemory();
      await ask({ memory, answer: () => reply({ destination: '201' }) });
      expect(memory.size).to.equal(0);
      const schemes = [caching({ cacheSeconds: 60, lastGoodSeconds: 60 })];
      await ask({ memory, schemes, answer: () => reply({ destination: '112' }) });
      await ask({ memory, schemes, answer: () => reply({}, 500) });
      await ask({ memory, schemes, answer: () => fails('connect_failed') });
      expect(memory.size).to.equal(0);
    });

    it('do not stand in for a backup', async () => {
      const scheme = caching({ lastGoodSeconds: 60 });
      const schemes = [
        { ...scheme, fallback: { onError: [{ webhook: 'https://backup.example.com/' }, { dial: '901' }] } },
      ];
      const memory = new AnswerMemory();
      const answer: Answering = ({ url }) =>
        url.includes('backup') ? reply({ destination: '203' }) : fails('connect_failed');
      expect(steps(await ask({ schemes, memory, answer }))).to.deep.equal(['dial 203', 'dial 901']);
      expect(memory.size).to.equal(0);
    });
  });
});

describe('the deadline of a question', () => {
  const LATE = { destination: '201' };
  /** The question is out; this process stands still past its deadline, and what came meanwhile is read a turn later. */
  async function standstill(
    stallMs: number,
    answer: Answering,
    headers: Record<string, string> = {},
  ): Promise<Asked> {
    const clock = new ManualClock();
    const asked = ask({ clock, answer, headers });
    await Promise.resolve();
    clock.stall(4000 + stallMs);
    clock.advance(0);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    clock.advance(1);
    return asked;
  }
  /** Sockets are read behind the timers of a turn. */
  const inTheSocket: Answering = async (_request, signal) => {
    await new Promise(setImmediate);
    if (signal.aborted) throw signal.reason;
    return reply(LATE);
  };
  const reasonsOf = ({ decision, record }: Asked): unknown[] => [decision.reason, record.requests[0]?.answer];

  it("is the CRM's fault when it passes", async () => {
    expect(reasonsOf(await standstill(0, (_request, signal) => hangs(signal)))).to.deep.equal([
      'webhook_timeout',
      'webhook_timeout',
    ]);
    expect(reasonsOf(await standstill(199, inTheSocket))).to.deep.equal([
      'webhook_timeout',
      'webhook_timeout',
    ]);
  });

  it("is the router's own when it was stalled and no reply is there", async () => {
    const asked = await standstill(200, (_request, signal) => hangs(signal));
    expect(reasonsOf(asked)).to.deep.equal(['router_stalled', 'router_stalled']);
    expect(asked.record.requests[0]?.detail).to.equal('the router itself was stalled for 200 ms');
  });

  it('does not count when the reply is there, and the guard has time', async () => {
    expect(reasonsOf(await standstill(5000, inTheSocket))).to.deep.equal(['routed', 'found']);
    const guarded = { variable_esl_router_guard: '8' };
    expect(reasonsOf(await standstill(2900, inTheSocket, guarded))).to.deep.equal(['routed', 'found']);
  });

  it('counts when the guard may have the call by now', async () => {
    const guarded = { variable_esl_router_guard: '8' };
    expect(reasonsOf(await standstill(3000, inTheSocket, guarded))).to.deep.equal([
      'router_stalled',
      'router_stalled',
    ]);
    const aged = {
      ...guarded,
      'Caller-Channel-Created-Time': '1795339920000000',
      'Event-Date-Timestamp': '1795339920500000',
    };
    expect(reasonsOf(await standstill(2600, inTheSocket, aged))[0]).to.equal('router_stalled');
  });
});
