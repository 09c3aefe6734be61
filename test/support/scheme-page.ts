import { schemas } from './schemas.ts';

interface Node {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly enum?: readonly unknown[];
}

/** docs/schemes.md: every field of a scheme, as its JSON Schema describes it. `npm run docs` writes it. */
export function schemePage(): string {
  const schema = schemas()['scheme.schema.json'] as unknown as Node;
  const ways = schema.properties?.['webhook']?.properties?.['auth']?.oneOf ?? [];
  const auths = ways.flatMap((way) => {
    const type = JSON.stringify(way.properties?.['type']?.['const']);
    return rows(way, 'webhook.auth.')
      .filter((row) => !row.startsWith('| `webhook.auth.type`'))
      .map((row) => row.replace('| `', `| ${code(type)} \``));
  });
  const { Step } = schema['definitions'] as Record<string, Node>;
  const steps = (Step?.anyOf ?? []).flatMap((form) => rows(form, ''));
  return [HEAD, table(rows(schema, '')), AUTH, table(auths), STEPS, table(steps), ''].join('\n');
}

function rows({ properties = {} }: Node, path: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const { title, description, examples } = field;
    const [example] = (examples as unknown[] | undefined) ?? [];
    const cells = [
      code(path + name),
      String(title),
      valuesOf(field),
      field['default'] === undefined ? '' : code(JSON.stringify(field['default'])),
      String(description),
      example === undefined ? '' : code(JSON.stringify(example)),
    ];
    const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    return [row, ...rows(field, `${path}${name}.`)];
  });
}

/** Values in words: what may be there. */
function valuesOf(field: Node, unit = field['x-unit'] as string | undefined): string {
  const { type, minimum, maximum, items } = field;
  if (field.enum !== undefined) {
    return field.enum.length > 40
      ? `one of ${field.enum.length}`
      : field.enum.map((value) => code(String(value))).join(' ');
  }
  if (field['const'] !== undefined) return code(JSON.stringify(field['const']));
  if (field.anyOf !== undefined)
    return [...new Set(field.anyOf.map((form) => valuesOf(form, unit)))].join(', or ');
  if (field['allOf'] !== undefined || field['$ref'] !== undefined) return 'JSON';
  switch (type) {
    case 'integer':
    case 'number': {
      const most =
        typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? `to ${maximum}` : 'or more';
      const range = typeof minimum === 'number' ? `, ${minimum} ${most}` : '';
      return `${type === 'integer' ? 'whole number' : 'number'}${range}${unit === undefined ? '' : ` ${unit}`}`;
    }
    case 'array': {
      const named = (items as Node | undefined)?.enum;
      return named === undefined ? 'list' : `list of ${named.map((value) => code(String(value))).join(' ')}`;
    }
    case 'boolean':
      return '`true` `false`';
    case 'null':
      return '`null`';
    case 'string':
      return 'text';
    default:
      return 'object';
  }
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(lines: readonly string[]): string {
  return [
    '| key | label | values | default | what it does | example |',
    '|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

const HEAD = `# Schemes

Every key of a scheme. The same words are in [conf/schema/scheme.schema.json](../conf/schema/scheme.schema.json): with
\`"$schema": "../schema/scheme.schema.json"\` in a scheme of \`conf/schemes\` your editor completes and checks while you type. What one key alone can't
show, \`esl-router check\` does. This page is made from the types that validate (\`npm run docs\`).
`;
const AUTH = `## webhook.auth

By \`type\`; \`{"type": "none"}\` is the default.
`;
const STEPS = `## Steps of a fallback

One key says what a step is; \`timeout\` goes with \`dial\`.
`;
