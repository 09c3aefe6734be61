/** What of the settings may be shown, and what of them is a secret. */

/** A setting with its value, and the file that its `_FILE` variable named. */
interface Valued {
  readonly name: string;
  readonly value: unknown;
  readonly secretFile: string | null;
}

/** Settings in which tokens stand. */
export const TELLING: ReadonlySet<string> = new Set(['webhook.url', 'webhook.parameters', 'http.proxy']);

const HIDDEN = '***';
const MACRO = /\{\{[^{}]*\}\}/;
const MACROS = new RegExp(MACRO, 'g');

/** Nothing that came from a secret file; of the URL's query and the parameters the macros alone. */
export function shownValue({ name, value, secretFile }: Valued): unknown {
  if (secretFile !== null) return HIDDEN;
  if (name === 'webhook.url') {
    return String(value).replace(
      /([?&][^=&#]*=)([^&#]*)/g,
      (_, key: string, text: string) => key + macrosOf(text),
    );
  }
  if (name === 'http.proxy')
    return String(value).replace(
      CREDENTIALS,
      (_, user: string, password: string) => `${user}${macrosOf(password)}@`,
    );
  if (name !== 'webhook.parameters') return value;
  return Object.fromEntries(
    Object.entries(value as object).map(([key, text]) => [key, macrosOf(String(text))]),
  );
}

/** Up to the password of a URL, and the password: `http://user:` and `secret`. */
const CREDENTIALS = /^((?:[a-z]+:\/\/)?[^:@/?#]*:)(.*)@/i;

/** `key {{secret.CRM}}` -> `***{{secret.CRM}}` */
function macrosOf(text: string): string {
  const rest = text.replace(MACROS, '');
  return rest === '' ? text : HIDDEN + (text.match(MACROS) ?? []).join('');
}

/** The secrets among the settings: what stands between the macros of those that came from a secret file. */
export function secretTexts(settings: readonly Valued[]): string[] {
  return settings
    .filter(({ name, secretFile }) => secretFile !== null && TELLING.has(name))
    .flatMap(({ value }) =>
      typeof value === 'string' ? [value] : Object.values(value as object).map(String),
    )
    .flatMap((text) => text.split(MACRO));
}

/** A fault of convict, without the value that it ends in. */
export function withoutValue(line: string): string {
  return line.replace(/: value was [^]*$/, ', got ***');
}
