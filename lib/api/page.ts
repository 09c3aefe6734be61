/** The OpenAPI document as a page without a script: what each route takes and gives, unfolded by a click. */

export const PAGE_STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'summary{cursor:pointer;padding:.3rem 0}code{font-weight:600}pre{overflow:auto}small{opacity:.75}';

interface Operation {
  readonly summary?: string;
  readonly 'x-role'?: string;
}

export function openapiPage(document: object): string {
  const { info, paths = {} } = document as {
    readonly info: { readonly title: string; readonly version: string };
    readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const { summary = '', 'x-role': role = '' } = operation;
      const title = `<code>${escaped(`${method.toUpperCase()} ${path}`)}</code> ${escaped(summary)} <small>${escaped(role)}</small>`;
      return `<details><summary>${title}</summary><pre>${escaped(JSON.stringify(operation, null, 2))}</pre></details>`;
    }),
  );
  const title = escaped(`${info.title} ${info.version}`);
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${PAGE_STYLE}</style></head>`,
    `<body><h1>${title}</h1><p>For programs: <a href="openapi.json">openapi.json</a></p>`,
    ...routes,
    '</body></html>',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
