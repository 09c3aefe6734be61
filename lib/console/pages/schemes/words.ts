import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Path } from './document.ts';
import { nodeAt, waysOf, type FieldTable, type SchemaNode } from './schema.ts';

/** What a field is called: in English by the JSON schema, in another language by a table of that language. */

export interface FieldWords {
  readonly label: string;
  readonly doc: string;
}

const TABLES: Readonly<Record<string, () => Promise<FieldTable>>> = {
  uk: async () => (await import('../../words/uk/scheme-fields.ts')).schemeFields,
};

/** Null until the table is there. */
export function useFieldTable(): FieldTable | null {
  const { i18n } = useTranslation();
  const { data } = useQuery({
    queryKey: ['scheme fields', i18n.language],
    staleTime: Infinity,
    queryFn: async () => (await TABLES[i18n.language]?.()) ?? {},
  });
  return data ?? null;
}

export function fieldWords(key: string, node: SchemaNode | null, table: FieldTable): FieldWords {
  const own = Object.hasOwn(table, key) ? table[key] : undefined;
  const [label, doc] = own ?? [node?.title ?? key, node?.description ?? ''];
  return { label, doc };
}

/** `webhook.timeoutSeconds` by its label, `webhook.then.0.url` by those of the list and of the field in it; what the schema does not know by its key. */
export function labelOf(path: Path, schema: SchemaNode, table: FieldTable): string {
  const parts: string[] = [];
  let node: SchemaNode | null = schema;
  /** The field's key in the tables: a field of a list's entry has the one of the scheme's own. */
  let key: Path = [];
  for (const [index, step] of path.entries()) {
    const items: SchemaNode | undefined = node?.items;
    if (items !== undefined && /^\d+$/.test(step)) {
      parts.push(`${parts.pop() ?? ''}, ${Number(step) + 1}`);
      node = items;
      key = key[0] === 'webhook' ? ['webhook'] : key;
      continue;
    }
    const within: SchemaNode | null = node === null ? null : (nodeAt(node, [step]) ?? wayWith(node, step));
    const isAuth = key.at(-1) === 'auth';
    // The webhook of an entry is described as that of the scheme.
    key = isAuth ? ['auth', step] : step === 'webhook' ? ['webhook'] : [...key, step];
    const { label } = fieldWords(key.join('.'), within, table);
    const own = within === null && label === key.join('.') ? step : label;
    // What only holds other fields is not seen by itself: its fields are.
    if (within?.properties === undefined || index === path.length - 1) parts.push(own);
    node = within;
  }
  return parts.join(': ');
}

/** A field that one of several ways has, as `webhook.auth` has them. */
function wayWith(node: SchemaNode, key: string): SchemaNode | null {
  return [...waysOf(node).values()].find((way) => Object.hasOwn(way, key))?.[key] ?? null;
}

type Part = { readonly text: string } | { readonly key: string; readonly path: Path };

const KEY = /\b[a-zA-Z]+(?:\.[a-zA-Z]+)+\b/g;

/** A sentence of the router in parts: where it names a field by its key, as `webhook.expect`, that is a part of its own. */
export function partsOf(text: string, schema: SchemaNode): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const { 0: key, index } of text.matchAll(KEY)) {
    const path = key.split('.');
    if (nodeAt(schema, path) === null) continue;
    if (index > from) parts.push({ text: text.slice(from, index) });
    parts.push({ key, path });
    from = index + key.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
