import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import type { CrmReply, RecordedRequest } from '../../../lib/simulator/index.ts';
import { runInside } from '../../support/cli.ts';
import type { Settings } from '../../support/daemon.ts';
import { sideBySide } from '../../support/wait.ts';
import { finder, newSecret, written } from '../canaries.ts';
import {
  faultyWebhooks,
  NUMBERS,
  PLACES,
  schemesOf,
  WITHHELD,
  WITHHELD_VARIABLES,
  type Secret,
} from '../canary-schemes.ts';
import type { Outcome, Row } from '../row.ts';
import { call, type Stage } from '../stage.ts';

/** Nothing that the router writes tells a secret, or with log.maskNumbers a telephone number. */

/** How people, PBXs and CRMs write the same number. */
const WRITTEN: readonly ((digits: string) => string)[] = [
  (digits) => digits,
  (digits) => `+${digits}`,
  (digits) => digits.replace(/^(...)(..)(...)(..)(..)$/, '+$1 ($2) $3-$4-$5'),
  (digits) => digits.replace(/^(...)(..)(...)(....)$/, '00$1.$2.$3.$4'),
  (digits) => digits.replace(/^(...)(..)(...)(....)$/, '+$1/$2/$3 $4'),
  (digits) => digits.replace(/^(...)(..)(...)(....)$/, '$1\u00a0$2\u2013$3\u2011$4'),
  (digits) => digits.replace(/^(...)(...)(...)(...)$/, '$1.$2.$3.$4'),
  (digits) => digits.replace(/^(...)(..)(...)(....)$/, '\u202a$1\u200b$2\u200b$3\u2060$4\u202c'),
];

/** Everything that the CRM was told, a password in plain words too, as debug pages show it. */
function echo({ method, url, headers, body }: RecordedRequest): string {
  const [, credentials = ''] = (headers['authorization'] ?? '').split(' ');
  const password = Buffer.from(credentials, 'base64').toString('utf8');
  return JSON.stringify({ method, url, headers, body: body.toString(), password });
}

/** As pages for developers show it, and programs that encode what they are given. */
const PAGES: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `<pre>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')}</pre>`,
  (text) => JSON.stringify({ error: text }).replaceAll('/', '\\/').replaceAll('+', '\\u002b'),
  (text) => encodeURIComponent(text),
  (text) => encodeURIComponent(encodeURIComponent(text)).toLowerCase(),
  (text) => Buffer.from(text).toString('base64url'),
];
let page = 0;

const REPLIES: Readonly<Record<string, (request: RecordedRequest, destination: string) => CrmReply>> = {
  echo500: (request) => ({ status: 500, body: PAGES[page++ % PAGES.length]?.(echo(request)) ?? '' }),
  redirect: (request) => ({
    status: 302,
    headers: { Location: `${request.url}&again=1`, 'X-Echo': request.headers['authorization'] ?? '' },
    body: echo(request),
  }),
  broken: (request) => ({ status: 200, body: echo(request).slice(0, -1) }),
  refused: (request) => ({ status: 200, body: JSON.stringify({ destination: `@@${echo(request)}` }) }),
  rightly: (request, destination) => ({
    status: 200,
    body: JSON.stringify({ destination: [destination, '201'], note: echo(request) }),
  }),
};

