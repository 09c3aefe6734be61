import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type CrmReply,
  type RecordedRequest,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { uuidv7 } from '../../lib/uuid.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { openStore } from '../support/stored.ts';
import { eventually } from '../support/wait.ts';

/** A CRM is told what becomes of calls, by a daemon with a store. */

const SECRET = 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMjQtYnl0ZXM=';
const schema = z.fromJSONSchema(JSON.parse(readFileSync('conf/schema/event.schema.json', 'utf8')) as never);

type Told = Readonly<Record<string, unknown>>;

describe('events', function () {
  this.timeout(60_000);
  let folder: string;
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let freeswitch: SimulatedFreeSwitch;
  let refusals = 0;

  const bodyOf = ({ body }: RecordedRequest): Told => JSON.parse(body.toString('utf8')) as Told;
  const sentTo = (path: string): readonly RecordedRequest[] =>
    crm.requests.filter(({ url }) => url.split('?')[0] === path);
  const told = (path: string, uuid: string): Told[] =>
    sentTo(path)
      .map(bodyOf)
      .filter((body) => body['uuid'] === uuid);
  const place = (script: Partial<CallScript> & Pick<CallScript, 'path'>): Promise<CallReport> =>
    freeswitch.call({
      caller: '+380501234567',
      did: '15005550100',
      guardSeconds: 8,
      callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 30, hangup: 'caller' }),
      ...script,
    });
  const ended = async (path: string, { uuid }: CallReport): Promise<Told[]> => {
    await eventually(`the end of ${uuid}`, () => told(path, uuid).some(({ event }) => event === 'ended'));
    return told(path, uuid);
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-events-'));
    crm = await startCrm((request): CrmReply => {
      const { url } = request;
      if (url.startsWith('/both')) return { status: 200, body: '{"destination":[["201","202"]]}' };
      if (url.startsWith('/wordy')) return { status: 200, body: 'x'.repeat(200_000) };
      if (url === '/picky' && refusals++ < 2) return { status: 503, body: '' };
      if (url === '/to-night') return { status: 200, body: '{"scheme":"night"}' };
      if (url === '/search') return { status: 200, body: JSON.stringify({ results: [{ id: 77 }] }) };
      return { status: 200, body: '{"destination":"201"}' };
    });
    const all: NonNullable<SchemeDocument['events']>[number]['on'] = [
      'ringing',
      'answered',
      'moved',
      'ended',
    ];
    const toldTo = (name: string) => ({ on: all, webhook: { url: `${crm.url}/${name}-told` } });
    const schemes: SchemeDocument[] = [
      {
        name: 'plain',
        webhook: { url: `${crm.url}/route` },
        events: [
          {
            on: all,
            webhook: { url: `${crm.url}/plain`, auth: { type: 'hmac', secret: '{{secret.CRM}}' } },
          },
        ],
      },
      {
        name: 'both',
        webhook: { url: `${crm.url}/both` },
        events: [
          { on: ['ringing'], webhook: { url: `${crm.url}/both-told` } },
          { on: ['ended'], webhook: { url: `${crm.url}/both-told` } },
        ],
      },
      {
        name: 'wordy',
        webhook: { url: `${crm.url}/route` },
        events: [
          { on: ['answered', 'ended'], webhook: { url: `${crm.url}/wordy` } },
          // An error would be said in few words.
          { on: ['answered', 'ended'], webhook: { url: `${crm.url}/wordy-or-not`, errorName: 'error' } },
        ],
      },
      {
        name: 'picky',
        webhook: { url: `${crm.url}/route` },
        events: [{ on: all, webhook: { url: `${crm.url}/picky`, retries: 0 } }],
      },
      { name: 'day', webhook: { url: `${crm.url}/to-night` }, events: [toldTo('day')] },
      {
        name: 'evening',
        webhook: { url: `${crm.url}/route` },
        fallback: { onBusy: [{ scheme: 'night' }] },
        events: [toldTo('evening')],
      },
      { name: 'quiet', webhook: { url: `${crm.url}/to-night` } },
      { name: 'night', webhook: { url: `${crm.url}/route` }, events: [toldTo('night')] },
      {
        name: 'chained',
        webhook: { url: `${crm.url}/route` },
        fallback: { onNoAnswer: [{ hangup: 'NO_ANSWER' }] },
        events: [
          {
            on: ['ended'],
            answered: false,
            name: 'missed',
            webhook: {
              url: `${crm.url}/search`,
              body: { phone: '{{caller_e164}}' },
              then: [
                {
                  url: `${crm.url}/tasks?who={{reply.results.0.id}}`,
                  body: {
                    uuid: '{{uuid}}',
                    event: '{{event}}',
                    seconds: '{{talk_seconds}}',
                    text: '{{talk_seconds}} s',
                    of: '{{result}}',
                  },
                },
              ],
            },
          },
        ],
      },
    ];
    daemon = await Daemon.start({
      schemes,
      settings: {
        STORE_URL: `sqlite:${join(folder, 'store.db')}`,
        SECRET_CRM: SECRET,
        EVENTS_RECORDING: 'record_path',
      },
    });
    freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], seed: 7 });
  });

  after(async () => {
    await freeswitch.close();
    await daemon.stop();
    await crm.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('come in order, each as the schema has it, signed, and named by webhook-id', async () => {
    const report = await place({ path: 'plain', variables: { record_path: '/r/1.wav' } });
    const events = await ended('/plain', report);
    expect(events.map(({ event, seq, destination }) => [event, seq, destination])).to.deep.equal([
      ['ringing', 1, '201'],
      ['answered', 2, '201'],
      ['ended', 3, '201'],
    ]);
    expect(events.at(-1)).to.include({
      result: 'routed',
      reason: 'answered',
      end: 'bridged',
      answered_by: '201',
      answered_kind: 'person',
      caller: '+380501234567',
      hung_up_by: 'caller',
      recording: '/r/1.wav',
    });
    for (const event of events) expect(schema.safeParse(event)).to.include({ success: true });
    for (const { headers, body } of sentTo('/plain')) {
      const {
        'webhook-id': id = '',
        'webhook-timestamp': time = '',
        'webhook-signature': signature,
      } = headers;
      expect((JSON.parse(body.toString()) as Told)['event_id']).to.equal(id);
      const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
      const mac = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
      expect(signature).to.equal(`v1,${mac}`);
    }
  });

  it('tell of each telephone that rings, and entry by entry', async () => {
    const report = await place({ path: 'both' });
    const events = await ended('/both-told', report);
    await eventually('both ring', () => told('/both-told', report.uuid).length === 3);
    const ringing = told('/both-told', report.uuid).filter(({ event }) => event === 'ringing');
    expect(ringing.map(({ destination, seq }) => [destination, seq])).to.deep.equal([
      ['201', 1],
      ['202', 2],
    ]);
    expect(events.find(({ event }) => event === 'ended')).to.include({ seq: 1 });
  });

  it('wait behind one that the CRM does not take, and come again as the same one', async () => {
    const report = await place({ path: 'picky' });
    await ended('/picky', report);
    const events = told('/picky', report.uuid);
    expect(events.map(({ event }) => event)).to.deep.equal([
      'ringing',
      'ringing',
      'ringing',
      'answered',
      'ended',
    ]);
    expect(new Set(events.slice(0, 3).map(({ event_id: id }) => id)).size).to.equal(1);
  });

  it('have arrived with a 200, however long its page is', async () => {
    const call = await place({ path: 'wordy' });
    for (const path of ['/wordy', '/wordy-or-not']) {
      const events = (await ended(path, call)).map(({ event }) => event);
      expect(events, path).to.deep.equal(['answered', 'ended']);
    }
  });

  it('name the new owner while the call goes on there', async () => {
    const report = await place({
      path: 'plain',
      callee: () => ({ kind: 'answer', afterMs: 5, talkMs: 60_000, hangup: 'caller' }),
      moves: [{ at: 'answered', afterMs: 20, kind: 'transfer', to: '700', talkMs: 1_500 }],
    });
    const events = await ended('/plain', report);
    const [ringing, answered, moved] = events;
    expect([ringing?.['event'], answered?.['event']]).to.deep.equal(['ringing', 'answered']);
    expect(moved).to.include({ event: 'moved', destination: '700', answered_by: '201' });
    // As each of them was seen.
    const seenMs =
      Date.parse(String(events.at(-1)?.['timestamp'])) - Date.parse(String(moved?.['timestamp']));
    expect(seenMs).to.be.above(500);
    expect(events.filter(({ event }) => event === 'moved')).to.have.length(1);
  });

  it('belong to the scheme that the call began with, whatever it is handed to', async () => {
    let legs = 0;
    const busyAtFirst: CallScript['callee'] = () =>
      legs++ === 0
        ? { kind: 'fail', cause: 'USER_BUSY', afterMs: 5 }
        : { kind: 'answer', afterMs: 5, talkMs: 30, hangup: 'caller' };
    const day = await ended('/day-told', await place({ path: 'day' }));
    const quiet = await place({ path: 'quiet' });
    const evening = await ended('/evening-told', await place({ path: 'evening', callee: busyAtFirst }));
    expect(day.map(({ seq, event }) => [seq, event])).to.deep.equal([
      [1, 'ringing'],
      [2, 'answered'],
      [3, 'ended'],
    ]);
    expect(evening.map(({ seq, event }) => [seq, event])).to.deep.equal([
      [1, 'ringing'],
      [2, 'ringing'],
      [3, 'answered'],
      [4, 'ended'],
    ]);
    // It came before the last one.
    expect((await daemon.record(quiet.uuid)).scheme).to.include({ name: 'night' });
    expect(sentTo('/night-told')).to.deep.equal([]);
    const night = await ended('/night-told', await place({ path: 'night' }));
    expect(night.at(-1)).to.include({ seq: 3, scheme: 'night' });
  });

  it('go by a chain, tell of calls that nobody answered alone, and send numbers as numbers', async () => {
    await place({ path: 'chained' });
    const missed = await place({
      path: 'chained',
      callee: () => ({ kind: 'fail', cause: 'USER_BUSY', afterMs: 5 }),
    });
    await eventually('the task', () => sentTo('/tasks').length > 0);
    expect(sentTo('/tasks').map(({ url }) => url)).to.deep.equal(['/tasks?who=77']);
    expect(told('/tasks', missed.uuid)).to.deep.equal([
      { uuid: missed.uuid, event: 'ended', seconds: 0, text: '0 s', of: 'no_answer' },
    ]);
    const [[first], [second]] = [sentTo('/search'), sentTo('/tasks')];
    expect(second?.headers['webhook-id']).to.equal(`${first?.headers['webhook-id'] ?? ''}-2`);
  });

  it('leave neither a secret nor a number in the store once they have arrived', async () => {
    const store = await openStore({ url: `sqlite:${join(folder, 'store.db')}` });
    try {
      const left = async (): Promise<string> => JSON.stringify(await store.deliveries.counts());
      for (let tries = 0; (await left()).includes('waiting') && tries < 500; tries++);
      expect(await left()).to.match(/^\[\{"state":"delivered"[^}]*\}\]$/);
      const text = readFileSync(join(folder, 'store.db'), 'latin1');
      expect(text).to.not.contain(SECRET);
    } finally {
      await store.close();
    }
  });

  describe('on the command line', () => {
    const scheme = (more: object) => ({ name: 'sales', webhook: { url: 'https://crm.test/route' }, ...more });
    const entry = { on: ['ended'], webhook: { url: 'https://crm.test/calls' } };
    const check = async (document: object, settings: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await runInside(['check'], {
        settings: { GATEWAY: 'trunk', DOMAIN: 'pbx.test', ...settings },
        files: { 'schemes/sales.json': document },
      });
      return { code, text: stdout + stderr };
    };
    const on = { STORE_URL: 'sqlite:x.db' };

    it('check says whom a scheme tells', async () => {
      const { code, text } = await check(scheme({ events: [entry] }), on);
      expect([code, text]).to.deep.equal([0, text]);
      expect(text).to.contain('reports ended to https://crm.test/calls');
    });

    for (const [what, document, fault, settings = on] of [
      ['without a store', scheme({ events: [entry] }), 'events: there is no store', { STORE_URL: 'off' }],
      [
        'a macro of the outcome in the question',
        scheme({ webhook: { url: 'https://crm.test/?{{talk_seconds}}' } }),
        '{{talk_seconds}} is known only after a call: use it in "events"',
      ],
      [
        'a macro of the question in an event',
        scheme({ events: [{ ...entry, webhook: { url: 'https://crm.test/?{{failed.reason}}' } }] }),
        'events.0.webhook.url: unknown macro {{failed.reason}}',
      ],
      [
        'a field that only a question has',
        scheme({ events: [{ ...entry, webhook: { ...entry.webhook, map: {} } }] }),
        'events.0.webhook: Unrecognized key: "map"',
      ],
      ['an event that there is none', scheme({ events: [{ ...entry, on: ['ring'] }] }), 'events.0.on.0: '],
      [
        'two entries of one name',
        scheme({
          events: [
            { ...entry, name: 'a' },
            { ...entry, name: 'a' },
          ],
        }),
        'events.1.name: "a" is also the name of another entry',
      ],
      [
        'calls that were answered, before that is known',
        scheme({ events: [{ ...entry, on: ['ringing'], answered: true }] }),
        'events.0.answered: ',
      ],
      [
        'a secret that is not set',
        scheme({
          events: [{ ...entry, webhook: { ...entry.webhook, headers: { 'X-Key': '{{secret.NONE}}' } } }],
        }),
        '{{secret.NONE}}: ESL_ROUTER_SECRET_NONE is not set',
      ],
      [
        'an address that is denied',
        scheme({ events: [{ ...entry, webhook: { url: 'http://169.254.169.254/' } }] }),
        'events.0.webhook.url: no request may go there',
      ],
      [
        'a profile that there is none',
        scheme({ events: [{ ...entry, webhook: { crm: 'main', url: '/calls' } }] }),
        'events.0.webhook.crm: there is no profile "main"',
      ],
    ] as const) {
      it(`check refuses ${what}`, async () => {
        const { code, text } = await check(document, settings);
        expect(text).to.contain(fault);
        expect(code).to.equal(2);
      });
    }

    const at = new Date();
    const lane = { scheme: 'sales', webhook: 'crm' };
    /** Ids of events that are parked in a new store. */
    const park = async (url: string, count: number): Promise<string[]> => {
      const store = await openStore({ url });
      const calls = Array.from({ length: count }, (_, index) => `c${index}`);
      const common = { tenant: 'default', scheme: 'sales' };
      const deliveries = calls.map((call_id, index) => {
        const created = new Date(at.getTime() - count + index);
        const body = '{"caller":"380441112233"}';
        const event = { id: uuidv7(created), call_id, seq: 1, event: 'ended', body };
        return { ...common, ...lane, ...event, created_at: created.toISOString() };
      });
      await store.deliveries.write('r', {
        opened: calls.map((call_id) => ({ ...common, call_id, started_at: at.toISOString(), ends: '[]' })),
        deliveries,
        closed: [],
      });
      const taken = await store.deliveries.take(lane, { at, until: at, limit: count });
      expect(taken).to.have.length(count);
      const error = 'http_status: HTTP 401';
      await store.deliveries.settle(
        taken.map((delivery) => ({ kind: 'parked', delivery, error })),
        at,
      );
      await store.close();
      return deliveries.map(({ id }) => id);
    };

    it('failed lists what is parked, and retry has it tried again', async () => {
      const url = `sqlite:${join(folder, 'parked.db')}`;
      const [id = ''] = await park(url, 1);
      const run = (...args: string[]) => runInside(['events', ...args], { settings: { STORE_URL: url } });
      const { stdout } = await run('failed');
      expect(stdout).to.match(/^time \(UTC\) +scheme +entry +event/);
      expect(stdout).to.contain('http_status: HTTP 401');
      const listed = JSON.parse((await run('failed', '--json')).stdout) as Told;
      expect(listed).to.include({ id, attempts: 1 });
      expect(JSON.stringify(listed)).to.not.contain('380441112233');
      expect(await run('failed', 'nobody')).to.include({ stderr: 'no event with this id is parked\n' });
      expect(await run('retry', 'nobody')).to.include({ code: 1 });
      expect((await run('retry', id)).stdout).to.equal('1 parked event is tried again for another day\n');
      expect(await run('failed')).to.include({ code: 0, stdout: '', stderr: 'no event is parked\n' });
    });

    it('failed says how many more there are, and finds each of them by its id', async () => {
      const url = `sqlite:${join(folder, 'many-parked.db')}`;
      const ids = await park(url, 102);
      const run = (...args: string[]) =>
        runInside(['events', 'failed', ...args, '--json'], { settings: { STORE_URL: url } });
      const idsIn = (text: string): string[] => {
        const lines = text.trimEnd().split('\n');
        return lines.map((line) => (JSON.parse(line) as { id: string }).id);
      };
      const first = await run();
      expect(idsIn(first.stdout)).to.deep.equal(ids.slice(0, 100));
      expect(first.stderr).to.equal('2 more are parked: --limit COUNT\n');
      const all = await run('--limit', '102');
      expect([idsIn(all.stdout), all.stderr]).to.deep.equal([ids, '']);
      const last = await run(ids.at(-1) ?? '');
      expect([idsIn(last.stdout), last.stderr]).to.deep.equal([ids.slice(-1), '']);
    });
  });
});
