import { isIP } from 'node:net';

/**
 * Where requests may go, by address and port. A scheme's author names the webhook, a CRM names where a redirect leads, and
 * DNS says where a name is: none of them may reach what only this machine can reach. Pure.
 */

export interface NetworkRules {
  /** Addresses and networks (`10.0.0.0/8`) that are never connected to, beside those that no webhook is on (`ALWAYS`). */
  readonly deny: readonly string[];
  /** Exceptions: the longest matching prefix decides, of two equal ones that of `deny`. */
  readonly allow: readonly string[];
  /** False denies loopback and private networks too; an equal prefix in `allow` is an exception to that. */
  readonly private: boolean;
  /** Where FreeSWITCH's own event socket listens: whoever gets through to it commands the switch. */
  readonly switchPorts: readonly number[];
}

/** What of this machine is the router's own. */
export interface Own {
  /** Its ports; may grow, as a port is known when it is open. */
  readonly ports: ReadonlySet<number>;
  /** The machine's addresses beside loopback. */
  readonly addresses: () => readonly string[];
}

/** How far inside an address is, from the outermost. */
const ZONES = ['public', 'private', 'loopback'] as const;
export type Zone = (typeof ZONES)[number];

/**
 * Why an address may not be connected to, in words; null when it may. `from` is the outermost zone that a redirect has come
 * through: it never leads further inside.
 */
export type Network = (address: string, port: number, from?: Zone | null) => string | null;

/** No webhook is there. An exception has to name them as exactly: `169.254.169.254`, and not `169.254.0.0/16`. */
const ALWAYS = [
  // "This host": Linux connects to itself (RFC 1122, 3.2.1.3).
  '0.0.0.0/8',
  '::/128',
  // Link-local.
  '169.254.0.0/16',
  'fe80::/10',
  // What clouds tell a machine about itself, its credentials among it.
  '169.254.169.254/32', // nearly all of them
  'fe80::a9fe:a9fe/128', // OpenStack
  '169.254.170.2/32', // AWS: ECS
  '169.254.170.23/32', // AWS: EKS
  'fd00:ec2::254/128', // AWS
  'fd00:ec2::23/128', // AWS: EKS
  'fd20:ce::254/128', // Google
  '168.63.129.16/32', // Azure
  '192.0.0.192/32', // Oracle
  '100.100.100.200/32', // Alibaba
  '169.254.0.23/32', // Tencent
  '169.254.42.42/32', // Scaleway
  'fd00:42::42/128', // Scaleway
  // Multicast, reserved and broadcast: no HTTP is spoken there.
  '224.0.0.0/3',
  'ff00::/8',
];

const LOOPBACK = ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'];

/** RFC 1918, RFC 6598 (carrier-grade NAT), RFC 4193 and the RFC 3879 addresses before it, link-local. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fec0::/10',
  '169.254.0.0/16',
  'fe80::/10',
];

interface Rule {
  readonly bytes: readonly number[];
  readonly bits: number;
  /** What an address that it decides about is denied by; null allows it. */
  readonly denial: string | null;
}

const NOTHING_OF_OURS: Own = { ports: new Set(), addresses: () => [] };

/** The rules have to be valid; the settings see to it. */
export function compileNetwork(
  { deny, allow, private: isPrivate, switchPorts }: NetworkRules,
  own: Own = NOTHING_OF_OURS,
): Network {
  // In the order in which equal prefixes win; sort() keeps it.
  const rules = [
    ...deny.map((text) => ruleOf(text, `network.deny has ${text}`)),
    ...allow.map((text) => ruleOf(text, null)),
    ...ALWAYS.map((text) => ruleOf(text, `${text} is always denied, unless network.allow names it`)),
    ...(isPrivate ? [] : [...LOOPBACK, ...PRIVATE]).map((text) =>
      ruleOf(text, `network.private is false, and ${text} is private`),
    ),
  ].sort((a, b) => b.bits - a.bits);
  const ports = new Set(switchPorts);
  return (address, port, from = null) => {
    const forms = formsOf(address);
    if (forms.length === 0) return 'it is not an IP address';
    if (ports.has(port)) return `port ${port} is FreeSWITCH's event socket (network.switchPorts)`;
    const denied = forms.map((bytes) => rules.find((rule) => contains(rule, bytes))?.denial ?? null);
    const denial = denied.find((text) => text !== null);
    if (denial !== undefined) return denial;
    const zone = zoneOf(address);
    const isOwn = (mine: string): boolean => forms.some((bytes) => contains(ruleOf(mine, null), bytes));
    if (own.ports.has(port) && (zone === 'loopback' || own.addresses().some(isOwn))) {
      return `port ${port} here is the router's own`;
    }
    if (from === null || outermost(from, zone) === zone) return null;
    return `a redirect never leads from a ${from} address to a ${zone} one`;
  };
}

