import { readFile } from 'node:fs/promises';
import type { DialplanDesk } from '../api/context.ts';
import { guardSecondsFor } from '../dialplan/guard.ts';
import { handoverFiles } from '../dialplan/handover.ts';
import type { SchemeSet } from '../schemes/schemes.ts';

/** The dialplan that hands calls to this router: the shipped files, with its address and the guard that its schemes need. */

const BUILT = !import.meta.url.endsWith('.ts');
const SHIPPED = new URL(
  BUILT ? '../../../freeswitch/dialplan/' : '../../freeswitch/dialplan/',
  import.meta.url,
);

interface Options {
  readonly listening: () => { readonly host: string; readonly port: number };
  readonly allow: readonly string[];
  readonly schemes: () => SchemeSet;
}

export function openDialplan({ listening, allow, schemes }: Options): DialplanDesk {
  return async ({ host: given, scheme, did }) => {
    const [context, numbers] = await Promise.all(
      ['esl-router.xml', 'public/00_esl-router.xml'].map((name) => readFile(new URL(name, SHIPPED), 'utf8')),
    );
    const listener = listening();
    const everywhere = listener.host === '0.0.0.0' || listener.host === '::';
    const host = given ?? (everywhere ? '127.0.0.1' : listener.host);
    const address = `${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
    const budgets = [...schemes().schemes.values()].map(({ webhook }) => webhook.timeoutSeconds);
    const guardSeconds = guardSecondsFor(Math.max(0, ...budgets));
    const files = handoverFiles(
      { context: context ?? '', numbers: numbers ?? '' },
      { address, guardSeconds, did, scheme },
    ).map(({ name, text }) => ({ path: name, text }));
    return { address, everywhere, allow, guardSeconds, files };
  };
}
