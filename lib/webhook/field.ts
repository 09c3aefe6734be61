import type { z } from 'zod';

/** What a person is told about one field of a document: the JSON Schema, the tables of the documentation and a form read it. */
export interface Field {
  /** What a form calls it. */
  readonly label: string;
  /** One or two sentences: what it does, and what to know. */
  readonly doc: string;
  readonly unit?: string;
  readonly example?: unknown;
}

/** Every field of a shape with its description; one without is a type error. */
export function described<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
  fields: Readonly<Record<keyof Shape, Field>>,
): Shape {
  const entries = Object.entries(shape).map(([name, schema]) => {
    const { label, doc, unit, example } = fields[name as keyof Shape];
    const more = {
      ...(unit === undefined ? {} : { 'x-unit': unit }),
      ...(example === undefined ? {} : { examples: [example] }),
    };
    return [name, schema.meta({ title: label, description: doc, ...more })];
  });
  return Object.fromEntries(entries) as Shape;
}
