import { expect } from 'chai';
import type { CallEvent } from '../../../lib/call/record.ts';
import { apply, newRecord } from '../../../lib/call/record.ts';
import { newTraceId } from '../../../lib/call/trace.ts';
import { Cancellation } from '../../../lib/cancel.ts';
import { EventObserver } from '../../../lib/events/observer.ts';
import { deliver, type SendOptions } from '../../../lib/events/send.ts';
import type { HttpResponse } from '../../../lib/http/message.ts';
import { PRESETS } from '../../../lib/presets/index.ts';
import type { Delivery } from '../../../lib/store/deliveries.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

/** What the CRM of a preset gets of a call, where it answers as it is documented or known to. */

type Body = Readonly<Record<string, unknown>>;
type Reply = readonly [status: number, body?: unknown];

interface Sent {
  /** The last part of its path. */
  readonly what: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Body;
}

const rings = (...names: string[]): CallEvent => ({
  type: 'bridge',
  atMs: 1_000,
  dialString: '',
  destination: names.join(),
  rung: names.map((name) => ({ name, kind: 'person' })),
});
const answers = (by: string): CallEvent => ({ type: 'answered', atMs: 5_000, by });
const moved = (to: string): CallEvent => ({
  type: 'moves',
  moves: [{ atMs: 9_000, from: 'talking', by: to === '' ? 'park' : 'transfer', to }],
});
const END: CallEvent = {
  type: 'end',
  atMs: 65_000,
  end: 'bridged',
  hangupCause: 'NORMAL_CLEARING',
  hungUpBy: 'caller',
  recording: '',
};

/** Plays a call: how each event ended, and every request that was sent. */
async function play(
  preset: string,
  events: readonly CallEvent[],
  crm: (request: Sent) => Reply,
  uuid = callOf().uuid,
): Promise<{ tried: string[]; sent: Sent[] }> {
  const { scheme: document, events: told } = PRESETS[preset] as (typeof PRESETS)[string];
  const scheme = schemeOf({ ...document, events: told?.entries ?? [] });
  const clock = new ManualClock();
  const waiting: Delivery[] = [];
  const observer = new EventObserver({
    scheme: () => scheme,
    tenantOf: () => '',
    outbox: {
      open: () => undefined,
      add: (delivery) => void waiting.push({ ...delivery, attempts: 0 } as Delivery),
      close: () => undefined,
    },
    clock,
  });
  const record = newRecord(newTraceId(clock.date()), clock.date());
  observer.noted(record, { type: 'call', call: callOf({ uuid }) });
  observer.noted(record, { type: 'scheme', name: 'sales', revision: 'r', chosenBy: 'default' });
  for (const event of events) {
    apply(record, event);
    observer.noted(record, event);
  }
  const sent: Sent[] = [];
  const sending: SendOptions = {
    send: ({ url, body }) => {
      const { pathname, searchParams } = new URL(url);
      const request: Sent = {
        what: pathname.split('/').slice(-2).join('/'),
        query: Object.fromEntries(searchParams),
        body: [JSON.parse(body ?? '{}') as Body].flat()[0] ?? {},
      };
      sent.push(request);
      const [status, reply] = crm(request);
      return Promise.resolve({
        status,
        headers: { 'content-type': 'application/json' },
        body: reply === undefined ? '' : JSON.stringify(reply),
      } as unknown as HttpResponse);
    },
    withToken: (_webhook, _signal, exchange) => exchange('token'),
    secret: () => 'secret',
    clock,
    version: 'test',
  };
  const tried: string[] = [];
  for (const delivery of waiting) {
    const telling = scheme.events.find(({ name }) => name === delivery.webhook);
    if (telling === undefined) throw new Error(delivery.webhook);
    const { kind } = await deliver(delivery, { scheme, telling }, sending, new Cancellation());
    tried.push(`${delivery.webhook} ${kind}`);
  }
  return { tried, sent };
}

const whats = (sent: readonly Sent[]): string[] => sent.map(({ what }) => what);

describe('events of the preset kommo', () => {
  /** As in https://github.com/amocrm/amocrm-api-php/issues/52. */
  const kommo =
    (contacts: readonly object[]) =>
    ({ what }: Sent): Reply => {
      if (what === 'v4/contacts') return contacts.length === 0 ? [204] : [200, { _embedded: { contacts } }];
      if (what === 'v4/calls' && contacts.length === 0)
        return [400, { _total_items: 0, errors: [{ title: 'Entity not found', status: 263 }] }];
      return [200, {}];
    };

  it('post no call of somebody whom Kommo does not know: it would refuse that for a day', async () => {
    const missed = await play('kommo', [rings('201'), END], kommo([]));
    expect(missed.tried).to.deep.equal(['missed delivered', 'task delivered']);
    expect(whats(missed.sent)).to.deep.equal(['v4/contacts', 'v4/tasks']);
    const answered = await play('kommo', [rings('201'), answers('201'), END], kommo([]));
    expect(answered.tried).to.deep.equal(['call delivered']);
    expect(whats(answered.sent)).to.deep.equal(['v4/contacts']);
  });

  it('post the call of a contact', async () => {
    const { tried, sent } = await play(
      'kommo',
      [rings('201'), answers('201'), END],
      kommo([{ id: 3, responsible_user_id: 8375357 }]),
    );
    expect(tried).to.deep.equal(['call delivered']);
    expect(sent[0]?.query).to.deep.equal({ limit: '1', query: '+380501234567' });
    expect(sent[1]?.what).to.equal('v4/calls');
    expect(sent[1]?.body).to.deep.include({
      request_id: '3',
      phone: '+380501234567',
      duration: 60,
      call_status: 4,
      call_result: 'Answered by 201',
    });
  });
});

