import type { EventEmitter } from 'node:events';

/** What is watched of a socket. */
type Connecting = Pick<EventEmitter, 'on' | 'once'> & { readonly remoteAddress?: string | undefined };

/**
 * Which of a host's addresses answers. Node tries them in turn, gives each but the last 250 ms and never comes back to one
 * (measured on 20.20). A dead address in front would cost that for every connection, and a CRM that takes longer to be
 * reached would never be, as long as a dead address follows its own. So what answered comes first and has the time
 * that it needs, and what did not answer comes last.
 */
export class Reachability {
  /** Milliseconds, of any clock that does not jump. */
  readonly #now: () => number;
  /** By host name; the one that was heard of longest ago comes first. */
  readonly #hosts = new Map<string, Experience>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How long an address may take before the next one has its turn. */
  attemptMs(host: string): number {
    return this.#hosts.get(host)?.attemptMs ?? LEAST_MS;
  }

  order(host: string, addresses: readonly string[]): string[] {
    const { first, last } = this.#hosts.get(host) ?? NO_EXPERIENCE;
    const rank = (address: string): number => (address === first ? 0 : address === last ? 2 : 1);
    return [...addresses].sort((a, b) => rank(a) - rank(b));
  }

  /** Learns from a connection that is being made. */
  watch(host: string, socket: Connecting): void {
    let tried: string | null = null;
    let startedAt = this.#now();
    let connected = false;
    let tooShort = false;
    let over = false;
    socket.on('connectionAttempt', (address: string) => {
      tried = address;
      startedAt = this.#now();
    });
    socket.once('connect', () => {
      connected = true;
      // Node takes whole milliseconds alone.
      const attemptMs = Math.ceil(Math.min(MOST_MS, Math.max(LEAST_MS, 3 * (this.#now() - startedAt))));
      this.#remember(host, { first: socket.remoteAddress ?? null, last: null, attemptMs });
    });
    socket.once('error', (error: Error) => {
      over = true;
      // Who refuses has been reached in time.
      tooShort = !codesOf(error).includes('ECONNREFUSED');
    });
    socket.once('close', () => {
      // Null where there was a single one, and nothing to be chosen.
      if (connected || tried === null) return;
      // All were tried, each in its time. Or the deadline came: there is another one to begin with.
      const attemptMs = Math.min(MOST_MS, this.attemptMs(host) * (tooShort ? 2 : 1));
      this.#remember(host, { first: null, last: over ? null : tried, attemptMs });
    });
  }

  #remember(host: string, experience: Experience): void {
    this.#hosts.delete(host);
    this.#hosts.set(host, experience);
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > MOST_HOSTS && oldest !== undefined) this.#hosts.delete(oldest);
  }
}

/** Of an error for several addresses those of each. */
function codesOf(error: Error): string[] {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => String((one as NodeJS.ErrnoException).code));
}

interface Experience {
  readonly first: string | null;
  readonly last: string | null;
  readonly attemptMs: number;
}

const NO_EXPERIENCE = { first: null, last: null } as const;

/** As Node and RFC 8305, 5, have it. */
const LEAST_MS = 250;
const MOST_MS = 1500;
const MOST_HOSTS = 256;
