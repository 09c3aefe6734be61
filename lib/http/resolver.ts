import { lookup as systemLookup, Resolver as Channel } from 'node:dns/promises';
import { systemClock, type Clock } from '../clock.ts';
import { messageOf, RouterError } from '../errors.ts';
import { HostsFile } from './hosts.ts';

/**
 * Host names to addresses. Not by getaddrinfo: it waits in one of the process's four threads, so four hung lookups
 * would stop every scheme. c-ares waits on sockets; getaddrinfo is asked only for what DNS does not know.
 */
export interface Resolver {
  /** IPv4 first: IPv6 that leads nowhere costs a connection 250 ms. Rejects with RouterError `dns_failed`. */
  resolve(name: string): Promise<readonly string[]>;
  /** Ends the questions that are under way. */
  close(): void;
}

export interface ResolverOptions {
  /** DNS servers as IP addresses with an optional port; those of the system by default. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
  readonly clock?: Clock;
  /** getaddrinfo: search domains, multicast DNS, whatever the system has been told to ask. */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
}

/** One packet to one server; c-ares doubles it in each further round. A lost one costs so much. */
const QUERY_MS = 400;
const ROUNDS = 3;
/** The whole question to DNS, however many servers the system names. */
const QUESTION_MS = 3000;
/**
 * How long the answer for one family waits for that of the other: IPv4 as RFC 8305, 3, has it; IPv6 until a lost packet has
 * been asked for twice, as most machines that are given an IPv6 address to connect to can't.
 */
const OTHER_FAMILY_MS = { A: 50, AAAA: 1500 } as const;

const MIN_TTL_SECONDS = 1;
const MAX_TTL_SECONDS = 300;
/** getaddrinfo tells none. */
const SYSTEM_TTL_SECONDS = 30;

/** RFC 8767: last known addresses serve while DNS fails, and until it has answered. */
const STALE_MS = 3_600_000;
/** How long a call waits for a new answer while there is an old one. */
const STALE_AFTER_MS = 200;
/** After a failure the last known addresses, or those of one family alone, serve so long before DNS is asked again. */
const RECHECK_MS = 10_000;

const MAX_NAMES = 256;
/** Half of the process's threads stay free for everything else. */
const MAX_SYSTEM_LOOKUPS = 2;
const MAX_WAITING = 64;

/** RFC 6761, 6.3. */
const LOOPBACK = ['127.0.0.1', '::1'];

interface Known {
  readonly addresses: readonly string[];
  readonly freshUntilMs: number;
  readonly usableUntilMs: number;
}

interface Found {
  readonly addresses: readonly string[];
  readonly freshSeconds: number;
}

/** Told the addresses of one family when that of the other keeps everybody waiting. */
type OnHalf = (addresses: readonly string[]) => void;

export function createResolver(options: ResolverOptions = {}): Resolver {
  return new CachingResolver(options);
}

class CachingResolver implements Resolver {
  readonly #clock: Clock;
  readonly #hosts: HostsFile;
  readonly #servers: readonly string[] | undefined;
  readonly #system: (name: string) => Promise<readonly string[]>;
  /** The one whose answer is the oldest comes first. */
  readonly #known = new Map<string, Known>();
  /** One question a name, however many wait for it. */
  readonly #asked = new Map<string, Promise<readonly string[]>>();
  readonly #channels = new Set<Channel>();

  constructor(options: ResolverOptions) {
    const { servers, hostsFile = '/etc/hosts', clock = systemClock, lookup = getaddrinfo } = options;
    this.#servers = servers;
    this.#hosts = new HostsFile(hostsFile);
    this.#clock = clock;
    this.#system = atMost(MAX_SYSTEM_LOOKUPS, lookup);
  }

  async resolve(host: string): Promise<readonly string[]> {
    const name = host.toLowerCase().replace(/\.$/, '');
    if (/(^|\.)localhost$/.test(name)) return LOOPBACK;
    // RFC 6761, 6.4: no such name exists, and nobody is to be asked.
    if (/(^|\.)invalid$/.test(name)) throw new RouterError('dns_failed', `ENOTFOUND ${name}`);
    const listed = this.#hosts.addressesOf(name);
    if (listed !== undefined) return listed;
    const known = this.#known.get(name);
    const now = this.#clock.now();
    if (known !== undefined && now < known.freshUntilMs) return known.addresses;
    const answer = this.#ask(name);
    if (known === undefined || now >= known.usableUntilMs) return answer;
    return this.#sooner(answer, known.addresses);
  }

