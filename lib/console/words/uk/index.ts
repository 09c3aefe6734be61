import type { en } from '../en/index.ts';
import { calls } from './calls.ts';
import { live } from './live.ts';
import { schemes } from './schemes.ts';
import { shell } from './shell.ts';
import { start } from './start.ts';
import { system } from './system.ts';

/** Of each English word one of ours. Plurals may have more forms than English has. */
export type Translated<T> = { readonly [K in keyof T]: T[K] extends string ? string : Translated<T[K]> };

export const uk = { ...shell, live, calls, schemes, start, system } satisfies Translated<typeof en>;
