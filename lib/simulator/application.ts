import { bridge } from './bridge.ts';
import { causeNamed, causeOfSipCode } from './cause.ts';
import { readAssignments } from './dialstring.ts';
import { pause, type Application, type Leg } from './leg.ts';
import { textOf, type Bytes } from './message.ts';

/** Waits so long, or until the leg is taken away. */
async function until(leg: Leg, ms: number): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    leg.signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
  if (!leg.signal.aborted) await Promise.race([pause(ms), aborted]);
}

/** `a=b`; an empty value, or none, unsets (mod_dptools.c set_function). */
function assign(leg: Leg, assignment: Bytes): string | null {
  const equals = assignment.indexOf('=');
  const name = (equals < 0 ? assignment : assignment.slice(0, equals)).trim();
  if (name === '') return null;
  leg.channel.set(name, equals < 0 ? '' : assignment.slice(equals + 1));
  return name;
}

function multiset(leg: Leg, argument: Bytes): undefined {
  // Without ^^ the assignments are split at spaces.
  for (const [name, value] of readAssignments(argument, ' ')) leg.channel.set(name, value);
}

function exportVariable(leg: Leg, argument: Bytes): undefined {
  const name = assign(leg, argument.replace(/^nolocal:/, ''));
  const exported = leg.channel.get('export_vars');
  if (name !== null) leg.channel.set('export_vars', exported === undefined ? name : `${exported},${name}`);
}

/** `extension [dialplan [context]]` */
function extensionOf(leg: Leg, argument: Bytes): { extension: string; context: string } {
  const [extension = '', , context] = argument.split(' ');
  return { extension: textOf(extension), context: textOf(context ?? leg.channel.profile.context) };
}

function respond(leg: Leg, argument: Bytes): undefined {
  const code = Number(/^\d{3}/.exec(argument)?.[0] ?? '503');
  leg.respondCode = code;
  leg.hangup(causeOfSipCode(code), 'router');
}

/** `+N rest`: N seconds from now. */
function scheduled(argument: Bytes): { seconds: number; rest: Bytes } {
  const found = /^\+?(\d+)\s*(.*)$/.exec(argument);
  return { seconds: Number(found?.[1] ?? '0'), rest: found?.[2] ?? '' };
}

async function playback(leg: Leg, argument: Bytes): Promise<string> {
  const tone = /^(?:tone_stream|silence_stream):\/\/(?:%\()?(\d+)/.exec(argument);
  if (tone === null) return 'FILE NOT FOUND'; // no files here (17)
  leg.answer();
  leg.channel.callState = 'ACTIVE';
  await until(leg, Number(tone[1]));
  return 'FILE PLAYED';
}

/** What the router's commands, and the dialplan around it, may name. Any other hangs the caller up (14b). */
export const APPLICATIONS: ReadonlyMap<string, Application> = new Map<string, Application>([
  ['bridge', bridge],
  ['playback', playback],
  [
    'sleep',
    async (leg, argument) => {
      await until(leg, Number(argument));
      return undefined;
    },
  ],
  [
    'park',
    async (leg) => {
      await until(leg, 2 ** 31 - 1);
      return undefined;
    },
  ],
  [
    'set',
    (leg, argument) => {
      assign(leg, argument);
      return undefined;
    },
  ],
  ['multiset', multiset],
  ['export', exportVariable],
  [
    'unset',
    (leg, argument) => {
      leg.channel.unset(argument.trim());
      return undefined;
    },
  ],
  [
    'ring_ready',
    (leg) => {
      leg.ringReady(null);
      return undefined;
    },
  ],
  [
    'pre_answer',
    (leg) => {
      leg.earlyMedia(null);
      leg.channel.callState = 'EARLY'; // said by the event after PROGRESS_MEDIA only (17)
      return undefined;
    },
  ],
  [
    'answer',
    (leg) => {
      leg.answer();
      leg.channel.callState = 'ACTIVE'; // said by the event after CHANNEL_ANSWER only (17)
      return undefined;
    },
  ],
  [
    'transfer',
    (leg, argument) => {
      leg.transfer(extensionOf(leg, argument), 'router');
      return undefined;
    },
  ],
  [
    'hangup',
    (leg, argument) => {
      leg.hangup(causeNamed(argument), 'router');
      return undefined;
    },
  ],
  ['respond', respond],
  [
    'sched_hangup',
    (leg, argument) => {
      const { seconds, rest } = scheduled(argument);
      leg.schedule(seconds, () => {
        leg.hangup(causeNamed(rest.split(' ')[0] ?? ''), 'switch');
      });
      return undefined;
    },
  ],
  [
    'sched_transfer',
    (leg, argument) => {
      const { seconds, rest } = scheduled(argument);
      leg.schedule(seconds, () => {
        leg.transfer(extensionOf(leg, rest), 'router');
      });
      return undefined;
    },
  ],
  [
    'sched_cancel',
    (leg) => {
      leg.unschedule();
      return undefined;
    },
  ],
]);
