import { calls } from './calls.ts';
import { live } from './live.ts';
import { schemes } from './schemes.ts';
import { shell } from './shell.ts';
import { start } from './start.ts';
import { system } from './system.ts';

export const en = { ...shell, live, calls, schemes, start, system } as const;
