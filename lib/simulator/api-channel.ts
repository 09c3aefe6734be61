import { aLeg, liveLeg, NO_CHANNEL, type Api, type ApiCall } from './api-words.ts';
import { broadcast, STAY } from './appointment.ts';
import { causeNamed } from './cause.ts';
import { readAssignments } from './dialstring.ts';
import type { Extension } from './exchange.ts';
import type { Bytes } from './message.ts';
import { strangersProfile } from './profile.ts';

/** `uuid a=1;b=2`, or with another separator `uuid ^^|a=1|b=2` */
function setMany({ exchange, words, argument }: ApiCall): Bytes {
  const leg = aLeg(exchange, words[0]);
  if (leg === null) return `${NO_CHANNEL}-USAGE: <uuid> <var>=<value>;<var>=<value>...\n`; // 21c
  for (const [name, value] of readAssignments(argument.slice(argument.indexOf(' ') + 1), ';')) {
    leg.channel.set(name, value);
  }
  return '+OK\n';
}

/** `<uuid> [-bleg|-both] <extension> [<dialplan> [<context>]]` */
function transfer({ exchange, words: [uuid, ...rest], author }: ApiCall): Bytes {
  const which = rest[0] === '-bleg' || rest[0] === '-both' ? rest.shift() : null;
  const [extension, , context] = rest;
  if (extension === undefined) return '-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n';
  const leg = liveLeg(exchange, uuid);
  if (leg === null) return NO_CHANNEL;
  if (which === '-bleg') {
    for (const callee of [...leg.callees]) callee.takeElsewhere('switch');
    return '+OK\n';
  }
  const to: Extension = { extension, context: context ?? leg.channel.profile.context };
  if (author.kind === 'router') leg.transfer(to, 'router');
  else leg.transferAway(to, { by: 'transfer', to: `${to.extension}/${to.context}`, stay: STAY });
  return '+OK\n';
}

/** `<uuid> <other_uuid>`: both leave what they do, and are joined; the first is the A side. */
function join({ exchange, words: [first, second] }: ApiCall): Bytes {
  const leg = liveLeg(exchange, first);
  const other = liveLeg(exchange, second);
  if (leg === null || other === null || leg === other) return '-ERR Invalid uuid\n';
  const profiles = [leg, other].map(({ channel: { profile } }) => strangersProfile(profile, profile.uuid));
  const [mine = leg.channel.profile, theirs = other.channel.profile] = profiles;
  leg.joinTo({ profile: theirs, role: 'originator' }, { by: 'bridge', to: other.uuid, stay: STAY });
  other.joinTo({ profile: mine, role: 'originatee' }, { by: 'bridge', to: leg.uuid, stay: STAY });
  return `+OK ${other.uuid}\n`;
}

export const CHANNEL_APIS: readonly (readonly [string, Api])[] = [
  ['uuid_exists', ({ exchange, words: [uuid] }) => String(exchange.legs.has(uuid ?? ''))],
  [
    'uuid_getvar',
    ({ exchange, words: [uuid, name] }) => {
      const leg = aLeg(exchange, uuid);
      return leg === null ? NO_CHANNEL : (leg.channel.lookUp(name ?? '') ?? '_undef_');
    },
  ],
  [
    'uuid_setvar',
    ({ exchange, words: [uuid, name, ...value] }) => {
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
    ({ exchange, words: [uuid] }) => {
      const leg = aLeg(exchange, uuid);
      if (leg === null) return '-ERROR\n';
      leg.ringReady(null);
      return '+OK\n';
    },
  ],
  [
    'uuid_answer',
    ({ exchange, words: [uuid] }) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return '-ERROR\n';
      leg.answer();
      leg.channel.callState = 'ACTIVE';
      return '+OK\n';
    },
  ],
  [
    'uuid_broadcast',
    ({ exchange, words: [uuid, path = ''] }) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return '-ERR invalid uuid\n';
      broadcast(leg, path);
      return '+OK Message sent\n';
    },
  ],
  [
    'uuid_kill',
    ({ exchange, words: [uuid, cause], author }) => {
      const leg = exchange.legs.get(uuid ?? '');
      if (leg === undefined) return NO_CHANNEL;
      leg.kill(causeNamed(cause ?? ''), author.kind === 'router' ? 'router' : 'switch');
      return '+OK\n';
    },
  ],
  ['uuid_transfer', transfer],
  [
    'uuid_park',
    ({ exchange, words: [uuid] }) => {
      const leg = liveLeg(exchange, uuid);
      if (leg === null) return NO_CHANNEL;
      leg.parkAway({ by: 'park', to: 'park', stay: STAY });
      return '+OK\n';
    },
  ],
  ['uuid_bridge', join],
  [
    'uuid_dump',
    ({ exchange, words: [uuid] }) => {
      const leg = aLeg(exchange, uuid);
      return leg === null ? NO_CHANNEL : `${leg.channel.event('CHANNEL_DATA')}\n`;
    },
  ],
];
