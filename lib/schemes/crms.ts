import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import type { Config } from '../config/config.ts';
import { faultsOf } from '../scheme/fault.ts';
import { knownKeys } from '../scheme/known-keys.ts';
import { NAME, NAME_RULE } from '../scheme/scheme.ts';
import { brokenCrm, crmOf, profile, type Crms, type Profile } from '../webhook/profile.ts';

/** The profiles of CRMs that schemes may name: those of the configuration, and the files beside the schemes' folder. */

/** `conf/crms`, beside `conf/schemes`. */
export function crmsDir(schemesDir: string): string {
  return join(dirname(schemesDir), 'crms');
}

export function configuredCrms({ crms }: Pick<Config, 'crms'>): Crms {
  return new Map(
    Object.entries(crms).map(([name, json]) => [name, read(name, `crms.${name} (ESL_ROUTER_CRMS)`, json)]),
  );
}

/** What a folder of them held. */
interface Files {
  /** `name`: its path. */
  readonly sources: readonly { readonly name: string; readonly json: unknown }[];
  /** Files that hold no JSON. */
  readonly broken: readonly { readonly path: string; readonly fault: string }[];
}

/** A file that nobody can use is a fault of the schemes that name it, and of no other. */
export function withFiles(configured: Crms, { sources, broken }: Files): Crms {
  const crms = new Map<string, Profile>(configured);
  const add = (path: string, profileOf: (name: string) => Profile): void => {
    const name = basename(path, '.json');
    const other = configured.get(name);
    const twice = `${path} and ${other?.place ?? ''} are both the profile "${name}": keep only one of them`;
    crms.set(name, other === undefined ? profileOf(name) : brokenCrm(name, path, [twice]));
  };
  for (const { name: path, json } of sources) add(path, (name) => read(name, path, json));
  for (const { path, fault } of broken) add(path, (name) => brokenCrm(name, path, [`${path}: ${fault}`]));
  return crms;
}

function read(name: string, place: string, json: unknown): Profile {
  if (!NAME.test(name)) return brokenCrm(name, place, [`${place}: the name of a profile: ${NAME_RULE}`]);
  return crmOf(name, place, json, ({ issues }: z.ZodError) =>
    faultsOf(issues, (path) => knownKeys(profile, path)).map(
      ({ path, message }) => `${place}: ${path === '' ? '' : `${path}: `}${message}`,
    ),
  );
}