async function targets(stage: Stage, told: { text: string }): Promise<Record<string, string>> {
  let asked = 0;
  const crm = await stage.crm((request) => {
    told.text += echo(request);
    const reply = REPLIES[request.url.split(/[/?]/)[1] ?? ''] ?? REPLIES['echo500'];
    const written = WRITTEN[asked++ % WRITTEN.length];
    return reply?.(request, written?.(NUMBERS.destination) ?? '') ?? { status: 500 };
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return {
    ...Object.fromEntries(Object.keys(REPLIES).map((name) => [name, `${crm.url}/${name}`])),
    gone: `http://127.0.0.1:${port}`,
    tls: crm.url.replace('http:', 'https:'),
    nowhere: 'http://crm.invalid',
  };
}

/** Whatever the command line says of these schemes. */
async function commandLine(
  { scale }: Stage,
  schemes: readonly SchemeDocument[],
  faults: readonly object[],
  settings: Settings,
): Promise<{ what: string; text: string }[]> {
  const files = Object.fromEntries(schemes.map((scheme) => [`schemes/${scheme.name}.json`, scheme]));
  const broken = Object.fromEntries(
    faults.map((webhook, n) => [`schemes/f${n}.json`, { name: `f${n}`, webhook }]),
  );
  const runs: (readonly [args: string[], files: Record<string, unknown>])[] = [
    [['check'], files],
    [['config'], files],
    [['config', '--json'], files],
  ];
  if (faults.length > 0) runs.push([['check'], broken], [['start'], broken]);
  for (const [n, { name }] of schemes.entries()) {
    if (scale === 'short' && n % 7 !== 0) continue;
    const args = ['try', '--scheme', name, '--caller', NUMBERS.caller, '--did', NUMBERS.called];
    runs.push([args, files], [[...args, '--json'], files]);
  }
  return Promise.all(
    sideBySide(runs, async ([args, given]) => {
      const { stdout, stderr } = await runInside(args, { settings, files: given });
      return { what: args[0] ?? '', text: stdout + stderr };
    }),
  );
}

/** Uses everything, and reads everything that was written. */
async function search(stage: Stage, named: boolean): Promise<Outcome> {
  const secrets = Object.fromEntries(PLACES.split(' ').map((place) => [place, newSecret(stage.random)]));
  // A literal one is nothing that the router could know for a secret.
  const secret: Secret = (place) =>
    named ? `{{secret.${place}}}` : (secrets[place] ?? '').replace('"', '-');
  const told = { text: '' };
  const schemes = schemesOf(await targets(stage, told), secret);
  const settings: Settings = {
    // The control's router does not know them.
    ...(named
      ? Object.fromEntries(Object.entries(secrets).map(([place, value]) => [`SECRET_${place}`, value]))
      : {}),
    LOG_MASK_NUMBERS: String(named),
    GATEWAY: 'crm',
    DOMAIN: 'pbx.example',
  };
  const found = new Map<string, Set<string>>();
  const read = (where: string, text: string, find: (text: string) => string[]): void => {
    for (const line of text.split('\n')) {
      const names = find(line);
      if (names.length > 0) stage.say(`  ${where}: ${names.join()} in ${line}`);
      for (const name of names) found.set(where, (found.get(where) ?? new Set()).add(name));
    }
  };
  let bytes = 0;
  let calls = 0;
  for (const LOG_FORMAT of stage.scale === 'short' ? ['json'] : ['json', 'pretty']) {
    const text = await written(schemes, { ...settings, LOG_FORMAT }, async (router) => {
      const freeswitch = stage.freeswitch({ routers: [router], secondMs: 100 });
      for (let n = 0; n < stage.count(60, 6, 1); n++) {
        const write = WRITTEN[n % WRITTEN.length] ?? String;
        const more = {
          caller: write(NUMBERS.caller),
          callerName: `Ann ${write(NUMBERS.named)}\u001b[2J\u009b`,
          did: write(NUMBERS.called),
          guardSeconds: 80,
        };
        await Promise.all(schemes.map(({ name }) => freeswitch.call(call(name, more))));
        const hidden = {
          caller: `+${WITHHELD}`,
          privacy: true,
          variables: WITHHELD_VARIABLES,
          guardSeconds: 80,
        };
        await Promise.all(schemes.map(({ name }) => freeswitch.call(call(name, hidden))));
        calls += 2 * schemes.length;
      }
    });
    bytes += text.length;
    read(`log (${LOG_FORMAT})`, text, finder(secrets, { ...NUMBERS, withheld: WITHHELD.slice(3) }));
    // A log that ends in nothing but lines.
    if (/[^\n\P{Cc}]/u.test(text)) found.set(`log (${LOG_FORMAT})`, new Set(['control characters']));
  }
  for (const { what, text } of await commandLine(
    stage,
    schemes,
    named ? faultyWebhooks(secret) : [],
    settings,
  )) {
    bytes += text.length;
    read(what, text, finder(secrets, {}));
  }
  // Signatures show no secret: whatever else did not reach a CRM would be looked for in vain.
  const reached = finder(secrets, { ...NUMBERS, withheld: WITHHELD.slice(3) })(told.text);
  if (reached.includes('withheld')) found.set('the CRM', new Set(['withheld']));
  const sent = reached.length;
  const most =
    Object.keys({ ...secrets, ...NUMBERS }).length - 'HMAC HMAC_OLD destination fallback'.split(' ').length;
  const shown = [...found].map(([where, names]) => `${where}: ${[...names].join(' ')}`).join('; ');
  return {
    figure: `${shown === '' ? '0 found' : shown} in ${Math.round(bytes / 1024)} KiB of ${calls} calls and the command line; ${sent} of ${most} reached the CRM`,
    reached: found.size === 0 && sent === most,
  };
}

export const canary: Row = {
  name: 'canary',
  fault: 'canary secrets and numbers in every field of schemes, calls and replies; CRMs that echo them',
  target: '0 found in logs at debug, errors, `config`, `check` and `try`',
  seconds: 600,
  run: (stage) => search(stage, true),
  control: {
    what: 'secrets written out in the schemes, numbers not masked',
    run: (stage) => search(stage, false),
  },
};