  close(): void {
    for (const channel of this.#channels) channel.cancel();
  }

  async #sooner(answer: Promise<readonly string[]>, known: readonly string[]): Promise<readonly string[]> {
    let cancel: () => void = () => undefined;
    const late = new Promise<readonly string[]>((resolve) => {
      cancel = this.#clock.after(STALE_AFTER_MS, () => {
        resolve(known);
      });
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      cancel();
    }
  }

  /** A half answer serves those who wait and is not kept: the question goes on, and the whole one is. */
  #ask(name: string): Promise<readonly string[]> {
    let answer = this.#asked.get(name);
    if (answer === undefined) {
      answer = new Promise((resolve, reject) => {
        const whole = this.#answer(name, resolve);
        void whole.finally(() => this.#asked.delete(name)).then(resolve, reject);
      });
      this.#asked.set(name, answer);
    }
    return answer;
  }

  async #answer(name: string, onHalf: OnHalf): Promise<readonly string[]> {
    try {
      const { addresses, freshSeconds } = await this.#find(name, onHalf);
      const now = this.#clock.now();
      const freshUntilMs = now + Math.min(MAX_TTL_SECONDS, Math.max(MIN_TTL_SECONDS, freshSeconds)) * 1000;
      this.#remember(name, { addresses, freshUntilMs, usableUntilMs: now + STALE_MS });
      return addresses;
    } catch (error) {
      const known = this.#known.get(name);
      const now = this.#clock.now();
      if (!isFailure(error)) {
        this.#known.delete(name);
      } else if (known !== undefined && now < known.usableUntilMs) {
        this.#remember(name, { ...known, freshUntilMs: now + RECHECK_MS });
        return known.addresses;
      }
      throw new RouterError('dns_failed', messageOf(error));
    }
  }

  async #find(name: string, onHalf: OnHalf): Promise<Found> {
    try {
      return await this.#query(name, onHalf);
    } catch (error) {
      if (isFailure(error)) throw error;
      return { addresses: await this.#system(name), freshSeconds: SYSTEM_TTL_SECONDS };
    }
  }

  /** A channel of its own for each question: it knows the system's servers of now, and can be cancelled alone. */
  async #query(name: string, onHalf: OnHalf): Promise<Found> {
    const channel = new Channel({ timeout: QUERY_MS, tries: ROUNDS });
    if (this.#servers !== undefined) channel.setServers(this.#servers);
    const timers = [
      this.#clock.after(QUESTION_MS, () => {
        channel.cancel();
      }),
    ];
    this.#channels.add(channel);
    try {
      const families = [
        familyOf('A', channel.resolve4(name, { ttl: true })),
        familyOf('AAAA', channel.resolve6(name, { ttl: true })),
      ];
      const { family, records: half } = await Promise.race(families);
      if (half.length > 0) {
        const tell = (): void => {
          onHalf(addressesOf(half));
        };
        timers.push(this.#clock.after(OTHER_FAMILY_MS[family], tell));
      }
      const answers = await Promise.all(families);
      const records = answers.flatMap((answer) => answer.records);
      const errors: unknown[] = answers.map(({ error }) => error).filter((error) => error !== null);
      const failure = errors.find(isFailure);
      if (records.length === 0) {
        // NXDOMAIN holds for both families; an empty answer for one of them does not speak for the other.
        throw errors.find((error) => codeOf(error) === 'ENOTFOUND') ?? failure ?? errors[0];
      }
      const ttlSeconds = Math.min(...records.map(({ ttl }) => ttl));
      const freshSeconds = failure === undefined ? ttlSeconds : Math.min(ttlSeconds, RECHECK_MS / 1000);
      return { addresses: addressesOf(records), freshSeconds };
    } finally {
      for (const stop of timers) stop();
      this.#channels.delete(channel);
    }
  }

  #remember(name: string, known: Known): void {
    this.#known.delete(name);
    this.#known.set(name, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_NAMES && oldest !== undefined) this.#known.delete(oldest);
  }
}

type Records = readonly { readonly address: string; readonly ttl: number }[];

interface Family {
  readonly family: keyof typeof OTHER_FAMILY_MS;
  readonly records: Records;
  readonly error: unknown;
}

function familyOf(family: Family['family'], query: Promise<Records>): Promise<Family> {
  return query.then(
    (records) => ({ family, records, error: null }),
    (error: unknown) => ({ family, records: [], error }),
  );
}

const addressesOf = (records: Records): string[] => records.map(({ address }) => address);

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);

/** Nobody could say whether the name exists; otherwise it does not, or has no address. */
function isFailure(error: unknown): boolean {
  const code = codeOf(error);
  return code !== 'ENOTFOUND' && code !== 'ENODATA';
}

async function getaddrinfo(name: string): Promise<readonly string[]> {
  const found = await systemLookup(name, { all: true, order: 'ipv4first' });
  return found.map(({ address }) => address);
}

/** Runs a few at a time and keeps the others in line. */
function atMost<T>(limit: number, run: (name: string) => Promise<T>): (name: string) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (name) => {
    if (running < limit) running++;
    else if (waiting.length < MAX_WAITING) await new Promise<void>((resolve) => waiting.push(resolve));
    else throw new Error(`too many names wait for the system's resolution: ${name}`);
    try {
      return await run(name);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
