import type { z } from 'zod';

type Schema = z.core.$ZodType;

/** The keys that a document may have at a path: for whoever mistyped one. Of a union the keys of all its forms. */
export function knownKeys(schema: Schema, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path;
  if (key === undefined) return objectsIn(schema).flatMap((shape) => Object.keys(shape));
  return childrenOf(schema, String(key)).flatMap((child) => knownKeys(child, rest));
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly innerType?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly in?: Schema;
  readonly options?: readonly Schema[];
}

function definitionOf(schema: Schema): Definition {
  return schema._zod.def;
}

/** Defaults, options and transforms, taken off. */
function formsOf(schema: Schema): Schema[] {
  const { innerType, in: input, options } = definitionOf(schema);
  if (innerType !== undefined) return formsOf(innerType);
  if (input !== undefined) return formsOf(input);
  return options === undefined ? [schema] : options.flatMap(formsOf);
}

function objectsIn(schema: Schema): Readonly<Record<string, Schema>>[] {
  return formsOf(schema).flatMap((form) => {
    const { shape } = definitionOf(form);
    return shape === undefined ? [] : [shape];
  });
}

function childrenOf(schema: Schema, key: string): Schema[] {
  return formsOf(schema).flatMap((form) => {
    const { shape, element, valueType } = definitionOf(form);
    const child = shape !== undefined && Object.hasOwn(shape, key) ? shape[key] : (element ?? valueType);
    return child === undefined ? [] : [child];
  });
}
