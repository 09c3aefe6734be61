import type { CallRecord } from '../../../api/types.ts';

/**
 * A record as this page knows it, out of whatever the store holds: one that an older or a newer router wrote, one of which parts
 * are erased or masked. What is missing is empty, what is of another kind is left out, and nothing is thrown.
 */
export function wholeRecord(given: unknown): CallRecord {
  const record = objectOf(given);
  const call = record['call'];
  const scheme = record['scheme'];
  return {
    id: textOf(record['id']),
    startedAt: dateOf(record['startedAt']),
    call: isObject(call)
      ? {
          uuid: textOf(call['uuid']),
          callId: textOf(call['callId']),
          switch: textOf(call['switch']),
          caller: textOf(call['caller']),
          callerName: textOf(call['callerName']),
          withheld: call['withheld'] === true,
          did: textOf(call['did']),
          context: textOf(call['context']),
          domain: textOf(call['domain']),
          sourceIp: textOf(call['sourceIp']),
        }
      : null,
    pass: numberOf(record['pass']) ?? 1,
    previous: textOrNull(record['previous']),
    scheme: isObject(scheme)
      ? {
          name: textOf(scheme['name']),
          revision: textOf(scheme['revision']),
          chosenBy: textOf(scheme['chosenBy']),
        }
      : null,
    canary: isObject(record['canary']) ? canaryOf(record['canary']) : null,
    requests: listOf(record['requests'], requestOf),
    recalled: listOf(record['recalled'], (one) => ({
      atMs: numberOf(one['atMs']) ?? 0,
      scheme: textOf(one['scheme']),
      stale: one['stale'] === true,
      ageSeconds: numberOf(one['ageSeconds']) ?? 0,
      status: numberOf(one['status']) ?? 0,
      body: textOf(one['body']),
    })),
    readings: listOf(record['readings'], readingOf),
    decisions: listOf(record['decisions'], (one) => ({
      atMs: numberOf(one['atMs']) ?? 0,
      scheme: textOf(one['scheme']),
      via: one['via'] === 'fallback' ? 'fallback' : 'primary',
      result: textOf(one['result']) as CallRecord['result'],
      reason: textOf(one['reason']) as CallRecord['reason'],
      detail: textOf(one['detail']),
      steps: textsOf(one['steps']),
    })),
    bridges: listOf(record['bridges'], (one) => ({
      atMs: numberOf(one['atMs']) ?? 0,
      dialString: textOf(one['dialString']),
      endedMs: numberOf(one['endedMs']),
      answeredBy: textOrNull(one['answeredBy']),
      outcome: textOrNull(one['outcome']) as CallRecord['bridges'][number]['outcome'],
      cause: textOrNull(one['cause']),
    })),
    shadows: listOf(record['shadows'], shadowOf),
    moves: listOf(record['moves'], (one) => ({
      atMs: numberOf(one['atMs']) ?? 0,
      from: textOf(one['from']) as CallRecord['moves'][number]['from'],
      by: textOf(one['by']) as CallRecord['moves'][number]['by'],
      to: textOf(one['to']),
    })),
    notes: textsOf(record['notes']),
    result: textOf(record['result']) as CallRecord['result'],
    reason: textOf(record['reason']) as CallRecord['reason'],
    destination: textOf(record['destination']),
    answeredBy: textOrNull(record['answeredBy']),
    end: textOrNull(record['end']) as CallRecord['end'],
    via: record['via'] === 'fallback' ? 'fallback' : 'primary',
    hangupCause: textOrNull(record['hangupCause']),
    hungUpBy: textOrNull(record['hungUpBy']) as CallRecord['hungUpBy'],
    budgetMs: numberOf(record['budgetMs']),
    guardMs: numberOf(record['guardMs']),
    decidedMs: numberOf(record['decidedMs']),
    answeredMs: numberOf(record['answeredMs']),
    endedMs: numberOf(record['endedMs']),
  };
}

type Fields = Readonly<Record<string, unknown>>;
type Request = CallRecord['requests'][number];

function canaryOf(canary: Fields): NonNullable<CallRecord['canary']> {
  return {
    of: textOf(canary['of']),
    scheme: textOf(canary['scheme']),
    percent: numberOf(canary['percent']) ?? 0,
    side: canary['side'] === 'canary' ? 'canary' : 'rest',
  };
}

function shadowOf(one: Fields): CallRecord['shadows'][number] {
  return {
    scheme: textOf(one['scheme']),
    revision: textOf(one['revision']),
    would: isObject(one['would']) ? outlookOf(one['would']) : null,
    dropped: textOrNull(one['dropped']) as CallRecord['reason'] | null,
    live: isObject(one['live']) ? outlookOf(one['live']) : null,
    differs: typeof one['differs'] === 'boolean' ? one['differs'] : null,
    tookMs: numberOf(one['tookMs']) ?? 0,
    requests: listOf(one['requests'], requestOf),
    readings: listOf(one['readings'], readingOf),
    notes: textsOf(one['notes']),
  };
}

function readingOf(one: Fields): CallRecord['readings'][number] {
  return {
    from: one['from'] === 'fallback' ? 'fallback' : 'reply',
    path: textOf(one['path']),
    text: textOf(one['text']),
    result: textOf(one['result']),
  };
}

function outlookOf(outlook: Fields): NonNullable<CallRecord['shadows'][number]['would']> {
  return {
    scheme: textOrNull(outlook['scheme']),
    result: textOf(outlook['result']) as CallRecord['result'],
    reason: textOf(outlook['reason']) as CallRecord['reason'],
    steps: textsOf(outlook['steps']),
  };
}

function requestOf(one: Fields): Request {
  const { reply, phases } = one;
  return {
    atMs: numberOf(one['atMs']) ?? 0,
    attempt: numberOf(one['attempt']) ?? 1,
    scheme: textOf(one['scheme']),
    webhookId: textOf(one['webhookId']),
    method: textOf(one['method']),
    url: textOf(one['url']),
    headers: headersOf(one['headers']),
    body: textOrNull(one['body']),
    proxy: textOrNull(one['proxy']),
    retries: listOf(one['retries'], (retry) => ({
      reason: textOf(retry['reason']) as CallRecord['reason'],
      detail: textOf(retry['detail']),
    })),
    reply: isObject(reply)
      ? {
          status: numberOf(reply['status']) ?? 0,
          headers: headersOf(reply['headers']),
          body: textOf(reply['body']),
        }
      : null,
    phases: isObject(phases) ? phasesOf(phases) : null,
    answer: textOrNull(one['answer']),
    detail: textOrNull(one['detail']),
  };
}

function phasesOf(phases: Fields): NonNullable<Request['phases']> {
  const counted = ['dns', 'connect', 'tunnel', 'tls', 'firstByte', 'redirects'] as const;
  const known = counted.flatMap((name) => {
    const ms = numberOf(phases[name]);
    return ms === null ? [] : [[name, ms] as const];
  });
  const host = textOrNull(phases['host']);
  return {
    ...Object.fromEntries(known),
    total: numberOf(phases['total']) ?? 0,
    ...(host === null ? {} : { host }),
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function listOf<T>(value: unknown, read: (one: Fields) => T): T[] {
  return Array.isArray(value) ? value.filter(isObject).map(read) : [];
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function headersOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, one]) => [name, textOf(one)]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Never below zero: no moment of a call is before it. */
function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : null;
}

function dateOf(value: unknown): string {
  const text = textOf(value);
  return Number.isNaN(Date.parse(text)) ? new Date(0).toISOString() : text;
}
