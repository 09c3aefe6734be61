import { expect } from 'chai';
import fc from 'fast-check';
import { parseCall } from '../../../lib/call/channel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { ask, type AskOptions } from '../../../lib/decide/ask.ts';
import { AnswerMemory } from '../../../lib/decide/memory.ts';
import type { HttpRequest } from '../../../lib/http/message.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { FIRST } from '../../../lib/webhook/macro.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/**
 * For random schemes and pairs of calls: the second has the first one's answer if and only if it would have sent the same. What
 * it would have sent is seen by asking without a memory, and compared by an oracle that knows nothing of keys.
 */

const CONFIG = configOf();
type Webhook = Omit<SchemeDocument['webhook'], 'url'> & { url: string };

function configOf() {
  const env = { ESL_ROUTER_GATEWAY: 'trunk', ESL_ROUTER_DOMAIN: 'pbx.test' };
  const result = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
  if (!result.ok) throw new Error(result.faults.join('\n'));
  return result.config;
}

const MACROS = [
  'caller',
  'caller_name',
  'did',
  'uuid',
  'call_id',
  'scheme',
  'attempt',
  'timestamp',
  'source_ip',
  'context',
  'switch',
  'diverted_from',
  'var.domain_name',
  'var.sip_call_id',
  'sip.X-Tenant',
  'secret.KEY',
];
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'b-', '7'),
      fc.constantFrom(...MACROS).map((name) => `{{${name}}}`),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((parts) => parts.join(''));
const fields = fc.dictionary(fc.constantFrom('p', 'q', 'r'), text, { maxKeys: 3 });
const auth = fc.oneof(
  fc.constant({ type: 'none' as const }),
  fc.record({ type: fc.constant('bearer' as const), token: text }),
  fc.record({ type: fc.constant('basic' as const), user: text, password: text }),
  fc.record({ type: fc.constant('api-key' as const), header: fc.constant('X-Key'), key: text }),
  fc.record({ type: fc.constant('hmac' as const), secret: text }),
);
const webhook: fc.Arbitrary<Webhook> = fc
  .record({
    url: text.map((path) => `https://crm.example.com/x${path}?line=${path}`),
    headers: fc.dictionary(fc.constantFrom('X-One', 'X-Two'), text, { maxKeys: 2 }),
    auth,
    shape: fc.constantFrom('http-get', 'http-post', 'headers', 'json', 'body', 'default', 'rpc'),
    fields,
  })
  .map(({ shape, fields: parameters, ...common }) => {
    switch (shape) {
      case 'http-get':
        return { ...common, method: 'GET' as const, submission: 'http' as const, parameters };
      case 'http-post':
        return { ...common, submission: 'http' as const, parameters };
      case 'headers':
        return {
          ...common,
          submission: 'http' as const,
          parametersIn: 'headers' as const,
          parameters,
        };
      case 'body':
        return { ...common, body: { deep: [parameters] } };
      case 'default':
        return common;
      case 'rpc':
        return {
          ...common,
          submission: 'json-rpc' as const,
          import: 'json-rpc' as const,
          rpcMethod: 'route',
          parameters,
        };
      case 'json':
        return { ...common, parameters };
    }
  });

interface Person {
  readonly caller: string;
  readonly name: string;
  readonly did: string;
  readonly ip: string;
  readonly context: string;
  readonly switch: string;
  readonly diverted: string;
  readonly domain: string;
  readonly tenant: string;
}
const person: fc.Arbitrary<Person> = fc.record({
  caller: fc.constantFrom('380441110001', '380441110002'),
  name: fc.constantFrom('Ann', 'Zoë'),
  did: fc.constantFrom('15005550100', '15005550101'),
  ip: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  context: fc.constantFrom('acme', 'globex'),
  switch: fc.constantFrom('fs1', 'fs2'),
  diverted: fc.constantFrom('100', '101'),
  domain: fc.constantFrom('acme.test', 'globex.test'),
  tenant: fc.constantFrom('1', '2'),
});
/** Two that differ in nothing, in one thing, or anyhow. */
const pair = fc.tuple(person, person, fc.constantFrom('same', 'near', 'any')).chain(([one, other, kind]) => {
  const keys = Object.keys(one) as (keyof Person)[];
  return fc
    .constantFrom(...keys)
    .map((key): readonly [Person, Person] => [
      one,
      kind === 'same' ? one : kind === 'near' ? { ...one, [key]: other[key] } : other,
    ]);
});

