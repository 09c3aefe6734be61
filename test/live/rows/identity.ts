import type { IncomingCall } from '../callee.ts';
import { now, seconds, sleep } from '../journal.ts';
import { checkRecord } from '../record.ts';
import { between, check, type Action, type Row } from '../row.ts';
import { CALLEE_VOICE, type Stage } from '../stage.ts';
import { TESTED_USER } from '../switch-config.ts';

/** What a channel is called, what is in its variables, and how much of it. */

const GUARD_SECONDS = 4;

function byCallId(name: string, callId: string): Row[] {
  // No two calls at a time may have one Call-ID.
  const place = (stage: Stage, before = ''): ReturnType<Stage['call']> =>
    stage.call({ to: stage.world.ports.byCallId ?? 0, callId: `${before}${callId}` });
  return [
    {
      name: `${name}-bridge`,
      title: `a channel called ${callId}: bridged, and its guard is lifted`,
      guard: GUARD_SECONDS,
      run: async (stage) => {
        const line = stage.line(stage.number(), async (call) => {
          call.ring();
          await sleep(200);
          await call.answer(CALLEE_VOICE);
        });
        stage.destination(line.number);
        const caller = await place(stage);
        const callee = await line.called();
        await stage.talk(caller, callee);
        await sleep(Math.max(0, caller.placedMs + (GUARD_SECONDS + 2) * 1000 - now()));
        check(stage.group.calls.length === 0, 'the guard tore the conversation');
        await stage.talk(caller, callee);
        await caller.hangup();
        const record = await stage.record(caller);
        check(record.call?.uuid === callId, `the record names ${record.call?.uuid ?? 'nobody'}`);
        checkRecord(record, { end: 'bridged', hungUpBy: 'caller', answeredBy: line.number });
        return `talking ${seconds((GUARD_SECONDS + 2) * 1000)} after the INVITE`;
      },
    },
    {
      name: `${name}-no-answer`,
      title: 'the same: nobody answers, and the guard is pushed back while it rings',
      guard: GUARD_SECONDS,
      scheme: { forwardingTimeoutSeconds: 6 },
      run: async (stage) => {
        const line = stage.line(stage.number(), (call) => {
          call.ring();
        });
        stage.destination(line.number);
        const caller = await place(stage, '1');
        await caller.response(180, 180);
        const callee = await line.called();
        const end = await callee.ended();
        const rang = (end.atMs - callee.invitedMs) / 1000;
        between('seconds until CANCEL', rang, 5, 7);
        await stage.served(caller);
        await sleep(GUARD_SECONDS * 1000 + 1500);
        check(caller.end === null && stage.group.calls.length === 1, 'torn out of the fallback');
        await caller.hangup();
        checkRecord(await stage.record(caller), { end: 'dialplan', reason: 'no_answer' });
        return `rang ${rang.toFixed(2)} s under a guard of ${GUARD_SECONDS} s, then the fallback`;
      },
    },
    {
      name: `${name}-busy`,
      title: "the same: the callee is busy, and the dialplan's condition on the markers sees it",
      run: async (stage) => {
        const line = stage.line(stage.number(), (call) => {
          call.refuse('486 Busy Here');
        });
        stage.destination(line.number);
        const caller = await place(stage, '2');
        const { status } = await caller.refused(12_000);
        const { tones } = caller.media;
        check(stage.group.calls.length === 0, 'the group rang: no marker told of the busy callee');
        check(tones > 100, `${tones} packets of busy tone`);
        return `${tones} packets of busy tone, then ${status}`;
      },
    },
  ];
}

/** Of 500 bytes each: more than 70 KB of them. */
const MANY: readonly Action[] = Array.from({ length: 145 }, (_, nth): Action => {
  return ['set', `crm_card_${nth}=${'x'.repeat(500)}`];
});

/** What the CRM calls the caller, and what is on the callee's display. */
const NAMES: readonly (readonly [given: string, shown: string])[] = [
  ["O'Brien (Sales)", "O'Brien (Sales)"],
  ["'27' & D'Arcy", "'27' & D'Arcy"],
  ['مكتب ١٢٣', 'مكتب ١٢٣'],
  // mod_sofia would decode these, the first two into a header of SIP.
  ['a%0d%0aX-Evil%3A y', 'a0d0aX-Evil3A y'],
  ["a'%0d%0aX-Evil%3a y", "a'0d0aX-Evil3a y"],
  ['%0d%0aX: y', '0d0aX y'],
  ['O%27Brien %28Sales%29', 'O27Brien 28Sales29'],
  ["A',sip_h_X-Evil=1,b='", "A'siphX-Evil1b'"],
];

/** Display name and header of identity of one INVITE; headers are Latin-1 here, and names UTF-8. */
function shownName(callee: IncomingCall): string {
  const read = (name: string): string =>
    /^"(.*)"\s*</.exec(Buffer.from(callee.header(name), 'latin1').toString())?.[1] ?? '-';
  return ['From', 'P-Asserted-Identity', 'Remote-Party-ID'].map(read).join(' | ');
}