describe('events of the preset bitrix24', () => {
  /** Inner numbers. */
  const USERS = ['201', '202'];

  interface Registered {
    readonly key: string;
    readonly id: string;
  }

  /** As in https://github.com/bitrix-tools/b24-rest-docs, api-reference/telephony. */
  class Bitrix24 {
    readonly open: Registered[] = [];
    readonly finished: string[] = [];
    readonly shown: string[] = [];

    readonly answer = ({ what, body }: Sent): Reply => {
      if (what.endsWith('user.get')) return this.#users(body);
      if (what.endsWith('register')) return this.#register(body);
      if (what.endsWith('finish')) return this.#finish(body);
      return [404, { error: 'ERROR_METHOD_NOT_FOUND' }];
    };

    #users({ FILTER, select }: Body): Reply {
      expect([FILTER, select]).to.deep.include(['UF_PHONE_INNER']);
      const { UF_PHONE_INNER: number, ACTIVE } = FILTER as Body;
      expect([ACTIVE, number]).not.to.include('');
      return [
        200,
        { result: USERS.filter((user) => user === number).map((one) => ({ UF_PHONE_INNER: one })) },
      ];
    }

    #register(body: Body): Reply {
      const { USER_PHONE_INNER: user = '' } = body as { USER_PHONE_INNER?: string };
      if (!USERS.includes(user)) {
        const why =
          user === '' ? 'USER_ID or USER_PHONE_INNER should be set' : 'User is not found or is not active';
        return [400, { error: 'ERROR_CORE', error_description: why }];
      }
      const key = JSON.stringify([body['PHONE_NUMBER'], body['TYPE'], user, body['EXTERNAL_CALL_ID']]);
      if (body['SHOW'] === '1') this.shown.push(user);
      let call = this.open.find((one) => one.key === key);
      if (call === undefined) {
        call = { key, id: `externalCall.${this.open.length + this.finished.length + 1}` };
        this.open.push(call);
      }
      return [200, { result: { CALL_ID: call.id } }];
    }

    #finish(body: Body): Reply {
      const at = this.open.findIndex(({ id }) => id === body['CALL_ID']);
      if (at < 0) return [400, { error: 'ERROR_CORE', error_description: 'Call is not found' }];
      this.open.splice(at, 1);
      this.finished.push(String(body['CALL_ID']));
      return [200, { result: { CALL_ID: body['CALL_ID'] } }];
    }
  }

  it('show the card once, and finish the call that it is of', async () => {
    const crm = new Bitrix24();
    const { tried } = await play('bitrix24', [rings('201'), answers('201'), END], crm.answer);
    expect(tried).to.deep.equal(['card delivered', 'call delivered']);
    expect(crm.shown).to.deep.equal(['201']);
    expect(crm).to.deep.include({ finished: ['externalCall.1'], open: [] });
  });

  it('keep two calls of one caller to one user apart', async () => {
    const crm = new Bitrix24();
    const first = await play('bitrix24', [rings('201')], crm.answer, 'first');
    const second = await play('bitrix24', [rings('201'), END], crm.answer, 'second');
    expect([...first.tried, ...second.tried]).to.deep.equal([
      'card delivered',
      'card delivered',
      'missed delivered',
    ]);
    expect(crm.open.map(({ id }) => id)).to.deep.equal(['externalCall.1']);
    expect(crm.finished).to.deep.equal(['externalCall.2']);
  });

  it('finish the call of the last user who was rung, and of no other: as docs/presets.md says', async () => {
    const crm = new Bitrix24();
    await play('bitrix24', [rings('201', '202'), END], crm.answer);
    expect(crm.open.map(({ id }) => id)).to.deep.equal(['externalCall.1']);
    expect(crm.finished).to.deep.equal(['externalCall.2']);
  });

  for (const [what, where] of [
    ['parked', ''],
    ['transferred to a mailbox', 'voicemail default'],
  ] as const) {
    it(`finish the call of who talked, when it is ${what} afterwards`, async () => {
      const crm = new Bitrix24();
      await play('bitrix24', [rings('201'), answers('201'), moved(where), END], crm.answer);
      expect(crm).to.deep.include({ finished: ['externalCall.1'], open: [] });
    });
  }

  for (const [what, events] of [
    ['nobody was rung', [END]],
    ['the phone that rings is no user’s', [rings('+380671234567'), answers('+380671234567'), END]],
    ['it was parked unanswered', [rings('201'), moved(''), END]],
    ['it ended in a mailbox', [rings('201'), moved('voicemail default'), END]],
  ] as const) {
    it(`send no call that Bitrix24 would refuse for a day, when ${what}`, async () => {
      const crm = new Bitrix24();
      const { tried } = await play('bitrix24', events, crm.answer);
      expect(tried.filter((one) => !one.endsWith(' delivered'))).to.deep.equal([]);
      expect(crm.finished).to.deep.equal([]);
    });
  }
});
