import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ApiProblem } from '../problem.ts';

/**
 * Passwords by scrypt, N = 2^17 (OWASP): 128 MiB and some tenths of a second each. Two at once at most: they share four threads
 * with the names and files of calls.
 */

const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
const BYTES = 32;
const AT_ONCE = 2;
const MAX_WAITING = 16;

export const MIN_PASSWORD = 12;
export const MAX_PASSWORD = 200;

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #nobody = `scrypt$17$${randomBytes(16).toString('base64')}$${randomBytes(BYTES).toString('base64')}`;

  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    const key = await this.#derive(password, salt);
    return `scrypt$17$${salt.toString('base64')}$${key.toString('base64')}`;
  }

  /** A null hash (no such user) takes as long, and is false. */
  async verify(password: string, hash: string | null): Promise<boolean> {
    const [, , salt = '', wanted = ''] = (hash ?? this.#nobody).split('$');
    const key = await this.#derive(password, Buffer.from(salt, 'base64'));
    const expected = Buffer.from(wanted, 'base64');
    return expected.length === key.length && timingSafeEqual(key, expected) && hash !== null;
  }

  /** Rejects with a problem 503 when too many wait. */
  async #derive(password: string, salt: Buffer): Promise<Buffer> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new ApiProblem(503, 'too many logins at once', { headers: { 'Retry-After': '5' } });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      // What looks the same is typed differently on two keyboards.
      return await derive(password.normalize('NFKC'), salt, BYTES, COST);
    } finally {
      // The place goes to the next one, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
