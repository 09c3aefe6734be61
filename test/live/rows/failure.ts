import { seconds, sleep, SOON } from '../journal.ts';
import { between, check, type Row } from '../row.ts';
import { CALLEE_VOICE } from '../stage.ts';

/** The router is down, hangs or dies: the dialplan alone serves the caller. */

const GUARD_SECONDS = 4;

export const failureRows: readonly Row[] = [
  {
    name: 'router-down',
    title: "nobody listens: the dialplan's fallback at once, not torn away by its guard",
    guard: 3,
    own: { routers: 0, absent: 2 },
    run: async (stage) => {
      const caller = await stage.call();
      const served = await stage.served(caller);
      await sleep(4_000);
      check(
        caller.end === null && stage.group.calls.length === 1,
        'the guard tore the answered fallback away',
      );
      between('seconds until the fallback', served / 1000, 0, 1);
      return `served after ${served.toFixed(0)} ms, still talking ${seconds(performance.now() - caller.placedMs)} after the INVITE`;
    },
  },
  {
    name: 'router-hung',
    title: 'the router hangs (SIGSTOP): the guard takes the caller back, and lets go of him then',
    guard: GUARD_SECONDS,
    own: { routers: 1 },
    run: async (stage) => {
      stage.routers[0]?.suspend();
      const caller = await stage.call();
      const served = await stage.served(caller);
      between('seconds until the fallback', served / 1000, GUARD_SECONDS - 1, GUARD_SECONDS + 1);
      await sleep(2_000);
      check(caller.end === null && stage.group.calls.length === 1, 'the fallback did not last');
      return `served after ${seconds(served)} by a guard of ${GUARD_SECONDS} s`;
    },
  },
  {
    name: 'router-wakes',
    title: 'a router that wakes up after the guard has fired leaves the served caller alone',
    guard: 3,
    own: { routers: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const [router] = stage.routers;
      router?.suspend();
      const caller = await stage.call();
      await stage.served(caller);
      router?.resume();
      await sleep(3_000);
      check(caller.end === null && stage.group.calls.length === 1, 'the caller was torn out of the fallback');
      check(line.calls.length === 0, "the CRM's destination was rung as well");
      return 'talking 3 s after it woke up';
    },
  },
  {
    name: 'router-hung-ringing',
    title:
      "the router hangs while the callee rings: the bridge ends by its timeout, then the dialplan's fallback",
    scheme: { forwardingTimeoutSeconds: 3 },
    own: { routers: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => {
        call.ring();
      });
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.response(180, 180);
      await sleep(500);
      stage.routers[0]?.suspend();
      const end = await callee.ended();
      check(end.how === 'cancelled', `the callee's end: ${end.how}`);
      const served = await stage.served(caller, 12_000);
      return `CANCEL after ${seconds(end.atMs - callee.invitedMs)}, served after ${seconds(served)}`;
    },
  },
  {
    name: 'router-killed-ringing',
    title:
      "the router dies while the callee rings: the bridge ends by its timeout, then the dialplan's fallback",
    scheme: { forwardingTimeoutSeconds: 4 },
    own: { routers: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => {
        call.ring();
      });
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.response(180, 180);
      await sleep(500);
      await stage.routers[0]?.kill();
      const end = await callee.ended();
      check(end.how === 'cancelled', `the callee's end: ${end.how}`);
      const served = await stage.served(caller);
      const rang = (end.atMs - callee.invitedMs) / 1000;
      between('seconds until CANCEL', rang, 3, 5);
      return `CANCEL after ${rang.toFixed(2)} s of 4 s, served after ${seconds(served)}`;
    },
  },
  {
    name: 'router-killed-talking',
    title: 'the router dies while they talk: they go on talking',
    own: { routers: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.routers[0]?.kill();
      await sleep(2_000);
      await stage.talk(caller, callee);
      await callee.hangup();
      const end = await caller.ended();
      check(end.how === 'hung up by the switch', `the caller's end: ${end.how}`);
      check(stage.group.calls.length === 0, 'the fallback rang');
      return 'talking 2 s later; hang-up as always';
    },
  },
  {
    name: 'router-killed-asking',
    title: "the router dies while the CRM is asked: the dialplan's fallback at once",
    own: { routers: 1 },
    run: async (stage) => {
      stage.answer(null);
      const caller = await stage.call();
      await stage.asked();
      await sleep(300);
      await stage.routers[0]?.kill();
      const killedMs = performance.now();
      const { atMs } = await caller.answered();
      await stage.served(caller);
      return `served ${(atMs - killedMs).toFixed(0)} ms after the SIGKILL`;
    },
  },
  {
    name: 'router-stopped-ringing',
    title: 'SIGTERM while the callee rings: the bridge goes on and is answered',
    own: { routers: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), async (call) => {
        call.ring();
        await sleep(2_500);
        await call.answer(CALLEE_VOICE);
      });
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await sleep(500);
      const stoppedMs = performance.now();
      await stage.routers[0]?.stop();
      const took = performance.now() - stoppedMs;
      await caller.answered();
      await stage.talk(caller, callee);
      between('seconds until the router was gone', took / 1000, 0, 6);
      return `router gone after ${seconds(took)}, answered after ${seconds(callee.invitedMs - caller.placedMs + 2_500)}`;
    },
  },
  {
    name: 'second-router',
    title: 'the first of two routers is not there: the second one routes',
    own: { routers: 1, absent: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      return `callee's INVITE ${(callee.invitedMs - caller.placedMs).toFixed(0)} ms`;
    },
  },
  {
    name: 'router-killed-next',
    title: 'the first of two routers is killed between two calls: the second one routes',
    own: { routers: 2 },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const [first, second] = stage.routers;
      check(first !== undefined && second !== undefined, 'two routers');
      for (const router of [first, second]) {
        const caller = await stage.call();
        const callee = await line.called(stage.callers.length);
        await caller.answered();
        await stage.talk(caller, callee);
        await caller.hangup();
        await router.journal.until('the line of its call', SOON, () =>
          router.log([line.number]).length > 0 ? true : undefined,
        );
        await first.kill();
      }
      check(stage.questions.length === 2 && stage.group.calls.length === 0, 'a call went to the fallback');
      return 'a call by each of them';
    },
  },
  {
    name: 'nobody-at-all',
    title: 'no router, and the group does not answer either: busy tone, then a clear end',
    own: { routers: 0, absent: 1 },
    run: async (stage) => {
      stage.world.carrier.on(stage.group.number, (call) => {
        call.refuse('486 Busy Here');
      });
      const caller = await stage.call();
      const { status } = await caller.refused(2 * SOON);
      const { tones } = caller.media;
      check(tones > 100, `${tones} packets of busy tone`);
      check(status === 480, `the caller got ${status}`);
      return `${tones} packets of busy tone, then ${status}`;
    },
  },
];
