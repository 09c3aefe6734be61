import { setTimeout as delay } from 'node:timers/promises';
import { scheduleBroadcast, scheduleHangup, scheduleTransfer, unschedule } from './appointment.ts';
import { bridge } from './bridge.ts';
import { causeNamed, causeOfSipCode } from './cause.ts';
import { readAssignments } from './dialstring.ts';
import type { Author } from './author.ts';
import type { Application, Leg } from './leg.ts';
import { textOf, type Bytes } from './message.ts';

/** Waits so long, or until the leg is taken away. */
async function until(leg: Leg, ms: number): Promise<undefined> {
  const { signal } = leg;
  await delay(ms, undefined, { signal }).catch(() => undefined);
  return undefined;
}

/** Longer than any call. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** An application that is done when its function returns. */
function instant(run: (leg: Leg, argument: Bytes, author: Author) => void): Application {
  return (leg, argument, author) => {
    run(leg, argument, author);
    return undefined;
  };
}

/** `a=b`; an empty value, or none, unsets (mod_dptools.c set_function). */
function assign(leg: Leg, assignment: Bytes): string | null {
  const equals = assignment.indexOf('=');
  const name = (equals < 0 ? assignment : assignment.slice(0, equals)).trim();
  if (name === '') return null;
  leg.channel.set(name, equals < 0 ? '' : assignment.slice(equals + 1));
  return name;
}

function multiset(leg: Leg, argument: Bytes): void {
  // Without ^^ the assignments are split at spaces.
  for (const [name, value] of readAssignments(argument, ' ')) leg.channel.set(name, value);
}

function exportVariable(leg: Leg, argument: Bytes): void {
  const name = assign(leg, argument.replace(/^nolocal:/, ''));
  const exported = leg.channel.get('export_vars');
  if (name !== null) leg.channel.set('export_vars', exported === undefined ? name : `${exported},${name}`);
}

/** `extension [dialplan [context]]` */
function extensionOf(leg: Leg, argument: Bytes): { extension: string; context: string } {
  const [extension = '', , context] = argument.split(' ');
  return { extension: textOf(extension), context: textOf(context ?? leg.channel.profile.context) };
}

function respond(leg: Leg, argument: Bytes): void {
  const code = Number(/^\d{3}/.exec(argument)?.[0] ?? '503');
  leg.respondCode = code;
  leg.hangup(causeOfSipCode(code), 'router');
}

/** `+N rest`: N seconds from now. */
function scheduled(argument: Bytes): { seconds: number; rest: Bytes } {
  const found = /^\+?(\d+)\s*(.*)$/.exec(argument);
  return { seconds: Number(found?.[1] ?? '0'), rest: found?.[2] ?? '' };
}

/** The whole group of the channel, or by digits one task; an empty argument is the channel's own uuid. */
function cancel(leg: Leg, argument: Bytes, author: Author): void {
  unschedule(leg.exchange.tasks, argument === '' ? leg.uuid : argument, author);
}

async function playback(leg: Leg, argument: Bytes): Promise<string> {
  const tone = /^(?:tone_stream|silence_stream):\/\/(?:%\()?(\d+)/.exec(argument);
  if (tone === null) return 'FILE NOT FOUND'; // no files here (17)
  // Early media, not an answer (1.11.1).
  leg.earlyMedia(null);
  leg.channel.callState = leg.channel.answerState === 'answered' ? 'ACTIVE' : 'EARLY';
  await until(leg, Number(tone[1]));
  return 'FILE PLAYED';
}

/** What the router's commands, and the dialplan around it, may name. Any other hangs the caller up (14b). */
export const APPLICATIONS: ReadonlyMap<string, Application> = new Map<string, Application>([
  ['bridge', bridge],
  ['playback', playback],
  ['sleep', (leg, argument) => until(leg, Number(argument))],
  ['park', (leg) => until(leg, FOR_EVER_MS)],
  ['set', instant(assign)],
  ['multiset', instant(multiset)],
  ['export', instant(exportVariable)],
  [
    'unset',
    instant((leg, argument) => {
      leg.channel.unset(argument.trim());
    }),
  ],
  [
    'ring_ready',
    instant((leg) => {
      leg.ringReady(null);
    }),
  ],
  [
    'pre_answer',
    instant((leg) => {
      leg.earlyMedia(null);
      leg.channel.callState = 'EARLY'; // said by the event after PROGRESS_MEDIA only (17)
    }),
  ],
  [
    'answer',
    instant((leg) => {
      leg.answer();
      leg.channel.callState = 'ACTIVE'; // said by the event after CHANNEL_ANSWER only (17)
    }),
  ],
  [
    'transfer',
    instant((leg, argument) => {
      leg.transfer(extensionOf(leg, argument), 'router');
    }),
  ],
  [
    'hangup',
    instant((leg, argument) => {
      leg.hangup(causeNamed(argument), 'router');
    }),
  ],
  ['respond', instant(respond)],
  [
    'sched_hangup',
    instant((leg, argument, author) => {
      const { seconds, rest } = scheduled(argument);
      const task = scheduleHangup(leg, seconds, causeNamed(rest.split(' ')[0] ?? ''), author);
      leg.channel.set('last_sched_id', String(task.id));
    }),
  ],
  [
    'sched_transfer',
    instant((leg, argument, author) => {
      const { seconds, rest } = scheduled(argument);
      const task = scheduleTransfer(leg, seconds, extensionOf(leg, rest), author, author.kind === 'router');
      leg.channel.set('last_sched_id', String(task.id));
    }),
  ],
  [
    'sched_broadcast',
    instant((leg, argument, author) => {
      const { seconds, rest } = scheduled(argument);
      const task = scheduleBroadcast(leg, seconds, rest.split(' ')[0] ?? '', author);
      leg.channel.set('last_sched_id', String(task.id));
    }),
  ],
  ['sched_cancel', instant(cancel)],
]);
