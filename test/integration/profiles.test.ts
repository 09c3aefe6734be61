import { expect } from 'chai';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CrmReply,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { runInside, type Run } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Profiles of CRMs: what many schemes share stands once, and so do breaker, limits and pause. */

const BASE = 'https://crm.example.com/api/v2';
const scheme = (webhook: object, more: object = {}): object => ({ name: 'sales', webhook, ...more });

async function check(files: Readonly<Record<string, unknown>>, settings = {}): Promise<Run> {
  return runInside(['check'], {
    files,
    settings: { GATEWAY: 'trunk', DOMAIN: 'pbx.test', SECRET_CRM: 'tok-77', ...settings },
  });
}

describe('profiles of CRMs', function () {
  this.timeout(60_000);

  describe('as check sees them', () => {
    it('a path stands behind the base URL; a header of the scheme takes the place of the profile’s', async () => {
      const run = await check({
        'crms/main.json': { url: `${BASE}/`, headers: { 'X-A': '1', 'X-B': '2' } },
        'schemes/sales.json': scheme({ crm: 'main', url: '/route?a={{did}}', headers: { 'x-a': '3' } }),
      });
      expect(run.stderr).to.equal('');
      expect(run.stdout).to.include(`POST ${BASE}/route?a={{did}}`).and.to.include('uses the profile main');
    });

    it('one of the configuration, and one that nobody uses', async () => {
      const crms = { main: { url: BASE }, spare: { url: BASE }, bad: { url: 'ftp://x' } };
      const run = await check(
        { 'schemes/sales.json': scheme({ crm: 'main', url: '/route' }) },
        { CRMS: JSON.stringify(crms) },
      );
      expect(run.code).to.equal(0);
      expect(run.stdout).to.include('no scheme uses the profile "spare"');
      expect(run.stdout).to.include('crms.bad (ESL_ROUTER_CRMS): url: expected an http or https URL');
    });

    const faults: [string, object, object, RegExp][] = [
      [
        'a missing one',
        { url: BASE },
        { crm: 'mian', url: '/' },
        /schemes\/sales\.json: webhook\.crm: there is no profile "mian".*known: main/,
      ],
      [
        'a broken one',
        { url: BASE, auth: { type: 'bearer' } },
        { crm: 'main', url: '/' },
        /sales\.json: webhook\.crm: .*crms\/main\.json: auth\.token: expected text, got nothing/,
      ],
      [
        'a key that there is none',
        { url: BASE, retry: 1 },
        { crm: 'main', url: '/' },
        /crms\/main\.json: .*"retry".*did you mean/,
      ],
      [
        'a question in a profile',
        { url: BASE, responseName: 'x' },
        { crm: 'main', url: '/' },
        /crms\/main\.json: .*"responseName"/,
      ],
      [
        'a base with a query',
        { url: `${BASE}?a=1` },
        { crm: 'main', url: '/' },
        /main\.json: url: expected a URL without "\?"/,
      ],
      [
        'what the profile says too',
        { url: BASE },
        { crm: 'main', url: '/', retries: 2 },
        /webhook\.retries: is set by the profile "main" \(.*crms\/main\.json\)/,
      ],
      [
        'another host',
        { url: BASE },
        { crm: 'main', url: 'https://evil.example/' },
        /webhook\.url: expected a path such as/,
      ],
      ['a path upwards', { url: BASE }, { crm: 'main', url: '/../../admin' }, /webhook\.url: leads away/],
      ['the same, encoded', { url: BASE }, { crm: 'main', url: '/%2e%2e/admin' }, /webhook\.url: leads away/],
      [
        'the same, behind a macro',
        { url: BASE },
        { crm: 'main', url: '/{{did}}/../../x' },
        /webhook\.url: leads away/,
      ],
      [
        'the same, with backslashes',
        { url: BASE },
        { crm: 'main', url: '\\..\\..\\x' },
        /webhook\.url: leads away/,
      ],
      [
        'a secret that is not set',
        { url: BASE, auth: { type: 'bearer', token: '{{secret.NONE}}' } },
        { crm: 'main', url: '/' },
        /ESL_ROUTER_SECRET_NONE is not set/,
      ],
      [
        'a network that is denied',
        { url: 'http://169.254.169.254' },
        { crm: 'main', url: '/' },
        /webhook\.url: no request may go there/,
      ],
      [
        'a question that follows from nothing',
        { url: BASE },
        { crm: 'main', url: '/', then: [{ url: '/x' }] },
        /webhook\.then\.0: uses nothing of the previous reply/,
      ],
      [
        'a macro of a reply in the first question',
        { url: BASE },
        { crm: 'main', url: '/{{reply.a}}' },
        /there is no reply before the first/,
      ],
      [
        'an unknown macro in a further question',
        { url: BASE },
        { crm: 'main', url: '/', then: [{ url: '/{{repy.a}}' }] },
        /webhook\.then\.0\.url: unknown macro \{\{repy\.a\}\}/,
      ],
      [
        'a path that is none',
        { url: BASE },
        { crm: 'main', url: '/', then: [{ url: '/{{reply.}}' }] },
        /webhook\.then\.0\.url: /,
      ],
      [
        'more than three further questions',
        { url: BASE },
        { crm: 'main', url: '/', then: Array(4).fill({ url: '/{{reply.a}}' }) },
        /webhook\.then: expected at most 3 items/,
      ],
      [
        'a chain in a chain',
        { url: BASE },
        { crm: 'main', url: '/', then: [{ url: '/{{reply.a}}', then: [] }] },
        /webhook\.then\.0: .*"then"/,
      ],
      [
        'a reply of text that is read by key',
        { url: BASE },
        { crm: 'main', url: '/', import: 'http', then: [{ url: '/{{reply.a}}' }] },
        /then\.0: .*plain text/,
      ],
      [
        'a destination in the middle',
        { url: BASE },
        { crm: 'main', url: '/', responseName: 'a', then: [{ url: '/{{reply.a}}' }] },
        /webhook\.responseName: is for the destination/,
      ],
      [
        'a reply in a key',
        { url: BASE },
        {
          crm: 'main',
          url: '/',
          then: [
            {
              crm: undefined,
              url: 'https://o.example/{{reply.a}}',
              auth: { type: 'bearer', token: '{{reply.t}}' },
            },
          ],
        },
        /then\.0\.auth\.token: unknown macro/,
      ],
    ];
    for (const [what, profile, webhook, fault] of faults) {
      it(`a fault with file and path: ${what}`, async () => {
        const run = await check({ 'crms/main.json': profile, 'schemes/sales.json': scheme(webhook) });
        expect(run.code).to.equal(2);
        expect(run.stderr).to.match(fault);
      });
    }

    it('a file that is no JSON is a fault of those that name it, and a note where none does', async () => {
      const files = { 'crms/main.json': '{ "url": ' };
      const used = await check({ ...files, 'schemes/sales.json': scheme({ crm: 'main', url: '/' }) });
      expect([used.code, used.stderr]).to.satisfy(
        ([code, text]: [number, string]) => code === 2 && /webhook\.crm: .*crms\/main\.json: /.test(text),
      );
      const unused = await check({ ...files, 'schemes/sales.json': scheme({ url: BASE }) });
      expect(unused.code).to.equal(0);
      expect(unused.stdout).to.match(/note: .*crms\/main\.json: no scheme uses/);
    });

    it('the same name in the configuration and in a file is a fault', async () => {
      const run = await check(
        { 'crms/main.json': { url: BASE }, 'schemes/sales.json': scheme({ crm: 'main', url: '/' }) },
        { CRMS: JSON.stringify({ main: { url: BASE } }) },
      );
      expect(run.stderr).to.include('are both the profile "main"');
    });

    it('config shows no key of a profile', async () => {
      const crms = {
        main: {
          url: BASE,
          auth: { type: 'bearer', token: 'tok-plain-1' },
          headers: { 'X-K': 'key-plain-1' },
        },
      };
      const run = await runInside(['config', '--json'], { settings: { CRMS: JSON.stringify(crms) } });
      expect(run.stdout)
        .to.include(BASE)
        .and.not.to.match(/tok-plain-1|key-plain-1/);
    });
  });

  describe('in a running router', () => {
    let crm: SimulatedCrm;
    let daemon: Daemon;
    let reply: (url: string) => CrmReply;
    let seed = 77_000;
    const found = (destination: string): CrmReply => ({
      status: 200,
      body: JSON.stringify({ destination }),
    });
    const place = (path: string): Promise<CallReport> =>
      new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++seed }).call({
        caller: CALLER,
        did: DID,
        path,
        callee: () => answers(),
      });
    const reason = ({ variables }: CallReport): string | undefined => variables.get('esl_router_reason');
    const put = async (profile: unknown): Promise<void> => {
      await mkdir(join(daemon.folder, 'crms'), { recursive: true });
      const text = typeof profile === 'string' ? profile : JSON.stringify(profile);
      await writeFile(join(daemon.folder, 'crms/main.json'), text);
    };
    const reloaded = async (
      message: string,
      begin: () => Promise<void>,
    ): Promise<Record<string, unknown>> => {
      const from = daemon.lines.length;
      await begin();
      return daemon.until((line) => line.message === message, 8000, from);
    };

    before(async () => {
      crm = await startCrm(({ url }) => reply(url));
    });

    beforeEach(async () => {
      reply = () => found('201');
      const main = { url: `${crm.url}/a`, auth: { type: 'bearer', token: '{{secret.CRM}}' }, retries: 0 };
      daemon = await Daemon.start({ settings: { SECRET_CRM: 'tok-77' } });
      await put(main);
      await reloaded('schemes loaded', async () => {
        for (const name of ['sales', 'support']) {
          const document = { name, webhook: { crm: 'main', url: `/${name}` } };
          await writeFile(join(daemon.folder, 'schemes', `${name}.json`), JSON.stringify(document));
        }
      });
    });

    afterEach(() => daemon.stop());

    after(() => crm.close());

    it('its schemes ask by it, and have its breaker together', async () => {
      await place('sales');
      expect(crm.requests.at(-1)?.url).to.equal('/a/sales');
      expect(crm.requests.at(-1)?.headers).to.include({ authorization: 'Bearer tok-77' });
      reply = () => ({ status: 500, body: '' });
      for (let n = 0; n < 5; n++) await place('sales');
      const before = crm.requests.length;
      expect(reason(await place('support'))).to.equal('breaker_open');
      expect(crm.requests).to.have.length(before);
    });

    it('have the pause together that the CRM asked for', async () => {
      reply = () => ({ status: 429, headers: { 'retry-after': '30' }, body: '' });
      await place('sales');
      expect(reason(await place('support'))).to.equal('webhook_paused');
    });

    it('have maxInFlight together', async () => {
      await reloaded('schemes loaded', () => put({ url: `${crm.url}/a`, maxInFlight: 1 }));
      reply = (url) => ({ ...found('201'), delayMs: url.endsWith('/sales') ? 1500 : 0 });
      const slow = place('sales');
      while (crm.requests.at(-1)?.url !== '/a/sales') await new Promise((resolve) => setTimeout(resolve, 20));
      expect(reason(await place('support'))).to.equal('bulkhead_full');
      await slow;
    });

    it('are loaded with the schemes: a change of the profile alone, a fault that keeps the old ones, and the way back', async () => {
      const at = (path: string): object => ({ url: `${crm.url}${path}` });
      await reloaded('schemes loaded', () => put(at('/b')));
      await place('sales');
      expect(crm.requests.at(-1)?.url).to.equal('/b/sales');
      const { faults } = await reloaded('schemes not loaded: the old ones stay in use', () =>
        put('{ "url": "nowhere" }'),
      );
      expect(faults).to.have.length(2);
      expect(String((faults as string[])[0])).to.match(
        /schemes\/sales\.json: webhook\.crm: .*crms\/main\.json: url: /,
      );
      await place('support');
      expect(crm.requests.at(-1)?.url).to.equal('/b/support');
      await reloaded('schemes not loaded: the old ones stay in use', () =>
        rm(join(daemon.folder, 'crms'), { recursive: true }),
      );
      await place('sales');
      expect(crm.requests.at(-1)?.url).to.equal('/b/sales');
      await reloaded('schemes loaded', () => put(at('/c')));
      await place('sales');
      expect(crm.requests.at(-1)?.url).to.equal('/c/sales');
    });

    it('is the next question’s too where that is a path alone', async () => {
      await reloaded('schemes loaded', async () => {
        const webhook = {
          crm: 'main',
          url: '/sales',
          then: [{ url: '/owners/{{reply.owner}}', method: 'GET', submission: 'http' }],
        };
        await writeFile(
          join(daemon.folder, 'schemes/sales.json'),
          JSON.stringify({ name: 'sales', webhook }),
        );
      });
      reply = (url) => (url.endsWith('/sales') ? { status: 200, body: '{"owner": 17}' } : found('201'));
      const report = await place('sales');
      expect(report.legs.map(({ user }) => user)).to.deep.equal(['201']);
      expect(crm.requests.slice(-2).map(({ url }) => url)).to.deep.equal(['/a/sales', '/a/owners/17']);
      expect(crm.requests.at(-1)?.headers).to.include({ authorization: 'Bearer tok-77' });
    });
  });
});
