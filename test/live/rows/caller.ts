import { seconds, sleep, SOON } from '../journal.ts';
import { between, check, type Row } from '../row.ts';
import { CALLEE_VOICE } from '../stage.ts';

/** What callers bring along, and callers who give up. */

export const callerRows: readonly Row[] = [
  {
    name: 'latin1-name',
    title: 'a display name in Latin-1 is no more than a name',
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call({ name: 'J\xe9r\xf4me \xff %E9 100%' });
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      const name = (await stage.asked()).body['caller_name'];
      check(typeof name === 'string' && /^J.+r.+me/.test(name), `caller_name: ${JSON.stringify(name)}`);
      return `the CRM read ${JSON.stringify(name)}, the callee was reached`;
    },
  },
  {
    name: 'emergency',
    title: 'a caller who dialled an emergency number: no CRM is asked, the dialplan has the call back',
    before: [['set', 'esl_router_did=112']],
    run: async (stage) => {
      stage.destination('900');
      const caller = await stage.call();
      const served = await stage.served(caller);
      check(stage.questions.length === 0, 'the CRM was asked');
      return `given back after ${served.toFixed(0)} ms, CRM not asked`;
    },
  },
  {
    name: 'withheld',
    title: "a withheld caller's number is in no request and at no callee",
    run: async (stage) => {
      const secret = stage.caller();
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call({
        name: 'Ivan Petrenko',
        headers: [
          ['Privacy', 'id'],
          ['P-Asserted-Identity', `"Ivan Petrenko" <sip:${secret}@127.0.0.1>`],
        ],
      });
      const callee = await line.called();
      await caller.answered();
      const question = await stage.asked();
      const told = JSON.stringify([question.headers, question.text]);
      check(!told.includes(secret) && !told.includes('Petrenko'), `the CRM was told: ${told}`);
      const invite = JSON.stringify([callee.invite.startLine, callee.invite.headers]);
      check(!invite.includes(secret) && !invite.includes('Petrenko'), `the callee was told: ${invite}`);
      return `CRM read caller ${JSON.stringify(question.body['caller'])}; callee read From ${callee.header('From').split(';')[0] ?? ''}, Privacy: ${callee.header('Privacy')}`;
    },
  },
  {
    name: 'withheld-user',
    title: 'the same for a callee who is a user of this switch',
    run: async (stage) => {
      const secret = stage.caller();
      const line = stage.line('202', (call) => call.answer(CALLEE_VOICE), stage.world.phones);
      stage.destination('202');
      const caller = await stage.call({
        from: 'anonymous',
        name: 'Anonymous',
        headers: [
          ['Privacy', 'id'],
          ['P-Asserted-Identity', `"Ivan Petrenko" <sip:${secret}@127.0.0.1>`],
        ],
      });
      const callee = await line.called();
      await caller.answered();
      const invite = JSON.stringify([callee.invite.startLine, callee.invite.headers]);
      check(!invite.includes(secret) && !invite.includes('Petrenko'), `the callee was told: ${invite}`);
      const { text } = await stage.asked();
      check(!text.includes(secret), `the CRM was told: ${text}`);
      return `callee read From ${callee.header('From').split(';')[0] ?? ''}`;
    },
  },
  {
    name: 'cancel-during-webhook',
    title: 'the caller gives up while the CRM is asked: the request is dropped',
    run: async (stage) => {
      stage.answer(null);
      const caller = await stage.call();
      const question = await stage.asked();
      await sleep(1_000);
      caller.cancel();
      const cancelledMs = performance.now();
      const abortedMs = await stage.world.crm
        .journal(stage.row.name)
        .until('the end of the request', SOON, () => question.abortedMs ?? undefined);
      const end = await caller.ended();
      check(end.how === 'cancelled', `the caller's end: ${end.how}`);
      between('seconds from CANCEL to the end of the request', (abortedMs - cancelledMs) / 1000, 0, 0.5);
      check(stage.group.calls.length === 0, 'the fallback rang for nobody');
      return `request dropped ${(abortedMs - cancelledMs).toFixed(0)} ms after the CANCEL`;
    },
  },
  {
    name: 'cancel-during-ringing',
    title: 'the caller gives up while the callee rings: the callee gets CANCEL',
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => {
        call.ring();
      });
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.response(180, 180);
      await sleep(1_000);
      caller.cancel();
      const cancelledMs = performance.now();
      const end = await callee.ended();
      check(end.how === 'cancelled', `the callee's end: ${end.how}`);
      between('seconds from CANCEL to CANCEL', (end.atMs - cancelledMs) / 1000, 0, 0.5);
      await sleep(500);
      check(stage.group.calls.length === 0, 'the fallback rang for nobody');
      return `CANCEL at the callee ${(end.atMs - cancelledMs).toFixed(0)} ms after the caller's`;
    },
  },
  {
    name: 'slow-crm',
    title: 'a caller hears ringing while a slow CRM is asked, and is served when it says nothing',
    scheme: { webhook: { timeoutSeconds: 2 } },
    run: async (stage) => {
      stage.answer(null);
      const caller = await stage.call();
      const { atMs } = await caller.response(180, 180);
      const served = await stage.served(caller);
      between('seconds until the fallback', served / 1000, 1.8, 3);
      return `180 after ${seconds(atMs - caller.placedMs)}, fallback after ${seconds(served)}`;
    },
  },
];
