import { sleep } from '../journal.ts';
import { between, check, type Row } from '../row.ts';
import { CALLEE_VOICE } from '../stage.ts';

/** How far and how long a call may go. */

const MAX_SECONDS = 10;
const HOPS = 'X-ESL-Router-Hops';
/** The router's own default for `maxHops`. */
const MAX_HOPS = 5;

export const policyRows: readonly Row[] = [
  {
    name: 'max-duration',
    title: 'an answered call is hung up when its time is over, by a router that lives',
    scheme: { maxDurationSeconds: MAX_SECONDS },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      const { atMs } = await caller.answered();
      const end = await caller.ended((MAX_SECONDS + 3) * 1000);
      check(end.how === 'hung up by the switch', `the caller's end: ${end.how}`);
      check((await callee.ended()).how === 'hung up by the switch', 'the callee was not hung up');
      const talked = (end.atMs - atMs) / 1000;
      between('seconds of conversation', talked, MAX_SECONDS - 1.5, MAX_SECONDS + 1.5);
      return `hung up ${talked.toFixed(2)} s after the answer`;
    },
  },
  {
    name: 'max-duration-alone',
    title: 'the same when the router was killed before the callee answered: FreeSWITCH does it alone',
    scheme: { maxDurationSeconds: MAX_SECONDS },
    own: { routers: 1 },
    run: async (stage) => {
      const line = stage.line(stage.number(), async (call) => {
        call.ring();
        await sleep(2_000);
        await call.answer(CALLEE_VOICE);
      });
      stage.destination(line.number);
      const caller = await stage.call();
      await line.called();
      await caller.response(180, 180);
      await stage.routers[0]?.kill();
      const { atMs } = await caller.answered();
      const end = await caller.ended((MAX_SECONDS + 3) * 1000);
      const talked = (end.atMs - atMs) / 1000;
      between('seconds of conversation', talked, MAX_SECONDS - 1.5, MAX_SECONDS + 1.5);
      check(stage.group.calls.length === 0, "the guard took the call to the dialplan's fallback");
      return `hung up ${talked.toFixed(2)} s after the answer`;
    },
  },
  {
    name: 'hops',
    title:
      'the callee is told how often routers have dialled the call; nonsense from the caller counts as never',
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const told: string[] = [];
      for (const headers of [[], [[HOPS, '2']], [[HOPS, '2, x']], [[HOPS, '-1']]] as const) {
        const caller = await stage.call({ headers });
        const callee = await line.called(told.length + 1);
        const counts = callee.invite.headers.filter(([name]) => name.toLowerCase() === HOPS.toLowerCase());
        told.push(counts.map(([, value]) => value).join(' and '));
        await caller.answered();
        await caller.hangup();
      }
      check(told.join() === '1,3,1,1', `the callees were told ${told.join()}`);
      return `told ${told.join()}`;
    },
  },
  {
    name: 'hop-limit',
    title: 'a call that routers have dialled too often: no CRM is asked, the dialplan has it back',
    run: async (stage) => {
      stage.destination(stage.number());
      const caller = await stage.call({ headers: [[HOPS, String(MAX_HOPS + 1)]] });
      const served = await stage.served(caller);
      check(stage.questions.length === 0, 'the CRM was asked');
      return `given back after ${served.toFixed(0)} ms, CRM not asked`;
    },
  },
];
