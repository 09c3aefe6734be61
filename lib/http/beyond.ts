import { isIP } from 'node:net';
import { systemClock, type Clock } from '../clock.ts';
import { denied } from './lookup.ts';
import { outermost, zoneOf, type Network, type Zone } from './network.ts';
import type { Resolver } from './resolver.ts';

/** A host that a proxy connects to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** The outermost zone that redirects have come through. */
  readonly from: Zone | null;
}

/** An answer from the cache, or from a name server near by. Behind a proxy there often is none for names outside. */
const PATIENCE_MS = 300;
/** A name that was not answered is not waited for again so soon. */
const SILENT_MS = 60_000;
const MAX_SILENT = 256;
/** Stands for a host of which nothing is known (RFC 5737): the rules for ports hold, and so does "deny all but". */
const ANYWHERE = '192.0.2.1';

/**
 * The rules for addresses, where it is the proxy that looks the name up. What our own name servers say is checked against them:
 * any address that may not be connected to, as the proxy may choose it. Where they say nothing the proxy's own rules are all
 * there is.
 */
export class Beyond {
  readonly #network: Network;
  readonly #resolver: Resolver;
  readonly #clock: Clock;
  readonly #silentUntil = new Map<string, number>();

  constructor(network: Network, resolver: Resolver, clock: Clock = systemClock) {
    this.#network = network;
    this.#resolver = resolver;
    this.#clock = clock;
  }

  /** How far outside it is. Rejects with RouterError `address_denied`. */
  async zoneOf({ host, port, from }: Target): Promise<Zone> {
    const isName = isIP(host) === 0;
    const addresses = isName ? await this.#addressesOf(host) : [host];
    for (const address of addresses ?? [ANYWHERE]) {
      const refusal = this.#network(address, port, from);
      if (refusal === null) continue;
      throw denied(isName && addresses !== null ? `${host} is ${addresses.join(', ')}` : host, refusal);
    }
    return (addresses ?? [ANYWHERE]).map(zoneOf).reduce(outermost);
  }

  /** Null: nobody says. */
  async #addressesOf(host: string): Promise<readonly string[] | null> {
    if (this.#clock.now() < (this.#silentUntil.get(host) ?? 0)) return null;
    const answer = this.#resolver.resolve(host).catch(() => null);
    let cancel: () => void = () => undefined;
    const late = new Promise<null>((resolve) => {
      cancel = this.#clock.after(PATIENCE_MS, () => {
        resolve(null);
      });
    });
    const found = await Promise.race([answer, late]);
    cancel();
    if (found !== null && found.length > 0) return found;
    if (this.#silentUntil.size >= MAX_SILENT) this.#silentUntil.clear();
    this.#silentUntil.set(host, this.#clock.now() + SILENT_MS);
    // It may have come late: the next connection asks again at once.
    void answer.then((addresses) => {
      if (addresses !== null) this.#silentUntil.delete(host);
    });
    return null;
  }
}