/** The innermost zone of an address and of the one within it. What is not an address counts as public. */
export function zoneOf(address: string): Zone {
  const forms = formsOf(address);
  const within = (rules: readonly Rule[]): boolean =>
    forms.some((bytes) => rules.some((rule) => contains(rule, bytes)));
  return within(LOOPBACK_RULES) ? 'loopback' : within(PRIVATE_RULES) ? 'private' : 'public';
}

export function outermost(one: Zone, other: Zone): Zone {
  return ZONES.indexOf(one) < ZONES.indexOf(other) ? one : other;
}

function ruleOf(text: string, denial: string | null): Rule {
  const [address = '', length] = text.split('/');
  const bytes = bytesOf(address) ?? [];
  // "::ffff:10.0.0.0/104" is 10.0.0.0/8, and `bytes` has become that.
  const mapped = address.includes(':') && bytes.length === 4;
  const bits = length === undefined ? bytes.length * 8 : Number(length) - (mapped ? 96 : 0);
  return { bytes, bits, denial };
}

function contains({ bytes, bits }: Rule, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => {
    const counting = Math.min(8, Math.max(0, bits - index * 8));
    return (byte ^ (address[index] ?? 0)) >> (8 - counting) === 0;
  });
}

/** An address, and the IPv4 address that may be in it; none for what is not an address. */
function formsOf(address: string): (readonly number[])[] {
  const bytes = bytesOf(address);
  if (bytes === null) return [];
  const inner = embeddedOf(bytes);
  return inner === null ? [bytes] : [bytes, inner];
}

/** Four bytes, or sixteen; an IPv4 address in the clothes of IPv6 (`::ffff:10.0.0.1`) is the former. */
function bytesOf(address: string): readonly number[] | null {
  // A zone ("fe80::1%eth0") names the interface and not the address.
  const [plain = ''] = address.split('%');
  if (isIP(plain) === 4) return plain.split('.').map(Number);
  if (isIP(plain) === 0) return null;
  const [front = [], back = []] = plain.split('::').map(groupsOf);
  const bytes = [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
  return startsWith(bytes, MAPPED) ? bytes.slice(12) : bytes;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

const zeros = (count: number): number[] => Array<number>(count).fill(0);

/** RFC 4291, 2.5.5.2. */
const MAPPED = [...zeros(10), 0xff, 0xff];
/** Prefixes after which an IPv4 address stands, and where: a gateway on the way sends the packet there. */
const EMBEDDING: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  // NAT64: RFC 6052, and the prefix of RFC 8215 for one's own translator.
  { prefix: [0x00, 0x64, 0xff, 0x9b, ...zeros(8)], at: 12 },
  { prefix: [0x00, 0x64, 0xff, 0x9b, 0x00, 0x01], at: 12 },
  // 6to4: RFC 3056.
  { prefix: [0x20, 0x02], at: 2 },
  // Stateless translation: RFC 2765.
  { prefix: [...zeros(8), 0xff, 0xff, 0, 0], at: 12 },
  // "IPv4-compatible": RFC 4291, 2.5.5.1; it has `::` and `::1` among them, which are not.
  { prefix: zeros(12), at: 12 },
];

function embeddedOf(bytes: readonly number[]): readonly number[] | null {
  if (bytes.length === 4 || startsWith(bytes, zeros(15))) return null;
  const found = EMBEDDING.find(({ prefix }) => startsWith(bytes, prefix));
  return found === undefined ? null : bytes.slice(found.at, found.at + 4);
}

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

const LOOPBACK_RULES = LOOPBACK.map((text) => ruleOf(text, null));
const PRIVATE_RULES = PRIVATE.map((text) => ruleOf(text, null));