export const identityRows: readonly Row[] = [
  {
    name: 'callee-name',
    title:
      "callerName at the callee as the CRM wrote it, apostrophes and brackets too, and no escape of the CRM's",
    own: { routers: 1 },
    settings: {
      GATEWAYS: JSON.stringify({
        crm: { sendName: true },
        rpid: { sendName: true, identity: 'rpid' },
        none: { sendName: true, identity: 'none' },
      }),
    },
    scheme: { gateway: ['crm', 'rpid', 'none'] },
    run: async (stage) => {
      const user = stage.line(
        TESTED_USER,
        (call) => {
          call.refuse('486 Busy Here');
        },
        stage.world.phones,
      );
      // A gateway that fails gives way to the next one: one number is called in three ways.
      const line = stage.line(stage.number(), async (call) => {
        if (call.header('Contact').includes('gw=none')) await call.answer(CALLEE_VOICE);
        else call.refuse('503 Service Unavailable');
      });
      for (const [nth, [given, shown]] of NAMES.entries()) {
        stage.answer({
          body: { destination: { destination: [TESTED_USER, line.number], callerName: given } },
        });
        const caller = await stage.call();
        await caller.answered();
        const seen = [await user.called(nth + 1), ...line.calls.slice(nth * 3)];
        const told = seen.map(shownName).join('; ');
        const wanted = [
          [shown, '-', shown],
          [shown, shown, '-'],
          [shown, '-', shown],
          [shown, '-', '-'],
        ];
        check(
          told === wanted.map((names) => names.join(' | ')).join('; '),
          `${JSON.stringify(given)} came as ${told}`,
        );
        check(
          seen.every((callee) => callee.headersLike('X-Evil').length === 0),
          `${JSON.stringify(given)} made a header of its own`,
        );
        await caller.hangup();
      }
      return `${NAMES.length} names at a user and three gateways, in From and in P-Asserted-Identity, Remote-Party-ID or neither`;
    },
  },
  ...byCallId('call-id', '420009675@206.0.2.68'),
  ...byCallId('call-id-odd', 'u{cX820%bek@host'),
  {
    name: 'diversions',
    title:
      'two Diversion headers: {{diverted_from}} is the first redirecting party, whose header is the last',
    scheme: { webhook: { parameters: { from: '{{diverted_from}}' } } },
    run: async (stage) => {
      stage.answer(() => ({ body: { destination: '' }, afterMs: 500 }));
      const caller = await stage.call({
        headers: [
          ['Diversion', '"Second" <sip:380442222222@pbx.example>;reason=no-answer;counter=1'],
          ['Diversion', '<sip:380441111111@pbx.example>;reason=unconditional;counter=1'],
        ],
      });
      const { body } = await stage.asked();
      const { uuid } = await stage.channel(caller);
      const held = await stage.api(`uuid_getvar ${uuid} sip_h_Diversion`);
      const told = JSON.stringify(body['from']);
      check(told === '"380441111111"', `the CRM was told ${told}; sip_h_Diversion held ${held}`);
      return `told ${told} of ${held}`;
    },
  },
  {
    name: 'diversions-joined',
    title: 'the same in one header, divided by a comma',
    scheme: { webhook: { parameters: { from: '{{diverted_from}}' } } },
    run: async (stage) => {
      stage.answer(() => ({ body: { destination: '' }, afterMs: 500 }));
      const caller = await stage.call({
        headers: [
          [
            'Diversion',
            '"Second, Ltd" <sip:380442222222@pbx.example>;reason=no-answer, <sip:380441111111@pbx.example>;reason=unconditional',
          ],
        ],
      });
      const { body } = await stage.asked();
      const { uuid } = await stage.channel(caller);
      const held = await stage.api(`uuid_getvar ${uuid} sip_h_Diversion`);
      const told = JSON.stringify(body['from']);
      check(told === '"380441111111"', `the CRM was told ${told}; sip_h_Diversion held ${held}`);
      return `told ${told} of ${held}`;
    },
  },
  {
    name: 'long-reply',
    title:
      'over 70 KB of variables: served from what is needed or given back at once, and the log says whose call and which setting',
    before: MANY,
    guard: GUARD_SECONDS,
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call();
      const { atMs } = await caller.answered();
      const waited = (atMs - caller.placedMs) / 1000;
      between('seconds until he was served', waited, 0, 2);
      await caller.hangup();
      await sleep(500);
      if (line.calls.length > 0) return `routed after ${waited.toFixed(2)} s`;
      const told = stage.world.router
        .log([stage.caller()])
        .find((text) => /headerBytes|HEADER_BYTES/.test(text) && /\d{5}/.test(text));
      check(told !== undefined, 'no line of the log names the caller, the setting and the size');
      return `given back after ${waited.toFixed(2)} s: ${told}`;
    },
  },
];
