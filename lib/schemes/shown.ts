import { inSlices } from '../clock.ts';
import { readingJson } from '../config/json.ts';
import { messageOf, RouterError } from '../errors.ts';
import { MAX_SCHEME_BYTES, readText } from './file.ts';
import { sightOfFile } from './sight.ts';
import { shownDocument, type ShownDocument } from './wide.ts';

/**
 * What files of schemes hold now, for whoever looks at them. One of 10 MB takes a second of work: calls go on meanwhile, whoever asks for it
 * at the same time waits for the same reading, and it is read again when the file has changed.
 */
export function openSchemeFiles(): (file: string) => Promise<ShownDocument> {
  const last = new Map<string, { readonly sight: string; readonly shown: Promise<ShownDocument> }>();
  return async (file) => {
    const sight = await sightOfFile(file);
    const known = last.get(file);
    if (known?.sight === sight) return known.shown;
    const shown = read(file);
    last.set(file, { sight, shown });
    // What went wrong may have been the file system.
    shown.catch(() => last.delete(file));
    return shown;
  };
}

/** Rejects with RouterError `config_invalid`. */
async function read(file: string): Promise<ShownDocument> {
  try {
    const text = await readText(file, { maxBytes: MAX_SCHEME_BYTES });
    const json = await inSlices(readingJson(text));
    if (!json.ok) throw new Error(json.fault);
    return shownDocument(json.value, text);
  } catch (error) {
    throw new RouterError('config_invalid', `${file}: ${messageOf(error)}`);
  }
}
