import { BlockList, isIP } from 'node:net';
import { RouterError } from '../errors.ts';

/** Peers whose verdict is kept: mostly they are the same FreeSWITCHes, and a BlockList takes 4 us. */
const MAX_KNOWN = 256;

/** The FreeSWITCHes that may hand over calls: addresses and ranges in CIDR notation. */
export class AllowList {
  readonly #list = new BlockList();
  readonly #known = new Map<string, boolean>();

  /**
   * An IPv4 entry fits its IPv4-mapped IPv6 peer too, and the other way round.
   * @throws RouterError `config_invalid` when an entry can't be read
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', length, ...more] = entry.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      const longest = family === 'ipv6' ? 128 : 32;
      const valid = isIP(address) > 0 && /^\d{1,3}$/.test(length ?? '0') && Number(length ?? 0) <= longest;
      if (!valid || more.length > 0 || address.includes('%')) {
        throw new RouterError(
          'config_invalid',
          `allow: ${JSON.stringify(entry)} is neither an IP address nor a CIDR range`,
        );
      }
      this.#list.addSubnet(address, Number(length ?? longest), family);
    }
  }

  has(peer: string): boolean {
    let allowed = this.#known.get(peer);
    if (allowed === undefined) {
      allowed = this.#list.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(peer, allowed);
    }
    return allowed;
  }
}

/** `::ffff:127.0.0.1` -> `127.0.0.1`: a socket that listens on both families shows IPv4 peers so. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}