/** Each call with names, a time and an id of its own, in letters that stand nowhere else. */
function asking(webhook: Webhook, key: string, memory: AnswerMemory) {
  const json = { name: 'sales', webhook: { ...webhook, cacheSeconds: 60, responseName: 'd' } };
  const secrets = { has: () => true, read: () => key };
  const loaded = assembleSchemes([{ name: 'sales', json, text: JSON.stringify(json) }], CONFIG, secrets);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const { set } = loaded;
  const scheme = set.schemes.get('sales');
  if (scheme === undefined) throw new Error('no scheme');
  return async (who: Person, n: number): Promise<HttpRequest | null> => {
    const clock = new ManualClock();
    let sent: HttpRequest | null = null;
    const options: AskOptions = {
      call: parseCall(
        new Map([
          ['Unique-ID', `UNIQUE${n}UNIQUE`],
          ['variable_sip_call_id', `SIPID${n}SIPID`],
          ['Caller-Caller-ID-Number', who.caller],
          ['Caller-Caller-ID-Name', who.name],
          ['Caller-Destination-Number', who.did],
          ['Caller-Network-Addr', who.ip],
          ['Caller-Context', who.context],
          ['FreeSWITCH-Switchname', who.switch],
          ['Caller-RDNIS', who.diverted],
          ['variable_domain_name', who.domain],
          ['variable_sip_h_X-Tenant', who.tenant],
        ]),
        { didFrom: ['destination_number'], variables: set.variables },
      ),
      config: CONFIG,
      secrets,
      send: (request) => {
        sent = request;
        const id = webhook.submission === 'json-rpc' ? { jsonrpc: '2.0', id: `MSGID${n}MSGID` } : {};
        const body = JSON.stringify(
          webhook.submission === 'json-rpc' ? { ...id, result: '201' } : { d: '201' },
        );
        return Promise.resolve({ status: 200, headers: {}, body, phases: { total: 1 } });
      },
      memory,
      clock: {
        now: () => clock.now(),
        after: (ms, f) => clock.after(ms, f),
        date: () => new Date(n * 7_000_000),
      },
      version: '0',
      trace: '0af7651916cd43dd8448eb211c80319c',
      dryRun: false,
      signal: new AbortController().signal,
      note: () => undefined,
      elapsedMs: () => 0,
    };
    await ask(
      {
        scheme,
        webhook: scheme.webhook,
        attempt: 1,
        occasion: FIRST,
        webhookId: `MSGID${n}MSGID`,
        limitMs: 4000,
        again: () => Promise.reject(new Error('there is no chain')),
      },
      options,
    );
    return sent;
  };
}

/** A request without when and under which id it went out; whoever signs signs with a key, which is then part of it. */
function essence({ method, url, headers, body }: HttpRequest, n: number, mayHide: boolean): string {
  const { 'webhook-signature': signature, 'webhook-timestamp': _, traceparent: __, ...rest } = headers;
  const time = new Date(n * 7_000_000).toISOString();
  let all = JSON.stringify([method, url, rest, body]).replaceAll(`MSGID${n}MSGID`, '');
  for (const form of [time, encodeURIComponent(time)]) all = all.replaceAll(form, '');
  if (mayHide) all = all.replaceAll(`UNIQUE${n}UNIQUE`, '').replaceAll(`SIPID${n}SIPID`, '');
  // Base64 hides what is in it: Basic is compared as it is written out.
  all = all.replace(/Basic ([A-Za-z0-9+/=]+)/, (_match, code: string) => {
    const plain = Buffer.from(code, 'base64').toString();
    return plain.replaceAll(time, '');
  });
  return all + (signature === undefined ? '' : ' signed');
}

