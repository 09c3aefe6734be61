import { PRESETS } from '../../lib/presets/index.ts';

/** docs/presets.md, of the presets themselves. `npm run docs` writes it. */
export function presetsPage(): string {
  return [HEAD, ...Object.entries(PRESETS).map(section)].join('\n');
}

function section([name, { what, scheme, events, toDo, limits }]: [string, (typeof PRESETS)[string]]): string {
  const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');
  return `## ${name}

Asks ${what}.

\`\`\`json
${JSON.stringify({ name: 'sales', ...scheme }, null, 2)}
\`\`\`

To do:

${list(toDo)}

Limits:

${list(limits)}
${events === undefined ? '' : told(events, list)}`;
}

type Events = NonNullable<(typeof PRESETS)[string]['events']>;

function told({ what, entries, toDo, limits }: Events, list: (lines: readonly string[]) => string): string {
  return `
With \`--events\` the scheme also reports its calls to the CRM (see [events](events.md)): ${what}.

\`\`\`json
${JSON.stringify({ events: entries }, null, 2)}
\`\`\`

To do:

${list(toDo)}

Limits:

${list(limits)}
`;
}

const HEAD = `# Presets

    esl-router new sales --preset bitrix24 --out conf/schemes

writes \`conf/schemes/sales.json\` and prints what is left to do. An existing file is never changed. Write it into the folder of a
running router only when its secrets are set: a scheme whose secret is missing is a fault, and the router keeps the schemes that it has.

Every preset is strict:

- An owner's id rings somebody only if \`webhook.map\` lists it. Until you fill it in, every owner is nobody.
- \`webhook.expect\` accepts only extensions; a number or a login in the reply is refused.
- An owner whom the map does not have is nobody (\`onNoRoute\`), and so is a caller whom the CRM does not know.
- \`webhook.require\` names what is searched for: a caller without a number is not asked about. In Kommo and Odoo a search for an
  empty number finds somebody.

\`esl-router new sales --preset bitrix24 --events\` adds events that tell the CRM when it rings and when a call has ended; that needs a [store](store.md).
Where a CRM takes a call only of a user or contact that it has, the event asks for that one first; if there is none, nothing more is sent.

\`maxPerSecond\` of a preset keeps within what the CRM documents, events included, for one scheme on one router: questions have the greater part, and a backlog of events
goes slowly. With several schemes or routers for one account divide it; HubSpot and Kommo refuse the excess, Kommo blocks the address.

Without \`fallback\` a call that can't be routed goes back to the dialplan. The tests answer each preset in the shape that the CRM documents;
none was tried against the CRM itself. Try yours before a call does: \`esl-router try --scheme sales --caller NUMBER --did NUMBER\`.
`;
