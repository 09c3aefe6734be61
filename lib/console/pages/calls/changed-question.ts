import type { CallRecord } from '../../../api/types.ts';

/** What of a recorded question is changed by hand. */

interface Header {
  readonly name: string;
  readonly value: string;
}

type Question = Pick<CallRecord['requests'][number], 'url' | 'body' | 'headers'>;

/** The router says them itself, or they prove who it is: see `lib/webhook/change.ts`. */
const KEPT =
  /^(host|content-length|connection|webhook-(id|timestamp|signature|signed-headers)|trace(parent|state)|x-esl-router-dry-run|(proxy-)?authorization|cookie)$/i;

/** Those that may be changed: of a secret there is nothing to see, and nothing to change. */
export function headersToChange(headers: Question['headers']): Header[] {
  return Object.entries(headers)
    .filter(([name, value]) => !KEPT.test(name) && value !== '***')
    .map(([name, value]) => ({ name, value }));
}

/** Only what is another now goes along: the rest is sent as the scheme has it. */
export function changeOf(
  was: Question,
  now: { readonly url: string; readonly body: string | null; readonly headers: readonly Header[] },
): { url?: string; body?: string; headers: Record<string, string> } {
  return {
    ...(now.url === was.url ? {} : { url: now.url }),
    ...(now.body === null || now.body === was.body ? {} : { body: now.body }),
    headers: Object.fromEntries(
      now.headers
        .filter(({ name, value }) => was.headers[name] !== value)
        .map(({ name, value }) => [name, value] as const),
    ),
  };
}
