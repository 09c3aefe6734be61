import { ROLES } from '../../lib/api/guard/role.ts';
import { Random as Chance } from '../../lib/simulator/random.ts';
import { openApi } from '../support/api.ts';
import { callRecord } from '../support/stored.ts';
import { operationsOf, type Operation } from '../support/openapi.ts';

/** Requests made of the API's own document and of spite: none may be a fault of the router, and a refused one writes nothing. */

export interface ApiReport {
  readonly statuses: ReadonlyMap<number, number>;
  /** A line each. */
  readonly faults: readonly string[];
}

const MAX_FAULTS = 20;
/** What says only when something was used. */
const NOT_COUNTED = /^(?:mark|dropExpired|counts$)/;
const WRITES = /^(?:add|change|open|close|revoke|count|retry)/;

export async function fuzzApi(
  count: number,
  seed: number,
  progress: (done: number) => void,
): Promise<ApiReport> {
  let writes = 0;
  const counted = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...of: unknown[]): Promise<unknown> => {
          const result: unknown = await (value as (...of: unknown[]) => unknown).apply(target, of);
          const isWrite = WRITES.test(String(name)) && !NOT_COUNTED.test(String(name));
          // False: there was nothing to write.
          if (isWrite && result !== false) writes++;
          return result;
        };
      },
    });
  const api = await openApi(
    {},
    {},
    {
      watched: (store) => {
        const { accounts, audit, problems, deliveries } = store;
        // What a transaction takes back is not written.
        const together: typeof store.together = async (work) => {
          const result = await store.together(work);
          writes++;
          return result;
        };
        const parts = {
          accounts: counted(accounts),
          audit: counted(audit),
          problems: counted(problems),
          deliveries: counted(deliveries),
        };
        return {
          ...parts,
          together,
          calls: store.calls,
          figures: store.figures,
          state: store.state,
          shadows: store.shadows,
          canaries: store.canaries,
        };
      },
    },
  );
  try {
    const record = Object.assign(callRecord({ scheme: 'sales', callerName: HOSTILE_NAME }), { id: CALL });
    api.store.record(record);
    await api.store.flush();
    const operations = operationsOf(api.app).filter(({ path }) => !path.endsWith('/events'));
    const chance = new Chance(seed);
    const random = (): number => chance.next();
    const statuses = new Map<number, number>();
    const faults: string[] = [];
    let known = 0;
    for (let done = 0; done < count && faults.length < MAX_FAULTS; done++) {
      const request = requestOf(pick(random, operations), random, api.tokens);
      writes = 0;
      const { statusCode, body } = await api.app.inject(request as never);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      const what = `${JSON.stringify(request).slice(0, 400)} -> ${statusCode} ${body.slice(0, 200)}`;
      if (statusCode >= 500) faults.push(`5xx: ${what}`);
      const revisions = await api.store.schemes.mark('default');
      if (statusCode >= 400 && revisions !== known) faults.push(`a revision: ${what}`);
      known = revisions;
      if (statusCode >= 400 && writes > 0) faults.push(`written: ${what}`);
      progress(done);
    }
    return { statuses, faults };
  } finally {
    await api.close();
  }
}

type Random = () => number;

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** What databases, parsers, files and people stumble over. */
const SPITE: readonly string[] = [
  '',
  '\0',
  'a\0b',
  "' or 1=1 --",
  '"; drop table users; --',
  '../../etc/passwd',
  '%2e%2e%2f',
  '__proto__',
  'constructor',
  'toString',
  '<script>alert(1)</script>',
  '\u202e\u0000\ufeff',
  '\ud800',
  '😀'.repeat(100),
  'x'.repeat(5_000),
  '{{secret.X}}',
  '${7*7}',
  '9'.repeat(400),
  '-1',
  '1e999',
  'NaN',
  '\r\nSet-Cookie: a=b',
];

/** A call that is there. */
const CALL = '018f0000000070008000000000000001';
const HOSTILE_NAME = '<img src=x onerror=alert(1)>\u202e{{secret.X}}';

/** Some that are right, so that what is behind the first look is reached as well. */
const RIGHT: Readonly<Record<string, readonly unknown[]>> = {
  name: ['anna', 'viewer', 'crm.test', 'admin', 'n1', 'n2'],
  role: ROLES,
  days: [1, 30, 366],
  disabled: [true, false],
  force: ['open', 'closed', 'none'],
  state: ['open', 'acknowledged', 'solved'],
  limit: ['1', '50', '500'],
  id: ['01890000-0000-7000-8000-000000000000', CALL],
  cursor: ['01890000-0000-7000-8000-000000000000', '1234567890'],
  scheme: ['sales', 'night'],
  of: ['hour', 'day'],
  format: ['csv', 'jsonl'],
  from: ['1', '2'],
  to: ['1', '2'],
  calls: [1, 100],
  revision: [1, 2],
  call: [CALL, { did: '15005550100' }, { did: '15005550100', caller: '380441112233' }],
  reply: [{ body: '201' }, { status: 404, headers: { 'content-type': 'text/plain' }, body: '' }],
  document: [{ name: 'sales', webhook: { url: 'http://127.0.0.1:1/' } }, { name: 'n1' }],
};
/** A password that is long enough costs a third of a second. */
const PASSWORDS_RIGHT = 0.01;

