import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import {
  busy,
  fails,
  rings,
  scenarios,
  type Outcome,
  type Reply,
  type Scenario,
} from '../support/scenario.ts';

/** Each form that the value of a reply may have, and what is read out of it. */

const user = (...logins: string[]): string[] => logins.map((login) => `user/${login}@pbx.example`);
const number = (digits: string): string => `sofia/gateway/crm/${digits}`;
const json = (destination: Extract<Reply, { json: unknown }>['json']): Reply => ({ json: { destination } });
const marked = ({ marker }: Outcome): (string | undefined)[] => [marker('result'), marker('reason')];

/** What is dialled for a value, where the first destination is always busy. */
const READ: readonly (readonly [string, Reply, readonly string[]])[] = [
  ['a string: an extension', json('201'), user('201')],
  ['a string: a login', json('agent_007'), user('agent_007')],
  ['a string: a number with a space', json('3 80123456789'), [number('380123456789')]],
  ['a string: +, brackets, dashes', json('+44 (0)20 7946-0958'), [number('442079460958')]],
  ['a string: tel:', json('tel:+380-44-123-45-67'), [number('380441234567')]],
  ['a string: 00 in front', json('00380441234567'), [number('380441234567')]],
  [
    'a string: bidi marks and no-break spaces',
    json('\u202a+380\u00a044\u00a01234567\u202c'),
    [number('380441234567')],
  ],
  ['an integer', json(205), user('205')],
  ['a large integer', json(380501234567), [number('380501234567')]],
  [
    'a list, in order',
    json(['201', 380501234567, 'bob']),
    [...user('201'), number('380501234567'), ...user('bob')],
  ],
  ['a list with nothing in some of its places', json(['', null, '201']), user('201')],
  ['a list with refused ones among the others', json(['a b', '112', '201', '-1']), user('201')],
  ['an object', json({ destination: '206' }), user('206')],
  ['an object around a list', json({ destination: ['206', '207'] }), user('206', '207')],
  ['a list of objects and strings', json([{ destination: '206' }, '207']), user('206', '207')],
  ['plain text with a byte-order mark', { text: '\ufeff agent_007\n' }, user('agent_007')],
];

const read = READ.map(([title, reply, wanted]): Scenario => ({
  title: `reads ${title}`,
  scheme: 'text' in reply ? { webhook: { import: 'http' } } : {},
  reply,
  call: { callee: () => busy },
  check: ({ dialled, record }) => {
    expect(dialled).to.deep.equal(wanted);
    expect(record.bridges).to.have.length(wanted.length);
    expect(record).to.include({ end: 'dialplan', result: 'no_answer', reason: 'busy' });
  },
}));

/** What is refused, and with what reason; nothing is dialled. */
const REFUSED: readonly (readonly [string, Reply, string, string])[] = [
  ['an emergency number', json('112'), 'refused', 'emergency_number'],
  ['an emergency number written long', json('+380 112'), 'refused', 'emergency_number'],
  ['the called number', json('+1 500 555 0100'), 'refused', 'called_number'],
  ['a sip: address of an unknown host', json('sip:bob@evil.example'), 'refused', 'destination_denied'],
  ['a denied prefix', json('380 900123456'), 'refused', 'destination_denied'],
  ['a number of 16 digits', json('1234567890123456'), 'refused', 'destination_invalid'],
  ['a fraction', json(20.5), 'refused', 'destination_invalid'],
  ['a negative number', json(-201), 'refused', 'destination_invalid'],
  ['a number beyond exactness', json(1e21), 'refused', 'destination_invalid'],
  ['true', json(true), 'refused', 'destination_invalid'],
  ['the word null', json('null'), 'refused', 'destination_invalid'],
  ["another script's digits", json('٢٠١'), 'refused', 'destination_invalid'],
  [
    'an object with both destination and hangup',
    json({ destination: '1', hangup: 'USER_BUSY' }),
    'refused',
    'destination_invalid',
  ],
  ['a hangup cause that is not on the list', json({ hangup: 'CRASH' }), 'refused', 'destination_invalid'],
  ['null', json(null), 'no_route', 'empty_value'],
  ['an empty string', json(' '), 'no_route', 'empty_value'],
  ['an empty list', json([]), 'no_route', 'empty_value'],
  ['a list of nothing', json(['', null]), 'no_route', 'empty_value'],
  ['an unknown scheme', json({ scheme: 'nobody' }), 'error', 'scheme_unknown'],
  ['a circle of schemes', json({ scheme: 'OTHER-loop' }), 'error', 'scheme_loop'],
];

const refused = REFUSED.map(([title, reply, result, reason]): Scenario => ({
  title: `refuses ${title}`,
  ...(reason === 'scheme_loop' ? { others: { loop: {} } } : {}),
  reply,
  check: (outcome) => {
    expect(outcome.dialled).to.deep.equal([]);
    expect(outcome.report.end.kind).to.equal('dialplan');
    expect(marked(outcome)).to.deep.equal([result, reason]);
    expect(outcome.record).to.include({ result, reason, end: 'dialplan', via: 'fallback' });
  },
}));

