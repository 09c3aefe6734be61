import { isIP } from 'node:net';

/**
 * Where requests may go, by address. A scheme's author names the webhook, a CRM names where a redirect leads, and DNS
 * says where a name is: none of them shall reach what only this machine can reach. Pure.
 */

export interface NetworkRules {
  /** Addresses and networks (`10.0.0.0/8`) that are never connected to. */
  readonly deny: readonly string[];
  /** Exceptions to `deny` and to `private`: the longest matching prefix decides, of two equal ones the denied. */
  readonly allow: readonly string[];
  /** False denies loopback and private networks too; an equal prefix in `allow` is an exception to that. */
  readonly private: boolean;
}

/** True when an address may be connected to. What is no IP address may not. */
export type Network = (address: string) => boolean;

/** RFC 1122 loopback, RFC 1918, RFC 6598 (carrier-grade NAT), RFC 4193 and the RFC 3879 addresses before it. */
const PRIVATE = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fec0::/10',
];

interface Rule {
  readonly bytes: readonly number[];
  readonly bits: number;
  readonly allowed: boolean;
}

/** The rules have to be valid; the settings see to it. */
export function compileNetwork({ deny, allow, private: isPrivate }: NetworkRules): Network {
  // In the order in which equal prefixes win; sort() keeps it.
  const rules = [
    ...deny.map((text) => ruleOf(text, false)),
    ...allow.map((text) => ruleOf(text, true)),
    ...(isPrivate ? [] : PRIVATE).map((text) => ruleOf(text, false)),
  ].sort((a, b) => b.bits - a.bits);
  const judge = (bytes: readonly number[]): boolean =>
    rules.find((rule) => contains(rule, bytes))?.allowed ?? true;
  return (address) => {
    const bytes = bytesOf(address);
    if (bytes === null) return false;
    const inner = embeddedOf(bytes);
    return judge(bytes) && (inner === null || judge(inner));
  };
}

function ruleOf(text: string, allowed: boolean): Rule {
  const [address = '', length] = text.split('/');
  const bytes = bytesOf(address) ?? [];
  // "::ffff:10.0.0.0/104" is 10.0.0.0/8, and `bytes` has become that.
  const mapped = address.includes(':') && bytes.length === 4;
  const bits = length === undefined ? bytes.length * 8 : Number(length) - (mapped ? 96 : 0);
  return { bytes, bits, allowed };
}

function contains({ bytes, bits }: Rule, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => {
    const counting = Math.min(8, Math.max(0, bits - index * 8));
    return (byte ^ (address[index] ?? 0)) >> (8 - counting) === 0;
  });
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
/** Prefixes behind which an IPv4 address stands, and where: a gateway on the way sends the packet there. */
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
