import type { Format, Import, Submission } from './format.ts';
import { http } from './http.ts';
import { jsonRpc } from './json-rpc.ts';
import { json } from './json.ts';

export type { Beside } from './format.ts';
export { isEmpty, textAt } from './path.ts';

/** Every format by its name in a scheme. A new one is a line here. */
export const FORMATS = { http, json, 'json-rpc': jsonRpc } as const satisfies Record<string, Format>;

type Formats = typeof FORMATS;
type NamesWith<Part> = { [Name in keyof Formats]: Formats[Name] extends Part ? Name : never }[keyof Formats];

/** A format that can be sent: `webhook.submission`. */
export type SubmissionName = NamesWith<{ readonly submission: Submission }>;
/** A format that can be read: `webhook.import`. */
export type ImportName = NamesWith<{ readonly import: Import }>;

export const SUBMISSIONS = namesWith('submission') as [SubmissionName, ...SubmissionName[]];
export const IMPORTS = namesWith('import') as [ImportName, ...ImportName[]];

function namesWith(part: keyof Format): (keyof Formats)[] {
  const names = Object.keys(FORMATS) as (keyof Formats)[];
  return names.filter((name) => part in FORMATS[name]);
}