function valueOf(key: string, random: Random): unknown {
  if (/password|current/.test(key) && random() > PASSWORDS_RIGHT) return pick(random, ['', 'short', 7, null]);
  if (/password|current/.test(key)) return 'long enough for anybody';
  const right = RIGHT[key];
  if (right !== undefined && random() < 0.7) return pick(random, right);
  return pick(random, [
    () => pick(random, SPITE),
    () => null,
    () => random() * 1e18,
    () => -1,
    () => true,
    () => [],
    () => ({}),
    () => ({ toString: 'x' }),
    () => nested(random),
    () => Array.from({ length: 1_000 }, (_, at) => at),
  ])();
}

function nested(random: Random): unknown {
  let value: unknown = 1;
  for (let depth = Math.floor(random() * 2_000); depth > 0; depth--)
    value = depth % 2 === 0 ? [value] : { a: value };
  return value;
}

function requestOf(
  { method, path, body, parameters }: Operation,
  random: Random,
  tokens: Readonly<Record<string, string>>,
) {
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(safe(valueOf(key, random))),
  );
  const query = [...parameters, 'x'].flatMap((key) =>
    random() < (key === 'x' ? 0.05 : 0.4) ? [`${key}=${encodeURIComponent(safe(valueOf(key, random)))}`] : [],
  );
  const headers: Record<string, string> = { host: 'localhost' };
  const condition = random();
  if (condition < 0.3)
    headers['if-match'] = pick(random, ['"1"', '"2"', '"99999999999999"', '*', 'x'.repeat(5_000)]);
  else if (condition < 0.5) headers['if-none-match'] = pick(random, ['*', '"1"', '']);
  const token = pick(random, [
    'admin',
    'admin',
    'admin',
    'editor',
    'operator',
    'viewer',
    'wrong',
    'expired',
    '',
  ]);
  if (token !== '') headers['authorization'] = `Bearer ${tokens[token] ?? ''}`;
  if (random() < 0.03) headers['host'] = pick(random, ['evil.test', 'localhost:99999999', '[::1', 'a b']);
  if (random() < 0.03) headers['origin'] = pick(random, ['null', 'http://evil.test', 'http://localhost']);
  if (random() < 0.03) headers['x-forwarded-for'] = pick(random, ['127.0.0.1', 'x', '1.2.3.4, 5.6.7.8']);
  if (random() < 0.03) headers['x-forwarded-proto'] = 'https';
  if (random() < 0.03)
    headers['cookie'] = pick(random, [
      'esl-router=',
      `esl-router=${'A'.repeat(43)}`,
      ';=;',
      'a'.repeat(9_000),
    ]);
  const url = filled + (query.length === 0 ? '' : `?${query.join('&')}`);
  if (method === 'GET' && random() < 0.95) return { method, url, headers };
  headers['content-type'] =
    random() < 0.95
      ? 'application/json'
      : pick(random, ['text/plain', 'text/xml', '', 'application/json; charset=utf-7']);
  return { method, url, headers, payload: payloadOf(body, random) };
}

function payloadOf(body: unknown, random: Random): string {
  if (random() < 0.02) return '{"a":'.repeat(pick(random, [10, 40_000])) + '1';
  if (random() < 0.02) {
    // As text: whoever builds it as a value runs out of stack himself.
    const depth = pick(random, [50, 200, 20_000]);
    const name = JSON.stringify(pick(random, RIGHT['name'] ?? []));
    return `{"name":${name},"document":{"name":${name},"webhook":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  }
  if (random() < 0.02)
    return pick(random, [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{"__proto__":{}}',
      '{"a":1,"a":2}',
      '\ufeff{}',
      'x'.repeat(300_000),
    ]);
  const schema = body as { content?: Record<string, { schema?: { properties?: object } }> } | null;
  const properties = schema?.content?.['application/json']?.schema?.properties ?? {};
  const keys = Object.keys(properties).filter(() => random() < 0.9);
  if (random() < 0.1) keys.push(pick(random, SPITE));
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, valueOf(key, random)])));
}

/** encodeURIComponent refuses half of a letter. */
function safe(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, 6_000).replace(/\p{Cs}/gu, '?');
}
