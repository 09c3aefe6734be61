import type { Clock } from '../clock.ts';
import { readJson } from '../config/json.ts';
import { RouterError } from '../errors.ts';
import type { Fault } from '../scheme/fault.ts';
import { NAME, type Scheme } from '../scheme/scheme.ts';
import { uuidv7 } from '../uuid.ts';
import { MAX_SCHEME_BYTES } from './file.ts';
import type { LoadResult } from './schemes.ts';
import type { StoredScheme, StoredSchemes, StoredUse } from './stored.ts';

/** Where stored schemes are changed: a change is kept only when the whole set of schemes with it can be loaded. */

export type SchemeState = 'live' | 'shadow' | 'draft' | 'disabled' | 'deleted';

/** One without its document. */
export interface RevisionHead {
  readonly name: string;
  readonly revision: number;
  readonly created_at: string;
  readonly author: string;
  readonly message: string;
  readonly state: SchemeState;
}

interface Revision extends RevisionHead {
  readonly document: string;
}

/** What the desk needs of a store. */
interface Shelf {
  current(tenant: string): Promise<readonly Revision[]>;
  heads(tenant: string): Promise<readonly RevisionHead[]>;
  revisions(tenant: string, name: string, page: PageOfRevisions): Promise<readonly RevisionHead[]>;
  /** `used`: the newest that was live or a shadow. */
  revision(tenant: string, name: string, which: number | 'newest' | 'used'): Promise<Revision | null>;
  /** Resolves to null when somebody else has made a revision meanwhile. */
  save(
    change: Omit<Revision, 'revision'> & { id: string; tenant: string; after: number },
    line: AuditLine | null,
  ): Promise<number | null>;
}

interface PageOfRevisions {
  readonly limit: number;
  /** Older than this one. */
  readonly before?: number;
}

/** Written with the change, or not at all. */
interface AuditLine {
  readonly id: string;
  readonly tenant: string;
  readonly at: string;
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly subject: string;
  readonly change: string;
}

export interface DeskOptions {
  readonly shelf: Shelf;
  readonly tenant: string;
  /** Loads the files with these schemes of the store, as a reload does, and puts nothing in use. */
  readonly load: (stored: StoredSchemes) => Promise<LoadResult>;
  /** Puts in use what is in the store. */
  readonly reload: () => Promise<readonly string[]>;
  /** What the last load made of each. */
  readonly uses: () => readonly StoredUse[];
  /** Where the secrets of a scheme go. */
  readonly secretsSent: (scheme: Scheme) => ReadonlySet<string>;
  readonly clock: Clock;
}

export interface Listing extends RevisionHead {
  /** Null: it is neither live nor a shadow, or is not loaded yet. */
  readonly use: StoredUse | null;
}

export interface Change {
  readonly name: string;
  readonly state: SchemeState;
  /** JSON. */
  readonly document: string;
  /** The revision that it is made from; 0: there is none of that name. */
  readonly after: number;
  readonly author: string;
  readonly message: string;
  readonly secrets: SecretRule;
}

/** `known`: each secret only where a scheme in use sends it. Whoever writes a scheme could read all of them otherwise. */
export type SecretRule = 'known' | 'any';

export type Saved =
  | { readonly kind: 'saved'; readonly revision: number }
  /** `revision`: the newest, which is not the one that was changed; 0: there is none. */
  | { readonly kind: 'conflict'; readonly revision: number }
  | { readonly kind: 'invalid'; readonly faults: readonly DocumentFault[] };

export interface DocumentFault extends Fault {
  /** JSON pointer into the document (RFC 6901); null: the fault is not in it. */
  readonly pointer: string | null;
}

