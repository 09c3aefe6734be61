import { expect } from 'chai';
import { FIRST } from '../../../lib/webhook/macro.ts';
import fc from 'fast-check';
import { parseCall, type Call } from '../../../lib/call/channel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { originatesFor } from '../../../lib/dial/originate.ts';
import { RouterError } from '../../../lib/errors.ts';
import { serialize } from '../../../lib/esl/command.ts';
import { setVariables } from '../../../lib/leg/command.ts';
import { parseScheme, type Scheme } from '../../../lib/scheme/scheme.ts';
import { buildRequest } from '../../../lib/webhook/request.ts';

/** Whatever parseScheme takes can be built for any call: the question, the legs, the variables of the caller's own leg. */

const { config } = loadConfig({
  file: null,
  env: { ESL_ROUTER_GATEWAY: 'trunk', ESL_ROUTER_DOMAIN: 'pbx.example' },
  argv: {},
  readSecretFile: () => '',
});

const macro = fc.constantFrom(
  '{{caller}}',
  '{{caller_name}}',
  '{{did}}',
  '{{var.x}}',
  '{{sip.X-A}}',
  '{{secret.S}}',
  '{{uuid}}',
  '{{nope}}',
  '{{',
);
const piece = fc.oneof(
  { weight: 3, arbitrary: macro },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '/',
      '?',
      '&',
      '=',
      '#',
      '%',
      '%2',
      '%2e',
      '.',
      '..',
      '%FF0%FF',
      ' ',
      ';',
      '@',
      ':',
      '\\',
      '\n',
      'a',
      'é',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
const url = fc
  .tuple(
    fc.constantFrom(
      'http://crm',
      'https://crm.example.com',
      'http://[::1]',
      'HTTP://crm:0',
      'http://crm:8443',
      'ftp://crm',
      'http:/crm',
    ),
    fc.constantFrom('/', '?', '#', ''),
    text,
  )
  .map((parts) => parts.join(''));
const name = fc.oneof(
  fc.constantFrom(
    'Host',
    'X-A',
    'x-a',
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'webhook-id',
    'Authorization',
    'Accept',
    'Cookie',
    '__proto__',
    'constructor',
    'a b',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const record = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>) =>
  fc.dictionary(key, value, { maxKeys: 3 });
const { body } = fc.letrec<{ body: unknown }>((tie) => ({
  body: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.double(),
    fc.constant(null),
    fc.array(tie('body'), { maxLength: 3 }),
    fc.dictionary(name, tie('body'), { maxKeys: 3 }),
  ),
}));
const tone = fc.oneof(
  fc.constantFrom(
    '%(400,200,400,450);%(400,2000,400,450)',
    '%(2000,4000,440,480)',
    '%(1,1)',
    '%(,,,)',
    ';',
    '%(1,2,3);',
    '%(9,9,9);%%%',
  ),
  fc
    .array(fc.constantFrom('%(', '400', ',', ')', ';', '|', ' '), { maxLength: 12 })
    .map((parts) => parts.join('')),
);
const extension = fc.oneof(
  fc.constantFrom('900', '*98', '#7', '**1', 'a.b-c_d', 'a;b', 'a b', "a'b", '$1'),
  fc.string({ maxLength: 5 }),
);

/** Of these parts a scheme has one or two, so that most are worth being built. */
const PARTS = {
  url,
  parameters: record(name, text),
  body,
  headers: record(name, text),
  echo: fc.oneof(fc.record({ header: name }), fc.record({ key: name })),
  auth: fc.oneof(
    fc.record({ type: fc.constant('api-key'), header: name, key: text }),
    fc.record({ type: fc.constant('basic'), user: text, password: text }),
    fc.record({ type: fc.constant('bearer'), token: text }),
    fc.record({ type: fc.constant('hmac'), secret: text }),
  ),
};
const parts = fc
  .tuple(fc.record(PARTS), fc.subarray(Object.keys(PARTS), { minLength: 1, maxLength: 2 }))
  .map(([all, chosen]) => Object.fromEntries(Object.entries(all).filter(([part]) => chosen.includes(part))));
const bridge = fc.record(
  {
    ringback: tone,
    headers: record(fc.oneof(fc.constantFrom('X-Card', 'X-ESL-Router-Hops', 'Y'), name), text),
  },
  { requiredKeys: [] },
);
const targets = record(fc.constantFrom('a', 'b', 'c'), fc.record({ transfer: fc.record({ extension }) }));
const asking = fc.constantFrom(
  { submission: 'json' },
  { submission: 'json-rpc', rpcMethod: 'route' },
  { submission: 'http', method: 'GET' },
  { submission: 'http', method: 'POST' },
  { submission: 'http', method: 'POST', parametersIn: 'query' },
  { submission: 'http', method: 'PUT', parametersIn: 'headers' },
  { submission: 'http', method: 'DELETE', parametersIn: 'headers' },
);
const document = fc
  .tuple(
    asking,
    parts,
    fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, fc.record({ bridge }), fc.record({ targets })),
  )
  .map(([how, some, rest]) => ({
    name: 'a',
    webhook: { url: 'http://crm/route', ...how, ...some },
    ...rest,
  }));

