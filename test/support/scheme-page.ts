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
  const { then } = schema.properties?.['webhook']?.properties ?? {};
  const further = rows(then?.['items'] as Node, 'webhook.then.');
  const entry = schema.properties?.['events']?.['items'] as Node;
  const { webhook: told, ...ofEntry } = entry.properties ?? {};
  const others = rows({ properties: differing(told?.properties ?? {}, schema) }, 'events.webhook.');
  const profiles = rows(schemas()['crm.schema.json'] as unknown as Node, '');
  return [
    ...[HEAD, table(rows(schema, '')), AUTH, table(auths), THEN, list(further), ''],
    ...[EVENTS, table(rows({ properties: ofEntry }, 'events.')), EVENT_WEBHOOK, table(others)],
    ...[ALIKE, list(rows({ properties: told?.properties ?? {} }, 'webhook.then.')), ''],
    ...[CRMS, table(profiles), STEPS, table(steps), ''],
  ].join('\n');
}

/** Fields that say something else than those of the same name under `webhook`. */
function differing(fields: Readonly<Record<string, Node>>, schema: Node): Readonly<Record<string, Node>> {
  const asked = schema.properties?.['webhook']?.properties ?? {};
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name, field]) => name !== 'then' && field['description'] !== asked[name]?.['description'])
      .map(([name, { properties: _, ...field }]) => [name, field]),
  );
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

/** The keys alone: what they are stands under `webhook`. */
function list(lines: readonly string[]): string {
  const keys = lines.map((line) => line.split(' | ')[0]?.replace('| `webhook.then.', '`') ?? '');
  return `${keys.filter((key) => !key.includes('.')).join(' ')}\n`;
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
\`"$schema": "../schema/scheme.schema.json"\` in a scheme of \`conf/schemes\` your editor completes and checks while you type. What the schema can't
show, \`esl-router check\` does. This page is generated from the types that validate (\`npm run docs\`).
`;
const AUTH = `## webhook.auth

By \`type\`; \`{"type": "none"}\` is the default.
`;
const THEN = `## webhook.then

A list of up to 3 questions, asked one after the other. Each uses something of the previous reply, as \`{{reply.path}}\` in its URL, parameters, body or headers;
a path works as in \`responseName\`, for JSON-RPC within \`result\`. The last reply names the destination.

\`\`\`json
{
  "name": "sales",
  "webhook": {
    "url": "https://crm.example.com/contacts/search",
    "parameters": { "phone": "{{caller_e164}}" },
    "auth": { "type": "bearer", "token": "{{secret.CRM}}" },
    "then": [
      { "url": "https://crm.example.com/owners/{{reply.contacts.0.owner}}", "method": "GET", "submission": "http", "responseName": "extension" }
    ]
  }
}
\`\`\`

- They share \`webhook.timeoutSeconds\`. Each is in the record with its own \`webhook-id\`; \`attempt\` counts on.
- Without \`parameters\` and \`body\` a further question sends nothing except its URL and headers (by POST \`{}\`), not the default question.
- A value that is missing, empty, a list, an object or longer than 512 characters ends the chain: the call goes on with \`onNoRoute\` (\`reply_ends_chain\`). An error ends it with that error.
- A question to the same scheme, host and port uses the authentication, headers, limits and connection settings of the previous one, unless it sets its own. Another host gets none of these.
- A mere path is added to the profile URL of the previous question.
- \`map\`, \`unmapped\`, \`expect\`, \`require\`, \`withheld\`, \`timeoutSeconds\`, \`cacheSeconds\` and \`lastGoodSeconds\` apply to the whole chain, and are set in \`webhook\`. The cache keeps the result of the chain.
- A backup (\`{"webhook": URL}\`) is one question whose reply names the destination.

Its keys, as under \`webhook\`:
`;
const EVENTS = `## events

Where events of the calls are sent: up to 16 entries, see [events](events.md).
`;
const EVENT_WEBHOOK = `Keys of its \`webhook\` that differ from those above:
`;
const ALIKE = `All its keys:
`;
const CRMS = `## Profiles

What several schemes share for one CRM is written once, in \`crms/NAME.json\` beside the folder of the schemes, or under \`crms\` in the configuration; a scheme says
\`"crm": "NAME"\` in its \`webhook\` and has a path in \`url\`:

\`\`\`json
{ "name": "sales", "webhook": { "crm": "main", "url": "/route?phone={{caller_e164}}" } }
\`\`\`

The path is added to the URL of the profile and can't lead away from it. \`headers\` of the scheme are added to those of the profile, \`timeoutSeconds\` is the scheme's own budget; no other field of
a profile may be set in a scheme that uses it. Schemes of one profile share its breaker, its pause (429), \`maxInFlight\` and \`maxPerSecond\`. A profile that is broken or missing is a
fault of the schemes that use it. Profiles are reloaded with the schemes, both or neither; \`check\` lists those that no scheme uses.
`;
const STEPS = `## Steps of a fallback

One key says what a step is; \`timeout\` goes with \`dial\`.
`;
