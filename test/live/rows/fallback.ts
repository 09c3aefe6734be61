import { seconds, sleep, SOON } from '../journal.ts';
import type { Numbers } from '../number.ts';
import { between, check, type Row } from '../row.ts';
import type { Script } from '../stage.ts';

/** The callee does not answer: what the scheme, or the dialplan, does then. */

/** The callee that takes over from the first. */
const SECOND = 1;
const SECOND_VOICE = 0x42;
const TIMEOUT_SECONDS = 4;

const rings: Script = (call) => {
  call.ring();
};
const refuses =
  (line: string): Script =>
  (call) => {
    call.refuse(line);
  };
const answersAsSecond: Script = (call) => call.answer(SECOND_VOICE);

/** A row in which the second number takes over from the first. */
function takesOver(first: Script, expect: 'refused' | 'cancelled'): Row['run'] {
  return async (stage) => {
    const line = stage.line(stage.number(0), first);
    const second = stage.line(stage.number(SECOND), answersAsSecond);
    stage.destination(line.number);
    const caller = await stage.call();
    const callee = await line.called();
    const end = await callee.ended();
    check(end.how === expect, `the first callee's end: ${end.how}`);
    const next = await second.called();
    await caller.answered();
    await stage.talk(caller, next, SECOND_VOICE);
    check(stage.group.calls.length === 0, "the dialplan's fallback rang as well");
    const rang = (end.atMs - callee.invitedMs) / 1000;
    if (expect === 'cancelled')
      between('seconds until CANCEL', rang, TIMEOUT_SECONDS - 1, TIMEOUT_SECONDS + 1);
    const gap = next.invitedMs - end.atMs;
    return expect === 'cancelled'
      ? `CANCEL after ${rang.toFixed(2)} s of ${TIMEOUT_SECONDS} s, next number ${gap.toFixed(0)} ms later`
      : `next number ${gap.toFixed(0)} ms after the refusal`;
  };
}

const dialSecond = (callees: Numbers): { dial: string }[] => [{ dial: callees(SECOND) }];