describe('one answer, many askers', () => {
  it('a question has the answer to another one if and only if both send the same, but for id, time and try', async () => {
    let shared = 0;
    let apart = 0;
    await fc.assert(
      fc.asyncProperty(webhook, pair, async (hook, [one, other]) => {
        const written = JSON.stringify(hook);
        const mayHide = !/\{\{(uuid|call_id|var\.sip_call_id)\}\}/.test(written);
        const first = await asking(hook, 'key-1', new AnswerMemory())(one, 1);
        const second = await asking(hook, 'key-1', new AnswerMemory())(other, 2);
        if (first === null || second === null) throw new Error('not asked');
        // The key of a signature may hold what differs: a signature shows it to nobody.
        const { auth: proof } = hook;
        const signedBy = (who: Person, n: number): string =>
          proof?.type === 'hmac' ? expandBy(proof.secret, who, n) : '';
        const same =
          essence(first, 1, mayHide) + signedBy(one, 1) === essence(second, 2, mayHide) + signedBy(other, 2);
        const question = asking(hook, 'key-1', new AnswerMemory());
        await question(one, 1);
        const recalled = (await question(other, 2)) === null;
        if (recalled) shared++;
        else apart++;
        expect(recalled, `${written} ${JSON.stringify([one, other])}`).to.equal(same);
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(shared, apart), 'both are seen').to.be.greaterThan(150);
  });

  it('another key is another question wherever the key stands', async () => {
    const places: Webhook[] = [
      { url: 'https://crm.example.com/{{secret.KEY}}' },
      { url: 'https://crm.example.com/', headers: { 'X-Any': '{{secret.KEY}}' } },
      { url: 'https://crm.example.com/', parameters: { key: '{{secret.KEY}}' } },
      { url: 'https://crm.example.com/', body: { key: ['{{secret.KEY}}'] } },
      { url: 'https://crm.example.com/', auth: { type: 'bearer', token: '{{secret.KEY}}' } },
      { url: 'https://crm.example.com/', auth: { type: 'basic', user: 'u', password: '{{secret.KEY}}' } },
      { url: 'https://crm.example.com/', auth: { type: 'api-key', key: '{{secret.KEY}}' } },
      { url: 'https://crm.example.com/', auth: { type: 'hmac', secret: '{{secret.KEY}}' } },
    ];
    const [who] = fc.sample(person, 1) as [Person];
    for (const place of places) {
      const memory = new AnswerMemory();
      expect(await asking(place, 'key-1', memory)(who, 1)).to.not.equal(null);
      expect(await asking(place, 'key-1', memory)(who, 2), 'the same key').to.equal(null);
      expect(await asking(place, 'key-2', memory)(who, 3), JSON.stringify(place)).to.not.equal(null);
    }
  });

  it('the number of the try and the time make no other question', async () => {
    const parameters = { try: '{{attempt}}', at: '{{timestamp}}', phone: '{{caller}}' };
    const [who] = fc.sample(person, 1) as [Person];
    const question = asking({ url: 'https://crm.example.com/', parameters }, 'k', new AnswerMemory());
    expect(await question(who, 1)).to.not.equal(null);
    expect(await question(who, 2)).to.equal(null);
  });
});

/** What a template says for a call, time and id left out. */
function expandBy(template: string, who: Person, n: number): string {
  const values: Record<string, string> = {
    caller: who.caller,
    caller_name: who.name,
    did: who.did,
    uuid: String(n),
    call_id: String(n),
    'var.sip_call_id': String(n),
    source_ip: who.ip,
    context: who.context,
    switch: who.switch,
    diverted_from: who.diverted,
    'var.domain_name': who.domain,
    'sip.X-Tenant': who.tenant,
  };
  return template.replace(/\{\{([^}]*)\}\}/g, (_match, name: string) => values[name] ?? name);
}
