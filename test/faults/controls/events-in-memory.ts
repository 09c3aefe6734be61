/** It tells the CRM of its calls from memory: each event again and again until the CRM has taken it, in order. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WANTED } from '../stage.ts';
import { serve } from './controller.ts';

const url = `${process.env['CRM_URL'] ?? ''}/events`;
const calls = new Map<string, { seq: number; last: Promise<void> }>();

async function deliver(body: string): Promise<void> {
  for (;;) {
    const signal = AbortSignal.timeout(2_000);
    const isTaken = await fetch(url, { method: 'POST', body, signal }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isTaken) return;
    await delay(500);
  }
}

function tell(uuid: string, event: string): void {
  const { seq, last } = calls.get(uuid) ?? { seq: 0, last: Promise.resolve() };
  const body = JSON.stringify({ event, event_id: randomUUID(), seq: seq + 1, uuid, result: '' });
  calls.set(uuid, { seq: seq + 1, last: last.then(() => deliver(body)) });
  if (event === 'ended') calls.delete(uuid);
}

serve(
  ({ uuid }) => {
    tell(uuid, 'ringing');
    return Promise.resolve(WANTED);
  },
  {
    port: Number(process.env['PORT']),
    onEvent: ({ uuid }, name) => {
      if (name === 'CHANNEL_ANSWER') tell(uuid, 'answered');
      if (name === 'CHANNEL_HANGUP_COMPLETE') tell(uuid, 'ended');
    },
  },
);
