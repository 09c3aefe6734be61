import type { OutgoingCall } from '../caller.ts';
import { now, seconds, sleep } from '../journal.ts';
import { STATES, type State } from '../kind.ts';
import { checkRecord } from '../record.ts';
import { between, check, present, type Action, type Row } from '../row.ts';
import { CALLEE_VOICE, type Stage } from '../stage.ts';
import { begin, COLLEAGUE_VOICE, ordered, staysUntil } from './move.ts';

/** What others do to the channel without moving it, and what they have scheduled for it. */

const GUARD_SECONDS = 4;
/** Longer than any guard of these rows. */
const LONG_MS = 6500;
/** Ringing, in context "default": so the tone stands out from it. */
const TONE = 'tone_stream://%(1000,0,440)';
const SECOND = 1;
const SECOND_VOICE = 0x42;

/** A call that is answered, with a guard of the dialplan's that must not end it. */
async function talksOn(stage: Stage, forMs: number): Promise<string> {
  const { caller, callee } = await begin(stage, 'talking');
  await sleep(Math.max(0, caller.placedMs + forMs - now()));
  check(caller.end === null, `the conversation was ${caller.end?.how ?? ''}`);
  check(stage.group.calls.length === 0, 'the guard tore the conversation');
  await stage.talk(caller, present(callee, 'the callee'));
  return seconds(now() - caller.placedMs);
}

/** A line of the record's notes, or of the router's log, that names the dialplan's setting. */
async function checkNote(stage: Stage, setting: string): Promise<string> {
  const [caller] = stage.callers;
  await present(caller, 'a caller').hangup();
  const { notes } = await stage.record(present(caller, 'a caller'));
  const note = notes.find((text) => text.includes(setting));
  return present(note, `a note that names ${setting} (notes: ${JSON.stringify(notes)})`);
}

/** As people write it who read only half of the guide. */
const dialplan = (guard: readonly Action[]): Action[] => [
  ['set', 'continue_on_fail=true'],
  ['set', 'hangup_after_bridge=true'],
  ['sched_transfer', '+5 esl_router_fallback XML esl_router'],
  ...guard,
  ['socket', '${esl_router_hosts} async full'],
  ['transfer', 'esl_router_fallback XML esl_router'],
];

const busyThenSecond: Row['scheme'] = (callees) => ({ fallback: { onBusy: [{ dial: callees(SECOND) }] } });