export class SchemeDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Deleted ones are not there. */
  async list(): Promise<Listing[]> {
    const { shelf, tenant } = this.#options;
    const all = await shelf.heads(tenant);
    return all.filter(({ state }) => state !== 'deleted').map((revision) => this.#listed(revision));
  }

  async read(name: string): Promise<(Listing & Revision) | null> {
    const { shelf, tenant } = this.#options;
    const newest = await shelf.revision(tenant, name, 'newest');
    return newest === null || newest.state === 'deleted' ? null : this.#listed(newest);
  }

  /** Newest first, deletions among them. */
  async revisions(name: string, page: PageOfRevisions): Promise<readonly RevisionHead[]> {
    const { shelf, tenant } = this.#options;
    return shelf.revisions(tenant, name, page);
  }

  /** The document of one; null: there is none of this number. */
  async document(name: string, revision: number): Promise<string | null> {
    const { shelf, tenant } = this.#options;
    return (await shelf.revision(tenant, name, revision))?.document ?? null;
  }

  /** Checks the change with all that is there, saves it, and has it put in use. A draft is checked too, and may be wrong. */
  async save(change: Change, line: AuditLine | null = null): Promise<Saved> {
    const { shelf, tenant, clock, reload } = this.#options;
    const { name, state, after } = change;
    const current = await shelf.current(tenant);
    const last = current.find((one) => one.name === name);
    const revision = last?.revision ?? 0;
    if (revision !== after) return { kind: 'conflict', revision };
    const faults = await this.#faultsOf(change, current);
    if (faults.length > 0) return { kind: 'invalid', faults };
    const now = clock.date();
    const { document, author, message } = change;
    const row = {
      id: uuidv7(now),
      tenant,
      name,
      created_at: now.toISOString(),
      author,
      message,
      state,
      document,
    };
    const saved = await shelf.save({ ...row, after }, line);
    if (saved === null) {
      const [newest] = await shelf.revisions(tenant, name, { limit: 1 });
      return { kind: 'conflict', revision: newest?.revision ?? 0 };
    }
    if (isUsed(state) || (last !== undefined && isUsed(last.state))) await reload();
    return { kind: 'saved', revision: saved };
  }

  /** What would keep the document from being in use, were it live. */
  async check(name: string, document: string, secrets: SecretRule): Promise<readonly DocumentFault[]> {
    const { shelf, tenant } = this.#options;
    const current = await shelf.current(tenant);
    return this.#faultsOf({ name, document, state: 'live', secrets }, current);
  }

  /** All schemes as they would be with this document live in place of the stored one. Throws RouterError `config_invalid`. */
  async setWith(
    name: string,
    document: string,
    secrets: SecretRule,
  ): Promise<Extract<LoadResult, { ok: true }>['set']> {
    const { shelf, tenant, load } = this.#options;
    const used = usedOf(await shelf.current(tenant));
    const others = used.filter((one) => one.name !== name);
    const own = { name, revision: 0, document, state: 'live' } as const;
    const result = await load({ schemes: [...others, own], isKnown: true });
    const found = faultsIn(result, name, document);
    const faults = found.length > 0 || secrets === 'any' ? found : await this.#newPlaces(result, used, name);
    if (faults.length > 0 || !result.ok) {
      throw new RouterError(
        'config_invalid',
        faults.map(({ path, message }) => `${path}: ${message}`).join('\n'),
      );
    }
    return result.set;
  }

  async #faultsOf(
    { name, document, state, secrets }: Pick<Change, 'name' | 'document' | 'state' | 'secrets'>,
    current: readonly Revision[],
  ): Promise<readonly DocumentFault[]> {
    const own = documentFaults(name, document);
    if (own.length > 0) return own;
    if (state === 'draft') return [];
    const used = usedOf(current);
    const others = used.filter((one) => one.name !== name);
    const revision = (current.find((one) => one.name === name)?.revision ?? 0) + 1;
    const schemes = isUsed(state) ? [...others, { name, revision, document, state }] : others;
    const result = await this.#options.load({ schemes, isKnown: true });
    const faults = faultsIn(result, name, document);
    if (faults.length > 0) return faults;
    const places = secrets === 'any' ? [] : await this.#newPlaces(result, used, name);
    return places.length > 0 ? places : this.#brokenBy(result, used, name);
  }

  /** Places to which no scheme in use sends that secret, nor this one when it was in use last. */
  async #newPlaces(
    result: LoadResult,
    used: readonly StoredScheme[],
    name: string,
  ): Promise<DocumentFault[]> {
    const { shelf, tenant, load, secretsSent } = this.#options;
    const own = result.ok ? result.set.schemes.get(name) : undefined;
    const sent = own === undefined ? [] : [...secretsSent(own)];
    if (sent.length === 0) return [];
    const last = await shelf.revision(tenant, name, 'used');
    const others = used.filter((one) => one.name !== name);
    const before = last === null ? others : [...others, { ...last, state: 'live' as const }];
    const known = await load({ schemes: before, isKnown: true });
    const places = new Set(
      known.ok ? [...known.set.schemes.values()].flatMap((one) => [...secretsSent(one)]) : [],
    );
    return sent
      .filter((place) => !places.has(place))
      .map((place) => ({ path: '', message: `${place}: ${NEW_PLACE}`, pointer: null }));
  }

  /** Others that were fine before: they hand over to this one. */
  async #brokenBy(result: LoadResult, used: readonly StoredScheme[], name: string): Promise<DocumentFault[]> {
    const ill = leftOut(result).filter((one) => one.name !== name);
    if (ill.length === 0) return [];
    const before = leftOut(await this.#options.load({ schemes: used, isKnown: true }));
    const wasIll = new Set(before.map((one) => one.name));
    return ill
      .filter((one) => !wasIll.has(one.name))
      .flatMap((one) =>
        one.faults.map(({ path, message }) => ({
          path: '',
          message: `the scheme "${one.name}" needs it: ${path}: ${message}`,
          pointer: null,
        })),
      );
  }

  #listed<T extends RevisionHead>(revision: T): T & Listing {
    const use = this.#options.uses().find((one) => one.name === revision.name) ?? null;
    return { ...revision, use: use?.revision === revision.revision ? use : null };
  }
}

