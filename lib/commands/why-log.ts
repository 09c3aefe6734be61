import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CallRecord } from '../call/record.ts';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';

/** A call from log files of `log.format` json: its whole record if the level is debug, else what its line says. */
export type LoggedCall =
  | { readonly kind: 'record'; readonly record: CallRecord }
  | { readonly kind: 'line'; readonly fields: Readonly<Record<string, unknown>> };

/** The last call in the files with this trace, uuid or caller; null when there is none. */
export async function loggedCall(files: readonly string[], meant: string): Promise<LoggedCall | null> {
  let found: LoggedCall | null = null;
  for (const file of files) {
    try {
      for await (const line of createInterface({
        input: guarded(createReadStream(file)),
        crlfDelay: Infinity,
      })) {
        const logged = line.includes(meant) ? readLine(line, meant) : null;
        // The record says all that its line says.
        if (logged !== null && !(found?.kind === 'record' && idOf(found) === idOf(logged))) found = logged;
      }
    } catch (error) {
      throw new RouterError('config_invalid', `cannot read the log ${file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return found;
}

function readLine(line: string, meant: string): LoggedCall | null {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { message } = fields;
  if (message === 'record') {
    const record = fields as unknown as CallRecord;
    const names = [record.id, record.call?.uuid, record.call?.caller];
    return names.includes(meant) ? { kind: 'record', record } : null;
  }
  if (message !== 'ended') return null;
  return [fields['trace'], fields['uuid'], fields['caller']].includes(meant)
    ? { kind: 'line', fields }
    : null;
}

function idOf(logged: LoggedCall): unknown {
  return logged.kind === 'record' ? logged.record.id : logged.fields['trace'];
}
