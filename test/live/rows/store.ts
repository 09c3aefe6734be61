import { join } from 'node:path';
import { sleep } from '../journal.ts';
import { between, check, present, type Row } from '../row.ts';
import { CALLEE_VOICE } from '../stage.ts';

/** What needs a store, or writes into it: the last agent, and schemes in shadow. */

const TALK_MS = 1500;
/** Records are written behind the call, in batches. */
const WRITTEN_MS = 1000;

export const storeRows: readonly Row[] = [
  {
    name: 'last-agent',
    title: 'the CRM is down: the caller reaches whom he talked to before, by the records of the router',
    own: { routers: 1 },
    settings: (folder) => ({ STORE_URL: `sqlite:${join(folder, 'last-agent.db')}`, API_PORT: '0' }),
    scheme: { fallback: { onError: [{ lastAgent: { days: 1, minTalkSeconds: 1 } }] } },
    run: async (stage) => {
      const from = stage.caller();
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const first = await stage.call({ from });
      await first.answered();
      await stage.talk(first, await line.called());
      await sleep(TALK_MS);
      await first.hangup();
      await stage.record(first);
      await sleep(WRITTEN_MS);

      stage.answer(() => ({ status: 503, body: 'down' }));
      const second = await stage.call({ from });
      await second.answered();
      await stage.talk(second, await line.called(2));
      await second.hangup();
      const stranger = await stage.call({ from: stage.caller(7) });
      const served = await stage.served(stranger);
      check(line.calls.length === 2, 'a caller without a past was put through to the last agent of another');
      return `the same callee twice, the second time with a CRM that is down; a new caller was served by the dialplan after ${served.toFixed(0)} ms`;
    },
  },
  {
    name: 'mode-shadow',
    title: 'a scheme in mode shadow: the CRM is asked, and the caller goes his old way at once',
    scheme: { mode: 'shadow' },
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.answer(() => ({ body: { destination: line.number }, afterMs: 1500 }));
      const caller = await stage.call();
      const served = await stage.served(caller);
      const question = await stage.asked();
      check(
        question.headers['x-esl-router-dry-run'] === '1',
        'the question does not say that nothing follows',
      );
      await caller.hangup();
      const record = await stage.record(caller);
      check(record.reason === 'scheme_shadow', `reason ${record.reason}`);
      await sleep(1500);
      check(line.calls.length === 0, 'a shadow rang somebody');
      between('ms until the old way served him', served, 0, 1000);
      return `served by the dialplan after ${served.toFixed(0)} ms, asked and nobody rung: ${present(question.headers['webhook-id'], 'webhook-id').toString().slice(0, 8)}`;
    },
  },
];
