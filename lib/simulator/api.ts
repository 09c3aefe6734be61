import { causeNamed } from './cause.ts';
import { Leg, type Exchange } from './leg.ts';
import type { Bytes } from './message.ts';

const NO_CHANNEL = '-ERR No such channel!\n';

type Api = (exchange: Exchange, words: readonly Bytes[], argument: Bytes) => Bytes;

function aLeg(exchange: Exchange, uuid: string | undefined): Leg | null {
  const found = exchange.legs.get(uuid ?? '');
  return found instanceof Leg ? found : null;
}

/** A leg that still has something before it: a task for one that is gone would never be cleared. */
function liveLeg(exchange: Exchange, uuid: string | undefined): Leg | null {
  const leg = aLeg(exchange, uuid);
  return leg === null || leg.hungUp ? null : leg;
}

/** `uuid a=1;b=2` */
function setMany(exchange: Exchange, words: readonly Bytes[], argument: Bytes): Bytes {
  const leg = aLeg(exchange, words[0]);
  if (leg === null) return `${NO_CHANNEL}-USAGE: <uuid> <var>=<value>;<var>=<value>...\n`; // 21c
  for (const assignment of argument.slice(argument.indexOf(' ') + 1).split(';')) {
    const equals = assignment.indexOf('=');
    if (equals > 0) leg.channel.set(assignment.slice(0, equals).trim(), assignment.slice(equals + 1));
  }
  return '+OK\n';
}

/** Deletes by task group, which is a channel's uuid: a guard and a sched_hangup alike. */
function unschedule(exchange: Exchange, words: readonly Bytes[]): Bytes {
  const leg = aLeg(exchange, words[0]);
  return `+OK Deleted: ${leg?.schedule.clear() ?? 0}\n`;
}

const STATUS = (count: number): Bytes =>
  'UP 0 years, 0 days, 0 hours, 1 minute, 59 seconds, 330 milliseconds, 938 microseconds\n' +
  `FreeSWITCH (Version 1.11.2-release  64bit) is ready\n${count} session(s) since startup\n` +
  `${count} session(s) - peak ${count}, last 5min ${count} \n` +
  '1 session(s) per Sec out of max 2000, peak 3, last 5min 3 \n20000 session(s) max\n' +
  'min idle cpu 0.00/90.23\nCurrent Stack Size/Max 240K/240K\n';

const APIS: ReadonlyMap<string, Api> = new Map<string, Api>([
  ['status', (exchange) => STATUS(exchange.sessionCount)],
  ['create_uuid', (exchange) => exchange.random.uuid()],
  ['uuid_exists', (exchange, [uuid]) => String(exchange.legs.has(uuid ?? ''))],
  [
    'uuid_getvar',
    (exchange, [uuid, name]) => {
      const leg = aLeg(exchange, uuid);
      return leg === null ? NO_CHANNEL : (leg.channel.lookUp(name ?? '') ?? '_undef_');
    },
  ],
  [
    'uuid_setvar',
    (exchange, [uuid, name, ...value]) => {
      const leg = aLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      leg.channel.set(name ?? '', value.join(' '));
      return '+OK\n';
    },
  ],
  ['uuid_setvar_multi', setMany],
  [
    // As the application ring_ready, at once and without EXECUTE events (measured on 1.11.1).
    'uuid_ring_ready',
    (exchange, [uuid]) => {
      const leg = aLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      leg.ringReady(null);
      return '+OK\n';
    },
  ],
  [
    'uuid_kill',
    (exchange, [uuid, cause]) => {
      const leg = exchange.legs.get(uuid ?? '');
      if (leg === undefined) return NO_CHANNEL;
      leg.kill(causeNamed(cause ?? ''));
      return '+OK\n';
    },
  ],
  [
    'uuid_dump',
    (exchange, [uuid]) => {
      const leg = aLeg(exchange, uuid);
      return leg === null ? NO_CHANNEL : `${leg.channel.event('CHANNEL_DATA')}\n`;
    },
  ],
  ['sched_del', unschedule],
  [
    'sched_transfer',
    (exchange, [when, uuid, extension, dialplan, context]) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      if (dialplan !== 'XML' || extension === undefined || context === undefined) return '-ERR usage\n';
      leg.schedule.addGuard(Number(when ?? '0'), () => {
        leg.transfer({ extension, context }, 'guard');
      });
      return '+OK\n';
    },
  ],
  [
    'sched_hangup',
    (exchange, [when, uuid, cause]) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      leg.schedule.add(Number(when ?? '0'), () => {
        leg.hangup(causeNamed(cause ?? ''), 'switch');
      });
      return '+OK\n';
    },
  ],
]);

/** One API command, as `api` and `bgapi` run it. */
export function runApi(exchange: Exchange, line: Bytes): Bytes {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const api = APIS.get(name);
  if (api === undefined) return `-ERR ${name} Command not found!\n`; // 14
  return api(exchange, words, line.trim().slice(name.length).trimStart());
}
