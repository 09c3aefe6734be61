import { quantile, sum, type Numbers } from './top-numbers.ts';
import { table } from './table.ts';

/** What `top` shows of a router: its calls, its CRMs, and what waits. */

/** What was seen of the router at one moment. */
export interface Glance {
  /** Milliseconds, of the same clock as the others. */
  readonly atMs: number;
  readonly numbers: Numbers;
  readonly live: Live;
}

export interface Live {
  readonly at: string;
  readonly counts: { readonly live: number };
  readonly calls: readonly LiveCall[];
}

interface LiveCall {
  readonly state: string;
  readonly since: string;
  readonly caller: string;
  readonly did: string;
  readonly scheme: string | null;
  readonly destination: string;
}

export interface Paper {
  readonly width: number;
  /** Lines; what does not fit is counted. */
  readonly height: number;
}

const RESULTS = ['routed', 'no_route', 'error', 'no_answer', 'refused', 'abandoned'];
const STATES = ['deciding', 'asking', 'ringing', 'talking'];
/** Of schemes; those with the most questions. */
const MOST_SCHEMES = 8;
const MOST_BREAKERS = 5;
const WEBHOOK = 'esl_router_webhook_seconds';

/** Rates are those since `before`. */
export function pageOf(title: string, before: Glance, now: Glance, { width, height }: Paper): string[] {
  const { numbers, live } = now;
  const seconds = (now.atMs - before.atMs) / 1000;
  const rate = (name: string, labels: Readonly<Record<string, string>> = {}): string => {
    if (seconds <= 0) return '-';
    const more = sum(numbers, name, labels) - sum(before.numbers, name, labels);
    return (Math.max(0, more) / seconds).toFixed(1);
  };
  const of = (name: string, labels = {}): number => sum(numbers, `esl_router_${name}`, labels);
  const states = STATES.map((state) => `${of('live_calls', { state })} ${state}`);
  const ready = of('ready') === 1 ? 'ready' : 'NOT READY';
  const lagMs = Math.round(of('event_loop_lag_seconds') * 1000);
  const calls = table(
    [
      ['calls/s', ...RESULTS],
      [
        rate('esl_router_calls_received_total'),
        ...RESULTS.map((result) => rate('esl_router_calls_total', { result })),
      ],
    ],
    width,
  );
  const top = [
    `${title}  ${ready}  lag ${lagMs} ms`,
    `${live.counts.live} live: ${states.join(', ')}`,
    '',
    ...calls.split('\n'),
    '',
    ...schemes(before, now, rate, width),
    '',
    ...breakers(numbers),
    ...keeping(numbers, of),
  ];
  return [...top, ...callsOf(live, { width, height: height - top.length })];
}

function schemes(
  before: Glance,
  now: Glance,
  rate: (name: string, labels: Readonly<Record<string, string>>) => string,
  width: number,
): string[] {
  const series = now.numbers.get('esl_router_webhook_requests_total') ?? [];
  const asked = series
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => {
      const { scheme = '' } = labels;
      return { scheme, recent: value - sum(before.numbers, 'esl_router_webhook_requests_total', { scheme }) };
    })
    .sort((one, other) => other.recent - one.recent);
  if (asked.length === 0) return ['no CRM has been asked yet'];
  const ms = (share: number, scheme: string): string => {
    const found = quantile(share, WEBHOOK, { scheme }, [before.numbers, now.numbers]);
    return found === null ? '-' : `${Math.round(found * 1000)} ms`;
  };
  const rows = asked
    .slice(0, MOST_SCHEMES)
    .map(({ scheme }) => [
      scheme,
      rate('esl_router_webhook_requests_total', { scheme }),
      ms(0.5, scheme),
      ms(0.95, scheme),
      rate('esl_router_webhook_failures_total', { scheme }),
      rate('esl_router_webhook_retries_total', { scheme }),
    ]);
  const more = asked.length - rows.length;
  return [
    ...table([['scheme', 'asked/s', 'p50', 'p95', 'failed/s', 'retries/s'], ...rows], width).split('\n'),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function breakers(numbers: Numbers): string[] {
  const all = numbers.get('esl_router_circuit_breaker_open') ?? [];
  const open = all.filter(({ value }) => value === 1).map(({ labels }) => labels['webhook'] ?? '');
  if (open.length === 0) return [`circuit breakers: ${all.length} closed`];
  const more = open.length - MOST_BREAKERS;
  return [
    ...open.slice(0, MOST_BREAKERS).map((name) => `circuit breaker OPEN: ${name}`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function keeping(numbers: Numbers, of: (name: string, labels?: Record<string, string>) => number): string[] {
  if (!numbers.has('esl_router_store_up')) return [];
  const [up, queue, lost] = [of('store_up'), of('store_queue_records'), of('store_lost_records_total')];
  const store = `store ${up === 1 ? 'up' : 'DOWN'}, ${queue} queued, ${lost} lost`;
  const [waiting, parked] = ['waiting', 'parked'].map((state) => of('deliveries', { state }));
  return [`${store}; events: ${waiting ?? 0} waiting, ${parked ?? 0} parked`];
}

function callsOf({ at, calls, counts }: Live, { width, height }: Paper): string[] {
  // A blank line and the head of the table come first, and the count of the rest last.
  const room = height - 3;
  if (calls.length === 0 || room < 1) return [];
  const rows = calls.slice(0, room).map(({ state, since, caller, did, scheme, destination }) => {
    const seconds = Math.max(0, Math.round((Date.parse(at) - Date.parse(since)) / 1000));
    return [state, `${seconds} s`, caller, did, scheme ?? '', destination].map((text) =>
      // By characters: half of one is none.
      Array.from(text).slice(0, MOST_CELL).join(''),
    );
  });
  const lines = table([['state', 'for', 'caller', 'did', 'scheme', 'destination'], ...rows], width).split(
    '\n',
  );
  const more = counts.live - rows.length;
  return ['', ...lines.slice(0, room + 1), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** So that one call takes one line of a terminal. */
const MOST_CELL = 16;
