// The CRM's side of docs/crm.md in Node, nothing to install:  CRM_SECRET=whsec_... PORT=8090 node answer.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const OWNERS = new Map([
  ['+380501234567', '201'],
  ['+15005550123', [['201', '202']]],
]); // yours: a query
const SEEN = new Set(); // yours: a table of event ids
const { CRM_SECRET = '', PORT = '8090' } = process.env;

function isSigned(headers, body) {
  if (CRM_SECRET === '') return true; // nobody checks: for a first try only
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= 300)) return false;
  const key = Buffer.from(CRM_SECRET.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
  const given = signatures.split(' ').filter((one) => one.startsWith('v1,'));
  return given
    .map((one) => Buffer.from(one.slice(3), 'base64'))
    .some((one) => one.length === 32 && timingSafeEqual(one, expected));
}

/** What became of a call (docs/events.md): pop-ups, calls and missed calls are yours. */
function note({ event_id: id, event, caller, destination }) {
  if (SEEN.has(id)) return; // it came twice
  SEEN.add(id);
  console.log(event, caller, destination);
}

function answer(headers, body) {
  if (!isSigned(headers, body)) return [401, { error: 'the signature is wrong' }];
  try {
    const message = JSON.parse(body);
    if (message.event_id === undefined) return [200, { destination: OWNERS.get(message.caller) ?? null }];
    note(message);
    return [200, {}];
  } catch {
    return [400, { error: 'the body is not JSON' }];
  }
}

createServer(async (request, response) => {
  const body = await request.toArray().catch(() => null);
  if (body === null) return; // the caller has hung up, and the router is gone
  const [status, document] = answer(request.headers, Buffer.concat(body));
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
}).listen(Number(PORT), '127.0.0.1');
