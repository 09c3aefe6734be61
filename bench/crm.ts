/** A CRM that answers every question at once, or leaves it hanging. Its own process, on the switch's core. */
import { startCrm, type CrmReply } from '../lib/simulator/index.ts';
import { DESTINATION } from './peers/job.ts';
import type { CrmOrder, CrmReport } from './order.ts';

const ANSWER: CrmReply = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ destination: DESTINATION }),
};

let hanging = false;
let asked = 0;

const crm = await startCrm(
  () => {
    asked++;
    return hanging ? { hang: true } : ANSWER;
  },
  { record: false },
);

function tell(report: CrmReport): void {
  process.send?.(report);
}

process.on('message', (order: CrmOrder) => {
  if (order.kind === 'count') {
    tell({ kind: 'asked', count: asked });
    return;
  }
  hanging = order.kind === 'hang';
  asked = 0;
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready', url: `${crm.url}/route` });
