import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { answerOf } from './file.ts';

/** What a look at a file shows while its file system, or another one, hangs. */
export const NO_ANSWER = 'no answer';

/** What a glance at files shows. Never rejects. */
export async function sightsOf(paths: readonly string[]): Promise<string> {
  let sights = '';
  for (const path of paths) {
    sights += await sightOfFile(path);
  }
  return sights;
}

/** The same of one. */
export function sightOfFile(path: string): Promise<string> {
  return sightOf(path, ({ dev, ino, size, mtimeNs, ctimeNs }) =>
    [dev, ino, size, mtimeNs, ctimeNs].join(':'),
  );
}

export async function sightOf(path: string, identity: (found: BigIntStats) => string): Promise<string> {
  const sight = await answerOf(path, () => stat(path, { bigint: true })).then(identity, (error: unknown) => {
    return (error as NodeJS.ErrnoException).code ?? NO_ANSWER;
  });
  return `${path} ${sight}\n`;
}