const together: Scenario[] = [
  {
    title: 'a list in a list rings together: the first who answers has the call',
    reply: json([['201', '380501234567', 'bob']]),
    callees: { '201': rings, bob: busy },
    check: ({ report, record, marker }) => {
      expect(record.bridges).to.have.length(1);
      expect(report.legs).to.have.length(3);
      expect(report.end).to.have.nested.property('leg.user', '380501234567');
      expect(marker('destination')).to.equal('201,380501234567,bob');
    },
  },
  {
    title: 'lists and single ones in order',
    reply: json([['201', '202'], '203', ['204']]),
    call: { callee: () => busy },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal(user('201', '202', '203', '204'));
      expect(record.bridges).to.have.length(3);
    },
  },
  {
    title: 'ten legs in all and not one more',
    reply: json([
      ['1', '2', '3', '4', '5', '6'],
      ['11', '12', '13', '14', '15', '16'],
    ]),
    call: { callee: () => busy },
    check: ({ dialled, record }) => {
      expect(dialled).to.have.length(10);
      expect(record.readings.filter(({ result }) => result.includes('more than 10'))).to.have.length(2);
    },
  },
];

const objects: Scenario[] = [
  {
    title: 'timeout is the originate_timeout of its destination alone',
    reply: json([{ destination: '201', timeout: 7 }, '202']),
    call: { callee: () => busy },
    check: ({ record }) => {
      expect(
        record.bridges.map(({ dialString }) => /originate_timeout=(\d+)/.exec(dialString)?.[1]),
      ).to.deep.equal(['7', '2']);
    },
  },
  {
    title: 'callerName shows at the callee, what is not a letter taken out',
    reply: json({ destination: '201', callerName: "Іван O'Hara & Co. <1>,${x}" }),
    check: ({ report }) => {
      expect(report.legs[0]?.variables.get('origination_caller_id_name')).to.equal('Іван O%27Hara & Co. 1x');
    },
  },
  {
    title: 'hangup',
    reply: json({ hangup: 'USER_BUSY' }),
    check: (outcome) => {
      expect(outcome.report.end).to.deep.equal({ kind: 'hangup', cause: 'USER_BUSY', sipCode: 486 });
      expect(marked(outcome)).to.deep.equal(['routed', 'crm_hangup']);
      expect(outcome.record).to.include({ end: 'hangup', hangupCause: 'USER_BUSY', hungUpBy: 'router' });
    },
  },
  {
    title: "hangup after a failed bridge answers with its own SIP code and not the callee's",
    reply: json(['201', { hangup: 'CALL_REJECTED' }]),
    call: { callee: () => fails('UNALLOCATED_NUMBER') },
    check: ({ report }) => {
      expect(report.end).to.deep.equal({ kind: 'hangup', cause: 'CALL_REJECTED', sipCode: 603 });
    },
  },
  {
    title: 'dialplan',
    reply: json({ dialplan: true }),
    check: (outcome) => {
      expect(outcome.report.end.kind).to.equal('dialplan');
      expect(marked(outcome)).to.deep.equal(['routed', 'crm_dialplan']);
      expect(outcome.record).to.include({ end: 'dialplan', via: 'primary' });
    },
  },
  {
    title: 'scheme hands the call on, to another CRM question',
    others: { night: { webhook: { url: 'CRM/night?from={{scheme}}&n={{attempt}}' } } },
    reply: { route: json({ scheme: 'OTHER-night' }), night: json('208') },
    check: ({ dialled, requests, record, name, marker }) => {
      expect(dialled).to.deep.equal(user('208'));
      expect(requests.map(({ url }) => url)).to.deep.equal([
        `/${name}/route`,
        `/${name}/night?from=${name}-night&n=2`,
      ]);
      expect(marker('scheme')).to.equal(`${name}-night`);
      expect(record.scheme).to.include({ name: `${name}-night`, chosenBy: 'a hand-over' });
    },
  },
  {
    title: 'scheme behind a destination that does not answer',
    others: { night: {} },
    reply: { route: json(['201', { scheme: 'OTHER-night' }]), night: json('208') },
    callees: { '201': busy },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(user('201', '208'));
    },
  },
  {
    title: 'a number that cannot be dialled gives way to the rest of the list, which stays the CRM’s own',
    scheme: { domain: 'var:nothing', fallback: { onBusy: [{ dial: '380440000001' }] } },
    reply: json(['201', '380501234567']),
    callees: { '380501234567': busy },
    check: ({ dialled, record }) => {
      expect(dialled).to.deep.equal([number('380501234567'), number('380440000001')]);
      expect(record).to.include({ via: 'fallback', result: 'no_answer', reason: 'busy' });
    },
  },
  {
    title: 'a SIP host that is listed',
    reply: json('sip:bob@pbx2.example:5080'),
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['sofia/external/sip:bob@pbx2.example:5080']);
    },
  },
];

