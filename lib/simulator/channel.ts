import { bytesOf, header, type Bytes } from './message.ts';
import { q850Of } from './cause.ts';
import { baseVariables, mediaVariables, profileLines, type Moment, type Profile } from './profile.ts';
import type { Random } from './random.ts';
import type { CallScript } from './types.ts';

/** Where in FreeSWITCH's source each event is fired: 1.11.2, as every recording says. */
const ORIGIN = {
  CHANNEL_DATA: ['mod_event_socket.c', 'parse_command', 2029],
  CHANNEL_PARK: ['switch_ivr.c', 'switch_ivr_park', 1002],
  CHANNEL_UNPARK: ['switch_ivr.c', 'switch_ivr_park', 1213],
  CHANNEL_EXECUTE: ['switch_core_session.c', 'switch_core_session_exec', 2949],
  CHANNEL_EXECUTE_COMPLETE: ['switch_core_session.c', 'switch_core_session_exec', 2972],
  CHANNEL_PROGRESS: ['switch_channel.c', 'switch_channel_perform_mark_ring_ready_value', 3507],
  CHANNEL_PROGRESS_MEDIA: ['switch_channel.c', 'switch_channel_perform_mark_pre_answered', 3562],
  CHANNEL_ANSWER: ['switch_channel.c', 'switch_channel_perform_mark_answered', 3848],
  CHANNEL_BRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1689],
  CHANNEL_UNBRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1879],
  CHANNEL_HANGUP: ['switch_channel.c', 'switch_channel_perform_hangup', 3447],
  CHANNEL_STATE: ['switch_channel.c', 'switch_channel_perform_set_running_state', 2409],
  CHANNEL_HANGUP_COMPLETE: ['switch_core_state_machine.c', 'switch_core_session_reporting_state', 943],
  BACKGROUND_JOB: ['mod_event_socket.c', 'api_exec', 1580],
} as const;

export type EventName = keyof typeof ORIGIN;

export function isEventName(word: string): word is EventName {
  return word in ORIGIN;
}

/** The switch that the channel lives on: its identity, its clock's events, its count of them. */
export interface SwitchIdentity {
  readonly coreUuid: string;
  nextSequence(): number;
}

let second = 0;
let dateLines = '';

/** Dates change once a second, and are needed for every event. */
function datesAt(nowMs: number): string {
  const current = Math.floor(nowMs / 1000);
  if (current !== second) {
    second = current;
    const date = new Date(nowMs);
    const local = date.toISOString().slice(0, 19).replace('T', ' ');
    dateLines = header('Event-Date-Local', local) + header('Event-Date-GMT', date.toUTCString());
  }
  return dateLines;
}

/** The headers with which every event begins. */
export function eventHead(name: EventName, identity: SwitchIdentity): string {
  const [file, place, line] = ORIGIN[name];
  const now = Date.now();
  return (
    `Event-Name: ${name}\nCore-UUID: ${identity.coreUuid}\nFreeSWITCH-Hostname: fs1\nFreeSWITCH-Switchname: fs1\n` +
    `FreeSWITCH-IPv4: 192.0.2.2\nFreeSWITCH-IPv6: fd00%3A%3A2\n${datesAt(now)}Event-Date-Timestamp: ${now}000\n` +
    `Event-Calling-File: ${file}\nEvent-Calling-Function: ${place}\nEvent-Calling-Line-Number: ${line}\n` +
    `Event-Sequence: ${identity.nextSequence()}\n`
  );
}

const STATE_NUMBER = {
  CS_ROUTING: 2,
  CS_SOFT_EXECUTE: 3,
  CS_EXECUTE: 4,
  CS_EXCHANGE_MEDIA: 5,
  CS_PARK: 6,
  CS_CONSUME_MEDIA: 7,
  CS_HIBERNATE: 8,
  CS_RESET: 9,
  CS_HANGUP: 10,
  CS_REPORTING: 11,
} as const;

export type State = keyof typeof STATE_NUMBER;

/** The A leg as data: its profile, its variables, its states, and the events that show them. */
export class Channel {
  readonly uuid: string;
  readonly name: Bytes;
  state: State = 'CS_EXECUTE';
  /** Where a move leads: the number says so at once, the name when the leg has left what it did. */
  nextState: State | null = null;
  callState: 'RINGING' | 'EARLY' | 'ACTIVE' | 'HANGUP' = 'RINGING';
  answerState: 'ringing' | 'early' | 'answered' | 'hangup' = 'ringing';
  hangupCause: string | null = null;
  profile: Profile;
  /** The leg last bridged to; it stays in every later event. */
  other: Profile | null = null;
  /** What the other leg is: a callee, or a call that has taken this one. */
  otherType: 'originatee' | 'originator' = 'originatee';
  /** 180 was passed on: CHANNEL_PROGRESS comes once in a leg's life (10b). */
  ringReady = false;

