import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { RouterError } from '../errors.ts';

/** Addresses of a name, as a socket asks for them. */

/** Why an address may not be connected to; null when it may. */
export type RefusalOf = (address: string) => string | null;

/** Those of a host's addresses that may be connected to. Throws RouterError when it has none. */
export function allowedOf(host: string, addresses: readonly string[], refusalOf: RefusalOf): string[] {
  const allowed = addresses.filter((address) => refusalOf(address) === null);
  const [first = ''] = addresses;
  if (allowed.length === 0) throw denied(`${host} is ${addresses.join(', ')}`, refusalOf(first) ?? '');
  return allowed;
}

export function denied(where: string, why: string): RouterError {
  return new RouterError('address_denied', `${where}: ${why}`);
}

export function lookupBy(find: (host: string) => Promise<string[]>): LookupFunction {
  return (host, { all }, callback) => {
    const tell = (error: Error | null, found: LookupAddress[]): void => {
      const [{ address, family } = { address: '', family: 0 }] = found;
      // Not at once: who watches the socket is told of it after the next tick.
      setImmediate(() => {
        if (all === true) callback(error, found);
        else callback(error, address, family);
      });
    };
    find(host).then(
      (found) => {
        tell(
          null,
          found.map((address) => ({ address, family: isIP(address) })),
        );
      },
      (error: unknown) => {
        tell(error as Error, []);
      },
    );
  };
}
