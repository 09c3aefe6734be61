import type { SchemeDocument } from '../scheme/scheme.ts';
import type { CalleeBehaviour, CrmReply, DialledLeg } from '../simulator/index.ts';

/** The calls of `demo`: one for each thing that can happen to a caller. */

export interface Scene {
  readonly title: string;
  readonly caller: string;
  readonly name: string;
  readonly hidden?: boolean;
  readonly scheme?: string;
  readonly hangupAfterMs?: number;
  readonly reply: CrmReply;
  readonly callee: (leg: DialledLeg) => CalleeBehaviour;
}

const SCHEMES: readonly SchemeDocument[] = [
  {
    name: 'sales',
    webhook: {
      url: 'CRM_URL/route',
      responseName: ['destination', 'result.0.ASSIGNED_BY.USER_PHONE_INNER'],
      map: { '17': '201' },
      unmapped: 'pass',
      noRouteStatuses: [404],
      timeoutSeconds: 1,
    },
    forwardingTimeoutSeconds: 2,
    waiting: { ringAfterMs: 200 },
    fallback: {
      onNoRoute: [{ dial: '900' }],
      onNoAnswer: [{ dial: ['380440000001'] }, { transfer: { extension: 'voicemail', context: 'default' } }],
      onBusy: [{ transfer: { extension: 'voicemail', context: 'default' } }],
    },
  },
  {
    name: 'plain',
    webhook: { url: 'CRM_URL/plain', import: 'http', timeoutSeconds: 1 },
    forwardingTimeoutSeconds: 2,
  },
  {
    name: 'owners',
    webhook: { url: 'CRM_URL/owner', map: { '17': '201' }, expect: ['extension'], timeoutSeconds: 1 },
    forwardingTimeoutSeconds: 2,
    fallback: { onNoRoute: [{ dial: '900' }] },
  },
  {
    // Nothing listens on port 9 (discard).
    name: 'outage',
    webhook: { url: 'http://127.0.0.1:9/route', timeoutSeconds: 1 },
    forwardingTimeoutSeconds: 2,
    fallback: { onError: [{ dial: '900' }] },
  },
];

/** @param crmUrl of the demo's CRM */
export function schemesFor(crmUrl: string): SchemeDocument[] {
  const text = JSON.stringify(SCHEMES).replaceAll('CRM_URL', crmUrl.replace(/\/$/, ''));
  return JSON.parse(text) as SchemeDocument[];
}

const answers = (): CalleeBehaviour => ({ kind: 'answer', afterMs: 300, talkMs: 300, hangup: 'caller' });
const rings = (): CalleeBehaviour => ({ kind: 'ring' });
const busy = (): CalleeBehaviour => ({ kind: 'fail', cause: 'USER_BUSY', afterMs: 100 });

const json = (body: unknown, delayMs = 20): CrmReply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  delayMs,
});

export const SCENES: readonly Scene[] = [
  {
    title: 'A known customer, whose manager has a mobile',
    caller: '380441110001',
    name: 'Olena',
    reply: json({ destination: '+380 50 123 4567' }),
    callee: answers,
  },
  {
    title: 'A CRM that answers in plain text with a SIP login',
    caller: '380441110002',
    name: 'Taras',
    scheme: 'plain',
    reply: { status: 200, headers: { 'content-type': 'text/html' }, body: 'agent_007', delayMs: 20 },
    callee: answers,
  },
  {
    title: 'Bitrix24: the inner number of the responsible person',
    caller: '380441110003',
    name: 'Iryna',
    reply: json({ result: [{ ASSIGNED_BY: { USER_PHONE_INNER: '204' } }] }),
    callee: answers,
  },
  {
    title: "An owner's id, mapped to an extension",
    caller: '380441110004',
    name: 'Petro',
    reply: json({ destination: 17 }),
    callee: answers,
  },
  {
    title: "An owner's id that the map does not have: nobody, not a stranger with that number",
    caller: '380441110013',
    name: 'Halyna',
    scheme: 'owners',
    reply: json({ destination: 44556677 }),
    callee: answers,
  },
  {
    title: 'Nobody answers in time',
    caller: '380441110005',
    name: 'Maria',
    reply: json({ destination: '205' }),
    callee: ({ user }) => (user === '205' ? rings() : answers()),
  },
  {
    title: 'The line is busy',
    caller: '380441110006',
    name: 'Ivan',
    reply: json({ destination: '206' }),
    callee: busy,
  },
  {
    title: 'A contact that the CRM does not know',
    caller: '380441110007',
    name: 'Somebody new',
    reply: { status: 404, body: '{"error":"not found"}', delayMs: 20 },
    callee: answers,
  },
  {
    title: 'A CRM that is down',
    caller: '380441110008',
    name: 'Bohdan',
    scheme: 'outage',
    reply: json({}),
    callee: answers,
  },
  {
    title: 'A CRM that is too slow: the caller hears ringing meanwhile',
    caller: '380441110009',
    name: 'Kateryna',
    reply: json({ destination: '207' }, 5000),
    callee: answers,
  },
  {
    title: 'A caller who withholds his number',
    caller: '380441110010',
    name: 'Anonymous',
    hidden: true,
    reply: json({ destination: '208' }),
    callee: answers,
  },
  {
    title: 'A hostile reply',
    caller: '380441110011',
    name: 'Mallory',
    reply: json({ destination: '380501234567,loopback/app=system:reboot' }),
    callee: answers,
  },
  {
    title: 'The caller hangs up while the CRM thinks',
    caller: '380441110012',
    name: 'Hurried',
    hangupAfterMs: 150,
    reply: json({ destination: '209' }, 5000),
    callee: answers,
  },
];