  readonly #identity: SwitchIdentity;
  readonly #variables = new Map<string, Bytes>();
  readonly #lines = new Map<string, string>();
  #rendered: string | null = null;

  constructor(script: CallScript, identity: SwitchIdentity, random: Random, lean: boolean) {
    this.#identity = identity;
    this.uuid = script.uuid ?? random.uuid();
    const caller = bytesOf(script.caller);
    // FreeSWITCH cuts a channel's name at 255 bytes; the number stays whole (22u).
    this.name = `sofia/internal/${caller}@127.0.0.1`.slice(0, 255);
    const now = Date.now();
    this.profile = {
      direction: 'inbound',
      logicalDirection: 'inbound',
      callerNumber: caller,
      callerName: bytesOf(script.callerName ?? script.caller),
      callee: null,
      destination: bytesOf(script.did),
      uuid: this.uuid,
      context: bytesOf(script.context ?? 'public'),
      transferSource: null,
      redirectedFrom: null,
      channelName: this.name,
      profileIndex: 1,
      hidden: script.privacy === true,
      times: { created: now, answered: 0, progress: 0, progressMedia: 0, hangup: 0, transfer: 0, bridged: 0 },
    };
    for (const [name, value] of baseVariables(this.profile, random, lean)) this.set(name, value);
    if (script.answered === true || script.lateAnswer === true) {
      this.markAnswered();
      this.set('endpoint_disposition', 'ANSWER');
      this.callState = 'ACTIVE';
    }
  }

  get(name: string): Bytes | undefined {
    return this.#variables.get(name);
  }

  /** As `getvar` looks: the profile's own fields first. */
  lookUp(name: string): Bytes | undefined {
    const { profile } = this;
    switch (name) {
      case 'caller_id_number':
      case 'ani':
        return profile.callerNumber;
      case 'caller_id_name':
        return profile.callerName;
      case 'destination_number':
        return profile.destination;
      case 'context':
        return profile.context;
      default:
        return this.get(name);
    }
  }

  /** Something has happened to the leg now. */
  stamp(moment: Moment): void {
    this.profile = { ...this.profile, times: { ...this.profile.times, [moment]: Date.now() } };
  }

  nameCallee(callee: Bytes): void {
    this.profile = { ...this.profile, callee };
  }

  /** Whether the A leg was ever answered: it is still so after its hang-up. */
  get wasAnswered(): boolean {
    return this.profile.times.answered > 0;
  }

  /** An empty value unsets, as in FreeSWITCH. */
  set(name: string, value: Bytes): void {
    if (value === '') {
      this.unset(name);
      return;
    }
    this.#variables.set(name, value);
    this.#lines.set(name, header(`variable_${name}`, value));
    this.#rendered = null;
  }

