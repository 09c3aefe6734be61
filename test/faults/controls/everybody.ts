/** It has places for a thousand connections, whoever makes them, and closes what is more: `maxConnections`. */
import { WANTED } from '../stage.ts';
import { serve } from './controller.ts';

serve(() => Promise.resolve(WANTED), { maxConnections: 1_000 });
