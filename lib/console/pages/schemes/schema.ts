import { isObject, valueAt, type Path } from './document.ts';

/** The JSON schema of a scheme, as the API gives it, where the form asks it for labels, bounds and defaults. */

export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly 'x-unit'?: string;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
}

/** By the field's path with dots, and by `auth.` and the key for those of `webhook.auth`. */
export type FieldTable = Readonly<Record<string, readonly [label: string, doc: string]>>;

/** Null: a scheme has no such field. */
export function nodeAt(schema: SchemaNode, path: Path): SchemaNode | null {
  const found = valueAt(
    schema,
    path.flatMap((key) => ['properties', key]),
  );
  return isObject(found) ? found : null;
}

/** Bounds may stand in one of several types. */
export function boundsOf(node: SchemaNode): {
  readonly min?: number;
  readonly max?: number;
  readonly isWhole: boolean;
} {
  const one = [node, ...(node.anyOf ?? [])].find(
    ({ minimum, maximum }) => minimum !== undefined || maximum !== undefined,
  );
  const isWhole = (one ?? node).type === 'integer';
  return {
    ...(one?.minimum === undefined ? {} : { min: one.minimum }),
    ...(one?.maximum === undefined ? {} : { max: one.maximum }),
    isWhole,
  };
}

/** The words that a field takes. */
export function wordsOf(node: SchemaNode): readonly string[] {
  return node.enum ?? node.items?.enum ?? [];
}

/** Of `webhook.auth`: what each way takes, by its type. */
export function waysOf(node: SchemaNode): ReadonlyMap<string, Readonly<Record<string, SchemaNode>>> {
  return new Map(
    (node.oneOf ?? []).flatMap(({ properties = {} }) => {
      const { type, ...rest } = properties;
      return typeof type?.const === 'string' ? [[type.const, rest] as const] : [];
    }),
  );
}

/** A value as one line, for a placeholder. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return JSON.stringify(value);
}