export const scheduleRows: readonly Row[] = [
  {
    name: 'answered-asked',
    title:
      'uuid_answer while the CRM is asked: the callee who is busy gives way to the next, whose answer counts',
    scheme: busyThenSecond,
    run: async (stage) => {
      const first = stage.line(stage.number(), (call) => {
        call.refuse('486 Busy Here');
      });
      const second = stage.line(stage.number(SECOND), async (call) => {
        call.ring();
        await sleep(1500);
        await call.answer(SECOND_VOICE);
      });
      stage.answer(() => ({ body: { destination: first.number }, afterMs: 1000 }));
      const caller = await stage.call();
      await stage.asked();
      await sleep(300);
      await ordered(stage, `uuid_answer ${(await stage.channel(caller)).uuid}`);
      return foreignAnswer(stage, second);
    },
  },
  {
    name: 'answered-ringing',
    title: 'uuid_answer while a callee rings who is busy then: the next is rung, and his answer counts',
    scheme: busyThenSecond,
    run: async (stage) => {
      const first = stage.line(stage.number(), async (call) => {
        call.ring();
        await sleep(1200);
        call.refuse('486 Busy Here');
      });
      const second = stage.line(stage.number(SECOND), async (call) => {
        call.ring();
        await sleep(1500);
        await call.answer(SECOND_VOICE);
      });
      stage.destination(first.number);
      const caller = await stage.call();
      await first.called();
      await sleep(300);
      await ordered(stage, `uuid_answer ${(await stage.channel(caller)).uuid}`);
      return foreignAnswer(stage, second);
    },
  },
  {
    name: 'answered-late',
    title:
      'uuid_answer while a callee rings who answers later: answered when he did, and heard by the caller',
    run: async (stage) => {
      const line = stage.line(stage.number(), async (call) => {
        call.ring();
        await sleep(2500);
        await call.answer(CALLEE_VOICE);
      });
      stage.destination(line.number);
      const caller = await stage.call();
      await line.called();
      await sleep(500);
      await ordered(stage, `uuid_answer ${(await stage.channel(caller)).uuid}`);
      return foreignAnswer(stage, line, CALLEE_VOICE);
    },
  },
  {
    name: 'ivr-answers-busy',
    title: 'an IVR has answered in front, and the callee is busy: the next is rung, and his answer counts',
    before: [['answer', '']],
    scheme: busyThenSecond,
    run: async (stage) => {
      const first = stage.line(stage.number(), (call) => {
        call.refuse('486 Busy Here');
      });
      const second = stage.line(stage.number(SECOND), async (call) => {
        call.ring();
        await sleep(1500);
        await call.answer(SECOND_VOICE);
      });
      stage.destination(first.number);
      await stage.call();
      return foreignAnswer(stage, second);
    },
  },
  {
    name: 'record-on-answer',
    title: 'execute_on_answer=record_session: an application that is not ours ends nothing',
    guard: GUARD_SECONDS,
    before: [['set', 'execute_on_answer=record_session ${log_dir}/on-answer.wav']],
    run: async (stage) => {
      const lasted = await talksOn(stage, LONG_MS);
      const [caller] = stage.callers;
      await caller?.hangup();
      const record = await stage.record(present(caller, 'the caller'));
      checkRecord(record, { end: 'bridged', hungUpBy: 'caller', answeredBy: stage.number(), moves: [] });
      return `talking after ${lasted}`;
    },
  },
  ...STATES.map((state: State): Row => ({
    name: `broadcast-${state}`,
    title: `uuid_broadcast to a caller, ${state}: nothing ends, and no move is told`,
    run: async (stage) => {
      const line = stage.line(stage.number(), async (call) => {
        call.ring();
        await sleep(state === 'ringing' ? 2500 : 200);
        await call.answer(CALLEE_VOICE);
      });
      stage.answer(() => ({
        body: { destination: line.number },
        afterMs: state === 'asked' ? 1500 : 0,
      }));
      const caller = await stage.call();
      await (state === 'asked' ? stage.asked() : line.called());
      if (state === 'talking') await stage.talk(caller, await line.called());
      await sleep(300);
      const { uuid } = await stage.channel(caller);
      await ordered(stage, `uuid_broadcast ${uuid} ${TONE} aleg`);
      const callee = await line.called();
      await callee.journal.until('the answer', 5000, () => callee.media ?? undefined);
      await sleep(1500);
      await stage.talk(caller, callee);
      await caller.hangup();
      const record = await stage.record(caller);
      checkRecord(record, { end: 'bridged', hungUpBy: 'caller', answeredBy: line.number, moves: [] });
      return 'they talk';
    },
  })),
  {
    name: 'own-hangup',
    title: "the dialplan's sched_hangup in front of socket, a prepaid limit: it ends the conversation",
    before: [['sched_hangup', '+6 ALLOTTED_TIMEOUT']],
    run: async (stage) => {
      const { caller, channel } = await begin(stage, 'talking');
      const { atMs } = await caller.ended(9000);
      const lasted = (atMs - caller.placedMs) / 1000;
      between('seconds of the call', lasted, 4.5, 7.5);
      const record = await stage.record(caller);
      const end = await stage.world.witness.until(channel, 'the end', (seen) => seen.end);
      check(end.cause === 'ALLOTTED_TIMEOUT', `cause ${end.cause}`);
      checkRecord(record, { end: 'bridged', hungUpBy: 'switch', hangupCause: 'ALLOTTED_TIMEOUT' });
      return `ended after ${lasted.toFixed(2)} s`;
    },
  },
  {
    name: 'own-hangup-given-back',
    title: 'the same for a call that is given back to the dialplan',
    before: [['sched_hangup', '+6 ALLOTTED_TIMEOUT']],
    run: async (stage) => {
      stage.answer({ status: 204, body: '' });
      const caller = await stage.call();
      await stage.served(caller);
      // The fallback's own sched_cancel takes everything that is scheduled for the channel.
      await sleep(500);
      const tasks = await stage.api('show tasks');
      const { uuid } = await stage.channel(caller);
      const left = tasks.split('\n').filter((line) => line.includes(uuid));
      check(
        left.some((line) => line.includes('hangup')),
        `scheduled for him: ${left.join(' | ') || 'nothing'}`,
      );
      const { atMs } = await caller.ended(9000);
      return `ended after ${seconds(atMs - caller.placedMs)}`;
    },
  },
  {
    name: 'own-broadcast',
    title: "the dialplan's sched_broadcast in front of socket, a recording notice: it is played",
    before: [['sched_broadcast', `+3 ${TONE} aleg`]],
    run: async (stage) => {
      const { caller, callee } = await begin(stage, 'talking');
      caller.media.forget();
      await sleep(Math.max(0, caller.placedMs + 5500 - now()));
      const { tones } = caller.media;
      check(tones > 20, `${tones} packets of the notice`);
      await stage.talk(caller, present(callee, 'the callee'));
      return `${tones} packets of the notice`;
    },
  },
  {
    name: 'next-guard',
    title:
      'moved while the CRM is asked to a place with a guard of its own: ours is lifted, that one serves him',
    guard: GUARD_SECONDS,
    run: async (stage) => {
      const scene = await begin(stage, 'asked');
      const { caller, channel, colleague } = scene;
      const movedMs = now();
      const actions = `m:^:sched_transfer:+7 ${colleague.number} XML default^answer:^park:`;
      await ordered(stage, `uuid_transfer ${channel.uuid} '${actions}' inline`);
      await staysUntil(scene, movedMs + (GUARD_SECONDS + 1) * 1000, movedMs);
      const other = await colleague.called();
      await stage.talk(caller, other, COLLEAGUE_VOICE);
      const tookMs = other.invitedMs - movedMs;
      between('seconds until the next guard', tookMs / 1000, 5.5, 8);
      return `served by the next place's guard after ${seconds(tookMs)}`;
    },
  },
  {
    name: 'guard-missing',
    title: 'a sched_transfer without esl_router_guard: no conversation is torn, and a note names the line',
    dialplan: dialplan([]),
    run: async (stage) => {
      const lasted = await talksOn(stage, LONG_MS);
      return `talking after ${lasted}; "${await checkNote(stage, 'esl_router_guard')}"`;
    },
  },
  {
    name: 'guard-unreadable',
    title: 'esl_router_guard=5s: the same',
    dialplan: dialplan([['set', 'esl_router_guard=5s']]),
    run: async (stage) => {
      const lasted = await talksOn(stage, LONG_MS);
      return `talking after ${lasted}; "${await checkNote(stage, 'esl_router_guard')}"`;
    },
  },
  {
    name: 'guard-without-id',
    title:
      'a dialplan without esl_router_guard_id: the guard is lifted all the same, and a note names the line',
    dialplan: dialplan([['set', 'esl_router_guard=5']]),
    run: async (stage) => {
      const lasted = await talksOn(stage, LONG_MS);
      return `talking after ${lasted}; "${await checkNote(stage, 'esl_router_guard_id')}"`;
    },
  },
  {
    name: 'guard-too-short',
    title: 'a guard of 2 s: no time to ask, and a reason that says so',
    guard: 2,
    run: async (stage) => {
      stage.destination(stage.number());
      const caller = await stage.call();
      const served = await stage.served(caller);
      await sleep(2500);
      check(caller.end === null && stage.group.calls.length === 1, 'torn out of the fallback');
      await caller.hangup();
      const record = await stage.record(caller);
      checkRecord(record, { end: 'dialplan', reason: 'guard_too_short' });
      return `given back after ${seconds(served)}, reason ${record.reason}`;
    },
  },
  {
    name: 'answer-and-bye',
    title:
      'the callee answers and hangs up 2 ms later, then the router hangs while the CRM is asked again: the guard serves',
    guard: GUARD_SECONDS,
    own: { routers: 1 },
    scheme: (_, webhook) => ({ fallback: { onNoAnswer: [{ webhook }] } }),
    run: async (stage) => {
      const line = stage.line(stage.number(), async (call) => {
        call.ring();
        await sleep(100);
        await call.answer(CALLEE_VOICE);
        setTimeout(() => void call.hangup(), 2);
      });
      return hangsWhenAskedAgain(stage, line.number);
    },
  },
  {
    name: 'unconfirmed',
    title:
      'the callee answers and does not confirm (group_confirm_key), then the router hangs while the CRM is asked again: the guard serves',
    guard: GUARD_SECONDS,
    own: { routers: 1 },
    before: [
      ['set', 'group_confirm_key=1'],
      ['set', `group_confirm_file=${TONE}`],
    ],
    scheme: (_, webhook) => ({ forwardingTimeoutSeconds: 3, fallback: { onNoAnswer: [{ webhook }] } }),
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      // The group would have to confirm as well: that it rings is what counts.
      return hangsWhenAskedAgain(stage, line.number, () => stage.group.called(1, (GUARD_SECONDS + 3) * 1000));
    },
  },
  {
    name: 'max-duration-moved',
    title:
      'a maximum of 10 s, and the caller is moved while they talk: the limit goes with him or with the call, and is told truly',
    scheme: { maxDurationSeconds: 10 },
    run: async (stage) => {
      const scene = await begin(stage, 'talking');
      const { caller, channel, colleague } = scene;
      await ordered(stage, `uuid_transfer ${channel.uuid} ${colleague.number} XML default`);
      const movedMs = now();
      const other = await colleague.called();
      await stage.talk(caller, other, COLLEAGUE_VOICE);
      const end = await caller.ended(13_000).catch(() => null);
      if (end === null) await caller.hangup();
      const record = await stage.record(caller);
      const seen = await stage.world.witness.until(channel, 'the end', (one) => one.end);
      checkRecord(record, {
        end: 'moved',
        hangupCause: seen.cause,
        // The router had the switch do it.
        hungUpBy: end === null ? 'caller' : 'router',
        moves: [{ from: 'talking', by: 'transfer', to: colleague.number }],
      });
      return end === null
        ? 'the limit did not follow him'
        : `ended ${seconds(end.atMs - movedMs)} after the move by ${seen.cause}`;
    },
  },
];

