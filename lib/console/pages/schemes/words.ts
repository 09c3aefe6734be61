import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Path } from './document.ts';
import { nodeAt, type FieldTable, type SchemaNode } from './schema.ts';

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

/** `webhook.timeoutSeconds` by its label; what the schema does not know by its path. */
export function labelOf(path: Path, schema: SchemaNode, table: FieldTable): string {
  const known = nodeAt(schema, path);
  if (known !== null) return fieldWords(path.join('.'), known, table).label;
  const above = path.slice(0, -1);
  if (above.length === 0) return path.join('.');
  return `${labelOf(above, schema, table)}: ${path.at(-1) ?? ''}`;
}
