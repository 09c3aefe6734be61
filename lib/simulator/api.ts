import { CHANNEL_APIS } from './api-channel.ts';
import { SCHEDULE_APIS } from './api-schedule.ts';
import { aLeg, type Api } from './api-words.ts';
import type { Author } from './author.ts';
import type { Exchange } from './exchange.ts';
import type { Bytes } from './message.ts';

const STATUS = (count: number): Bytes =>
  'UP 0 years, 0 days, 0 hours, 1 minute, 59 seconds, 330 milliseconds, 938 microseconds\n' +
  `FreeSWITCH (Version 1.11.2-release  64bit) is ready\n${count} session(s) since startup\n` +
  `${count} session(s) - peak ${count}, last 5min ${count} \n` +
  '1 session(s) per Sec out of max 2000, peak 3, last 5min 3 \n20000 session(s) max\n' +
  'min idle cpu 0.00/90.23\nCurrent Stack Size/Max 240K/240K\n';

const APIS: ReadonlyMap<string, Api> = new Map<string, Api>([
  ['status', ({ exchange }) => STATUS(exchange.sessionCount)],
  ['create_uuid', ({ exchange }) => exchange.random.uuid()],
  ...CHANNEL_APIS,
  ...SCHEDULE_APIS,
]);

/** One API command, as `api` and `bgapi` run it, the hooks of a dial string, and `sched_api` when its time has come. */
export function runApi(exchange: Exchange, line: Bytes, author: Author): Bytes {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const api = APIS.get(name);
  if (api === undefined) return `-ERR ${name} Command not found!\n`; // 14
  const refused = exchange.refuses(name) || aLeg(exchange, words[0])?.script.refuses?.includes(name) === true;
  if (refused) return '-ERROR\n'; // as uuid_ring_ready says it (1.11.1)
  const argument = line.trim().slice(name.length).trimStart();
  return api({ exchange, words, argument, author, run: (command) => runApi(exchange, command, author) });
}
