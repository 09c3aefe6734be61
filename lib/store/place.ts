import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';

/** Where the store is, as the setting `store.url` says it. */
export type StorePlace =
  | { readonly kind: 'off' }
  /** Where the folder is not there, and nobody asked for it, there is no store. */
  | { readonly kind: 'sqlite'; readonly file: string; readonly asked: boolean }
  | { readonly kind: 'postgres'; readonly url: string; readonly password: string };

const FILE = 'esl-router.db';

export function placeOf({
  url,
  dir,
  password,
}: Pick<Config['store'], 'url' | 'dir' | 'password'>): StorePlace {
  if (url === 'off') return { kind: 'off' };
  if (url === 'auto') return { kind: 'sqlite', file: join(dir, FILE), asked: false };
  if (url === 'sqlite') return { kind: 'sqlite', file: join(dir, FILE), asked: true };
  if (url.startsWith('sqlite:')) return { kind: 'sqlite', file: url.slice('sqlite:'.length), asked: true };
  return { kind: 'postgres', url, password };
}

/** Whether a router is to have one. */
export async function isWanted(config: Config['store']): Promise<boolean> {
  const place = placeOf(config);
  if (place.kind !== 'sqlite' || place.asked) return place.kind !== 'off';
  return stat(dirname(place.file)).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Without its password, for people to read. */
export function shownPlace(url: string): string {
  return url
    .replace(/^(postgres(?:ql)?:\/\/[^:@/]*):[^@]*@/, '$1:***@')
    .replace(/([?&]password=)[^&]*/, '$1***');
}
