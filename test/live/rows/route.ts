import { seconds, sleep, SOON } from '../journal.ts';
import { between, check, type Row } from '../row.ts';
import { CALLEE_VOICE, type Script } from '../stage.ts';

/** The CRM answers, and the call goes there. */

/** Rings a while, then answers. */
function answers(afterMs: number): Script {
  return async (call) => {
    call.ring();
    await sleep(afterMs);
    await call.answer(CALLEE_VOICE);
  };
}

export const routeRows: readonly Row[] = [
  {
    name: 'number',
    title: 'a phone number answers; both hear each other; the caller hangs up',
    run: async (stage) => {
      const line = stage.line(stage.number(), answers(500));
      stage.destination(`+${line.number}`);
      const caller = await stage.call();
      const callee = await line.called();
      const { atMs } = await caller.response(180, 180);
      await caller.answered();
      await stage.talk(caller, callee);
      const hungUpMs = performance.now();
      await caller.hangup();
      const end = await callee.ended();
      check(end.how === 'hung up by the switch', `the callee's end: ${end.how}`);
      const body = (await stage.asked()).body;
      check(body['did'] === stage.did && body['caller'] === stage.caller(), 'the CRM was told other numbers');
      return `callee's INVITE ${ms(callee.invitedMs - caller.placedMs)}, 180 ${ms(atMs - caller.placedMs)}, BYE ${ms(end.atMs - hungUpMs)} after the caller's`;
    },
  },
  {
    name: 'login',
    title: 'a registered SIP login answers (reply: nine bytes of text/html)',
    scheme: { webhook: { import: 'http' } },
    run: async (stage) => {
      const line = stage.line('agent_007', answers(300), stage.world.phones);
      stage.answer({ type: 'text/html', body: 'agent_007' });
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      await callee.hangup();
      const end = await caller.ended();
      check(end.how === 'hung up by the switch', `the caller's end: ${end.how}`);
      return `callee's INVITE ${ms(callee.invitedMs - caller.placedMs)}; the callee hung up, so did the switch`;
    },
  },
  {
    name: 'extension',
    title: 'an extension is dialled as a user',
    run: async (stage) => {
      const line = stage.line('201', answers(100), stage.world.phones);
      stage.destination(201);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      return `callee's INVITE ${ms(callee.invitedMs - caller.placedMs)}`;
    },
  },
  {
    name: 'in-order',
    title: 'a list of numbers in the reply: the second is tried when the first is busy',
    run: async (stage) => {
      const first = stage.line(stage.number(0), (call) => {
        call.refuse('486 Busy Here');
      });
      const second = stage.line(stage.number(1), answers(100));
      stage.destination([first.number, second.number]);
      const caller = await stage.call();
      const refusing = await first.called();
      const callee = await second.called();
      await caller.answered();
      await stage.talk(caller, callee);
      return `second number ${ms(callee.invitedMs - refusing.invitedMs)} after the first`;
    },
  },
  {
    name: 'together',
    title: 'numbers rung together: one answers, the other gets CANCEL',
    run: async (stage) => {
      const quiet = stage.line(stage.number(0), (call) => {
        call.ring();
      });
      const quick = stage.line(stage.number(1), answers(1_000));
      stage.destination([[quiet.number, quick.number]]);
      const caller = await stage.call();
      const [other, callee] = await Promise.all([quiet.called(), quick.called()]);
      await caller.answered();
      const end = await other.ended();
      check(end.how === 'cancelled', `the other's end: ${end.how}`);
      await stage.talk(caller, callee);
      return `both rang within ${ms(Math.abs(other.invitedMs - callee.invitedMs))}; CANCEL says ${end.reason}`;
    },
  },
  {
    name: 'extension-by-dialplan',
    title: '"extensions": "dialplan": the call is transferred, and the router leaves it alone',
    scheme: { extensions: 'dialplan' },
    run: async (stage) => {
      stage.destination('900');
      const caller = await stage.call();
      await caller.answered();
      const end = await caller.ended();
      const tones = caller.media.tones;
      check(tones > 80, `${tones} packets of the extension's tone, and about 100 were expected`);
      check(end.how === 'hung up by the switch', `the caller's end: ${end.how}`);
      check(stage.group.calls.length === 0, 'the fallback rang as well');
      return `${tones} packets of the extension's tone`;
    },
  },
  {
    name: 'ivr',
    title: 'a caller whom an IVR has answered hears ringing, then the callee',
    before: [
      ['answer', ''],
      ['playback', 'tone_stream://%(400,0,800)'],
    ],
    run: async (stage) => {
      const line = stage.line(stage.number(), answers(2_500));
      stage.destination(line.number);
      const caller = await stage.call();
      await caller.answered();
      const callee = await line.called();
      caller.media.forget();
      await sleep(2_000);
      const tones = caller.media.tones;
      check(tones > 60, `${tones} packets of ringback in 2 s`);
      await callee.journal.until('200', SOON, () => callee.media ?? undefined);
      await stage.talk(caller, callee);
      return `${tones} packets of ringback in 2 s, then the callee`;
    },
  },
  {
    name: 'ivr-two-tones',
    title: "he hears a ringing of two tones as it is written: Britain's",
    before: [
      ['answer', ''],
      ['playback', 'tone_stream://%(400,0,800)'],
    ],
    scheme: { bridge: { ringback: '%(400,200,400,450);%(400,2000,400,450)' } },
    run: async (stage) => {
      const line = stage.line(stage.number(), answers(7_000));
      stage.destination(line.number);
      const caller = await stage.call();
      await caller.answered();
      const callee = await line.called();
      caller.media.forget();
      await sleep(6_000);
      const tones = caller.media.tones;
      // 0.8 s of 3; the first tone alone would be 2 of 3.
      check(tones > 60 && tones < 100, `${tones} packets of ringback in 6 s, and about 80 were expected`);
      await callee.journal.until('200', SOON, () => callee.media ?? undefined);
      await stage.talk(caller, callee);
      return `${tones} packets of ringback in 6 s, then the callee`;
    },
  },
  {
    name: 'feature-code',
    title: 'a target that is a feature code: *98',
    scheme: { targets: { voicemail: { transfer: { extension: '*98', context: 'default' } } } },
    run: async (stage) => {
      stage.destination('voicemail');
      const caller = await stage.call();
      await caller.answered();
      const end = await caller.ended();
      check(end.how === 'hung up by the switch', `the caller's end: ${end.how}`);
      check(stage.group.calls.length === 0, 'the fallback rang as well');
      return `${caller.media.tones} packets of the extension's tone`;
    },
  },
  {
    name: 'guard-lifted',
    title: 'a guard of 4 s does not tear an answered call away',
    guard: 4,
    run: async (stage) => {
      const line = stage.line(stage.number(), answers(200));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await sleep(6_000);
      await stage.talk(caller, callee);
      check(stage.group.calls.length === 0, 'the fallback rang');
      return `talking ${seconds(performance.now() - caller.placedMs)} after the INVITE`;
    },
  },
  {
    name: 'gateways',
    title: 'a carrier that is gone, and one that says nothing, give way to the next with the same number',
    scheme: { gateway: ['closed', 'mute', 'crm'], bridge: { progressTimeoutSeconds: 2 } },
    run: async (stage) => {
      const line = stage.line(stage.number(), answers(100));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      const waited = callee.invitedMs - caller.placedMs;
      between('seconds until the third gateway', waited / 1000, 1, 4);
      return `third gateway dialled after ${seconds(waited)}`;
    },
  },
  {
    name: 'callee-headers',
    title: "no X- header of the caller arrives at the callee, the scheme's own does",
    scheme: { bridge: { headers: { 'X-CRM-Card': '{{reply.url}}' } } },
    run: async (stage) => {
      const line = stage.line(stage.number(), answers(100));
      const card = 'https://crm.example/contact/17?a=1&b=%20';
      stage.answer({ body: { destination: line.number, url: card } });
      const caller = await stage.call({
        headers: [
          ['X-CRM-Card', 'forged'],
          ['X-Evil', '1'],
          ['User-to-User', '00aa'],
          ['P-Evil', '1'],
        ],
      });
      const callee = await line.called();
      await caller.answered();
      // FreeSWITCH speaks of its own abilities in X-FS-Support.
      const seen = ['X-', 'P-Evil', 'User-to-User']
        .flatMap((prefix) => callee.headersLike(prefix))
        .filter((name) => name !== 'X-FS-Support');
      check(
        seen.join() === 'X-CRM-Card,X-ESL-Router-Hops',
        `headers at the callee: ${seen.join() || 'none'}`,
      );
      check(callee.header('X-CRM-Card') === card, `X-CRM-Card: ${callee.header('X-CRM-Card')}`);
      return `X-CRM-Card: ${card}`;
    },
  },
];

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(0)} ms`;
}
