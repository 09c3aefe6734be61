import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { messageOf } from '../errors.ts';
import { assembleSchemes, environmentSource, type LoadResult, type SchemeSource } from './schemes.ts';

/** Reads and checks every scheme, of the folder and of the environment: the whole set, or all faults at once. */
export async function loadSchemes(config: Config, secrets: Secrets): Promise<LoadResult> {
  const unread: string[] = [];
  const sources = [...(await readSources(config.schemes.dir, unread)), ...environmentSource(config)];
  const readText = (path: string): string => readFileSync(path, 'utf8');
  return assembleSchemes(sources, config, secrets, { unread, readText });
}

async function readSources(dir: string, faults: string[]): Promise<SchemeSource[]> {
  let files: string[];
  try {
    files = (await readdir(dir)).filter((file) => file.endsWith('.json')).sort();
  } catch (error) {
    // No folder is no fault: a router without schemes gives every call back and says so.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') faults.push(`${dir}: ${messageOf(error)}`);
    return [];
  }
  const sources: SchemeSource[] = [];
  for (const file of files) {
    const name = join(dir, file);
    try {
      const text = await readFile(name, 'utf8');
      sources.push({ name, text, json: JSON.parse(text) as unknown });
    } catch (error) {
      faults.push(`${name}: ${messageOf(error)}`);
    }
  }
  return sources;
}
