import { header, type Bytes } from './message.ts';
import type { Random } from './random.ts';

/** A caller profile: what follows `Caller-`, `Channel-` and `Other-Leg-`. */
export interface Profile {
  readonly direction: 'inbound' | 'outbound';
  readonly logicalDirection: 'inbound' | 'outbound';
  readonly callerNumber: Bytes;
  readonly callerName: Bytes;
  /** Who was dialled, once a leg to him rang. */
  readonly callee: Bytes | null;
  readonly destination: Bytes;
  readonly uuid: string;
  readonly context: Bytes;
  /** `<epoch>:<uuid>:bl_xfer:700/default/XML`, or `...:uuid_br:<uuid>`: how the leg came to be here. */
  readonly transferSource: Bytes | null;
  /** What was dialled before the transfer. */
  readonly redirectedFrom: Bytes | null;
  readonly channelName: Bytes;
  readonly profileIndex: number | null;
  readonly hidden: boolean;
  /** Milliseconds of the epoch; 0 is never. */
  readonly times: Readonly<Record<Moment, number>>;
}

export type Moment =
  'created' | 'answered' | 'progress' | 'progressMedia' | 'hangup' | 'transfer' | 'bridged';

const micros = (ms: number): string => (ms === 0 ? '0' : `${ms}000`);

/** A profile shows in every event and changes seldom: its headers are made once. */
const RENDERED = new WeakMap<Profile, Map<string, string>>();

/** The profile as headers, in the order of the recordings. */
export function profileLines(prefix: 'Caller' | 'Channel' | 'Other-Leg', profile: Profile): string {
  const known = RENDERED.get(profile) ?? new Map<string, string>();
  RENDERED.set(profile, known);
  let lines = known.get(prefix);
  if (lines === undefined) known.set(prefix, (lines = render(prefix, profile)));
  return lines;
}

function render(prefix: string, profile: Profile): string {
  const { times, callerName, callerNumber } = profile;
  const fields: [string, Bytes | null][] = [
    ['Direction', profile.direction],
    ['Logical-Direction', profile.logicalDirection],
    ['Username', callerNumber],
    ['Dialplan', 'XML'],
    ['Caller-ID-Name', callerName],
    ['Caller-ID-Number', callerNumber],
    ['Orig-Caller-ID-Name', callerName],
    ['Orig-Caller-ID-Number', callerNumber],
    ['Callee-ID-Name', profile.callee === null ? null : 'Outbound Call'],
    ['Callee-ID-Number', profile.callee],
    ['Network-Addr', '127.0.0.1'],
    ['ANI', callerNumber],
    ['Destination-Number', profile.destination],
    ['Unique-ID', profile.uuid],
    ['Source', 'mod_sofia'],
    ['Transfer-Source', profile.transferSource],
    ['Context', profile.context],
    ['RDNIS', profile.redirectedFrom],
    ['Channel-Name', profile.channelName],
    ['Profile-Index', profile.profileIndex === null ? null : String(profile.profileIndex)],
    ['Profile-Created-Time', micros(times.created)],
    ['Channel-Created-Time', micros(times.created)],
    ['Channel-Answered-Time', micros(times.answered)],
    ['Channel-Progress-Time', micros(times.progress)],
    ['Channel-Progress-Media-Time', micros(times.progressMedia)],
    ['Channel-Hangup-Time', micros(times.hangup)],
    ['Channel-Transfer-Time', micros(times.transfer)],
    ['Channel-Resurrect-Time', '0'],
    ['Channel-Bridged-Time', micros(times.bridged)],
    ['Channel-Last-Hold', '0'],
    ['Channel-Hold-Accum', '0'],
    ['Screen-Bit', 'true'],
    ['Privacy-Hide-Name', String(profile.hidden)],
    ['Privacy-Hide-Number', String(profile.hidden)],
  ];
  let lines = '';
  for (const [name, value] of fields)
    if (value !== null && value !== '') lines += header(`${prefix}-${name}`, value);
  return lines;
}

/** A leg as another one's events show it. */
export function strangersProfile(profile: Profile, uuid: string): Profile {
  return { ...profile, uuid, profileIndex: null, transferSource: null, redirectedFrom: null };
}

const SDP =
  'v=0\r\no=lab 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6100 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n';

