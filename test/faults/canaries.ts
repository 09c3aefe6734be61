import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import type { RouterAddress } from '../../lib/simulator/index.ts';
import type { Random } from '../../lib/simulator/random.ts';
import { environment, MAIN, schemesFolder, type Settings } from '../support/daemon.ts';

/** Secrets and numbers that exist once in the world, found in a text in whatever form they are there. */

const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
/** Of a secret: what is cut off in the middle is found too. 58^6 are never met by chance. */
const WINDOW = 8;

/** 3 x 8 letters, and between them what URLs, JSON and base64 each write in their own way. */
export function newSecret(random: Random): string {
  const part = (): string =>
    Array.from({ length: 8 }, () => ALPHABET[random.below(ALPHABET.length)] ?? '').join('');
  return `${part()}+${part()}"${part()}`;
}

function chunks(text: string, length: number): string[] {
  return text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? [];
}

/** A secret as it is, and as programs write it. */
function formsOf(secret: string): string[] {
  // Behind one or two other bytes base64 is another text; the characters at its edges are of those bytes too.
  const base64 = ['', '-', '--'].map((before) => {
    const text = Buffer.from(before + secret).toString('base64');
    return text.slice(before === '' ? 0 : 4, -4);
  });
  return [
    secret,
    chunks(secret, 1).reverse().join(''),
    chunks(secret, 4).reverse().join(''),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Between two digits of a number: punctuation, spaces of any width, `%20`. */
const GAP = '(?:%[0-9A-F]{2}|\\\\u[0-9a-f]{4}|[^A-Za-z0-9]){0,3}';

/** The names of the canaries that a text holds. */
export function finder(
  secrets: Readonly<Record<string, string>>,
  numbers: Readonly<Record<string, string>>,
): (text: string) => string[] {
  const windows = new Map<string, string>();
  const longWindows = new Map<string, string>();
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of formsOf(secret)) {
      for (let at = 0; at + WINDOW <= form.length; at++) {
        const window = form.slice(at, at + WINDOW);
        // Eight hexadecimal digits are met in the UUIDs of a million lines, sixteen are not.
        if (!/^[0-9a-f]*$/i.test(window)) windows.set(window, name);
        else if (at + 2 * WINDOW <= form.length) longWindows.set(form.slice(at, at + 2 * WINDOW), name);
      }
    }
  }
  const patterns = Object.entries(numbers).map(
    ([name, digits]) => [name, new RegExp(chunks(digits, 1).join(GAP), 'i')] as const,
  );
  return (text) => {
    const found = new Set<string>();
    for (let at = 0; at + WINDOW <= text.length; at++) {
      const name =
        windows.get(text.slice(at, at + WINDOW)) ?? longWindows.get(text.slice(at, at + 2 * WINDOW));
      if (name !== undefined) found.add(name);
    }
    for (const [name, pattern] of patterns) if (pattern.test(text)) found.add(name);
    return [...found];
  };
}

/** The built daemon, of which every byte is kept that it writes. */
export async function written(
  schemes: readonly SchemeDocument[],
  settings: Settings,
  use: (router: RouterAddress) => Promise<unknown>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'esl-router-canary-'));
  const SCHEMES_DIR = await schemesFolder(folder, schemes);
  const env = environment({ LISTEN_PORT: '0', LOG_LEVEL: 'debug', SCHEMES_DIR, ...settings });
  const child = spawn(process.execPath, [MAIN], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const port = new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const found = /listening.*?port"?[=:](\d+)/.exec(text)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    }
    child.once('close', () => {
      reject(new Error(`it never listened: ${text.slice(0, 500)}`));
    });
  });
  try {
    await use({ host: '127.0.0.1', port: await port });
  } finally {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    await rm(folder, { recursive: true, force: true });
  }
  return text;
}