/** A was answered by somebody else; then the callee on this line answers: that is when the call is answered. */
async function foreignAnswer(
  stage: Stage,
  line: { called: () => Promise<Parameters<Stage['talk']>[1] & { invitedMs: number }>; number: string },
  voice = SECOND_VOICE,
): Promise<string> {
  const [caller] = stage.callers;
  check(caller !== undefined, 'a caller');
  const callee = await line.called();
  const answered = await callee.journal.until('200 OK', 5000, () =>
    callee.journal.lines.find(({ text }) => text.startsWith('200 OK')),
  );
  await stage.talk(caller, callee, voice);
  await sleep(1500);
  check(caller.end === null, `the conversation was ${caller.end?.how ?? ''}`);
  await stage.talk(caller, callee, voice);
  const talked = (now() - answered.atMs) / 1000;
  await caller.hangup();
  const record = await stage.record(caller);
  checkRecord(record, { end: 'bridged', hungUpBy: 'caller', answeredBy: line.number, talked, moves: [] });
  check(stage.group.calls.length === 0, "the dialplan's fallback rang as well");
  return `answered ${seconds(answered.atMs - caller.placedMs)} after the INVITE, and the record says so`;
}

/** The router is stopped while the second question is open. */
async function hangsWhenAskedAgain(
  stage: Stage,
  number: string,
  served = (caller: OutgoingCall): Promise<unknown> => stage.served(caller, (GUARD_SECONDS + 3) * 1000),
): Promise<string> {
  stage.answer((question) => (question === stage.questions[0] ? { body: { destination: number } } : null));
  const caller = await stage.call();
  await stage.asked(2);
  const askedMs = now();
  present(stage.routers[0], 'the router').suspend();
  await served(caller);
  const waited = (now() - askedMs) / 1000;
  between('seconds until the guard served him', waited, 0, GUARD_SECONDS + 1.5);
  await sleep(2000);
  check(caller.end === null && stage.group.calls.length === 1, 'the fallback did not last');
  return `served by the guard ${waited.toFixed(2)} s after the second question`;
}
