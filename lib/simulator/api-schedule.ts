import { liveLeg, NO_CHANNEL, type Api, type ApiCall } from './api-words.ts';
import { scheduleBroadcast, scheduleHangup, scheduleTransfer, unschedule } from './appointment.ts';
import { causeNamed } from './cause.ts';
import type { Bytes } from './message.ts';
import type { Task } from './tasks.ts';

/** `+N`: from now. */
function secondsOf(when: Bytes | undefined): number {
  return Number(when ?? '0');
}

/** `sched_api +N <group> <command>`; the only one of its kind that tells the id. */
function schedApi(call: ApiCall): Bytes {
  const [when, group, ...command] = call.words;
  if (group === undefined || command.length === 0) {
    return '-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n';
  }
  return `+OK Added: ${(fallback(call) ?? laterOn(call, secondsOf(when), group, command.join(' '))).id}\n`;
}

/** A router's `uuid_transfer` of its own call is the guard, written in another way. */
function fallback({ exchange, words, author }: ApiCall): Task | null {
  const [when, group, name, uuid, extension, , context] = words;
  if (author.kind !== 'router' || name !== 'uuid_transfer') return null;
  const leg = liveLeg(exchange, uuid);
  if (leg === null || extension === undefined) return null;
  if (group !== uuid) author.violate("a guard in a group that is not its channel's: sched_cancel leaves it");
  const to = { extension, context: context ?? leg.channel.profile.context };
  return scheduleTransfer(leg, secondsOf(when), to, author, true, 'sched_api_function');
}

function laterOn({ exchange, author, run }: ApiCall, seconds: number, group: Bytes, command: Bytes): Task {
  return exchange.tasks.add({
    seconds,
    group,
    description: 'sched_api_function',
    owner: author,
    guard: false,
    run: () => run(command),
  });
}

export const SCHEDULE_APIS: readonly (readonly [string, Api])[] = [
  ['sched_api', schedApi],
  [
    'sched_del',
    ({ exchange, words: [what = ''], author }) =>
      `+OK Deleted: ${unschedule(exchange.tasks, what, author)}\n`,
  ],
  [
    'sched_transfer',
    ({ exchange, words: [when, uuid, extension, dialplan, context], author }) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      if (dialplan !== 'XML' || extension === undefined || context === undefined) return '-ERR usage\n';
      scheduleTransfer(leg, secondsOf(when), { extension, context }, author, author.kind === 'router');
      return '+OK\n';
    },
  ],
  [
    'sched_hangup',
    ({ exchange, words: [when, uuid, cause], author }) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      scheduleHangup(leg, secondsOf(when), causeNamed(cause ?? ''), author);
      return '+OK\n';
    },
  ],
  [
    'sched_broadcast',
    ({ exchange, words: [when, uuid, path = ''], author }) => {
      const leg = liveLeg(exchange, uuid);
      if (leg !== null) scheduleBroadcast(leg, secondsOf(when), path, author);
      return '+OK Message scheduled\n';
    },
  ],
  [
    'show',
    ({ exchange, argument }) => {
      const asked = /^tasks( as json)?$/.exec(argument);
      return asked === null ? '-USAGE: tasks [as json]\n' : exchange.tasks.show(asked[1] !== undefined);
    },
  ],
];