const NEW_PLACE =
  'no scheme in use sends it there. Have an admin save this, or list the host in secrets.hosts (ESL_ROUTER_SECRETS_HOSTS) and use https, without webhook.proxy, tls.serverName or a Host header';

function isUsed(state: SchemeState): state is StoredScheme['state'] {
  return state === 'live' || state === 'shadow';
}

function usedOf(current: readonly Revision[]): StoredScheme[] {
  return current.flatMap(({ state, ...rest }) => (isUsed(state) ? [{ ...rest, state }] : []));
}

/** `webhook.url` -> `/webhook/url`. A word of a map may have dots itself: the document tells which are its keys. */
function pointerOf(path: string, document: unknown): string {
  if (path === '') return '';
  const isBranch = typeof document === 'object' && document !== null;
  const known = isBranch ? Object.keys(document).filter((key) => `${path}.`.startsWith(`${key}.`)) : [];
  const [plain = ''] = path.split('.');
  const key = known.reduce((longest, one) => (one.length > longest.length ? one : longest), plain);
  const inside = isBranch ? (document as Readonly<Record<string, unknown>>)[key] : undefined;
  const part = key.replaceAll('~', '~0').replaceAll('/', '~1');
  return `/${part}${pointerOf(path.slice(key.length + 1), inside)}`;
}

/** Faults that show without any other scheme. */
function documentFaults(name: string, document: string): DocumentFault[] {
  const fault = (path: '' | 'name', message: string): DocumentFault[] => [
    { path, message, pointer: pointerOf(path, {}) },
  ];
  if (document.length > MAX_SCHEME_BYTES)
    return fault('', `expected at most ${MAX_SCHEME_BYTES / 1024 / 1024} MiB`);
  const read = readJson(document);
  if (!read.ok) return fault('', read.fault);
  const { name: own } = (read.value ?? {}) as { name?: unknown };
  if (own !== name || !NAME.test(name))
    return fault('name', `expected ${JSON.stringify(name)}, the name that it is stored under`);
  return [];
}

/** Of the document itself, or of files that can't be loaded with it. */
function faultsIn(result: LoadResult, name: string, document: string): DocumentFault[] {
  const own = leftOut(result).find((one) => one.name === name)?.faults ?? [];
  if (own.length > 0) {
    const json: unknown = JSON.parse(document);
    return own.map((fault) => ({ ...fault, pointer: pointerOf(fault.path, json) }));
  }
  if (result.ok) return [];
  return result.faults.map((message) => ({ path: '', message, pointer: null }));
}

function leftOut({ stored = [] }: LoadResult): Extract<StoredUse, { use: 'left_out' }>[] {
  return stored.flatMap((one) => (one.use === 'left_out' ? [one] : []));
}