export const fallbackRows: readonly Row[] = [
  {
    name: 'busy',
    title: 'the callee is busy: the next step of the scheme',
    scheme: (callees) => ({
      fallback: { onBusy: dialSecond(callees), onNoAnswer: [{ hangup: 'NO_ANSWER' }] },
    }),
    run: takesOver(refuses('486 Busy Here'), 'refused'),
  },
  {
    name: 'no-answer',
    title: 'no answer: CANCEL within a second of the forwarding timeout, then the next step',
    scheme: (callees) => ({
      forwardingTimeoutSeconds: TIMEOUT_SECONDS,
      fallback: { onNoAnswer: dialSecond(callees) },
    }),
    run: takesOver(rings, 'cancelled'),
  },
  {
    name: 'no-response',
    title: 'a callee who does not even say 180: the same',
    scheme: (callees) => ({
      forwardingTimeoutSeconds: TIMEOUT_SECONDS,
      fallback: { onNoAnswer: dialSecond(callees) },
    }),
    run: takesOver(() => undefined, 'cancelled'),
  },
  {
    name: 'early-media',
    title: 'early media (183 with sound) does not defeat the timeout, nor is it let through',
    scheme: (callees) => ({
      forwardingTimeoutSeconds: TIMEOUT_SECONDS,
      fallback: { onNoAnswer: dialSecond(callees) },
    }),
    run: async (stage) => {
      const early = 0x43;
      const figures = await takesOver((call) => call.progress(early), 'cancelled')(stage);
      const heard = stage.callers[0]?.media.heard(early) ?? 0;
      check(heard === 0, `the caller heard ${heard} packets of early media`);
      return figures;
    },
  },
  {
    name: 'redirect',
    title: "a callee's 302 to FreeSWITCH itself does not enter the dialplan again",
    scheme: (callees) => ({ fallback: { onUnreachable: dialSecond(callees) } }),
    run: async (stage) => {
      const { external } = stage.world.ports;
      const contact = `<sip:${stage.did}@127.0.0.1:${external}>`;
      const figures = await takesOver((call) => {
        call.refuse('302 Moved Temporarily', [['Contact', contact]]);
      }, 'refused')(stage);
      await sleep(500);
      check(stage.questions.length === 1, `the CRM was asked ${stage.questions.length} times`);
      return `${figures}; the CRM was asked once`;
    },
  },
  {
    name: 'rejected',
    title: '603 of the callee, then a cause of our own: the caller gets ours (486)',
    scheme: { fallback: { onRejected: [{ hangup: 'USER_BUSY' }] } },
    run: async (stage) => {
      const line = stage.line(stage.number(), refuses('603 Decline'));
      stage.destination(line.number);
      const caller = await stage.call();
      const { status } = await caller.refused();
      check(status === 486, `the caller got ${status}`);
      return 'callee 603, caller 486';
    },
  },
  {
    name: 'hangup',
    title: 'the CRM says USER_BUSY: the caller gets 486',
    run: async (stage) => {
      stage.destination({ hangup: 'USER_BUSY' });
      const caller = await stage.call();
      const { status, atMs } = await caller.refused();
      check(status === 486, `the caller got ${status}`);
      return `486 after ${(atMs - caller.placedMs).toFixed(0)} ms`;
    },
  },
  {
    name: 'hangup-rejected',
    title: 'the CRM says CALL_REJECTED: the caller gets 603',
    run: async (stage) => {
      stage.destination({ hangup: 'CALL_REJECTED' });
      const caller = await stage.call();
      const { status } = await caller.refused();
      check(status === 603, `the caller got ${status}`);
      return '603';
    },
  },
  {
    name: 'dialplan-busy',
    title: "busy and no step left: the dialplan's fallback sees the marker, plays busy tone, 486",
    run: async (stage) => {
      const line = stage.line(stage.number(), refuses('486 Busy Here'));
      stage.destination(line.number);
      const caller = await stage.call();
      await caller.response(183, 183);
      const { status } = await caller.refused(2 * SOON);
      const { tones } = caller.media;
      check(status === 486, `the caller got ${status}`);
      check(tones > 50, `${tones} packets of busy tone`);
      check(stage.group.calls.length === 0, 'the group rang');
      return `${tones} packets of busy tone, then 486`;
    },
  },
  {
    name: 'refusals',
    title: "404, 480, 500, 503, 603 and no step left: the dialplan's fallback each time",
    run: async (stage) => {
      const codes = ['404 Not Found', '480 Unavailable', '500 Oops', '503 Unavailable', '603 Decline'];
      const times: string[] = [];
      for (const [nth, code] of codes.entries()) {
        const line = stage.line(stage.number(nth), refuses(code));
        stage.destination(line.number);
        const caller = await stage.call();
        times.push(`${code.slice(0, 3)} ${(await stage.served(caller)).toFixed(0)} ms`);
        await caller.hangup();
      }
      return `served after ${times.join(', ')}`;
    },
  },
  {
    name: 'nobody',
    title: "the CRM knows nobody, the CRM is broken: the dialplan's fallback, not torn away by its guard",
    guard: 3,
    run: async (stage) => {
      const times: string[] = [];
      const callers = [];
      for (const [what, reply] of Object.entries({
        'no route': { status: 204, body: '' },
        'HTTP 500': { status: 500, body: 'oops' },
        'not JSON': { body: '<html>maintenance</html>' },
        'given back': { body: { destination: { dialplan: true } } },
      })) {
        stage.answer(reply);
        const caller = await stage.call();
        callers.push(caller);
        times.push(`${what} ${seconds(await stage.served(caller))}`);
      }
      await sleep(4_000);
      for (const caller of callers) check(caller.end === null, `${caller.journal.name} was torn away`);
      check(
        stage.group.calls.length === callers.length,
        `the group was called ${stage.group.calls.length} times`,
      );
      return `${times.join(', ')}; all talking past the guard`;
    },
  },
];