const anyCall: fc.Arbitrary<Call> = fc
  .record({
    'Unique-ID': fc.constantFrom('5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11', 'a b@c', 'x;y'),
    'Caller-Caller-ID-Number': fc.oneof(
      fc.constantFrom('', '+380501234567'),
      fc.string({ unit: 'binary', maxLength: 9 }),
    ),
    'Caller-Caller-ID-Name': fc.oneof(
      fc.constantFrom('', '.', '..', "O'Neil", '\r\nX: 1'),
      fc.string({ unit: 'binary', maxLength: 9 }),
    ),
    'Caller-Destination-Number': fc.oneof(
      fc.constantFrom('', '380441234567'),
      fc.string({ unit: 'binary', maxLength: 9 }),
    ),
    variable_x: fc.oneof(fc.constantFrom('', '.', '..', '%2e'), fc.string({ unit: 'binary', maxLength: 9 })),
    'variable_sip_h_X-A': fc.string({ unit: 'binary', maxLength: 9 }),
  })
  .map((headers) =>
    parseCall(new Map(Object.entries(headers)), {
      didFrom: ['destination_number'],
      variables: ['x', 'sip_h_X-A'],
    }),
  );

function build(scheme: Scheme, call: Call): void {
  const { webhook, bridge, targets, numbering } = scheme;
  const timestamp = '2026-11-22T09:00:00.000Z';
  const context = {
    call,
    scheme: 'a',
    numbering,
    attempt: 1,
    occasion: FIRST,
    timestamp,
    secret: () => 'sec-1',
  };
  try {
    const { url, headers, body } = buildRequest({
      webhook,
      context,
      webhookId: 'msg_1',
      traceparent: '',
      version: '1',
      dryRun: false,
    });
    // As it is shown it is sent, and by nothing but what HTTP has for it.
    expect(new URL(url).href).to.equal(url);
    const names = Object.keys(headers).map((header) => header.toLowerCase());
    expect(new Set(names).size).to.equal(names.length);
    for (const [header, value] of Object.entries(headers)) {
      expect(header).to.match(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
      expect(value).to.match(/^[\x20-\x7e]*$/);
    }
    const length = body === null ? undefined : String(Buffer.byteLength(body));
    expect(headers['Content-Length']).to.equal(length);
    expect(names.filter((header) => header !== 'content-length')).to.not.include.members([
      'transfer-encoding',
    ]);
  } catch (error) {
    // What a caller says may be refused, and it is said why: a segment of a path can't be "..".
    if (!(error instanceof RouterError) || !/segment of the URL path/.test(error.message)) throw error;
  }
  const calleeHeaders = Object.fromEntries(Object.keys(bridge.headers).map((header) => [header, 'sample']));
  const step = {
    kind: 'dial',
    destinations: [
      { kind: 'number', number: '380441234567', e164: '380441234567' },
      { kind: 'user', login: 'agent_007' },
    ],
    timeoutSeconds: null,
    callerName: null,
    calleeHeaders,
  } as const;
  const plan = originatesFor(step, { scheme, call, config });
  if (!plan.ok) throw new Error(plan.detail);
  for (const { dialString, timeoutSeconds } of plan.originates) dialString(timeoutSeconds);
  serialize(setVariables(call, { transfer_ringback: bridge.ringback }));
  for (const { transfer } of Object.values(targets)) {
    serialize(setVariables(call, { esl_router_destination: transfer.extension }));
  }
}

describe('what loads can be sent', function () {
  this.timeout(60_000);

  it('for any scheme and any call', () => {
    let loaded = 0;
    fc.assert(
      fc.property(document, fc.array(anyCall, { minLength: 2, maxLength: 4 }), (json, calls) => {
        const parsed = parseScheme(JSON.parse(JSON.stringify(json)), 'r');
        if (!parsed.ok) return;
        loaded++;
        for (const call of calls) build(parsed.scheme, call);
      }),
      { numRuns: 5000 },
    );
    expect(loaded).to.be.above(500);
  });
});
