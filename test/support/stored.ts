import type { CallRecord } from '../../lib/call/record.ts';
import { newRecord } from '../../lib/call/record.ts';
import { newTraceId } from '../../lib/call/trace.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import type { Config } from '../../lib/config/config.ts';
import type { Logger } from '../../lib/log.ts';
import { Store } from '../../lib/store/store.ts';
import { uuidv7 } from '../../lib/uuid.ts';

/** Records and stores for tests. */

export interface Told {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function listeningLog(): Logger & { readonly lines: Told[] } {
  const lines: Told[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push({ level, message, fields: { ...fields } });
    };
  return { lines, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

export const STORE: Config['store'] = {
  url: 'off',
  dir: '',
  password: '',
  days: 0,
  maxMegabytes: 0,
  maskAfterDays: 0,
};

/** With it no round of the sweeper comes, which on a busy machine would delete what has a date of long ago. */
export const NO_SWEEPS: Clock = {
  ...systemClock,
  after: (ms, callback, options) => (ms < 5_000 ? systemClock.after(ms, callback, options) : () => undefined),
};

interface Opening {
  readonly log?: Logger;
  readonly tenants?: Config['tenants'];
  readonly secrets?: readonly string[];
  readonly clock?: Clock;
}

export async function openStore(
  store: Partial<Config['store']>,
  { log = listeningLog(), tenants = 'one', secrets = [], clock = systemClock }: Opening = {},
): Promise<Store> {
  const config = { store: { ...STORE, ...store }, tenants };
  const opened = await Store.open({ config, log, clock, version: 'test', secrets });
  if (opened === null) throw new Error('the store is off');
  return opened;
}

export interface Given {
  readonly at?: Date;
  readonly caller?: string;
  readonly callerName?: string;
  readonly did?: string;
  readonly uuid?: string;
  readonly domain?: string;
  readonly scheme?: string;
  readonly result?: CallRecord['result'];
  readonly reason?: CallRecord['reason'];
  readonly destination?: string;
  readonly notes?: readonly string[];
  readonly reply?: string;
}

/** A call as the router leaves it. */
export function callRecord(given: Given = {}): CallRecord {
  const { at = new Date(), caller = '380441112233', callerName = 'Iryna', did = '15005550100' } = given;
  const {
    uuid = uuidv7(at).replace('-7', '-4'),
    domain = 'pbx.example',
    scheme = 'sales',
    destination = '101',
  } = given;
  const { result = 'routed', reason = 'routed', notes = [], reply = '{"destination":"101"}' } = given;
  const record = newRecord(newTraceId(at), at);
  const plain = {
    callId: `${uuid}@pbx`,
    switch: 'fs1',
    withheld: false,
    context: 'public',
    sourceIp: '10.0.0.1',
  };
  Object.assign(record, {
    call: { uuid, caller, callerName, did, domain, ...plain },
    scheme: { name: scheme, revision: 'r1', chosenBy: 'default' },
    result,
    reason,
    destination,
    end: 'bridged',
    decidedMs: 120.4,
    answeredMs: 5000,
    endedMs: 65_000.7,
    notes: [...notes],
  });
  record.requests.push({
    atMs: 3,
    attempt: 1,
    scheme,
    webhookId: `msg_${record.id}`,
    method: 'POST',
    url: 'https://crm.example/route',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ caller }),
    proxy: null,
    retries: [],
    reply: { status: 200, headers: { 'content-type': 'application/json' }, body: reply },
    phases: null,
    answer: 'found',
    detail: '',
  });
  record.decisions.push({
    atMs: 120,
    scheme,
    via: 'primary',
    result,
    reason,
    detail: '',
    steps: [`dial ${destination}`],
  });
  return record;
}