/** The variables of an inbound SIP call, names and order as in recording 01. */
export function baseVariables(profile: Profile, random: Random, lean: boolean): [string, Bytes][] {
  const { uuid, destination: did, callerNumber: caller, callerName } = profile;
  const port = String(20000 + random.below(40000));
  const tag = random.uuid().slice(0, 8);
  const essential: [string, Bytes][] = [
    ['direction', 'inbound'],
    ['uuid', uuid],
    ['session_id', '1'],
    ['sip_from_user', caller],
    ['sip_from_uri', `${caller}@127.0.0.1`],
    ['sip_from_host', '127.0.0.1'],
    ['channel_name', profile.channelName],
    ['sip_call_id', `${random.uuid()}@127.0.0.1`],
    ['sip_network_ip', '127.0.0.1'],
    ['sip_from_display', callerName],
    ['sip_full_from', `"${callerName}" <sip:${caller}@127.0.0.1>;tag=${tag}`],
    ['sip_full_to', `<sip:${did}@127.0.0.1:5060>`],
    ['sip_req_user', did],
    ['sip_to_user', did],
    ...(profile.hidden ? ([['sip_Privacy', 'id']] satisfies [string, Bytes][]) : []),
    ['call_uuid', uuid],
    ['endpoint_disposition', 'RECEIVED'],
  ];
  if (lean) return essential;
  return [
    ...essential,
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['sip_local_network_addr', '127.0.0.1'],
    ['sip_network_port', port],
    ['sip_invite_stamp', micros(profile.times.created)],
    ['sip_received_ip', '127.0.0.1'],
    ['sip_received_port', port],
    ['sip_via_protocol', 'udp'],
    ['sip_from_user_stripped', caller],
    ['sip_from_tag', tag],
    ['sofia_profile_name', 'internal'],
    ['sofia_profile_url', 'sip:mod_sofia@127.0.0.1:5060'],
    ['recovery_profile_name', 'internal'],
    ['sip_full_via', `SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${tag}`],
    ['sip_req_port', '5060'],
    ['sip_req_uri', `${did}@127.0.0.1:5060`],
    ['sip_req_host', '127.0.0.1'],
    ['sip_to_port', '5060'],
    ['sip_to_uri', `${did}@127.0.0.1:5060`],
    ['sip_to_host', '127.0.0.1'],
    ['sip_contact_user', 'caller'],
    ['sip_contact_port', port],
    ['sip_contact_uri', `caller@127.0.0.1:${port}`],
    ['sip_contact_host', '127.0.0.1'],
    ['sip_via_host', '127.0.0.1'],
    ['sip_via_port', port],
    ['max_forwards', '70'],
    ['switch_r_sdp', SDP],
    ['ep_codec_string', 'CORE_PCM_MODULE.PCMU@8000h@20i@64000b'],
    ['rtp_use_codec_string', 'PCMU,PCMA'],
    ['remote_video_media_flow', 'inactive'],
    ['remote_text_media_flow', 'inactive'],
    ['remote_audio_media_flow', 'sendrecv'],
    ['audio_media_flow', 'sendrecv'],
    ['remote_media_ip', '127.0.0.1'],
    ['remote_media_port', '6100'],
    ['rtp_audio_recv_pt', '0'],
    ['rtp_use_codec_name', 'PCMU'],
    ['rtp_use_codec_rate', '8000'],
    ['rtp_use_codec_ptime', '20'],
    ['rtp_use_codec_channels', '1'],
    ['rtp_last_audio_codec_string', 'PCMU@8000h@20i@1c'],
    ['read_codec', 'PCMU'],
    ['original_read_codec', 'PCMU'],
    ['read_rate', '8000'],
    ['original_read_rate', '8000'],
    ['write_codec', 'PCMU'],
    ['write_rate', '8000'],
    ['dtmf_type', 'info'],
    ['DP_MATCH', `ARRAY::${did}|:${did}`],
  ];
}

/** What an answer or early media adds (01: CHANNEL_ANSWER). */
export function mediaVariables(): [string, Bytes][] {
  return [
    ['switch_m_sdp', SDP],
    [
      'rtp_local_sdp_str',
      SDP.replace('lab 1 1', 'FreeSWITCH 1795312958 1795312959').replace('6100', '26962'),
    ],
    ['local_media_ip', '127.0.0.1'],
    ['local_media_port', '26962'],
    ['advertised_media_ip', '127.0.0.1'],
    ['rtp_use_timer_name', 'soft'],
    ['rtp_use_pt', '0'],
    ['rtp_use_ssrc', '185399512'],
  ];
}