  unset(name: string): void {
    this.#variables.delete(name);
    if (this.#lines.delete(name)) this.#rendered = null;
  }

  /** `originate_causes` and its like grow: `a`, then `ARRAY::a|:b` (10). */
  push(name: string, value: Bytes): void {
    const before = this.get(name);
    if (before === undefined) this.set(name, value);
    else this.set(name, `${before.startsWith('ARRAY::') ? '' : 'ARRAY::'}${before}|:${value}`);
  }

  /** The call goes to another extension: all its events show that from now on. */
  enter(extension: Bytes, context: Bytes, transferUuid: string): void {
    this.#turnOver(`${transferUuid}:bl_xfer:${extension}/${context}/XML`, {
      destination: extension,
      context,
      redirectedFrom: this.profile.destination,
    });
    this.other = null;
    this.unset('signal_bond');
    this.nextState = 'CS_ROUTING';
  }

  /** The call is joined to another one, and takes its number for the caller's when it is the called side. */
  join(other: Profile, role: 'originatee' | 'originator', transferUuid: string): void {
    const { callerNumber, callerName } = role === 'originator' ? other : this.profile;
    this.#turnOver(`${transferUuid}:uuid_br:${other.uuid}`, { callerNumber, callerName });
    if (role === 'originator' || this.other === null) this.otherType = 'originator';
    this.other = other;
    this.set('signal_bond', other.uuid);
    this.set('bridge_uuid', other.uuid);
    this.set('bridge_channel', other.channelName);
    this.nextState = 'CS_HIBERNATE';
  }

  /** A new caller profile: its number goes up by one, and who put it there is in it. */
  #turnOver(source: string, changes: Partial<Profile>): void {
    const transferSource = `${Math.floor(Date.now() / 1000)}:${source}`;
    const profileIndex = (this.profile.profileIndex ?? 1) + 1;
    const times = { ...this.profile.times, bridged: 0 };
    this.profile = { ...this.profile, ...changes, transferSource, profileIndex, times };
    this.set('transfer_source', transferSource);
    this.push('transfer_history', transferSource);
  }

  get variables(): ReadonlyMap<string, Bytes> {
    return this.#variables;
  }

  markEarly(): void {
    this.answerState = 'early';
    this.stamp('progressMedia');
    for (const [name, value] of mediaVariables()) this.set(name, value);
    this.set('endpoint_disposition', 'EARLY MEDIA');
  }

  markAnswered(): void {
    this.answerState = 'answered';
    this.stamp('answered');
    for (const [name, value] of mediaVariables()) this.set(name, value);
  }

  markHungUp(cause: string): void {
    this.answerState = 'hangup';
    this.hangupCause = cause;
    this.stamp('hangup');
  }

  /** An event of this leg; `extra` follows the head, `tail` the variables. */
  event(name: EventName, tail = '', extra = ''): string {
    // CHANNEL_STATE carries no variables: 94 headers where the next event has 271 (01).
    const variables = name === 'CHANNEL_STATE' ? '' : this.#renderVariables();
    return `${eventHead(name, this.#identity)}${extra}${this.#stateLines()}${this.#legLines()}${variables}${tail}`;
  }

  /** The `connect` reply: an event by its headers, a reply by its end, and no Content-Length (01). */
  connectReply(socketMode: string, control: string): Bytes {
    const own = profileLines('Channel', this.profile);
    const reply = `Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: ${socketMode}\nControl: ${control}\n`;
    return `${this.event('CHANNEL_DATA', reply, own)}\n`;
  }

  #renderVariables(): string {
    this.#rendered ??= [...this.#lines.values()].join('');
    return this.#rendered;
  }

  #stateLines(): string {
    const hungUp = this.answerState === 'hangup';
    // From the hang-up on, and during a move, the number runs ahead of the name (01: CS_EXECUTE with 10).
    const next = hungUp && this.state !== 'CS_REPORTING' ? 'CS_HANGUP' : (this.nextState ?? this.state);
    const number = STATE_NUMBER[next];
    const name = header('Channel-Name', this.name);
    return (
      `Channel-State: ${this.state}\nChannel-Call-State: ${this.callState}\nChannel-State-Number: ${number}\n${name}` +
      `Unique-ID: ${this.uuid}\nCall-Direction: inbound\nPresence-Call-Direction: inbound\n` +
      `Channel-HIT-Dialplan: true\nChannel-Call-UUID: ${this.uuid}\nAnswer-State: ${this.answerState}\n` +
      (this.hangupCause === null ? '' : `Hangup-Cause: ${this.hangupCause}\n`) +
      'Channel-Read-Codec-Name: PCMU\nChannel-Read-Codec-Rate: 8000\nChannel-Read-Codec-Bit-Rate: 64000\n' +
      'Channel-Write-Codec-Name: PCMU\nChannel-Write-Codec-Rate: 8000\nChannel-Write-Codec-Bit-Rate: 64000\n'
    );
  }

  #legLines(): string {
    const own = profileLines('Caller', this.profile);
    return this.other === null
      ? own
      : `${own}Other-Type: ${this.otherType}\n${profileLines('Other-Leg', this.other)}`;
  }

  /** What only CHANNEL_HANGUP_COMPLETE knows. */
  closeBooks(lean: boolean): void {
    const cause = this.hangupCause ?? 'NORMAL_CLEARING';
    this.set('hangup_cause', cause);
    this.set('hangup_cause_q850', String(q850Of(cause)));
    if (lean) return;
    const { created, answered, bridged, progress, hangup } = this.profile.times;
    const marks = {
      start: created,
      profile_start: created,
      answer: answered,
      bridge: bridged,
      progress,
      end: hangup,
    };
    for (const [name, ms] of Object.entries(marks)) {
      if (ms > 0) this.set(`${name}_stamp`, new Date(ms).toISOString().slice(0, 19).replace('T', ' '));
      this.set(`${name}_epoch`, String(Math.floor(ms / 1000)));
      this.set(`${name}_uepoch`, `${ms}000`);
    }
    const since = (start: number, end: number): number => (start > 0 && end > 0 ? end - start : 0);
    const spans: [sec: string, msec: string, usec: string, ms: number][] = [
      ['duration', 'mduration', 'uduration', since(created, hangup)],
      ['billsec', 'billmsec', 'billusec', since(answered, hangup)],
      ['progresssec', 'progressmsec', 'progressusec', since(created, progress)],
      ['answersec', 'answermsec', 'answerusec', since(created, answered)],
      ['waitsec', 'waitmsec', 'waitusec', since(created, bridged)],
    ];
    for (const [sec, msec, usec, ms] of spans) {
      this.set(sec, String(Math.round(ms / 1000)));
      this.set(msec, String(ms));
      this.set(usec, `${ms}000`);
    }
    this.set('last_app', this.get('current_application') ?? '');
    this.set('last_arg', this.get('current_application_data') ?? '');
    this.set('caller_id', `"${this.profile.callerName}" <${this.profile.callerNumber}>`);
  }
}