const bytes = (body: Buffer, headers: Record<string, string>): Reply => ({ status: 200, body, headers });
const named = Buffer.from('{"destination":{"destination":"201","callerName":"Jürgen €"}}');
const latin = Buffer.from(named.toString().replace('€', '\x80'), 'latin1');
const SPRING = 'application/json;charset=ISO-8859-1';

/** How a reply is written, the note that it leaves, and the name that is read out of it. */
const WRITTEN: readonly (readonly [string, Reply, RegExp | null, string])[] = [
  ['iso-8859-1', bytes(latin, { 'content-type': SPRING }), null, 'Jürgen'],
  [
    'UTF-16 with a byte-order mark',
    bytes(Buffer.from(`\ufeff${named.toString()}`, 'utf16le'), {}),
    null,
    'Jürgen',
  ],
  [
    'Latin letters, and calls them UTF-8',
    bytes(latin, { 'content-type': 'text/html; charset=utf-8' }),
    /not valid UTF-8, as/,
    'Jürgen',
  ],
  [
    'a charset that nobody knows',
    bytes(named, { 'content-type': 'text/html; charset=utf8mb4' }),
    /utf8mb4 is not known/,
    'Jürgen',
  ],
  [
    'a content encoding that is none',
    bytes(named, { 'content-encoding': 'UTF-8' }),
    /names no coding, "utf-8"/,
    'Jürgen',
  ],
  [
    'gzip twice, by its name alone',
    bytes(gzipSync(named), { 'content-encoding': 'gzip, gzip' }),
    /says gzip, and the body is not/,
    'Jürgen',
  ],
];

const written = WRITTEN.map(([title, reply, note, name]): Scenario => ({
  title: `reads ${title}`,
  reply,
  check: ({ dialled, report, record }) => {
    expect(dialled).to.deep.equal(user('201'));
    expect(report.legs[0]?.variables.get('origination_caller_id_name')).to.include(name);
    if (note === null) expect(record.notes).to.deep.equal([]);
    else expect(record.notes.join()).to.match(note);
  },
}));

const unread: Scenario[] = [
  {
    title: 'names the coding that it cannot undo',
    reply: bytes(Buffer.from('(\xb5/\xfd', 'latin1'), { 'content-encoding': 'zstd' }),
    check: ({ record, dialled }) => {
      expect(dialled).to.deep.equal([]);
      expect(record.requests[0]).to.include({ answer: 'http_malformed' });
      expect(record.requests[0]?.detail).to.equal(
        'the content encoding zstd was not offered and cannot be decoded',
      );
    },
  },
  {
    title: 'takes the word of webhook.errorName for an error',
    scheme: { webhook: { errorName: 'error_description' } },
    reply: { json: { error: '', error_description: 'Not found', destination: '201' } },
    check: (outcome) => {
      expect(outcome.dialled).to.deep.equal([]);
      expect(marked(outcome)).to.deep.equal(['error', 'crm_error']);
      expect(outcome.record.requests[0]?.detail).to.equal('error_description is "Not found"');
    },
  },
];

const whole: Scenario[] = [
  ...(['201', ['201', '202']] as const).map((reply): Scenario => ({
    title: `reads a reply that is nothing but ${JSON.stringify(reply)}`,
    reply: { json: reply },
    call: { callee: () => busy },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(user(...[reply].flat()));
    },
  })),
  {
    title: 'does what the top level of a reply says without a destination',
    reply: { json: { hangup: 'CALL_REJECTED' } },
    check: (outcome) => {
      expect(outcome.report.end).to.deep.equal({ kind: 'hangup', cause: 'CALL_REJECTED', sipCode: 603 });
      expect(marked(outcome)).to.deep.equal(['routed', 'crm_hangup']);
    },
  },
  {
    title: 'sends a JSON-RPC id as a number, and reads it as text or not at all',
    scheme: { webhook: { submission: 'json-rpc', import: 'json-rpc', rpcMethod: 'route', rpcId: 'number' } },
    reply: (request) => ({
      json: {
        jsonrpc: '2.0',
        error: false,
        result: '201',
        id: (JSON.parse(request.body.toString()) as { id: number }).id,
      },
    }),
    check: ({ dialled, requests, record }) => {
      expect(JSON.parse(requests[0]?.body.toString() ?? '')).to.include({ id: 1 });
      expect(dialled).to.deep.equal(user('201'));
      expect(record.notes).to.deep.equal([]);
    },
  },
];

scenarios('replies', [...read, ...refused, ...together, ...objects, ...written, ...unread, ...whole], {
  settings: { NUMBERS_DENY: '900,380900', SIP_HOSTS: 'pbx2.example:5080', DOMAINS: 'pbx.example' },
});
