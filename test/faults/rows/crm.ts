import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import type { CrmReply } from '../../../lib/simulator/index.ts';
import { Load } from '../load.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, FALLBACK, type Stage } from '../stage.ts';

/** Every way in which a CRM is down. The fallback serves the caller, whichever it is. */

const RATE = 200;
/** A target that has failed five times may be left alone for ten seconds: many of them keep most calls asking. */
const TARGETS = 100;
const TIMEOUT_SECONDS = 1;
const BATCH = 5000;

interface Kind {
  readonly name: string;
  /** The list of the scheme that has to serve the caller. */
  readonly list?: 'onNoRoute';
  readonly reply?: CrmReply;
  /** Where its n-th target is, when that is not a CRM of this process. */
  readonly url?: (stage: Stage, n: number, crm: string) => string | Promise<string>;
}

const json = (body: string): CrmReply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body,
});

const KINDS: readonly Kind[] = [
  // A free port that the system chose would be given to the next CRM that starts here; nobody listens on 9 (discard).
  { name: 'refuses', url: (_stage, n) => `http://127.0.0.1:9/${n}` },
  { name: 'resets', reply: { reset: 'before-headers' } },
  { name: 'dns-fails', url: (_stage, n) => `http://crm-${n}.invalid/` },
  { name: 'tls-fails', reply: json('{}'), url: (_stage, _n, crm) => crm.replace('http:', 'https:') },
  { name: '4xx', reply: { status: 404, body: '{"destination":"201"}' } },
  { name: '5xx', reply: { status: 503, body: '{"destination":"201"}' } },
  { name: 'empty', reply: { status: 200 }, list: 'onNoRoute' },
  { name: 'broken-json', reply: json('{"destination":"201"') },
  { name: 'wrong-type', reply: json('{"destination":{"a":[1]}}') },
  { name: 'hangs', reply: { hang: true } },
];

/** The addresses of one kind's targets. */
async function targetsOf(stage: Stage, kind: Kind, count: number): Promise<string[]> {
  const urls: string[] = [];
  for (let n = 0; n < count; n++) {
    const crm = await stage.crm(() => kind.reply ?? { status: 500 });
    urls.push((await kind.url?.(stage, n, crm.url)) ?? `${crm.url}/${kind.name}`);
  }
  return urls;
}

/** A call that the router did not even ask about. */
const SPARED = new Set<unknown>(['breaker_open', 'bulkhead_full', 'webhook_paused']);

async function run(stage: Stage): Promise<Outcome> {
  const targets = stage.count(TARGETS, TARGETS, 2);
  const schemes: SchemeDocument[] = [];
  for (const kind of KINDS) {
    const list = [{ dial: FALLBACK }];
    const fallback = kind.list === undefined ? { onError: list } : { [kind.list]: list };
    for (const [n, url] of (await targetsOf(stage, kind, targets)).entries()) {
      schemes.push({
        name: `${kind.name}-${n}`,
        webhook: { url, timeoutSeconds: TIMEOUT_SECONDS },
        fallback,
      });
    }
  }
  let spared = 0;
  const router = await stage.router({
    sheds: stage.timed,
    schemes,
    onCall: ({ reason }) => {
      if (SPARED.has(reason)) spared++;
    },
  });
  const all = new Load();
  const met: string[] = [];
  for (const { name } of KINDS) {
    const before = router.calls - spared;
    const load = await stage.load([router.address], {
      calls: stage.count(5000, 500, 10),
      callsPerSecond: stage.count(RATE, RATE / 2, RATE / 4),
      // At this rate one pause of the generator is a hundredth of a thousand calls.
      batch: BATCH,
      budgetMs: TIMEOUT_SECONDS * 1000,
      script: (n) => call(`${name}-${n % targets}`),
      astray: answeredBy(FALLBACK),
    });
    met.push(`${name} ${router.calls - spared - before}`);
    stage.say(`  ${name}: ${load.toString()}`);
    all.add(load);
  }
  return { figure: `${all.toString()}; met the fault: ${met.join(', ')}`, reached: all.clean };
}

export const crm: Row = {
  name: 'crm',
  fault:
    'CRM refuses, resets, DNS fails, TLS fails, 4xx, 5xx, empty, broken JSON, wrong type, hangs: 10 kinds x 5,000 calls at 200/s',
  target: '0 lost of 50,000',
  seconds: 1800,
  run,
};
